use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};

/// A database that says nothing for so long is as good as away: a little longer than it waits itself, so that its own reason comes first.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// A connection, or a pool of them, that does not wait for ever: a server whose machine is gone, or that is stopped, breaks no connection, and
/// whoever waits for it would hold request, letter and connection until somebody restarts the program (SECURITY #117).
pub struct Patient<C>(pub(crate) C);

/// The work, or the fault that it is not done in time. Its outcome may then be unknown, as that of a connection which breaks.
pub(crate) async fn within<T>(work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
    let silent = |_| DbErr::Conn(RuntimeErr::Internal(format!("no answer in {SILENCE:?}")));
    tokio::time::timeout(SILENCE, work).await.map_err(silent)?
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Patient<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.0.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.0.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.0.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.0.query_all_raw(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.0.support_returning()
    }
}
