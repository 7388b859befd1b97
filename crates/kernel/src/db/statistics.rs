//! The statistics by which the database chooses its plans.

use sea_orm::{ConnectionTrait, DbBackend};

use crate::{Db, Fault};

impl Db {
    /// Takes statistics of tables into which many rows were written. Without them PostgreSQL reads a large table from end to end for a few rows, until its own
    /// daemon comes by. `tables`: names in the code, never from outside. A role that does not own a table is refused by PostgreSQL with a warning alone.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn take_statistics(&self, tables: &[&'static str]) -> Result<(), Fault> {
        let db = self.without_timeout();
        match db.get_database_backend() {
            // Looks at the tables that need it, at a bounded number of rows each.
            DbBackend::Sqlite => {
                db.execute_unprepared("PRAGMA analysis_limit = 1000; PRAGMA optimize = 0x10002").await?
            }
            _ => db.execute_unprepared(&format!("ANALYZE {}", tables.join(", "))).await?,
        };
        Ok(())
    }
}
