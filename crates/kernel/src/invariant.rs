//! What is always true of the rows (SECURITY part C): each slice lists its own, `moncompte doctor` and the end of every test look. Nothing here
//! can write.

use std::{pin::Pin, sync::Arc};

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseTransaction, DbBackend, EntityTrait,
    IsolationLevel, QueryResult, SqlxSqliteConnector, Statement, TransactionTrait,
    sqlx::sqlite::SqlitePoolOptions,
};

use crate::{
    Clock, Fault, MAX_DATABASE_OFFSET, MAX_SKEW, SealKeys, SystemClock,
    db::{ACQUIRE_TIMEOUT, sqlite_options},
    table::meta,
};

/// One row of a slice's list.
pub struct Invariant {
    /// `I1` to `I24`; several rows may hold one of them.
    pub id: &'static str,
    /// What is true.
    pub says: &'static str,
    /// What it means when it is not, and what an operator does.
    pub otherwise: &'static str,
    /// How one looks.
    pub seen_by: SeenBy,
}

/// How an invariant is seen.
pub enum SeenBy {
    /// One statement for both databases; `n` is how many rows break it.
    Query(&'static str),
    /// The unique index of this name is there, so that the database itself refuses what would break it.
    Unique(&'static str),
    /// The table has a primary key, so that the database itself refuses what would break it.
    Key(&'static str),
    /// What SQL cannot see.
    Check(Check),
    /// No single state of the database shows it: which tests hold it.
    Words(&'static str),
}

/// Answers how many rows, or settings, break the invariant.
pub type Check = for<'a> fn(&'a Reading) -> Looking<'a>;
/// A [`Check`] under way.
pub type Looking<'a> = Pin<Box<dyn Future<Output = Result<u64, Fault>> + Send + 'a>>;

/// What became of an invariant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// True of every row.
    Holds,
    /// So many rows break it.
    Broken(u64),
    /// Held by the tests that these words name.
    Told(&'static str),
}

/// One moment of the database, on a connection of its own that cannot write: safe beside a provider that runs.
pub struct Reading {
    tx: DatabaseTransaction,
    keys: Arc<SealKeys>,
}

impl Reading {
    /// Opens the database at `address`. It makes none, and migrates none.
    ///
    /// # Errors
    /// [`Fault`] when it cannot be read.
    pub async fn open(address: &str, keys: Arc<SealKeys>) -> Result<Self, Fault> {
        let unavailable = |e: &dyn std::fmt::Display| Fault::Unavailable(e.to_string());
        if address.starts_with("sqlite:") {
            let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
            let pool = pool.connect_with(sqlite_options(address)?.read_only(true)).await;
            let db = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.map_err(|e| unavailable(&e))?);
            return Ok(Self { tx: db.begin().await?, keys });
        }
        let mut options = ConnectOptions::new(address);
        options
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_timeout(ACQUIRE_TIMEOUT)
            .sqlx_logging(false);
        let db = Database::connect(options).await.map_err(|e| unavailable(&e))?;
        // One snapshot for all statements: what a check reads in two of them belongs together.
        let (moment, mode) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        Ok(Self { tx: db.begin_with_config(Some(moment), Some(mode)).await?, keys })
    }

    /// For the tables of the slice whose check this is.
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// The keys of this node.
    pub fn keys(&self) -> &SealKeys {
        &self.keys
    }

    /// What [`crate::Db::settle`] stored.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn stored_value(&self, key: &str) -> Result<Option<String>, Fault> {
        Ok(meta::Entity::find_by_id(key).one(&self.tx).await?.map(|row| row.value))
    }

    /// Looks at these; the verdicts are in their order.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing is known.
    pub async fn judge(&self, invariants: &[&Invariant]) -> Result<Vec<Verdict>, Fault> {
        let mut verdicts = Vec::with_capacity(invariants.len());
        // One statement for all that SQL sees: a look at the end of every test must not cost a hundred ways to the server.
        let mut seen = Vec::new();
        for (nth, Invariant { seen_by, .. }) in invariants.iter().enumerate() {
            verdicts.push(match seen_by {
                SeenBy::Check(check) => Verdict::of(check(self).await?),
                SeenBy::Words(words) => Verdict::Told(words),
                SeenBy::Query(sql) => {
                    seen.push(format!("SELECT {nth} AS nth, n FROM ({sql}) AS q{nth}"));
                    Verdict::Holds
                }
                SeenBy::Unique(index) => {
                    let known = self.either(UNIQUE);
                    seen.push(format!("SELECT {nth} AS nth, 1 - count(*) AS n FROM {known} = '{index}'"));
                    Verdict::Holds
                }
                SeenBy::Key(table) => {
                    let [before, after] = self.either(KEY);
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

    fn either<T>(&self, [sqlite, postgres]: [T; 2]) -> T {
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

/// On SQLite and on PostgreSQL.
const UNIQUE: [&str; 2] = [
    "sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE UNIQUE%' AND name",
    "pg_indexes WHERE schemaname = current_schema() AND indexdef LIKE 'CREATE UNIQUE%' AND indexname",
];
/// What stands before the name of a table, and after it.
const KEY: [[&str; 2]; 2] = [
    ["pragma_table_info('", "') WHERE pk = 1"],
    ["pg_index WHERE indisprimary AND indrelid = to_regclass('", "')"],
];
const FORGETFUL: [&str; 2] = [
    "SELECT 0 AS nth, (SELECT journal_mode <> 'wal' FROM pragma_journal_mode) + (SELECT synchronous < 2 FROM pragma_synchronous) AS n",
    "SELECT 0 AS nth, count(*) AS n FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off'",
];

/// What the outbox, the settings and the keys of this crate promise, and what no slice could say alone.
pub const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I12",
        says: "a letter ends once: sent and emptied, or given up",
        otherwise: "two senders had one letter at a time: look for a node that stood still for a minute; the mail may have arrived twice",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM outbox WHERE sent_at IS NOT NULL AND (dead_at IS NOT NULL OR length(payload) > 0)",
        ),
    },
    Invariant {
        id: "I12",
        says: "no letter waits past its end: five days, or the moment from which it is worthless",
        otherwise: "a letter is tried for ever: update the nodes, and mark it dead",
        seen_by: SeenBy::Query(
            "SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL AND dead_at IS NULL \
             AND (not_before > created_at + 432000 OR not_before > expires_at)",
        ),
    },
    Invariant {
        id: "I13",
        says: "nothing is sent that was not taken from the outbox",
        otherwise: "a letter was marked as sent by hand: ask whether it arrived",
        seen_by: SeenBy::Query("SELECT count(*) AS n FROM outbox WHERE sent_at IS NOT NULL AND attempts = 0"),
    },
    Invariant {
        id: "I13",
        says: "no mail goes out without the change that causes it",
        otherwise: "a mail tells of something that did not happen",
        seen_by: SeenBy::Words(
            "a letter is a row of the transaction that causes it, and the causes leave no common trace; \
             `kill.rs` counts mails and moves after each kill",
        ),
    },
    Invariant {
        id: "I19",
        says: "nothing that has expired becomes valid again after the clock steps back",
        otherwise: "links, codes and sessions that expired by time alone live again for as long as the clock went back",
        seen_by: SeenBy::Words(
            "it compares two moments; time goes on from the highest that any node saw, at half its speed, unless that is a day ahead of the database's clock, which `clock.rs` looks at after a restart \
             too. Of what a node saw in the five seconds before it was killed nobody knows",
        ),
    },
    Invariant {
        id: "I19",
        says: "the clock of this machine is not an hour behind the highest time that was seen, nor two minutes from the database's",
        otherwise: "one of them is wrong, and this node is not ready: correct the clock, or stop every node and take back the time that was \
                    seen with `moncompte clock --accept`",
        seen_by: SeenBy::Check(|reading| {
            Box::pin(async {
                let seen = reading.time_seen().await?;
                let behind = seen.is_some_and(|seen| seen - SystemClock.now_millis() > MAX_SKEW);
                let theirs = reading.database_time().await?;
                let far = theirs
                    .is_some_and(|theirs| (theirs - SystemClock.now_millis()).abs() > MAX_DATABASE_OFFSET);
                Ok(u64::from(behind) + u64::from(far))
            })
        }),
    },
    Invariant {
        id: "I20",
        says: "what was acknowledged survives a power failure",
        otherwise: "the database may forget sign-outs and revocations: set `fsync` and `synchronous_commit` to `on`, or the SQLite file back to WAL",
        seen_by: SeenBy::Check(|reading| {
            Box::pin(async {
                Ok(reading.counts(reading.either(FORGETFUL)).await?.iter().map(|(_, n)| n).sum())
            })
        }),
    },
    Invariant {
        id: "I22",
        says: "this node has the secret key with which the database was begun",
        otherwise: "this node can open nothing that the others sealed: give it their `secret_key_file`",
        seen_by: SeenBy::Check(|reading| {
            Box::pin(async {
                let known = reading.stored_value("seal_key").await?;
                Ok(u64::from(known.is_some_and(|known| known != reading.keys.fingerprint())))
            })
        }),
    },
    Invariant {
        id: "I23",
        says: "SQLite and PostgreSQL give the same answers to the same history",
        otherwise: "a statement means two things: report it",
        seen_by: SeenBy::Words("one database cannot show it; every suite runs on both"),
    },
];
