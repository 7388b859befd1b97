//! Invariants of the stored rows (SECURITY part C). Each slice lists its own; `moncompte doctor` and the end of every test check them. Nothing here can
//! write.

use std::{pin::Pin, sync::Arc};

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IsolationLevel, QueryResult,
    SqlxSqliteConnector, Statement, TransactionTrait, sqlx::sqlite::SqlitePoolOptions,
};

use super::{
    connect::{postgres_alone, sqlite_options},
    table::meta,
    timeout::ACQUIRE_TIMEOUT,
};
use crate::{
    Clock, Fault, MAX_DATABASE_OFFSET, MAX_SKEW, SealKeys, SystemClock,
    context::{ROOT_KEY, SEAL_KEY, read_root},
};

/// An entry of a slice's list.
pub struct Invariant {
    /// `I1` to `I24`; several entries may share one.
    pub id: &'static str,
    /// The statement that holds.
    pub says: &'static str,
    /// The meaning of a violation, and the operator's remedy.
    pub otherwise: &'static str,
    /// The way in which the invariant is checked.
    pub seen_by: SeenBy,
}

/// A way to check an invariant.
pub enum SeenBy {
    /// A statement for both databases; its column `n` is the number of rows that violate the invariant.
    Query(&'static str),
    /// The name of a unique index that must exist, so that the database itself refuses a violation.
    Unique(&'static str),
    /// The name of a table that must have a primary key, so that the database itself refuses a violation.
    Key(&'static str),
    /// A function, for what SQL cannot express.
    Check(Check),
    /// No single state of the database shows a violation: the tests that cover the invariant.
    Tests(&'static str),
}

/// Returns how many rows, or settings, violate the invariant.
pub type Check = for<'a> fn(&'a Snapshot) -> CheckFuture<'a>;
/// The future of a [`Check`].
pub type CheckFuture<'a> = Pin<Box<dyn Future<Output = Result<u64, Fault>> + Send + 'a>>;

/// The result of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// No row violates the invariant.
    Holds,
    /// The number of rows that violate the invariant.
    Broken(u64),
    /// Not checked here; the text names the tests that cover it.
    Tested(&'static str),
}

/// A snapshot of the database, on a connection of its own that cannot write: safe beside a running provider.
pub struct Snapshot {
    tx: DatabaseTransaction,
    keys: Arc<SealKeys>,
}

impl Snapshot {
    /// Opens the database at `address`, without creating or migrating it.
    ///
    /// # Errors
    /// [`Fault`] if it cannot be read.
    pub async fn open(address: &str, keys: Arc<SealKeys>) -> Result<Self, Fault> {
        let unavailable = |e: &dyn std::fmt::Display| Fault::Unavailable(e.to_string());
        if address.starts_with("sqlite:") {
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
            let pool = pool.connect_with(sqlite_options(address)?.read_only(true)).await;
            let db = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.map_err(|e| unavailable(&e))?);
            return Ok(Self { tx: db.begin().await?, keys });
        }
        let db = postgres_alone(address).await?;
        // One snapshot for all statements: rows that a check reads in two statements must belong together.
        let (moment, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        Ok(Self { tx: db.begin_with_config(Some(moment), Some(mode)).await?, keys })
    }

    /// Returns the connection, for the tables of the slice that owns the check.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// Returns the keys of this node.
    pub fn keys(&self) -> &SealKeys {
        &self.keys
    }

    /// Returns the value that [`crate::Db::insert_or_get`] stored.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn stored_value(&self, key: &str) -> Result<Option<String>, Fault> {
        Ok(meta::Entity::find_by_id(key).one(&self.tx).await?.map(|row| row.value))
    }

    /// Takes the key that seals and the root of the MACs from the database. Returns false if this node lacks the key.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn take_keys(&self) -> Result<bool, Fault> {
        let named = self.stored_value(SEAL_KEY).await?;
        let has_key = named.is_none_or(|named| self.keys.seal_with(&named));
        let root = self.stored_value(ROOT_KEY).await?;
        Ok(has_key
            && root.is_none_or(|root| read_root(&root).and_then(|root| self.keys.take_root(&root)).is_ok()))
    }

    /// Returns the names of the settings by which the database may forget at a power failure what it acknowledged.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forgetful_settings(&self) -> Result<Vec<String>, Fault> {
        let backend = self.tx.get_database_backend();
        let statement = Statement::from_string(backend, self.for_backend(FORGETFUL));
        let rows = self.tx.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(row.try_get("", "name")?)).collect()
    }

    /// Checks these invariants, after [`Self::take_keys`] where one of them opens something; the verdicts are in the same order.
    ///
    /// # Errors
    /// [`Fault`] of the database; no verdict is known then.
    pub async fn judge(&self, invariants: &[&Invariant]) -> Result<Vec<Verdict>, Fault> {
        let mut verdicts = Vec::with_capacity(invariants.len());
        // One statement for all queries: checks run at the end of every test, and a round trip each would be slow.
        let mut seen = Vec::new();
        for (nth, Invariant { seen_by, .. }) in invariants.iter().enumerate() {
            verdicts.push(match seen_by {
                SeenBy::Check(check) => Verdict::of(check(self).await?),
                SeenBy::Tests(words) => Verdict::Tested(words),
                SeenBy::Query(sql) => {
                    seen.push(format!("SELECT {nth} AS nth, n FROM ({sql}) AS q{nth}"));
                    Verdict::Holds
                }
                SeenBy::Unique(index) => {
                    let known = self.for_backend(UNIQUE);
                    seen.push(format!("SELECT {nth} AS nth, 1 - count(*) AS n FROM {known} = '{index}'"));
                    Verdict::Holds
                }
                SeenBy::Key(table) => {
                    let [before, after] = self.for_backend(KEY);
                    seen.push(format!("SELECT {nth} AS nth, 1 - count(*) AS n FROM {before}{table}{after}"));
                    Verdict::Holds
                }
            });
        }
        if !seen.is_empty() {
            for (nth, broken) in self.counts(&seen.join(" UNION ALL ")).await? {
                verdicts[nth] = Verdict::of(broken);
            }
        }
        Ok(verdicts)
    }

    fn for_backend<T>(&self, [sqlite, postgres]: [T; 2]) -> T {
        if self.tx.get_database_backend() == DbBackend::Sqlite { sqlite } else { postgres }
    }

    async fn counts(&self, sql: &str) -> Result<Vec<(usize, u64)>, Fault> {
        let statement = Statement::from_string(self.tx.get_database_backend(), sql);
        let rows = self.tx.query_all_raw(statement).await?;
        let read = |row: &QueryResult| -> Result<_, Fault> {
            let (nth, n): (i32, i64) = (row.try_get("", "nth")?, row.try_get("", "n")?);
            nth.try_into()
                .ok()
                .zip(n.try_into().ok())
                .ok_or_else(|| Fault::Broken("a count below none".into()))
        };
        rows.iter().map(read).collect()
    }
}

