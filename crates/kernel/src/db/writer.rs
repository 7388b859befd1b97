//! One statement that is its own transaction.

use std::sync::Arc;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::{
    open_transactions::assert_no_transaction,
    timeout::{ACQUIRE_TIMEOUT, QueryCounter, Timeout, Work, timed, within},
    write_queue::{WriteQueue, WriteSlot},
};

/// Runs single statements that write. On SQLite they take a slot in the queue as transactions do and share the wait for the disk (see `write_queue`);
/// once answered, they are on the disk.
pub struct Writer {
    pub(crate) pool: Timeout<DatabaseConnection>,
    queue: Option<WriteQueue>,
    counter: Arc<QueryCounter>,
}

impl Writer {
    pub(crate) fn new(
        pool: DatabaseConnection,
        queue: Option<WriteQueue>,
        counter: &Arc<QueryCounter>,
    ) -> Self {
        Self { pool: Timeout::new(pool, counter), queue, counter: counter.clone() }
    }

    async fn slot(&self) -> Result<Option<WriteSlot>, DbErr> {
        self.counter.commit();
        assert_no_transaction(&self.counter, "a connection that writes");
        let Some(queue) = &self.queue else { return Ok(None) };
        Ok(Some(queue.take(&self.pool, ACQUIRE_TIMEOUT).await?))
    }
}

/// Returns the statement's result once it is on the disk. A failed statement leaves nothing behind, so it needs no savepoint.
async fn durable<T>(slot: WriteSlot, answer: Result<T, DbErr>) -> Result<T, DbErr> {
    let answer = answer?;
    timed(Work::Commit, within(slot.committed())).await?;
    Ok(answer)
}

#[async_trait::async_trait]
impl ConnectionTrait for Writer {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let Some(slot) = self.slot().await? else { return self.pool.execute_raw(statement).await };
        let done = slot.batch().execute_raw(statement).await;
        durable(slot, done).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let Some(slot) = self.slot().await? else { return self.pool.execute_unprepared(sql).await };
        let done = slot.batch().execute_unprepared(sql).await;
        durable(slot, done).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let Some(slot) = self.slot().await? else { return self.pool.query_one_raw(statement).await };
        let row = slot.batch().query_one_raw(statement).await;
        durable(slot, row).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(slot) = self.slot().await? else { return self.pool.query_all_raw(statement).await };
        let rows = slot.batch().query_all_raw(statement).await;
        durable(slot, rows).await
    }

    fn support_returning(&self) -> bool {
        self.pool.support_returning()
    }
}
