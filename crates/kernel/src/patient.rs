use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};

/// A database that says nothing for so long is as good as away: a little longer than it waits itself, so that its own reason comes first.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// What the database was asked for since this process began. Counted where every statement passes, so that a test can say what each request may
/// cost, and see it when one more creeps in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Spent {
    /// Statements, without the BEGIN and COMMIT of transactions.
    pub statements: u64,
    /// Transactions that were committed, and writing statements that were transactions of their own: each waits for the disk.
    pub commits: u64,
}

#[derive(Default)]
pub(crate) struct Toll {
    statements: AtomicU64,
    commits: AtomicU64,
}

impl Toll {
    pub(crate) fn spent(&self) -> Spent {
        Spent {
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
pub struct Patient<C> {
    pub(crate) inner: C,
    toll: Arc<Toll>,
}

impl<C> Patient<C> {
    pub(crate) fn new(inner: C, toll: &Arc<Toll>) -> Self {
        Self { inner, toll: toll.clone() }
    }

    /// Another connection, counted with this one.
    pub(crate) fn like<D>(&self, inner: D) -> Patient<D> {
        Patient::new(inner, &self.toll)
    }
}

/// The work, or the fault that it is not done in time. Its outcome may then be unknown, as that of a connection which breaks.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    waited(SILENCE, work).await
}

async fn waited<T>(most: Duration, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let silent = |_| DbErr::Conn(RuntimeErr::Internal(format!("no answer in {most:?}")));
    tokio::time::timeout(most, work).await.map_err(silent)?
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Patient<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.toll.statement();
        within(self.inner.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.toll.statement();
        within(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.toll.statement();
        within(self.inner.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.toll.statement();
        within(self.inner.query_all_raw(statement)).await
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
