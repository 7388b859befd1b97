//! Which tasks hold a transaction (SECURITY D18). A task that asks for a second connection while it holds one waits for those who wait for it: on PostgreSQL
//! forty acts that each did so stopped a node, on SQLite one act waits for its own turn. Builds with debug assertions panic where it happens, so every test
//! holds the rule.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::{self, ThreadId},
};

use tokio::task;

use crate::timeout::QueryCounter;

/// A task, or a thread that runs none: a test's own.
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

/// Each transaction that is open: who began it, and the address of its database's counter, which is one a database.
static HELD: Mutex<Vec<(Holder, usize)>> = Mutex::new(Vec::new());

fn held<T>(look: impl FnOnce(&mut Vec<(Holder, usize)>) -> T) -> T {
    look(&mut HELD.lock().unwrap_or_else(PoisonError::into_inner))
}

fn name(db: &Arc<QueryCounter>) -> usize {
    Arc::as_ptr(db).addr()
}

/// The mark of an open transaction, on the task that began it. Dropped, the mark goes.
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

/// Panics, in builds with debug assertions, where this task holds a transaction of this database.
#[track_caller]
pub(crate) fn assert_no_transaction(db: &Arc<QueryCounter>, asked: &str) {
    if cfg!(debug_assertions) {
        let mark = (Holder::here(), name(db));
        let holds = held(|all| all.contains(&mark));
        assert!(!holds, "{asked} is asked for by a task that holds a transaction (SECURITY D18)");
    }
}

/// Panics, in builds with debug assertions, where this task holds a transaction of any database. For what takes its time, and for reads that another task
/// makes: none may be waited for while rows and a connection are held.
///
/// # Panics
/// As said.
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

    use crate::{Batcher, Db};

    async fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        (Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap(), folder)
    }

    /// Whether this panics in a task that holds a transaction, and does not in one whose transaction has ended, however it ended.
    async fn is_refused<F: Future<Output = ()> + Send>(
        ask: impl Fn(Db) -> F + Clone + Send + Sync + 'static,
    ) -> bool {
        let (db, _folder) = database().await;
        let while_held = tokio::spawn({
            let (db, ask) = (db.clone(), ask.clone());
            async move {
                let _tx = db.begin().await.unwrap();
                // A wait for its own turn would last.
                let _ = tokio::time::timeout(std::time::Duration::from_millis(500), ask(db.clone())).await;
            }
        });
        let refused = while_held.await.is_err_and(|error| error.is_panic());
        db.begin().await.unwrap().commit().await.unwrap();
        ask(db.clone()).await;
        db.begin().await.unwrap().give_up().await;
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
        let begins = async |db: Db| db.begin().await.unwrap().give_up().await;
        assert!(is_refused(move |db| Box::pin(begins(db)) as Asking).await, "a second transaction");
        let records = async |db: Db| db.begin_recorded().await.unwrap().give_up().await;
        assert!(is_refused(move |db| Box::pin(records(db)) as Asking).await, "a second act");
        let gathers = async |_: Db| {
            let batcher: Batcher<u8, u8> = Batcher::new(1, async |_| Ok(std::collections::HashMap::new()));
            batcher.get(1).await.unwrap();
        };
        assert!(
            is_refused(move |db| Box::pin(gathers(db)) as Asking).await,
            "a read that another task makes"
        );
    }

    type Asking = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

    #[tokio::test]
    async fn a_reader_that_was_taken_before_the_transaction_is_refused_too() {
        let (db, _folder) = database().await;
        let reader = db.reader();
        let tx = db.begin().await.unwrap();
        let asked = std::panic::catch_unwind(AssertUnwindSafe(|| {
            // It panics before it waits for anything.
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
        let reading = db.clone();
        let read = async move { reading.reader().execute_unprepared("SELECT 1").await.map(drop) };
        tokio::spawn(read).await.unwrap().unwrap();
        tx.commit().await.unwrap();
    }
}
