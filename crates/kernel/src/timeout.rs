use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::sync::Notify;

use crate::{fault::is_for_want_of_room, held::assert_no_transaction};

/// A database that says nothing for so long is as good as away: a little longer than it waits itself, so that its own reason comes first.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// What the database was asked for since this process began. Counted where every statement passes, so that a test can say what each request may
/// cost, and see it when one more creeps in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueryCount {
    /// Statements, without the BEGIN and COMMIT of transactions.
    pub statements: u64,
    /// Transactions that were committed, and writing statements that were transactions of their own: each waits for the disk.
    pub commits: u64,
}

#[derive(Default)]
pub(crate) struct QueryCounter {
    statements: AtomicU64,
    commits: AtomicU64,
    /// A write was refused, and none was tried since that was not.
    refused: AtomicBool,
    refusal: Notify,
}

impl QueryCounter {
    /// A write was refused for a reason that is not its own: whoever asks whether this node is well is told so at once (SECURITY #119).
    pub(crate) fn refuse(&self) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            self.refusal.notify_one();
        }
    }

    pub(crate) fn takes_writes(&self) -> bool {
        !self.refused.load(Ordering::Relaxed)
    }

    /// A write that tries whether one is possible has ended.
    pub(crate) fn tried(&self, stored: bool) {
        self.refused.store(!stored, Ordering::Relaxed);
    }

    /// Waits until a write is refused.
    pub(crate) async fn refusal(&self) {
        self.refusal.notified().await;
    }

    /// Looks at what the database answered.
    pub(crate) fn judged<T>(&self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if answer.as_ref().is_err_and(is_for_want_of_room) {
            self.refuse();
        }
        answer
    }

    pub(crate) fn query_count(&self) -> QueryCount {
        QueryCount {
            statements: self.statements.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn statement(&self) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }
}

/// A connection, or a pool of them, that does not wait for ever: a server whose machine is gone, or that is stopped, breaks no connection, and
/// whoever waits for it would hold request, letter and connection until somebody restarts the program (SECURITY #117).
pub struct Timeout<C> {
    pub(crate) inner: C,
    pub(crate) counter: Arc<QueryCounter>,
    /// Whether a statement takes a connection of its own.
    is_pool: bool,
}

impl<C> Timeout<C> {
    /// A pool.
    pub(crate) fn new(inner: C, counter: &Arc<QueryCounter>) -> Self {
        Self { inner, counter: counter.clone(), is_pool: true }
    }

    /// A transaction on one of its connections, counted with this one.
    pub(crate) fn like<D>(&self, inner: D) -> Timeout<D> {
        Timeout { inner, counter: self.counter.clone(), is_pool: false }
    }

    fn asked(&self) {
        self.counter.statement();
        if self.is_pool {
            assert_no_transaction(&self.counter, "a connection");
        }
    }
}

/// The work, or the fault that it is not done in time. Its outcome may then be unknown, as that of a connection which breaks.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    waited(STATEMENT_TIMEOUT, work).await
}

async fn waited<T>(most: Duration, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let silent = |_| DbErr::Conn(RuntimeErr::Internal(format!("no answer in {most:?}")));
    tokio::time::timeout(most, work).await.map_err(silent)?
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Timeout<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.asked();
        self.counter.judged(within(self.inner.execute_raw(statement)).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.asked();
        self.counter.judged(within(self.inner.execute_unprepared(sql)).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.asked();
        self.counter.judged(within(self.inner.query_one_raw(statement)).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.asked();
        self.counter.judged(within(self.inner.query_all_raw(statement)).await)
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_database_that_says_nothing_is_given_up() {
        assert_eq!(within(ready(Ok(7))).await, Ok(7));
        // Far more than it takes, where it takes as long as it is told.
        let told = tokio::time::timeout(
            Duration::from_secs(20),
            waited(Duration::from_millis(1), pending::<Result<(), DbErr>>()),
        );
        let given_up = told.await.expect("it is given up");
        assert!(matches!(crate::Fault::from(given_up.unwrap_err()), crate::Fault::Unavailable(_)));
    }
}
