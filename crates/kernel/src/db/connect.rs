//! Opens connections to SQLite and PostgreSQL: the pools of readers and writers, and the settings of every connection.

use std::{str::FromStr, sync::Arc, time::Duration};

use sea_orm::{
    DatabaseConnection, SqlxPostgresConnector, SqlxSqliteConnector,
    sqlx::{
        AssertSqlSafe, Connection, Error, Executor, PgConnection, SqliteConnection,
        postgres::PgPoolOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::{
    servers::{Servers, Watch, takes_writes},
    timeout::{ACQUIRE_TIMEOUT, IDLE_TRANSACTION_TIMEOUT, PING_TIMEOUT, QueryCounter},
};
use crate::Fault;

/// A connection that was used more recently than this is lent without a ping: each ping is a round trip, and there is one for each statement.
const PING_INTERVAL: Duration = Duration::from_secs(1);

/// The number of connections that read a SQLite file. A read takes microseconds, and each connection has statements, pages and a thread of its own.
const SQLITE_READERS: u32 = 4;

/// Opens the pools of readers and of the one writer of a SQLite file, which is made if missing.
pub(super) async fn sqlite(address: &str) -> Result<[DatabaseConnection; 2], Fault> {
    let options = sqlite_options(address)?.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    // `test_before_acquire` is off: a connection is a thread of this process, and each test would wake it once more.
    let pool = |max| {
        let pool = SqlitePoolOptions::new().max_connections(max).acquire_timeout(ACQUIRE_TIMEOUT);
        pool.test_before_acquire(false)
    };
    let unavailable = |e: Error| Fault::Unavailable(e.to_string());
    let writer =
        pool(1).before_acquire(|connection, _| Box::pin(std::future::ready(Ok(is_clean(connection)))));
    let writer = writer.connect_with(options.clone()).await.map_err(unavailable)?;
    let reader = pool(SQLITE_READERS).connect_with(options).await.map_err(unavailable)?;
    Ok([reader, writer].map(SqlxSqliteConnector::from_sqlx_sqlite_pool))
}

/// Opens the pools of readers and writers of a PostgreSQL database, which share so many connections, and watches its servers if the address names several.
pub(super) async fn postgres(
    address: &str,
    connections: u32,
    counter: &Arc<QueryCounter>,
) -> Result<([DatabaseConnection; 2], Option<Arc<Watch>>), Fault> {
    let servers = Servers::of(address)?;
    let many = servers.are_many();
    let pool = || {
        let (lent, returned) = (counter.clone(), counter.clone());
        PgPoolOptions::new()
            .max_connections((connections / 2).max(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // The pool's own tests have no timeout: they would lend a dead connection, or keep its place (SECURITY #117).
            .test_before_acquire(false)
            .after_connect(move |connection, _| Box::pin(begun(connection, many)))
            .before_acquire(move |connection, meta| {
                // A connection that was returned a moment ago was tested then.
                let (stale, fresh) = (lent.stale.has(meta.age), meta.idle_for < PING_INTERVAL);
                Box::pin(async move { Ok(!stale && (fresh || alive(connection).await?)) })
            })
            .after_release(move |connection, meta| {
                let stale = returned.stale.has(meta.age);
                Box::pin(async move { Ok(!stale && alive(connection).await?) })
            })
    };
    let options = servers.writable().await?;
    // The first pool shows that the server answers, so the second one may connect later.
    let writer = pool().connect_with(options.clone()).await.map_err(|e| Fault::Unavailable(e.to_string()))?;
    let reader = pool().connect_lazy_with(options);
    let watch = servers.watch([reader.clone(), writer.clone()], counter);
    Ok(([reader, writer].map(SqlxPostgresConnector::from_sqlx_postgres_pool), watch))
}

/// Opens one connection to the server that takes writes, without the settings of a node's.
pub(super) async fn postgres_alone(address: &str) -> Result<DatabaseConnection, Fault> {
    let options = Servers::of(address)?.writable().await?;
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
    let pool = pool.connect_with(options).await.map_err(|e| Fault::Unavailable(e.to_string()))?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// Sets the timeouts of a new connection: by a statement, for PgBouncer takes no such settings with the connection itself. Of several servers, one that takes no
/// writes is refused.
async fn begun(connection: &mut PgConnection, many: bool) -> Result<(), Error> {
    let (lock, idle) = (ACQUIRE_TIMEOUT.as_millis(), IDLE_TRANSACTION_TIMEOUT.as_millis());
    let set = format!("SET lock_timeout = {lock}; SET idle_in_transaction_session_timeout = {idle}");
    connection.execute(AssertSqlSafe(set)).await?;
    match !many || takes_writes(connection).await? {
        true => Ok(()),
        false => Err(Error::Configuration("this server takes no writes".into())),
    }
}

/// Returns the options of every connection to SQLite.
pub(super) fn sqlite_options(address: &str) -> Result<SqliteConnectOptions, Fault> {
    let options = SqliteConnectOptions::from_str(address).map_err(|e| Fault::Unavailable(e.to_string()))?;
    // NORMAL may lose acknowledged commits at a power failure (SECURITY #115).
    Ok(options.synchronous(SqliteSynchronous::Full).foreign_keys(true).busy_timeout(ACQUIRE_TIMEOUT))
}

/// Returns true if the connection has no open transaction. SQLite rolls a transaction back by itself if the disk is full, and sqlx's count of open
/// transactions is wrong then. Rollbacks that were still pending have run, since the pool pinged the connection on its return.
fn is_clean(connection: &SqliteConnection) -> bool {
    !connection.is_in_transaction()
}

/// Returns true if the server answers on this connection.
async fn alive(connection: &mut PgConnection) -> Result<bool, Error> {
    tokio::time::timeout(PING_TIMEOUT, connection.ping()).await.map_err(|_| Error::PoolTimedOut)??;
    Ok(true)
}
