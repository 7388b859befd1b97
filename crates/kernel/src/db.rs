use std::{
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ActiveValue::Set,
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, EntityTrait,
    SqlxSqliteConnector, TransactionTrait,
    sea_query::OnConflict,
    sqlx::{
        Connection, Error, PgConnection, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    Fault,
    held::{Mark, assert_no_transaction},
    table::meta,
    timeout::{QueryCount, QueryCounter, Timeout, within},
    write_queue::{WriteQueue, WriteSlot},
    writer::Writer,
};

/// How long a request may wait for a connection, or for another's row, before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(8);
/// A transaction in which nothing happens for so long has lost its node: PostgreSQL ends it, so that nobody waits for its rows for ever.
const IDLE_TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection that says nothing for so long is not used, and the operator's question is answered with no.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was alive so short a time ago is not asked again: each question is a round trip, and there is one for each statement.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// The database: SQLite or PostgreSQL, chosen by its address. Readers and writers have pools of their own, so that no crowd of writers keeps anybody from
/// reading; on SQLite there is one writer.
#[derive(Clone)]
pub struct Db {
    reader: Arc<Timeout<DatabaseConnection>>,
    writer: Arc<Writer>,
    /// Where there is one writer, its turns.
    turns: Option<WriteQueue>,
    /// Where there are several, the queue of acts that append evidence.
    recorders: Option<Arc<Semaphore>>,
    pub(crate) counter: Arc<QueryCounter>,
    mail: Arc<Notify>,
}

/// Connections that read a SQLite file at once: a read takes microseconds, and each connection has statements, pages and a thread of its own.
const READERS: u32 = 4;

/// Connections to PostgreSQL that read, and that write.
const POOL: [u32; 2] = [8, 8];

/// Acts that append evidence at once. They meet at one row, the head of its chain, so more would only hold connections while they wait for it: one commits
/// while another one comes there. All others wait in the program, where that costs nothing (SECURITY D18).
const RECORDERS: usize = 2;

/// How long an act that appends evidence may wait for its place: nothing is held meanwhile, and a crowd is better served late than told to come back.
const RECORDER_TIMEOUT: Duration = Duration::from_secs(16);

impl Db {
    /// Opens `sqlite://path/to/file` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when it cannot be reached, is read-only, or the address is neither.
    pub async fn connect(address: &str) -> Result<Self, Fault> {
        let (mail, counter) = (Arc::new(Notify::new()), Arc::new(QueryCounter::default()));
        if address.starts_with("sqlite:") {
            let options =
                sqlite_options(address)?.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
            // Nobody asks a connection whether it is alive: it is a thread of this process, and each question wakes it once more.
            let pool = |most| {
                let pool = SqlitePoolOptions::new().max_connections(most).acquire_timeout(ACQUIRE_TIMEOUT);
                pool.test_before_acquire(false)
            };
            let unavailable = |e: sea_orm::sqlx::Error| Fault::Unavailable(e.to_string());
            let writer = pool(1)
                .before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_clean(connection)))));
            let writer = writer.connect_with(options.clone()).await.map_err(unavailable)?;
            let reader = pool(READERS).connect_with(options).await.map_err(unavailable)?;
            let [reader, writer] = [reader, writer].map(SqlxSqliteConnector::from_sqlx_sqlite_pool);
            let turns = Some(WriteQueue::default());
            let reader = Arc::new(Timeout::new(reader, &counter));
            let writer = Arc::new(Writer::new(writer, turns.clone(), &counter));
            Ok(Self { reader, writer, turns, recorders: None, counter, mail })
        } else {
            let mut options = ConnectOptions::new(address);
            options
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_timeout(ACQUIRE_TIMEOUT)
                .sqlx_logging(false)
                // Both times the pool itself would wait for ever, and lend a dead connection, or keep its place (SECURITY #117).
                .test_before_acquire(false)
                .map_sqlx_postgres_before_acquire(|connection, lent| {
                    // One that came back this moment was asked then.
                    let fresh = lent.idle_for < PING_INTERVAL;
                    Box::pin(async move { Ok(fresh || alive(connection).await?) })
                })
                .map_sqlx_postgres_pool_opts(|pool| {
                    pool.after_release(|connection, _| Box::pin(alive(connection)))
                })
                .map_sqlx_postgres_opts(|options| {
                    let patience = ACQUIRE_TIMEOUT.as_millis().to_string();
                    let abandoned = IDLE_TRANSACTION_TIMEOUT.as_millis().to_string();
                    options.options([
                        ("lock_timeout", patience.as_str()),
                        ("idle_in_transaction_session_timeout", abandoned.as_str()),
                    ])
                });
            let open = async |most, lazy| {
                let mut options = options.clone();
                options.max_connections(most).connect_lazy(lazy);
                Database::connect(options).await.map_err(|e| Fault::Unavailable(e.to_string()))
            };
            // That somebody is there, the first one shows.
            let [readers, writers] = POOL;
            let (writer, reader) = (open(writers, false).await?, open(readers, true).await?);
            let reader = Arc::new(Timeout::new(reader, &counter));
            let writer = Arc::new(Writer::new(writer, None, &counter));
            let recorders = Some(Arc::new(Semaphore::new(RECORDERS)));
            Ok(Self { reader, writer, turns: None, recorders, counter, mail })
        }
    }

    /// For reading outside a transaction.
    ///
    /// # Panics
    /// In builds with debug assertions, where this task holds a transaction (SECURITY D18).
    #[track_caller]
    pub fn reader(&self) -> &Timeout<DatabaseConnection> {
        assert_no_transaction(&self.counter, "a reader");
        &self.reader
    }

    /// For one conditional statement that is its own transaction.
    ///
    /// # Panics
    /// In builds with debug assertions, where this task holds a transaction (SECURITY D18).
    #[track_caller]
    pub fn writer(&self) -> &Writer {
        assert_no_transaction(&self.counter, "a writer");
        &self.writer
    }

    /// For migrations: may take, and wait for another node, as long as they need.
    pub fn unhurried(&self) -> &DatabaseConnection {
        &self.writer.pool.inner
    }

    /// Begins a writing transaction. On SQLite it waits its turn, and may share its commit with others (see `group`).
    /// Dropped without [`Tx::commit`], it rolls back. One that appends evidence is begun by [`Db::begin_recorded`].
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when no connection is free in time.
    ///
    /// # Panics
    /// In builds with debug assertions, where this task holds a transaction already (SECURITY D18).
    pub async fn begin(&self) -> Result<Tx, Fault> {
        self.begun(None, false).await
    }

    /// Begins the transaction of an act that appends evidence, in the order in which such acts came: they meet at one row, and wait for it here, before they
    /// have a connection (SECURITY D18). Whatever may be read before it is.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when its turn does not come, or no connection is free, in time.
    ///
    /// # Panics
    /// In builds with debug assertions, where this task holds a transaction already.
    pub async fn begin_recorded(&self) -> Result<Tx, Fault> {
        assert_no_transaction(&self.counter, "a transaction");
        let Some(recorders) = &self.recorders else { return self.begun(None, true).await };
        let place = tokio::time::timeout(RECORDER_TIMEOUT, recorders.clone().acquire_owned()).await;
        let late = || Fault::Unavailable(format!("no turn to append evidence in {RECORDER_TIMEOUT:?}"));
        let place = place.map_err(|_| late())?.map_err(|_| late())?;
        self.begun(Some(place), true).await
    }

    async fn begun(&self, place: Option<OwnedSemaphorePermit>, recorded: bool) -> Result<Tx, Fault> {
        assert_no_transaction(&self.counter, "a transaction");
        let writer = &self.writer.pool;
        let (inner, turn) = match &self.turns {
            Some(turns) => {
                let turn = turns.take(writer, ACQUIRE_TIMEOUT).await?;
                let own = match turn.is_first() {
                    true => None,
                    false => Some(within(turn.group().inner.begin()).await?),
                };
                (own, Some(turn))
            }
            None => (Some(within(writer.inner.begin()).await?), None),
        };
        Ok(Tx {
            inner: inner.map(|inner| writer.like(inner)),
            turn,
            counter: self.counter.clone(),
            mail: self.mail.clone(),
            has_mail: AtomicBool::new(false),
            recorded,
            _mark: Mark::set(&self.counter),
            _place: place,
        })
    }

    /// What was asked for since this was opened.
    pub fn query_count(&self) -> QueryCount {
        self.counter.query_count()
    }

    /// Closes every connection: nobody else of this process may come.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn close(&self) -> Result<(), Fault> {
        self.reader.inner.close_by_ref().await?;
        Ok(self.unhurried().close_by_ref().await?)
    }

    /// Waits until some transaction of this process committed a letter to the outbox.
    pub async fn mail_committed(&self) {
        self.mail.notified().await;
    }

    /// Whether the database answers, and soon.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), Fault> {
        let asked = tokio::time::timeout(PING_TIMEOUT, self.reader.execute_unprepared("SELECT 1")).await;
        let silent = |_| Fault::Unavailable(format!("no answer in {PING_TIMEOUT:?}"));
        asked.map_err(silent)?.map_err(|e| Fault::Unavailable(e.to_string()))?;
        Ok(())
    }

    /// Stores `value` under `key` unless something is there; answers what is there then. One statement decides
    /// between two nodes that start at once.
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

