//! One statement that is its own transaction.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::{
    db::ACQUIRE_TIMEOUT,
    held::assert_no_transaction,
    timeout::{QueryCounter, Timeout, within},
    write_queue::{WriteQueue, WriteSlot},
};

/// For single statements that write. Where the database has one writer they take their turn as transactions do, and share the wait for the disk with
/// whoever waits beside them (see `group`); answered, they are on the disk.
pub struct Writer {
    pub(crate) pool: Timeout<DatabaseConnection>,
    turns: Option<WriteQueue>,
    counter: Arc<QueryCounter>,
}

impl Writer {
    pub(crate) fn new(
        pool: DatabaseConnection,
        turns: Option<WriteQueue>,
        counter: &Arc<QueryCounter>,
    ) -> Self {
        Self { pool: Timeout::new(pool, counter), turns, counter: counter.clone() }
    }

    async fn turn(&self) -> Result<Option<WriteSlot>, DbErr> {
        self.counter.commit();
        assert_no_transaction(&self.counter, "a connection that writes");
        let Some(turns) = &self.turns else { return Ok(None) };
        Ok(Some(turns.take(&self.pool, ACQUIRE_TIMEOUT).await?))
    }
}

/// What the statement answered, once it is on the disk. A statement that fails leaves nothing behind by itself, so it needs no savepoint.
async fn kept<T>(turn: WriteSlot, answer: Result<T, DbErr>) -> Result<T, DbErr> {
    let answer = answer?;
    within(turn.committed()).await?;
    Ok(answer)
}

#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Some(turn) = self.turn().await? else { return self.pool.execute_raw(statement).await };
        let done = turn.group().execute_raw(statement).await;
        kept(turn, done).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let Some(turn) = self.turn().await? else { return self.pool.execute_unprepared(sql).await };
        let done = turn.group().execute_unprepared(sql).await;
        kept(turn, done).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let Some(turn) = self.turn().await? else { return self.pool.query_one_raw(statement).await };
        let row = turn.group().query_one_raw(statement).await;
        kept(turn, row).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(turn) = self.turn().await? else { return self.pool.query_all_raw(statement).await };
        let rows = turn.group().query_all_raw(statement).await;
        kept(turn, rows).await
    }

    fn support_returning(&self) -> bool {
        self.pool.support_returning()
    }
}
