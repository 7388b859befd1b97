//! The machine's limits: the same cryptography as the provider's with nothing around it, and the database with no provider before it.

use std::{str::FromStr, sync::Arc, thread, time::Duration};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{KeyPair as _, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256},
};
use kernel::sea_orm::sqlx::{
    self, PgPool, SqlitePool,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use crate::pace::{Work, cores, rate, rate_on_cores};

/// Concurrent callers, as many as the provider gets.
pub const CALLERS: usize = 64;
/// The size of the provider's own keys.
const SIZE: KeySize = KeySize::Rsa3072;
/// A message of the length that is signed in a token.
const MESSAGE: [u8; 600] = [b'x'; 600];

/// Argon2id hashes a second (m = 19 MiB, t = 2, p = 1), with memory that each core keeps.
pub fn hashes(time: Duration) -> f64 {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).expect("costs");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = vec![Block::default(); argon2.params().block_count()];
    rate_on_cores(time, move || {
        let mut out = [0; 32];
        let done = argon2.hash_password_into_with_memory(b"a password", &[7; 16], &mut out, &mut memory[..]);
        done.expect("a hash");
    })
}

/// RS256 signatures a second, with a key parsed once.
pub fn signatures(time: Duration) -> f64 {
    let key = Arc::new(KeyPair::generate(SIZE).expect("a key"));
    let rng = SystemRandom::new();
    rate_on_cores(time, move || {
        let mut out = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &rng, &MESSAGE, &mut out).expect("a signature");
    })
}

/// A connection to the database by its driver alone, without the provider.
#[derive(Clone)]
pub enum Bare {
    Sqlite { reader: SqlitePool, writer: SqlitePool },
    Postgres(PgPool),
}

impl Bare {
    /// Opens the address that the provider has, with as many connections as it takes.
    pub async fn open(address: &str) -> Self {
        if !address.starts_with("sqlite:") {
            let pool = PgPoolOptions::new().max_connections(16).connect(address).await;
            return Self::Postgres(pool.expect("the database"));
        }
        let options = SqliteConnectOptions::from_str(address).expect("an address");
        let options = options.synchronous(SqliteSynchronous::Full).busy_timeout(Duration::from_secs(8));
        let pool = |most| SqlitePoolOptions::new().max_connections(most).connect_with(options.clone());
        let (reader, writer) = (pool(8).await.expect("the database"), pool(1).await.expect("the database"));
        Self::Sqlite { reader, writer }
    }

    /// Runs statements without results.
    pub async fn run(&self, statements: &str) {
        let done = match self {
            Self::Sqlite { writer, .. } => {
                sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(writer).await.map(drop)
            }
            Self::Postgres(pool) => {
                sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(pool).await.map(drop)
            }
        };
        done.unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// The single text that a query returns.
    pub async fn text(&self, query: &str) -> String {
        let found = match self {
            Self::Sqlite { reader, .. } => {
                sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(reader).await
            }
            Self::Postgres(pool) => sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(pool).await,
        };
        found.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Changes one row, which is a transaction.
    async fn write(&self, row: i64) {
        const CHANGE: &str = "UPDATE bench SET n = n + 1 WHERE id = $1";
        match self {
            Self::Sqlite { writer, .. } => sqlx::query(CHANGE).bind(row).execute(writer).await.map(drop),
            Self::Postgres(pool) => sqlx::query(CHANGE).bind(row).execute(pool).await.map(drop),
        }
        .expect("a row");
    }

    /// Reads one row by its primary key.
    async fn read(&self, row: i64) {
        const ASK: &str = "SELECT id, n FROM bench WHERE id = $1";
        match self {
            Self::Sqlite { reader, .. } => sqlx::query(ASK).bind(row).fetch_one(reader).await.map(drop),
            Self::Postgres(pool) => sqlx::query(ASK).bind(row).fetch_one(pool).await.map(drop),
        }
        .expect("a row");
    }

    /// Creates the rows to change and read, one for each caller.
    pub async fn lay_rows(&self) {
        self.run("CREATE TABLE IF NOT EXISTS bench (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
        for row in 0..CALLERS {
            self.run(&format!("INSERT INTO bench VALUES ({row}, 0) ON CONFLICT DO NOTHING")).await;
        }
    }
}

struct Writes(Bare, i64);

impl Work for Writes {
    async fn once(&mut self) {
        self.0.write(self.1).await;
    }
}

/// Commits a second of one-statement transactions, by [`CALLERS`] at once.
pub fn commits(address: &str, time: Duration) -> f64 {
    let work = |bare: Bare, row| Writes(bare, row);
    beside(address, time, work)
}

struct Reads {
    bare: Bare,
    row: i64,
    key: Arc<ParsedPublicKey>,
    signature: Arc<Vec<u8>>,
}

impl Work for Reads {
    async fn once(&mut self) {
        self.key.verify_sig(&MESSAGE, &self.signature).expect("a signature");
        self.bare.read(self.row).await;
    }
}

/// RS256 verifications a second, each with one row read by its primary key.
pub fn verified_reads(address: &str, time: Duration) -> f64 {
    let pair = KeyPair::generate(SIZE).expect("a key");
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &MESSAGE, &mut signature).expect("a signature");
    let der = pair.public_key().as_der().expect("a public key");
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der.as_ref()).expect("a public key");
    let (key, signature) = (Arc::new(key), Arc::new(signature));
    beside(address, time, move |bare, row| Reads {
        bare,
        row,
        key: key.clone(),
        signature: signature.clone(),
    })
}

/// Measures on a runtime with a thread for each core, like the provider's; the caller's runtime has one thread, and waits.
fn beside<W: Work>(address: &str, time: Duration, make: impl Fn(Bare, i64) -> W + Send + Sync) -> f64 {
    let run = || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(cores()).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let bare = Bare::open(address).await;
            bare.lay_rows().await;
            let workers = (0..CALLERS as i64).map(|row| make(bare.clone(), row)).collect();
            tokio::spawn(rate(workers, time)).await.expect("a rate").0
        })
    };
    thread::scope(|scope| scope.spawn(run).join().expect("a rate"))
}
