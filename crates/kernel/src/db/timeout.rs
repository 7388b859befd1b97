//! Timeouts and counts of statements.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tokio::{sync::Notify, time::Instant};

use super::{open_transactions::assert_no_transaction, servers::Stale};
use crate::fault::{is_out_of_space, is_read_only};

/// The maximum time that a request waits for a connection, for its turn to write, or for a row that another transaction holds.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);

/// PostgreSQL ends a transaction that is idle for this long: its node is lost, and others wait for the rows that it holds.
pub(super) const IDLE_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);

/// The maximum time that a connection takes to answer a ping.
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Treat the database as unreachable after this long without an answer: a little longer than its own timeouts, so that its own error comes first.
pub(crate) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements and commits since the database was opened. They are counted where every statement passes, so that tests can bound the cost of each request.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct QueryCount {
    /// Statements, without the BEGIN and COMMIT of transactions.
    pub statements: u64,
    /// Committed transactions, and writing statements of their own: each waits for the disk.
    pub commits: u64,
}

#[derive(Default)]
pub(crate) struct QueryCounter {
    statements: AtomicU64,
    commits: AtomicU64,
    /// True if a write was refused because of the disk, and no later one succeeded.
    refused: AtomicBool,
    refusal: Notify,
    /// Set if a server took reads alone: its connections are not lent again.
    pub(super) stale: Stale,
}

impl QueryCounter {
    /// Records a write that was refused because of the disk, and wakes the readiness check at once (SECURITY #119).
    pub(crate) fn write_refused(&self) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            self.refusal.notify_one();
        }
    }

    pub(crate) fn takes_writes(&self) -> bool {
        !self.refused.load(Ordering::Relaxed)
    }

    /// Records the result of a write that probes the disk.
    pub(crate) fn write_probed(&self, stored: bool) {
        self.refused.store(!stored, Ordering::Relaxed);
    }

    /// Waits until a write is refused.
    pub(crate) async fn refusal(&self) {
        self.refusal.notified().await;
    }

    /// Records a refusal, if the result is one, and passes the result on.
    pub(crate) fn note_refusal<T>(&self, answer: Result<T, DbErr>) -> Result<T, DbErr> {
        if answer.as_ref().is_err_and(is_out_of_space) {
            self.write_refused();
        }
        if answer.as_ref().is_err_and(is_read_only) {
            self.stale.mark();
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

/// A connection, or a pool of them, with a timeout on every statement. A server that is stopped or cut off breaks no connection; without the timeout, a
/// caller would hold its request, message and connection until a restart (SECURITY #117).
pub struct Timeout<C> {
    pub(crate) inner: C,
    pub(crate) counter: Arc<QueryCounter>,
    /// True if each statement takes a connection of its own.
    is_pool: bool,
}

impl<C> Timeout<C> {
    /// Wraps a pool.
    pub(crate) fn new(inner: C, counter: &Arc<QueryCounter>) -> Self {
        Self { inner, counter: counter.clone(), is_pool: true }
    }

    /// Wraps a transaction on one of the pool's connections, with the same counter.
    pub(crate) fn with_counter_of<D>(&self, inner: D) -> Timeout<D> {
        Timeout { inner, counter: self.counter.clone(), is_pool: false }
    }

    fn count_statement(&self) {
        self.counter.statement();
        if self.is_pool {
            assert_no_transaction(&self.counter, "a connection");
        }
    }
}

/// Runs `work` with a timeout. After it the outcome may be unknown, as after a broken connection.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    within_limit(STATEMENT_TIMEOUT, work).await
}

async fn within_limit<T>(limit: Duration, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let silent = |_| DbErr::Conn(RuntimeErr::Internal(format!("no answer in {limit:?}")));
    tokio::time::timeout(limit, work).await.map_err(silent)?
}

/// The thing that a caller waits for.
#[derive(Clone, Copy)]
pub(super) enum Work {
    /// A statement, and the connection for it.
    Statement,
    /// A commit, with those that share it.
    Commit,
}

/// Records how long the caller waits.
pub(super) async fn timed<T>(what: Work, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let answer = work.await;
    // Labels that the compiler knows cost no allocation.
    let seconds = match what {
        Work::Statement => metrics::histogram!("moncompte_db_seconds", "what" => "statement"),
        Work::Commit => metrics::histogram!("moncompte_db_seconds", "what" => "commit"),
    };
    seconds.record(begun.elapsed());
    answer
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Timeout<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count_statement();
        self.counter.note_refusal(timed(Work::Statement, within(self.inner.execute_raw(statement))).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count_statement();
        self.counter.note_refusal(timed(Work::Statement, within(self.inner.execute_unprepared(sql))).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count_statement();
        self.counter.note_refusal(timed(Work::Statement, within(self.inner.query_one_raw(statement))).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count_statement();
        self.counter.note_refusal(timed(Work::Statement, within(self.inner.query_all_raw(statement))).await)
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
        // Far longer than the timeout under test.
        let told = tokio::time::timeout(
            Duration::from_secs(20),
            within_limit(Duration::from_millis(1), pending::<Result<(), DbErr>>()),
        );
        let given_up = told.await.expect("it is given up");
        assert!(matches!(crate::Fault::from(given_up.unwrap_err()), crate::Fault::Unavailable(_)));
    }
}