/// What every connection to SQLite has, whoever opens it.
pub(crate) fn sqlite_options(address: &str) -> Result<SqliteConnectOptions, Fault> {
    let options = SqliteConnectOptions::from_str(address).map_err(|e| Fault::Unavailable(e.to_string()))?;
    // Not NORMAL: it may lose what was acknowledged when the power goes (SECURITY #115).
    Ok(options.synchronous(SqliteSynchronous::Full).foreign_keys(true).busy_timeout(ACQUIRE_TIMEOUT))
}

/// Whether a connection has no transaction left open: SQLite may have taken one back by itself, for want of room, and what counts them then errs. Whatever was
/// still to be taken back is, since the pool asked the connection when it came back.
fn is_clean(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Whether a connection of the pool still has somebody at its other end.
async fn alive(connection: &mut PgConnection) -> Result<bool, Error> {
    tokio::time::timeout(PING_TIMEOUT, connection.ping()).await.map_err(|_| Error::PoolTimedOut)??;
    Ok(true)
}

/// A writing transaction. Slices pass it to one another; its connection is used by their tables only.
pub struct Tx {
    // Before the turn: what is taken back is taken back before the next one writes. Without one, it is the turn's.
    inner: Option<Timeout<DatabaseTransaction>>,
    turn: Option<WriteSlot>,
    counter: Arc<QueryCounter>,
    mail: Arc<Notify>,
    has_mail: AtomicBool,
    recorded: bool,
    // After all that is taken back: the next one comes when this one has gone.
    _mark: Mark,
    _place: Option<OwnedSemaphorePermit>,
}

impl Tx {
    /// Whether it was begun by [`Db::begin_recorded`].
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// The connection inside the transaction.
    pub fn conn(&self) -> &Timeout<DatabaseTransaction> {
        let shared = || self.turn.as_ref().map(WriteSlot::group);
        self.inner.as_ref().or_else(shared).expect("a transaction of its own, or its turn's")
    }

    /// Makes everything true at once.
    ///
    /// # Errors
    /// [`Fault`]: the outcome may then be unknown; a retry must find out, not repeat.
    pub async fn commit(self) -> Result<(), Fault> {
        self.counter.commit();
        if let Some(own) = self.inner {
            self.counter.judged(within(own.inner.commit()).await)?;
        }
        if let Some(turn) = self.turn {
            within(turn.committed()).await?;
        }
        if self.has_mail.load(Ordering::Relaxed) {
            self.mail.notify_one();
        }
        Ok(())
    }

    /// Takes back what was written, as dropping it does, and waits until all that it saw is seen by readers too: a group's earlier transactions may not be on
    /// the disk when a later one looks. For those who look further before they answer.
    pub async fn give_up(self) {
        let Self { inner, turn, .. } = self;
        drop(inner);
        if let Some(turn) = turn {
            turn.over().await;
        }
    }

    pub(crate) fn has_mail(&self) {
        self.has_mail.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{QueryResult, Statement};

    use super::*;

    /// What a reader and the writer say.
    async fn asked(db: &Db, what: &str) -> [Vec<QueryResult>; 2] {
        let backend = db.reader().get_database_backend();
        let statement = || Statement::from_string(backend, format!("PRAGMA {what}"));
        let reader = db.reader().query_all_raw(statement()).await.unwrap();
        [reader, db.unhurried().query_all_raw(statement()).await.unwrap()]
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

    /// ADR 12: without it, every statement with a limit is planned anew whenever it is asked.
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