impl Verdict {
    fn of(broken: u64) -> Self {
        if broken == 0 { Self::Holds } else { Self::Broken(broken) }
    }
}

/// The lookup of unique indexes, on SQLite and on PostgreSQL.
const UNIQUE: [&str; 2] = [
    "sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%' AND name",
    "pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE UNIQUE%' AND indexname",
];
/// The parts of the statement before and after the name of a table.
const KEY: [[&str; 2]; 2] = [
    ["pragma_table_info('", "') WHERE pk = 1"],
    ["pg_index WHERE indisprimary AND indrelid = to_regclass('", "')"],
];
/// The settings by which a power failure loses what was acknowledged, where they are set so.
const FORGETFUL: [&str; 2] = [
    "SELECT 'journal_mode' AS name FROM pragma_journal_mode WHERE journal_mode <> 'wal' \
     UNION ALL SELECT 'synchronous' FROM pragma_synchronous WHERE synchronous < 2",
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name",
];

/// The invariants of the outbox, the settings and the keys of this crate, and those that concern every slice.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I12",
        says: "a message ends once: sent and emptied, or given up",
        otherwise: "two senders had one message at a time: look for a node that stood still for a minute; the mail may have arrived twice",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM outbox WHERE sent_at IS NOT NULL AND (dead_at IS NOT NULL OR length(payload) > 0)",
        ),
    },
    Invariant {
        id: "I12",
        says: "no message waits past its end: five days, or the moment from which it is worthless",
        otherwise: "a message is tried for ever: update the nodes, and mark it dead",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL AND dead_at IS NULL \
             AND (not_before > created_at + 432000 OR not_before > expires_at)",
        ),
    },
    Invariant {
        id: "I13",
        says: "nothing is sent that was not taken from the outbox",
        otherwise: "a message was marked as sent by hand: ask whether it arrived",
        seen_by: SeenBy::Query("SELECT count(*) AS n FROM outbox WHERE sent_at IS NOT NULL AND attempts = 0"),
    },
    Invariant {
        id: "I13",
        says: "no mail goes out without the change that causes it",
        otherwise: "a mail tells of something that did not happen",
        seen_by: SeenBy::Tests(
            "a message is a row of the transaction that causes it, and the causes leave no common trace; \
             `kill.rs` counts mails and moves after each kill",
        ),
    },
    Invariant {
        id: "I19",
        says: "nothing that has expired becomes valid again after the clock steps back",
        otherwise: "links, codes and sessions that expired by time alone live again for as long as the clock went back",
        seen_by: SeenBy::Tests(
            "it compares two moments; time goes on from the highest that any node saw, at half its speed, unless that is a day ahead of the database's clock, which `clock.rs` looks at after a restart \
             too. Of what a node saw in the five seconds before it was killed nobody knows",
        ),
    },
    Invariant {
        id: "I19",
        says: "the clock of this machine is not an hour behind the highest time that was seen, nor two minutes from the database's",
        otherwise: "one of them is wrong, and this node is not ready: correct the clock, or stop every node and take back the time that was \
                    seen with `moncompte clock --accept`",
        seen_by: SeenBy::Check(|snapshot| {
            Box::pin(async {
                let seen = snapshot.time_seen().await?;
                let behind = seen.is_some_and(|seen| seen - SystemClock.now_millis() > MAX_SKEW);
                let theirs = snapshot.database_time().await?;
                let far = theirs
                    .is_some_and(|theirs| (theirs - SystemClock.now_millis()).abs() > MAX_DATABASE_OFFSET);
                Ok(u64::from(behind) + u64::from(far))
            })
        }),
    },
    Invariant {
        id: "I20",
        says: "what was acknowledged survives a power failure",
        otherwise: "the database may forget sign-outs and revocations: set `fsync`, `full_page_writes` and `synchronous_commit` to `on`, or the SQLite file back to WAL",
        seen_by: SeenBy::Check(|snapshot| {
            Box::pin(async { Ok(snapshot.forgetful_settings().await?.len() as u64) })
        }),
    },
    Invariant {
        id: "I22",
        says: "this node has the secret key with which the database is sealed, and opens the root of the MACs",
        otherwise: "this node can open nothing that the others sealed: give it their `secret_key_file`",
        seen_by: SeenBy::Check(|snapshot| Box::pin(async { Ok(u64::from(!snapshot.take_keys().await?)) })),
    },
    Invariant {
        id: "I23",
        says: "SQLite and PostgreSQL give the same answers to the same history",
        otherwise: "a statement means two things: report it",
        seen_by: SeenBy::Tests("one database cannot show it; every suite runs on both"),
    },
];
