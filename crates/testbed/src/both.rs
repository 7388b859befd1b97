//! One test for each database.

use std::{io::Write as _, sync::Once};

use crate::Bed;

/// Makes two tests of a function that takes what is to be tested: `name::sqlite` and `name::postgres`.
///
/// ```ignore
/// #[apply(both!)]
/// #[tokio::test]
/// async fn name(bed: Bed) { … }
/// ```
///
/// The argument is anything that [`OnDatabase`] makes. Without a PostgreSQL server the second test fails, see [`Database::postgres`].
#[macro_export]
macro_rules! both {
    ($(#[$attribute:meta])* async fn $name:ident($($argument:tt)+) $body:block) => {
        mod $name {
            $(#[$attribute])*
            async fn sqlite() {
                $crate::run($crate::Database::Sqlite, super::$name).await;
            }

            $(#[$attribute])*
            async fn postgres() {
                let Some(database) = $crate::Database::postgres() else { return };
                $crate::run(database, super::$name).await;
            }
        }

        async fn $name($($argument)+) $body
    };
}

/// Makes what the test takes, and runs the test: for [`both!`].
#[doc(hidden)]
pub async fn run<T: OnDatabase, F: Future<Output = ()>>(database: Database, test: impl FnOnce(T) -> F) {
    test(T::on(database).await).await;
}

/// The kind of database that a test runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A database of the server at `TEST_POSTGRES_URL`.
    Postgres,
}

impl Database {
    /// Returns `None` if `MONCOMPTE_SKIP_POSTGRES=1` leaves PostgreSQL out, and prints this once, past the capture of a test's output.
    ///
    /// # Panics
    /// Without that, if `TEST_POSTGRES_URL` is not set: a test that does not run must not look as if it had passed.
    pub fn postgres() -> Option<Self> {
        static TOLD: Once = Once::new();
        if variable("MONCOMPTE_SKIP_POSTGRES").is_some_and(|value| value == "1") {
            TOLD.call_once(|| {
                let told = "MONCOMPTE_SKIP_POSTGRES=1: the tests on PostgreSQL are left out";
                let _ = writeln!(std::io::stderr(), "{told}");
            });
            return None;
        }
        server();
        Some(Self::Postgres)
    }
}

/// The address of the server.
///
/// # Panics
/// If `TEST_POSTGRES_URL` is not set.
pub(crate) fn server() -> String {
    variable("TEST_POSTGRES_URL").expect(
        "no PostgreSQL: `cargo xtask services` starts one and prints TEST_POSTGRES_URL; MONCOMPTE_SKIP_POSTGRES=1 leaves it out",
    )
}

/// The number of times that a test tries what chance decides: `shallow` in an ordinary run, `deep` where `MONCOMPTE_DEEP` is set.
pub fn tries(shallow: usize, deep: usize) -> usize {
    if variable("MONCOMPTE_DEEP").is_some_and(|value| value == "1") { deep } else { shallow }
}

fn variable(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where the server is")]
    std::env::var(name).ok()
}

/// The argument of a test on both databases, made on a database of its own.
pub trait OnDatabase: Sized {
    /// Makes it.
    fn on(database: Database) -> impl Future<Output = Self>;
}

impl OnDatabase for Bed {
    async fn on(database: Database) -> Self {
        match database {
            Database::Sqlite => Self::with_sqlite(crate::sqlite_template().await).await,
            Database::Postgres => {
                let template = crate::postgres_template(&server()).await;
                Self::with_postgres(&format!("TEMPLATE {template}")).await
            }
        }
    }
}

/// For a test that makes several.
impl OnDatabase for Database {
    async fn on(database: Database) -> Self {
        database
    }
}
