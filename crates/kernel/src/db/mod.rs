//! The database: connections, transactions, the queue of writers on SQLite, and what every slice keeps in it (the outbox, the shared time).

mod connect;
mod delete;
mod invariant;
mod open_transactions;
pub mod outbox;
mod reseal;
mod servers;
mod shared_time;
mod statistics;
mod stored;
mod table;
mod timeout;
mod tx;
mod write;
mod write_queue;
mod writer;

use std::{
    sync::{Arc, Mutex, atomic::AtomicBool},
    time::Duration,
};

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, TransactionTrait,
    sea_query::OnConflict,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub use self::{
    delete::delete_in_batches,
    invariant::{Check, CheckFuture, INVARIANTS, Invariant, SeenBy, Snapshot, Verdict},
    open_transactions::assert_outside_transaction,
    reseal::{RESEAL_PAGE, Resealed, Told, reseal_rows},
    servers::{each_server, shares_sessions},
    timeout::{QueryCount, Timeout},
    tx::Tx,
    write::{Done, Read},
    writer::Writer,
};
use self::{
    open_transactions::{Mark, assert_no_transaction},
    servers::Watch,
    table::meta,
    timeout::{ACQUIRE_TIMEOUT, PING_TIMEOUT, QueryCounter, within},
    write_queue::WriteQueue,
};
use crate::Fault;

/// The database, SQLite or PostgreSQL according to its address. Readers and writers have separate pools, so that many writers never block a reader;
/// on SQLite there is one writer.
#[derive(Clone)]
pub struct Db {
    reader: Arc<Timeout<DatabaseConnection>>,
    writer: Arc<Writer>,
    /// The queue of writers, on SQLite.
    queue: Option<WriteQueue>,
    /// The queue of acts that append evidence, on PostgreSQL.
    recorders: Option<Arc<Semaphore>>,
    pub(crate) counter: Arc<QueryCounter>,
    mail: Arc<Notify>,
    /// Follows the server that takes writes, if the address names several.
    _watch: Option<Arc<Watch>>,
}

/// The connections of a pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolState {
    /// `readers` or `writers`.
    pub name: &'static str,
    /// Lent to somebody.
    pub busy: usize,
    /// Open, and free.
    pub idle: usize,
}

/// The number of acts that append evidence at a time. They all update the head of the chain, so more of them would only hold connections while they wait
/// for that row: one commits while the next one prepares. The others wait in the program, which costs nothing (SECURITY D18).
const RECORDERS: usize = 2;

/// The maximum time that an act that appends evidence waits for its place. It holds nothing meanwhile, so a late answer is better than an error.
const RECORDER_TIMEOUT: Duration = Duration::from_secs(16);

/// The connections to PostgreSQL of a program that does not say how many it takes: half of them read, half of them write.
pub const POSTGRES_CONNECTIONS: u32 = 16;

impl Db {
    /// Opens `sqlite://path/to/file` (created if missing) or `postgres://…`, of whose servers it takes the one that takes writes (see [`each_server`]).
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if the database cannot be reached or is read-only, or if the address has another scheme.
    pub async fn connect(address: &str) -> Result<Self, Fault> {
        Self::connect_with(address, POSTGRES_CONNECTIONS).await
    }

