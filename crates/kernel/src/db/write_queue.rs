//! Group commit on SQLite. SQLite has one writer, and each commit waits for an fsync, during which nobody writes: about 400 a second. Writers that wait while
//! a commit is running therefore join one transaction, the batch, and are all acknowledged when it is on the disk. The writer that opens the batch writes
//! directly in it, since nothing of others can be lost with it; each later one has a savepoint, or a single statement. Nobody is acknowledged before the
//! commit, and if it fails all of them get the error (SECURITY #115).
//!
//! PostgreSQL does the same by itself: one flush of its log serves all waiting commits.
//!
//! The writer that finds no batch opens one and spawns a task that commits it. This task queues behind the writers that wait already and before later ones, so
//! a batch is as large as the number of waiting writers, and a single writer waits for nobody. A batch takes no more writers after one of them did not commit:
//! SQLite may roll back the whole transaction after an error, and nothing may be written then as if it were still open.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, oneshot},
};

use super::timeout::{Timeout, within};

/// The queue of the one writer.
#[derive(Clone, Default)]
pub(crate) struct WriteQueue(Arc<Mutex<Option<Batch>>>);

/// An open transaction, and the writers that wait for its commit.
struct Batch {
    outer: Timeout<DatabaseTransaction>,
    waiters: Vec<oneshot::Sender<Result<(), DbErr>>>,
}

impl WriteQueue {
    /// Waits for a slot, and opens a batch if there is none.
    ///
    /// # Errors
    /// If no slot is free within `timeout`, or the database refuses.
    pub(crate) async fn take(
        &self,
        writer: &Timeout<DatabaseConnection>,
        timeout: Duration,
    ) -> Result<WriteSlot, DbErr> {
        let late = |_| failed(format!("no turn to write in {timeout:?}"));
        let mut held = tokio::time::timeout(timeout, self.0.clone().lock_owned()).await.map_err(late)?;
        let batch = match held.take() {
            Some(batch) => batch,
            None => {
                let outer = within(writer.inner.begin_with_options(immediate())).await?;
                tokio::spawn(self.clone().commit_next());
                Batch { outer: writer.with_counter_of(outer), waiters: Vec::new() }
            }
        };
        *held = Some(batch);
        Ok(WriteSlot(Some(held)))
    }

    /// Commits the open batch at this task's place in the queue.
    async fn commit_next(self) {
        let mut held = self.0.lock_owned().await;
        finish(&mut held).await;
    }
}

/// The exclusive right to write. Dropped, it ends the batch: earlier writers are committed; this writer's savepoint, which is dropped first, is rolled back.
pub(crate) struct WriteSlot(Option<OwnedMutexGuard<Option<Batch>>>);

impl WriteSlot {
    fn held(&self) -> &Batch {
        self.0.as_ref().and_then(|held| held.as_ref()).expect("whoever has the turn has its batch")
    }

    /// Returns the shared transaction. Several statements are atomic in it only for the first writer, or within a savepoint.
    pub(crate) fn batch(&self) -> &Timeout<DatabaseTransaction> {
        &self.held().outer
    }

    /// Returns true if no other writer has written in the batch.
    pub(crate) fn is_first(&self) -> bool {
        self.held().waiters.is_empty()
    }

    /// Lets the next writer in, and waits until the batch is on the disk.
    ///
    /// # Errors
    /// If the commit fails; the outcome may be unknown.
    pub(crate) async fn committed(mut self) -> Result<(), DbErr> {
        let (sender, receiver) = oneshot::channel();
        if let Some(batch) = self.0.take().as_mut().and_then(|held| held.as_mut()) {
            batch.waiters.push(sender);
        }
        receiver.await.unwrap_or_else(|_| Err(failed("nobody committed the transaction".into())))
    }

    /// Ends the batch and waits for it: earlier writers are on the disk then, or rolled back.
    pub(crate) async fn end_batch(mut self) {
        if let Some(mut held) = self.0.take() {
            // In a task of its own, so that a cancelled caller does not cancel the commit.
            let _ = tokio::spawn(async move { finish(&mut held).await }).await;
        }
    }
}

impl Drop for WriteSlot {
    fn drop(&mut self) {
        let Some(mut held) = self.0.take() else { return };
        // Without a runtime, at the end of a program, the transaction rolls back and the waiting writers get an error.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { finish(&mut held).await });
        }
    }
}

async fn finish(held: &mut Option<Batch>) {
    let Some(Batch { outer, waiters }) = held.take() else { return };
    if waiters.is_empty() {
        // No writer waits for the result.
        let _ = within(outer.inner.rollback()).await;
        return;
    }
    let counter = outer.counter.clone();
    let outcome = counter.note_refusal(within(outer.inner.commit()).await);
    for sender in waiters {
        // The receiver is gone if the writer was cancelled.
        let _ = sender.send(outcome.clone());
    }
}

/// Takes the write lock at once, instead of failing in the middle (SECURITY #116).
pub(crate) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

