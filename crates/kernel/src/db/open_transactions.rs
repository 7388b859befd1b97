//! Tracks which tasks hold a transaction (SECURITY D18). A task that asks for a second connection while it holds one waits for tasks that wait for it: on
//! PostgreSQL forty such acts stopped a node, on SQLite one act waits for itself. Builds with debug assertions panic at the second request, so every test
//! checks the rule.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, ThreadId},
};

use tokio::task;

use super::timeout::QueryCounter;

/// A task, or a thread outside any task, as in tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Task(task::Id),
    Thread(ThreadId),
}

impl Holder {
    fn here() -> Self {
        task::try_id().map_or_else(|| Self::Thread(thread::current().id()), Self::Task)
    }
}

/// The open transactions: their holder, and the address of the query counter that identifies their database.
static HELD: Mutex<Vec<(Holder, usize)>> = Mutex::new(Vec::new());

fn held<T>(look: impl FnOnce(&mut Vec<(Holder, usize)>) -> T) -> T {
    look(&mut HELD.lock().unwrap_or_else(PoisonError::into_inner))
}

fn name(db: &Arc<QueryCounter>) -> usize {
    Arc::as_ptr(db).addr()
}

/// The registration of an open transaction with the task that began it, until dropped.
pub(crate) struct Mark(Option<(Holder, usize)>);

impl Mark {
    pub(crate) fn set(db: &Arc<QueryCounter>) -> Self {
        let mark = cfg!(debug_assertions).then(|| (Holder::here(), name(db)));
        if let Some(mark) = mark {
            held(|all| all.push(mark));
        }
        Self(mark)
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let Some(mark) = self.0 else { return };
        held(|all| {
            if let Some(at) = all.iter().position(|other| *other == mark) {
                all.swap_remove(at);
            }
        });
    }
}

/// Panics, in builds with debug assertions, if this task holds a transaction of this database.
#[track_caller]
pub(crate) fn assert_no_transaction(db: &Arc<QueryCounter>, asked: &str) {
    if cfg!(debug_assertions) {
        let mark = (Holder::here(), name(db));
        let holds = held(|all| all.contains(&mark));
        assert!(!holds, "{asked} is asked for by a task that holds a transaction (SECURITY D18)");
    }
}

/// Panics, in builds with debug assertions, if this task holds a transaction of any database. Long work, and reads that another task makes, must not be
/// awaited while rows and a connection are held.
///
/// # Panics
/// See above.
#[track_caller]
pub fn assert_outside_transaction(asked: &str) {
    if cfg!(debug_assertions) {
        let here = Holder::here();
        let holds = held(|all| all.iter().any(|(holder, _)| *holder == here));
        assert!(!holds, "{asked} is waited for by a task that holds a transaction (SECURITY D18)");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::AssertUnwindSafe;

    use sea_orm::ConnectionTrait;

    use crate::Db;

    async fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap(), folder)
    }

    /// Returns true if `ask` panics in a task that holds a transaction. Panics if it does so after the transaction has ended in any way.
    async fn is_refused<F: Future<Output = ()> + Send>(
        ask: impl Fn(Db) -> F + Clone + Send + Sync + 'static,
    ) -> bool {
        let (db, _folder) = database().await;
        let while_held = tokio::spawn({
            let (db, ask) = (db.clone(), ask.clone());
            async move {
                let _tx = db.begin().await.unwrap();
                // With a timeout, since a wait for the task's own transaction would never end.
                let _ = tokio::time::timeout(std::time::Duration::from_millis(500), ask(db.clone())).await;
            }
        });
        let refused = while_held.await.is_err_and(|error| error.is_panic());
        db.begin().await.unwrap().commit().await.unwrap();
        ask(db.clone()).await;
        db.begin().await.unwrap().rollback().await;
        ask(db.clone()).await;
        drop(db.begin().await.unwrap());
        ask(db).await;
        refused
    }

    #[tokio::test]
    async fn who_holds_a_transaction_asks_for_no_second_connection() {
        let reads = async |db: Db| {
            db.reader().execute_unprepared("SELECT 1").await.unwrap();
        };
        assert!(is_refused(move |db| Box::pin(reads(db)) as Asking).await, "a read");
        let writes = async |db: Db| {
            db.writer().execute_unprepared("PRAGMA user_version = 1").await.unwrap();
        };
        assert!(is_refused(move |db| Box::pin(writes(db)) as Asking).await, "a statement of its own");
        let begins = async |db: Db| db.begin().await.unwrap().rollback().await;
        assert!(is_refused(move |db| Box::pin(begins(db)) as Asking).await, "a second transaction");
        let records = async |db: Db| db.begin_recorded().await.unwrap().rollback().await;
        assert!(is_refused(move |db| Box::pin(records(db)) as Asking).await, "a second act");
        let waits = async |_: Db| super::assert_outside_transaction("work of another thread");
        assert!(is_refused(move |db| Box::pin(waits(db)) as Asking).await, "work of another thread");
    }

    type Asking = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

    #[tokio::test]
    async fn a_reader_that_was_taken_before_the_transaction_is_refused_too() {
        let (db, _folder) = database().await;
        let reader = db.reader();
        let tx = db.begin().await.unwrap();
        let asked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            // It panics at its first poll, before it waits for anything.
            let mut asking = std::pin::pin!(reader.execute_unprepared("SELECT 1"));
            let waker = std::task::Waker::noop();
            let _ = asking.as_mut().poll(&mut std::task::Context::from_waker(waker));
        }));
        assert!(asked.is_err());
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn other_tasks_and_other_databases_are_free() {
        let ((db, _folder), (other, _elsewhere)) = (database().await, database().await);
        let tx = db.begin().await.unwrap();
        other.reader().execute_unprepared("SELECT 1").await.unwrap();
        let other_task = db.clone();
        let read = async move { other_task.reader().execute_unprepared("SELECT 1").await.map(drop) };
        tokio::spawn(read).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }
}
