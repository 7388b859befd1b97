//! The public keys of clients that authenticate by `private_key_jwt`: from the agency's file, or from the client's `jwks_uri`. An address is
//! read only if an administrator wrote it, only when an assertion needs an unknown key, and not more often than every [`PAUSE`] seconds
//! (SECURITY D4; PROTOCOL 4.8).
//!
//! The cache is written here rather than taken from `moka`: moka drops an entry when its life is over, and here old keys serve on while the client's server is
//! down ([`PATIENCE`]), and a failure is remembered for [`PAUSE`]. Both rules would stand beside moka, and nothing needs its bounds: the addresses are those of
//! the agencies' files.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use kernel::Unix;
use oidc::{
    client::{AuthMethod, Client},
    jwt::Key,
};

/// Reads a JWK Set from a client's server. Implementations follow SECURITY D4: https, no redirects, a few seconds, 64 KiB, no private address
/// unless it is allowed by name.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// Returns the document's text.
    ///
    /// # Errors
    /// One sentence, for the log.
    async fn read(&self, uri: &str) -> Result<String, String>;
}

/// A source without any document.
pub(super) struct NoSource;

#[async_trait]
impl KeySource for NoSource {
    async fn read(&self, _: &str) -> Result<String, String> {
        Err("this process reads no jwks_uri".into())
    }
}

/// The number of seconds after which keys are read again, so that a withdrawn key stops working.
const LIFE: i64 = 300;
/// The minimum time between two requests to one address, in seconds, whatever `kid` is sent.
const PAUSE: i64 = 10;
/// The number of seconds for which the last keys are used while the client's server is down.
const PATIENCE: i64 = 3600;

#[derive(Clone, Default)]
struct Held {
    keys: Vec<Key>,
    read_at: Unix,
    tried_at: Unix,
}

impl Held {
    /// Returns true if these keys can be used without reading again: they are recent and hold the wanted one, or the last request was too recent.
    fn answers(&self, kid: Option<&str>, now: Unix) -> bool {
        let has = self.keys.iter().any(|key| kid.is_none() || key.kid.as_deref() == kid);
        (has && now < self.read_at + LIFE) || now < self.tried_at + PAUSE
    }
}

/// The keys that this node has read. Each node reads for itself.
pub(super) struct ClientKeys {
    source: Arc<dyn KeySource>,
    held: Mutex<HashMap<String, Held>>,
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl ClientKeys {
    pub(super) fn new(source: Arc<dyn KeySource>) -> Self {
        Self { source, held: Mutex::default(), turns: Mutex::default() }
    }

    /// Returns the keys that may have signed an assertion of `client` that names `kid`.
    pub(super) async fn of(&self, client: &Client, kid: Option<&str>, now: Unix) -> Vec<Key> {
        let uri = match (&client.jwks_uri, client.token_endpoint_auth_method) {
            (Some(uri), AuthMethod::PrivateKeyJwt) => uri,
            _ => return client.keys.clone(),
        };
        if let Some(held) = self.held(uri).filter(|held| held.answers(kid, now)) {
            return held.keys;
        }
        // One request reads, the others wait for its result.
        let turn = lock(&self.turns).entry(uri.clone()).or_default().clone();
        let _turn = turn.lock().await;
        let mut held = self.held(uri).unwrap_or(Held { tried_at: i64::MIN / 2, ..Held::default() });
        if held.answers(kid, now) {
            return held.keys;
        }
        held.tried_at = now;
        let read = self.source.read(uri).await.and_then(|text| {
            Key::set(&text, client.token_endpoint_auth_signing_alg).map_err(|_| "it is no JWK Set".to_owned())
        });
        match read {
            Ok(keys) => (held.keys, held.read_at) = (keys, now),
            Err(why) => {
                tracing::warn!(client = client.client_id, why, "a client's jwks_uri cannot be read");
                if now >= held.read_at + PATIENCE {
                    held.keys.clear();
                }
            }
        }
        lock(&self.held).insert(uri.clone(), held.clone());
        held.keys
    }

    fn held(&self, uri: &str) -> Option<Held> {
        lock(&self.held).get(uri).cloned()
    }
}

/// Locks; a panic in another thread leaves the map whole, so a poisoned lock is safe to use.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
