//! The base of tests: a fresh database on SQLite or on PostgreSQL, a clock that the test sets, a key, and a check of the database's
//! invariants when the test is over. Test-only.

mod audit;
mod before;
mod both;
mod key;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use kernel::{Clock, Context, Db, Invariant, SealKey, SealKeys, SystemRng, Unix, sea_orm::ConnectionTrait};
/// Hands a function to [`both!`].
pub use macro_rules_attribute::apply;
use tokio::sync::OnceCell;

pub use crate::both::{Database, OnDatabase, run, tries};

/// The time at which every test begins: 2026-11-23 10:00:00 UTC, in Unix seconds.
pub const BEGINNING: i64 = 1_795_428_000;

/// A [`Context`] with an empty, migrated database of its own.
pub struct Bed {
    /// The context of the code under test.
    pub context: Context,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// The database's address, for a second node.
    pub address: String,
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
    invariants: Vec<&'static Invariant>,
    _folder: tempfile::TempDir,
}

impl Bed {
    /// Adds these invariants to the kernel's: all of them must hold when the bed is dropped. The caller knows the slices.
    #[must_use]
    pub fn holding(mut self, lists: &[&'static [Invariant]]) -> Self {
        self.invariants.extend(lists.iter().copied().flatten());
        self
    }

    /// Removes all invariants: for measurements, whose rows no act wrote.
    pub fn unaudited(&mut self) {
        self.invariants.clear();
    }

    /// Makes one on an SQLite file in a temporary folder.
    pub async fn sqlite() -> Self {
        Self::on(Database::Sqlite).await
    }

    /// Makes one on a new database of PostgreSQL; `None` if PostgreSQL is left out, see [`Database::postgres`].
    pub async fn postgres() -> Option<Self> {
        Some(Self::on(Database::postgres()?).await)
    }

    /// Makes one on a new, migrated database of the servers at `address`, which the test has started.
    ///
    /// # Panics
    /// If no server there takes writes.
    pub async fn on_server(address: &str) -> Self {
        let (_, address) = new_database(address, "").await;
        let bed = Self::at(address, "postgres", tempfile::tempdir().expect("a temporary folder")).await;
        bed.migrate().await.expect("the schema applies");
        begin(&bed.context.db).await;
        bed
    }

    async fn with_sqlite(content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("test.db");
        std::fs::write(&file, content).expect("a database for the test");
        Self::at(sqlite_address(&file), "sqlite", folder).await
    }

    async fn with_postgres(from: &str) -> Self {
        let address = new_database(&both::server(), from).await.1;
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::at(address, "postgres", folder).await
    }

    async fn at(address: String, name: &'static str, folder: tempfile::TempDir) -> Self {
        let db = connect(&address).await;
        let clock = Arc::new(ManualClock::at(BEGINNING));
        let context =
            Context { db, clock: clock.clone(), rng: Arc::new(SystemRng::new()), keys: Arc::new(key()) };
        let invariants = kernel::INVARIANTS.iter().collect();
        Self { context, clock, address, name, invariants, _folder: folder }
    }

    /// Brings the schema up to date, as the program does when it starts.
    ///
    /// # Errors
    /// [`migrations::Error`].
    pub async fn migrate(&self) -> Result<(), migrations::Error> {
        migrations::up(self.context.db.without_timeout()).await
    }

    /// Another node on the same database.
    pub async fn second_node(&self) -> Context {
        Context { db: connect(&self.address).await, ..self.context.clone() }
    }
}

/// Opens a test's database with few connections: the server forks for each, which costs more than what most tests ask of it.
async fn connect(address: &str) -> Db {
    Db::connect_with(address, 4).await.expect("the test database opens")
}

fn sqlite_address(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// The key of every bed.
fn key() -> SealKeys {
    SealKeys::new(SealKey::new([7; 32]), vec![])
}

/// Names the key, as a version before the root of the MACs did: the root is the key then, on every node, whether the test asks for it or not.
async fn begin(db: &Db) {
    db.insert_or_get("seal_key", &key().fingerprint()).await.expect("the name of the key");
}

/// An empty, migrated database as a file: made once in a run of a test program, for migrating costs more than many a test.
async fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (made, whole) = (folder.path().join("made.db"), folder.path().join("whole.db"));
        let db = connect(&sqlite_address(&made)).await;
        migrations::up(db.without_timeout()).await.expect("the schema applies");
        begin(&db).await;
        // One file, without a journal beside it.
        let copy = format!("VACUUM INTO '{}'", whole.display());
        db.without_timeout().execute_unprepared(&copy).await.expect("the database is copied");
        std::fs::read(&whole).expect("the copy is there")
    };
    TEMPLATE.get_or_init(make).await
}

/// The name of an empty, migrated database, of which the server makes the tests' own (`CREATE DATABASE … TEMPLATE`).
async fn postgres_template(server: &str) -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let (name, address) = new_database(server, "").await;
        let db = connect(&address).await;
        migrations::up(db.without_timeout()).await.expect("the schema applies");
        begin(&db).await;
        // The server copies no database that somebody is connected to.
        db.close().await.expect("the template is left alone");
        name
    };
    TEMPLATE.get_or_init(make).await
}

/// A new database on the server: its name, and its address.
async fn new_database(server: &str, from: &str) -> (String, String) {
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let admin = connect(server).await;
    let create = format!("CREATE DATABASE {name} {from}");
    admin.without_timeout().execute_unprepared(&create).await.expect("a database for the test");
    let (base, _) = server.rsplit_once('/').expect("an address that ends in a database name");
    let address = format!("{base}/{name}");
    (name, address)
}

/// A clock that only the test moves.
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at `now` seconds.
    pub fn at(now: Unix) -> Self {
        Self(AtomicI64::new(now * 1000))
    }

    /// Moves by `seconds`, backwards if negative.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
