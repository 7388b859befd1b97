//! Opens connections to SQLite and PostgreSQL: the pools of readers and writers, and the settings of every connection.

use std::{str::FromStr, time::Duration};

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, SqlxSqliteConnector,
    sqlx::{
        Connection, Error, PgConnection, SqliteConnection,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};

use super::timeout::{ACQUIRE_TIMEOUT, IDLE_TRANSACTION_TIMEOUT, PING_TIMEOUT};
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

/// Opens the pools of readers and writers of a PostgreSQL database, which share so many connections.
pub(super) async fn postgres(address: &str, connections: u32) -> Result<[DatabaseConnection; 2], Fault> {
    let mut options = ConnectOptions::new(address);
    options
        .max_connections((connections / 2).max(1))
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        // The pool's own tests have no timeout: they would lend a dead connection, or keep its place (SECURITY #117).
        .test_before_acquire(false)
        .map_sqlx_postgres_before_acquire(|connection, lent| {
            // A connection that was returned a moment ago was tested then.
            let fresh = lent.idle_for < PING_INTERVAL;
            Box::pin(async move { Ok(fresh || alive(connection).await?) })
        })
        .map_sqlx_postgres_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(alive(connection))))
        .map_sqlx_postgres_opts(|options| {
            let lock_timeout = ACQUIRE_TIMEOUT.as_millis().to_string();
            let idle_timeout = IDLE_TRANSACTION_TIMEOUT.as_millis().to_string();
            options.options([
                ("lock_timeout", lock_timeout.as_str()),
                ("idle_in_transaction_session_timeout", idle_timeout.as_str()),
            ])
        });
    let open = async |lazy| {
        let mut options = options.clone();
        options.connect_lazy(lazy);
        Database::connect(options).await.map_err(|e| Fault::Unavailable(e.to_string()))
    };
    // The first pool shows that the server answers, so the second one may connect later.
    let writer = open(false).await?;
    Ok([open(true).await?, writer])
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
