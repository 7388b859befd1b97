//! The public keys of clients that prove themselves by `private_key_jwt`: those of the agency's file, or those that the client publishes at its
//! `jwks_uri`. Only an address that an administrator wrote is ever read, only when an assertion needs a key that is not known, and not
//! more often than [`PAUSE`] (SECURITY D4; PROTOCOL 4.8).

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

/// Reads a JWK Set. Whoever implements it holds to SECURITY D4: https, no redirects, a few seconds, 64 KiB, no private address that is not
/// allowed by name.
#[async_trait]
pub trait KeySource: Send + Sync {
    /// The document's text, or one sentence why not.
    ///
    /// # Errors
    /// For the log.
    async fn read(&self, uri: &str) -> Result<String, String>;
}

/// The database and the network are not asked.
pub(super) struct NoSource;

#[async_trait]
impl KeySource for NoSource {
    async fn read(&self, _: &str) -> Result<String, String> {
        Err("this process reads no jwks_uri".into())
    }
}

/// The seconds after which keys are read again, so that one that was taken back stops working.
const LIFE: i64 = 300;
/// The minimum time between two requests to one address, in seconds, whatever `kid` is sent.
const PAUSE: i64 = 10;
/// While the client's server is down, what was read last is good for so long, in seconds.
const PATIENCE: i64 = 3600;

#[derive(Clone, Default)]
struct Held {
    keys: Vec<Key>,
    read_at: Unix,
    tried_at: Unix,
}

impl Held {
    /// Returns true if these keys are the answer: the wanted one is there and recent, or it is too soon to ask again.
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

    /// The keys that may have signed an assertion of `client` that names `kid`.
    pub(super) async fn of(&self, client: &Client, kid: Option<&str>, now: Unix) -> Vec<Key> {
        let uri = match (&client.jwks_uri, client.token_endpoint_auth_method) {
            (Some(uri), AuthMethod::PrivateKeyJwt) => uri,
            _ => return client.keys.clone(),
        };
        if let Some(held) = self.held(uri).filter(|held| held.answers(kid, now)) {
            return held.keys;
        }
        // One reads, the others wait for what it finds.
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

/// A map is whole whatever happened to the thread that held it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