fn failed(why: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use sea_orm::{
        ConnectionTrait, Statement,
        sqlx::{Connection, SqliteConnection},
    };

    use crate::{Db, Fault, Tx};

    const PARENTS: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY)";
    const CHILDREN: &str = "CREATE TABLE child (id INTEGER PRIMARY KEY, \
                            parent_id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";

    async fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap();
        for table in [PARENTS, CHILDREN] {
            db.writer().execute_unprepared(table).await.unwrap();
        }
        (db, folder)
    }

    async fn write(tx: &Tx, sql: &str) {
        tx.conn().execute_unprepared(sql).await.unwrap();
    }

    async fn count(db: &Db, table: &str) -> i64 {
        let sql = format!("SELECT count(*) AS n FROM {table}");
        let statement = Statement::from_string(db.reader().get_database_backend(), sql);
        db.reader().query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    /// Commits in the write-ahead log: frames that say how large the database is after them (SQLite file format §4.1).
    fn commits(folder: &Path) -> usize {
        let log = fs::read(folder.join("db-wal")).unwrap();
        let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
        let frame = 24 + number(8) as usize;
        (32..log.len()).step_by(frame).filter(|at| number(at + 4) > 0).count()
    }

    type Written = tokio::task::JoinHandle<Result<(), Fault>>;

    /// Starts these writers, until they wait for their turn behind whoever has it.
    async fn queued(writers: impl Iterator<Item = Written>) -> Vec<Written> {
        let writers: Vec<_> = writers.collect();
        // One thread runs them all: each has come to its turn's door, and the committer of the batch before it too.
        for _ in 0..writers.len() + 2 {
            tokio::task::yield_now().await;
        }
        writers
    }

    /// Writers of transactions.
    async fn crowd(db: &Db, rows: std::ops::Range<usize>, sql: fn(usize) -> String) -> Vec<Written> {
        let writer = |row| {
            let db = db.clone();
            tokio::spawn(async move {
                let tx = db.begin().await?;
                write(&tx, &sql(row)).await;
                tx.commit().await
            })
        };
        queued(rows.map(writer)).await
    }

    /// Writers of one statement each.
    async fn singles(db: &Db, rows: std::ops::Range<usize>, sql: fn(usize) -> String) -> Vec<Written> {
        let writer = |row| {
            let db = db.clone();
            tokio::spawn(async move {
                db.writer().execute_unprepared(&sql(row)).await?;
                Ok(())
            })
        };
        queued(rows.map(writer)).await
    }

    fn parent(row: usize) -> String {
        format!("INSERT INTO parent VALUES ({row})")
    }

    #[tokio::test]
    async fn a_crowd_waits_for_the_disk_once() {
        let (db, folder) = database().await;
        let before = commits(folder.path());
        let first = db.begin().await.unwrap();
        write(&first, &parent(0)).await;
        let crowd = crowd(&db, 1..64, parent).await;
        first.commit().await.unwrap();
        for writer in crowd {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(count(&db, "parent").await, 64);
        assert_eq!(commits(folder.path()) - before, 2, "the first, and all who came meanwhile");
    }

    #[tokio::test]
    async fn single_statements_wait_for_the_disk_with_the_others() {
        let (db, folder) = database().await;
        let before = commits(folder.path());
        let first = db.begin().await.unwrap();
        write(&first, &parent(0)).await;
        let transactions = crowd(&db, 1..8, parent).await;
        let singles = singles(&db, 8..32, parent).await;
        let late = crowd(&db, 32..40, parent).await;
        first.commit().await.unwrap();
        for writer in transactions.into_iter().chain(singles).chain(late) {
            writer.await.unwrap().unwrap();
        }
        assert_eq!(count(&db, "parent").await, 40);
        assert_eq!(commits(folder.path()) - before, 2, "the first, and all who came meanwhile");
    }

    #[tokio::test]
    async fn a_single_statement_that_fails_takes_nobody_along_and_one_that_is_answered_is_there() {
        let (db, _folder) = database().await;
        db.writer().execute_unprepared(&parent(2)).await.unwrap();
        assert_eq!(count(&db, "parent").await, 1);
        let holder = db.begin().await.unwrap();
        // The third finds its row taken.
        let singles = singles(&db, 0..6, parent).await;
        let transactions = crowd(&db, 6..9, parent).await;
        drop(holder);
        for (row, writer) in singles.into_iter().chain(transactions).enumerate() {
            assert_eq!(writer.await.unwrap().is_ok(), row != 2, "{row}");
        }
        assert_eq!(count(&db, "parent").await, 9);
    }

    #[tokio::test]
    async fn a_single_statement_in_a_group_that_fails_is_not_acknowledged() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let good = singles(&db, 0..3, parent).await;
        let bad = singles(&db, 3..4, |row| format!("INSERT INTO child VALUES ({row}, 999)")).await;
        drop(holder);
        for writer in good.into_iter().chain(bad) {
            assert!(writer.await.unwrap().is_err(), "acknowledged, and not there");
        }
        assert_eq!((count(&db, "parent").await, count(&db, "child").await), (0, 0));
    }

    #[tokio::test]
    async fn alone_one_waits_for_nobody_and_is_seen_at_once() {
        let (db, _folder) = database().await;
        for row in 0..3 {
            let tx = db.begin().await.unwrap();
            write(&tx, &parent(row)).await;
            tx.commit().await.unwrap();
            assert_eq!(count(&db, "parent").await, i64::try_from(row).unwrap() + 1);
        }
    }

    #[tokio::test]
    async fn who_does_not_commit_takes_back_their_own_only() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let early = crowd(&db, 0..4, parent).await;
        let leaver = tokio::spawn({
            let db = db.clone();
            async move {
                let tx = db.begin().await.unwrap();
                write(&tx, &parent(100)).await;
            }
        });
        let late = crowd(&db, 4..8, parent).await;
        drop(holder);
        for writer in early.into_iter().chain(late) {
            writer.await.unwrap().unwrap();
        }
        leaver.await.unwrap();
        assert_eq!(count(&db, "parent").await, 8);
        assert_eq!(count(&db, "parent WHERE id = 100").await, 0);
    }

    #[tokio::test]
    async fn who_gives_up_has_seen_nothing_that_others_do_not_see_then() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let first = crowd(&db, 0..1, parent).await;
        let second = tokio::spawn({
            let db = db.clone();
            async move {
                let tx = db.begin().await.unwrap();
                // It finds the row of the first, which is not on the disk yet.
                let found = tx.conn().execute_unprepared("UPDATE parent SET id = id WHERE id = 0").await;
                assert_eq!(found.unwrap().rows_affected(), 1);
                tx.rollback().await;
                count(&db, "parent").await
            }
        });
        holder.commit().await.unwrap();
        assert_eq!(second.await.unwrap(), 1);
        first.into_iter().next().unwrap().await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn where_the_commit_fails_all_are_told_and_nothing_stays() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let good = crowd(&db, 0..3, parent).await;
        // A parent that is not there: it is missed at the commit only.
        let bad = crowd(&db, 3..4, |row| format!("INSERT INTO child VALUES ({row}, 999)")).await;
        let after = crowd(&db, 4..6, parent).await;
        drop(holder);
        for writer in good.into_iter().chain(bad).chain(after) {
            assert!(writer.await.unwrap().is_err(), "acknowledged, and not there");
        }
        assert_eq!((count(&db, "parent").await, count(&db, "child").await), (0, 0));
        // The writer is good for the next one.
        let tx = db.begin().await.unwrap();
        write(&tx, &parent(7)).await;
        tx.commit().await.unwrap();
        assert_eq!(count(&db, "parent").await, 1);
    }

    /// As SQLite does by itself after some failures, for want of room say: the whole transaction is gone, and what counts them does not know it.
    async fn taken_back_by_the_database(db: &Db) {
        let tx = db.begin().await.unwrap();
        write(&tx, "ROLLBACK").await;
    }

    #[tokio::test]
    async fn where_the_database_takes_the_transaction_back_nobody_hears_that_it_is_there() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let before = crowd(&db, 0..3, parent).await;
        let failing = tokio::spawn({
            let db = db.clone();
            async move { taken_back_by_the_database(&db).await }
        });
        let after = crowd(&db, 3..6, parent).await;
        drop(holder);
        failing.await.unwrap();
        for (row, writer) in (0..).zip(before.into_iter().chain(after)) {
            let receiver = writer.await.unwrap().is_ok();
            assert_eq!(
                receiver,
                row >= 3,
                "{row}: whoever came before is told of it, whoever came after is served"
            );
            assert_eq!(count(&db, &format!("parent WHERE id = {row}")).await, i64::from(receiver), "{row}");
        }
    }

    #[tokio::test]
    async fn a_connection_whose_count_of_transactions_errs_is_not_used_again() {
        let (db, folder) = database().await;
        taken_back_by_the_database(&db).await;
        let tx = db.begin().await.unwrap();
        // It has the write lock at once, as a transaction of ours does; a savepoint on its own would take it with its first write.
        let other = format!("sqlite://{}", folder.path().join("db").display());
        let other = crate::db::connect::sqlite_options(&other).unwrap().busy_timeout(Duration::ZERO);
        let mut other = SqliteConnection::connect_with(&other).await.unwrap();
        let refused = sea_orm::sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await;
        assert!(refused.is_err(), "somebody else could write in the middle");
        write(&tx, &parent(1)).await;
        tx.commit().await.unwrap();
        assert_eq!(count(&db, "parent").await, 1);
    }

    #[tokio::test]
    async fn whoever_goes_away_while_the_disk_is_awaited_takes_nothing_along() {
        let (db, _folder) = database().await;
        let holder = db.begin().await.unwrap();
        let crowd = crowd(&db, 0..8, parent).await;
        let (gone, staying) = crowd.split_at(4);
        drop(holder);
        // In their turns or after them: whichever it is, they are whole or nothing, and the others are there.
        gone.iter().for_each(tokio::task::JoinHandle::abort);
        for writer in staying {
            while !writer.is_finished() {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(count(&db, "parent WHERE id >= 4").await, 4);
    }
}
