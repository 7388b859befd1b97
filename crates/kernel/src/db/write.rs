//! The writing half of an act, in one transaction.

use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use crate::{Db, Fault, Snapshot, Timeout, Tx};

/// A connection to read from: outside a transaction a reader of [`Db`], inside one the transaction itself. A statement that takes it is written once for
/// both.
pub trait Read: Sync {
    /// The connection of the ORM.
    type Connection: ConnectionTrait;

    /// Returns the connection that the statement runs on.
    fn connection(&self) -> &Self::Connection;
}

impl Read for Db {
    type Connection = Timeout<DatabaseConnection>;

    #[track_caller]
    fn connection(&self) -> &Self::Connection {
        self.reader()
    }
}

impl Read for Tx {
    type Connection = Timeout<DatabaseTransaction>;

    fn connection(&self) -> &Self::Connection {
        self.conn()
    }
}

impl Read for Snapshot {
    type Connection = DatabaseTransaction;

    fn connection(&self) -> &Self::Connection {
        self.conn()
    }
}

/// The end of a transaction, with what it answers.
pub enum Done<T> {
    /// The rows stay.
    Commit(T),
    /// Nothing was written.
    RollBack(T),
}

impl Db {
    /// Runs the writing half of an act in one transaction, as [`Db::begin`] begins it. Whatever the act reads and hashes comes before it: within there is
    /// only the transaction (SECURITY D18).
    ///
    /// # Errors
    /// [`Fault`] of the database, or of `write`: then nothing was written, or the outcome of the commit is unknown.
    pub async fn write<T>(&self, write: impl AsyncFnOnce(&Tx) -> Result<Done<T>, Fault>) -> Result<T, Fault> {
        self.begin().await?.run(write).await
    }

    /// Like [`Db::write`], for an act that appends evidence: begun by [`Db::begin_recorded`].
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_recorded<T>(
        &self,
        write: impl AsyncFnOnce(&Tx) -> Result<Done<T>, Fault>,
    ) -> Result<T, Fault> {
        self.begin_recorded().await?.run(write).await
    }
}

impl Tx {
    /// Runs the rest of the transaction, and ends it.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn run<T>(self, write: impl AsyncFnOnce(&Self) -> Result<Done<T>, Fault>) -> Result<T, Fault> {
        match write(&self).await? {
            Done::Commit(answer) => {
                self.commit().await?;
                Ok(answer)
            }
            Done::RollBack(answer) => {
                self.rollback().await;
                Ok(answer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};

    use super::*;
    use crate::db::table::meta;

    /// An act that rolls back, or fails, leaves nothing behind.
    #[tokio::test]
    async fn only_what_is_committed_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap();
        let table = "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)";
        db.writer().execute_unprepared(table).await.unwrap();
        let insert = async |tx: &Tx, key: &str| {
            let row = format!("INSERT INTO meta VALUES ('{key}', '')");
            tx.conn().execute_unprepared(&row).await.map(drop).map_err(Fault::from)
        };
        let kept = db.write(async |tx: &Tx| {
            insert(tx, "kept").await?;
            assert_eq!(meta::Entity::find().count(tx.connection()).await?, 1, "it sees its own rows");
            Ok(Done::Commit(1))
        });
        assert_eq!(kept.await.unwrap(), 1);
        let taken_back = db.write_recorded(async |tx: &Tx| {
            assert!(tx.is_recorded());
            insert(tx, "taken back").await?;
            Ok(Done::RollBack(2))
        });
        assert_eq!(taken_back.await.unwrap(), 2);
        let failed: Result<(), Fault> = db
            .write(async |tx: &Tx| {
                insert(tx, "lost").await?;
                Err(Fault::Broken("on purpose".into()))
            })
            .await;
        assert!(failed.is_err());
        assert_eq!(meta::Entity::find().count(db.connection()).await.unwrap(), 1);
    }
}
