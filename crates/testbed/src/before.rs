//! Databases with the schema of the release before the baseline (docs/adr/0013).

use kernel::sea_orm::ConnectionTrait;

use crate::{Bed, Database};

impl Bed {
    /// Makes one with the schema of the migrations m0001 to m0016. Nothing that needs the schema of today works until
    /// [`Bed::migrate`].
    pub async fn before_baseline(database: Database) -> Self {
        let (bed, schema) = match database {
            Database::Sqlite => (Self::with_sqlite([]).await, include_str!("../before/sqlite.sql")),
            Database::Postgres => (Self::with_postgres("").await, include_str!("../before/postgres.sql")),
        };
        bed.context.db.without_timeout().execute_unprepared(schema).await.expect("the schema before");
        bed
    }

    /// Writes rows of every table, which the release before the baseline and this one can both have written.
    pub async fn fill(&self) {
        let (sqlite, rows) = (self.name == "sqlite", include_str!("../before/rows.sql"));
        let mut rows = rows.to_owned();
        for id in 1..=9 {
            let hex = format!("0198f0000000700080000000000000{id:02}");
            rows = rows
                .replace(&format!("@{id}"), &if sqlite { format!("x'{hex}'") } else { format!("'{hex}'") });
        }
        let [bytes, empty] = if sqlite { ["x'0102ff'", "x''"] } else { [r"'\x0102ff'", "''"] };
        let rows = rows.replace("@empty", empty).replace("@b", bytes);
        self.context.db.without_timeout().execute_unprepared(&rows).await.expect("rows of every table");
    }
}