    /// Opens the database like [`Db::connect`], with at most so many connections to PostgreSQL, half of them for reads. SQLite has one writer and a few
    /// readers, whatever is asked.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn connect_with(address: &str, connections: u32) -> Result<Self, Fault> {
        let (mail, counter) = (Arc::new(Notify::new()), Arc::new(QueryCounter::default()));
        let ([reader, writer], watch, queue, recorders) = if address.starts_with("sqlite:") {
            (connect::sqlite(address).await?, None, Some(WriteQueue::default()), None)
        } else {
            let (pools, watch) = connect::postgres(address, connections, &counter).await?;
            (pools, watch, None, Some(Arc::new(Semaphore::new(RECORDERS))))
        };
        let reader = Arc::new(Timeout::new(reader, &counter));
        let writer = Arc::new(Writer::new(writer, queue.clone(), &counter));
        Ok(Self { reader, writer, queue, recorders, counter, mail, _watch: watch })
    }

    /// Returns the pool for reads outside a transaction.
    ///
    /// # Panics
    /// In builds with debug assertions, if this task holds a transaction (SECURITY D18).
    #[track_caller]
    pub fn reader(&self) -> &Timeout<DatabaseConnection> {
        assert_no_transaction(&self.counter, "a reader");
        &self.reader
    }

    /// Returns the connection for single statements, each of which is its own transaction.
    ///
    /// # Panics
    /// In builds with debug assertions, if this task holds a transaction (SECURITY D18).
    #[track_caller]
    pub fn writer(&self) -> &Writer {
        assert_no_transaction(&self.counter, "a writer");
        &self.writer
    }

    /// Returns the writer without timeouts, for migrations: they may take, and wait for another node, as long as they need.
    pub fn without_timeout(&self) -> &DatabaseConnection {
        &self.writer.pool.inner
    }

    /// Begins a writing transaction. On SQLite it waits for its slot in the queue and may share its commit with others (see `write_queue`). Dropped without
    /// [`Tx::commit`], it rolls back. Acts that append evidence use [`Db::begin_recorded`] instead.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if no connection is free in time.
    ///
    /// # Panics
    /// In builds with debug assertions, if this task holds a transaction already (SECURITY D18).
    pub async fn begin(&self) -> Result<Tx, Fault> {
        self.begun(None, false).await
    }

    /// Begins the transaction of an act that appends evidence, in the order of arrival. Such acts all update one row, and they wait for it here, before they
    /// take a connection (SECURITY D18). Read what can be read before this call.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if its place in the queue, or a connection, is not free in time.
    ///
    /// # Panics
    /// In builds with debug assertions, if this task holds a transaction already.
    pub async fn begin_recorded(&self) -> Result<Tx, Fault> {
        assert_no_transaction(&self.counter, "a transaction");
        let Some(recorders) = &self.recorders else { return self.begun(None, true).await };
        let place = tokio::time::timeout(RECORDER_TIMEOUT, recorders.clone().acquire_owned()).await;
        let late = || Fault::Unavailable(format!("no slot to append evidence in {RECORDER_TIMEOUT:?}"));
        let place = place.map_err(|_| late())?.map_err(|_| late())?;
        self.begun(Some(place), true).await
    }

    async fn begun(&self, place: Option<OwnedSemaphorePermit>, recorded: bool) -> Result<Tx, Fault> {
        assert_no_transaction(&self.counter, "a transaction");
        let writer = &self.writer.pool;
        let (inner, slot) = match &self.queue {
            Some(queue) => {
                let slot = queue.take(writer, ACQUIRE_TIMEOUT).await?;
                let own = match slot.is_first() {
                    true => None,
                    false => Some(within(slot.batch().inner.begin()).await?),
                };
                (own, Some(slot))
            }
            None => (Some(within(writer.inner.begin()).await?), None),
        };
        Ok(Tx {
            inner: inner.map(|inner| writer.with_counter_of(inner)),
            slot,
            counter: self.counter.clone(),
            mail: self.mail.clone(),
            has_mail: AtomicBool::new(false),
            recorded,
            then: Mutex::default(),
            _mark: Mark::set(&self.counter),
            _place: place,
        })
    }

    /// Returns the number of statements and commits since this database was opened.
    pub fn query_count(&self) -> QueryCount {
        self.counter.query_count()
    }

    /// Returns the state of each pool of connections.
    pub fn pools(&self) -> [PoolState; 2] {
        [("readers", &self.reader.inner), ("writers", &self.writer.pool.inner)].map(|(name, pool)| {
            let (open, idle) = match pool.get_database_backend() {
                DbBackend::Sqlite => {
                    let pool = pool.get_sqlite_connection_pool();
                    (pool.size(), pool.num_idle())
                }
                _ => {
                    let pool = pool.get_postgres_connection_pool();
                    (pool.size(), pool.num_idle())
                }
            };
            PoolState { name, busy: (open as usize).saturating_sub(idle), idle }
        })
    }

    /// Closes every connection, so that nothing of this process holds the database.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn close(&self) -> Result<(), Fault> {
        self.reader.inner.close_by_ref().await?;
        Ok(self.without_timeout().close_by_ref().await?)
    }

    /// Waits until a transaction of this process commits a message to the outbox.
    pub async fn mail_committed(&self) {
        self.mail.notified().await;
    }

    /// Checks that the database answers in time.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if it does not.
    pub async fn ping(&self) -> Result<(), Fault> {
        let asked = tokio::time::timeout(PING_TIMEOUT, self.reader.execute_unprepared("SELECT 1")).await;
        let silent = |_| Fault::Unavailable(format!("no answer in {PING_TIMEOUT:?}"));
        asked.map_err(silent)?.map_err(|e| Fault::Unavailable(e.to_string()))?;
        Ok(())
    }

    /// Stores `value` under `key` unless a value is stored already; returns the stored value. One statement decides between two nodes that start at once.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn insert_or_get(&self, key: &str, value: &str) -> Result<String, Fault> {
        let row = meta::ActiveModel { key: Set(key.to_owned()), value: Set(value.to_owned()) };
        meta::Entity::insert(row)
            .on_conflict(OnConflict::column(meta::Column::Key).do_nothing().to_owned())
            .exec_without_returning(self.writer())
            .await?;
        let row = meta::Entity::find_by_id(key).one(self.reader()).await?;
        row.map(|r| r.value).ok_or_else(|| Fault::Broken(format!("meta {key} vanished")))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{QueryResult, Statement};

    use super::*;

    /// Runs a query on a reader and on the writer.
    async fn asked(db: &Db, what: &str) -> [Vec<QueryResult>; 2] {
        let backend = db.reader().get_database_backend();
        let statement = || Statement::from_string(backend, format!("PRAGMA {what}"));
        let reader = db.reader().query_all_raw(statement()).await.unwrap();
        [reader, db.without_timeout().query_all_raw(statement()).await.unwrap()]
    }

    async fn database() -> (Db, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let address = format!("sqlite://{}", folder.path().join("db").display());
        (Db::connect(&address).await.unwrap(), folder)
    }

    #[tokio::test]
    async fn each_connection_to_sqlite_waits_for_the_disk_and_for_others() {
        let (db, _folder) = database().await;
        let number =
            async |what: &str| asked(&db, what).await.map(|rows| rows[0].try_get_by_index::<i64>(0).unwrap());
        // 2 is FULL: synced at each commit.
        assert_eq!(number("synchronous").await, [2, 2]);
        assert_eq!(number("foreign_keys").await, [1, 1]);
        assert!(number("busy_timeout").await.iter().all(|millis| *millis >= 5000));
    }

    /// ADR 12: without this option SQLite plans every statement with a limit anew at each execution.
    #[tokio::test]
    async fn sqlite_is_built_for_statements_that_keep_their_plan() {
        let (db, _folder) = database().await;
        let [options, _] = asked(&db, "compile_options").await;
        let options: Vec<String> = options.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        let has = |name: &str| options.iter().any(|option| option == name);
        assert!(has("ENABLE_QPSG") && has("DEFAULT_MEMSTATUS=0"), "{options:?}");
        assert!(!has("ENABLE_STAT4") && !has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
    }
}
