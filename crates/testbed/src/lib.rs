//! What tests stand on: a fresh database on SQLite and one on PostgreSQL, a clock that the test sets, a key, and a look at what must be true
//! of the database when the test is over. Test-only.

mod audit;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use kernel::{Clock, Db, Ground, Invariant, SealKey, SealKeys, SystemChance, Unix, sea_orm::ConnectionTrait};

/// 2026-11-23 10:00:00 UTC: when every test begins.
pub const BEGINNING: i64 = 1_795_428_000;

/// A ground with an empty, migrated database of its own.
pub struct Bed {
    /// What the code under test gets.
    pub ground: Ground,
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
    /// With these invariants beside the kernel's: all of them must hold when the bed is dropped. Whoever makes the bed knows the slices.
    #[must_use]
    pub fn holding(mut self, lists: &[&'static [Invariant]]) -> Self {
        self.invariants.extend(lists.iter().copied().flatten());
        self
    }

    /// On an SQLite file in a temporary folder.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let address = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::at(address, "sqlite", folder).await
    }

    /// On a new database of the server at `TEST_POSTGRES_URL`; `None` where the variable is not set (`cargo xtask test` sets it).
    pub async fn postgres() -> Option<Self> {
        #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the server is")]
        let server = std::env::var("TEST_POSTGRES_URL").ok()?;
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let admin = Db::connect(&server).await.expect("the test server answers");
        admin
            .writer()
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .expect("a database for the test");
        let (base, _) = server.rsplit_once('/').expect("an address that ends in a database name");
        let folder = tempfile::tempdir().expect("a temporary folder");
        Some(Self::at(format!("{base}/{name}"), "postgres", folder).await)
    }

    /// One on each database that is there.
    pub async fn both() -> Vec<Self> {
        let mut beds = vec![Self::sqlite().await];
        beds.extend(Self::postgres().await);
        beds
    }

    async fn at(address: String, name: &'static str, folder: tempfile::TempDir) -> Self {
        let db = Db::connect(&address).await.expect("the test database opens");
        migrations::up(db.writer()).await.expect("the schema applies");
        let clock = Arc::new(ManualClock::at(BEGINNING));
        let ground = Ground {
            db,
            clock: clock.clone(),
            chance: Arc::new(SystemChance::new()),
            keys: Arc::new(SealKeys::new(SealKey::new([7; 32]), vec![])),
        };
        let invariants = kernel::INVARIANTS.iter().collect();
        Self { ground, clock, address, name, invariants, _folder: folder }
    }

    /// Another node on the same database.
    pub async fn second_node(&self) -> Ground {
        Ground { db: Db::connect(&self.address).await.expect("a second connection"), ..self.ground.clone() }
    }
}

/// A clock that stands still until it is told otherwise: for tests.
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
