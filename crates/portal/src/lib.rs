//! A small agency extranet ("espace client"), and an ordinary OpenID Connect relying party: it knows the provider by its
//! discovery document alone, as any portal could.
//!
//! ```
//! # fn main() -> Result<(), portal::Error> {
//! let config = portal::Config::from_toml(
//!     r##"
//!     base_url = "http://localhost:8081"
//!     agency_name = "Agence des Tilleuls"
//!     city = "Tours"
//!     issuer = "http://localhost:8080"
//!     client_id = "tilleuls"
//!     client_secret = "a secret that the provider knows"
//!     cookie_name = "tilleuls"
//!     [clients_file.C-1042]
//!     name = "Mme Martin"
//!     "##,
//!     std::path::Path::new("."),
//! )?;
//! // Contacts nobody yet: discovery runs when the first person signs in.
//! let router = portal::router(config)?;
//! # drop(router);
//! # Ok(())
//! # }
//! ```

mod back_channel;
mod config;
mod expiring_cache;
mod look;
mod old_sign_in;
mod portal;
mod provider;
mod random;
mod records;
mod refresh;
mod session;
mod sign_in;
mod sign_out;
mod ticket;
mod web;

use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;

pub use crate::config::{Config, Mark, Secret, Source, Ticket};
pub use crate::records::{
    Call, ClientRecord, Clients, Document, LegacyLogin, LegacyLogins, Meeting, Message, Property,
};

/// The time for which open connections may continue after the portal was told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A clock in Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// An error that keeps a portal from starting, or stopped it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid value.
    #[error("{field} {problem}")]
    Config {
        /// The key.
        field: &'static str,
        /// The error.
        problem: &'static str,
    },
    /// The configuration is not valid TOML, or has missing or unknown keys; the text names the line.
    #[error("{0}")]
    Toml(Box<toml::de::Error>),
    /// A file of records cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of records is not valid.
    #[error("{path}: {source}", path = path.display())]
    Json {
        /// The path.
        path: PathBuf,
        /// The position and the cause.
        source: serde_json::Error,
    },
    /// The HTTP client could not be built, e.g. for lack of certificates.
    #[error("no HTTP client: {0}")]
    HttpClient(reqwest::Error),
    /// A template is invalid.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// Returns the portal as a router, on the system's clock.
///
/// # Errors
/// If the configuration or a file of records cannot be used. An unreachable provider is no error.
pub fn router(config: Config) -> Result<Router, Error> {
    router_at(config, system_clock())
}

/// Returns the portal as a router, on the given clock.
///
/// # Errors
/// As [`router`].
pub fn router_at(config: Config, clock: Clock) -> Result<Router, Error> {
    Ok(web::router(portal::Portal::new(config, clock)?))
}

/// Serves the portal until `shutdown` resolves; open connections get five more seconds.
///
/// # Errors
/// As [`router`], and if the listener fails.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let router = router(config)?;
    let (told, mut telling) = tokio::sync::watch::channel(());
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        shutdown.await;
        drop(told);
    });
    let deadline = async {
        // The sender is dropped when the shutdown begins, which is the signal.
        while telling.changed().await.is_ok() {}
        tokio::time::sleep(SHUTDOWN_TIMEOUT).await;
    };
    tokio::select! {
        ended = server.into_future() => Ok(ended?),
        () = deadline => Ok(()),
    }
}

fn system_clock() -> Clock {
    Arc::new(|| {
        #[allow(
            clippy::disallowed_methods,
            reason = "the portal is a program of its own: this is where its time comes from"
        )]
        let now = time::OffsetDateTime::now_utc();
        now.unix_timestamp()
    })
}

/// Returns the first hundred characters of untrusted text, for the log.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
