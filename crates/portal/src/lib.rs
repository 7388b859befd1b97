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
//! // Speaks to nobody yet: the provider is looked for when the first person signs in.
//! let router = portal::router(config)?;
//! # drop(router);
//! # Ok(())
//! # }
//! ```

mod back_channel;
mod config;
mod look;
mod old_door;
mod portal;
mod provider;
mod random;
mod records;
mod refresh;
mod session;
mod shelf;
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

/// How long open connections may go on after the portal was told to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// Tells the time in Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Why a portal does not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value that cannot work.
    #[error("{field} {problem}")]
    Config {
        /// The key.
        field: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The configuration is not what it should be; the text names the line.
    #[error("{0}")]
    Toml(Box<toml::de::Error>),
    /// A file of records cannot be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of records is not what it should be.
    #[error("{path}: {source}", path = path.display())]
    Json {
        /// Which one.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// No HTTP client could be made, for want of certificates for example.
    #[error("no HTTP client: {0}")]
    HttpClient(reqwest::Error),
    /// A template is broken.
    #[error("template: {0}")]
    Template(#[from] minijinja::Error),
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Serve(#[from] std::io::Error),
}

/// The portal as a router, on the system's clock.
///
/// # Errors
/// Where the configuration or a file of records cannot be used. A provider that is down is no error.
pub fn router(config: Config) -> Result<Router, Error> {
    router_at(config, system_clock())
}

/// The portal as a router, on a clock of the caller's.
///
/// # Errors
/// As [`router`].
pub fn router_at(config: Config, clock: Clock) -> Result<Router, Error> {
    Ok(web::router(portal::Portal::new(config, clock)?))
}

/// Serves the portal until `shutdown` resolves; open connections get five seconds more.
///
/// # Errors
/// As [`router`], and where the listener fails.
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
        // An error is the news: the other end is dropped when the shutdown begins.
        while telling.changed().await.is_ok() {}
        tokio::time::sleep(FAREWELL).await;
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

/// The first hundred characters of what others sent, for the log.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
