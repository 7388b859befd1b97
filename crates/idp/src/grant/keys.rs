//! The provider's signing keys: created at the first start, stored sealed, published before use, rotated by age or by command, shared by all
//! nodes through the database (SECURITY #36 to #38, I22).
//!
//! The state of a key follows from times alone: the newest one whose `active_from` has passed signs; older ones stay published until the
//! last token that they signed has expired; the next one is published before its `active_from`.

mod replace;

pub use replace::{RenewedKeys, Revocation, Revoked};

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use kernel::{CheckFuture, Context, Fault, SealKeys, Snapshot, Unix};
use oidc::jwt::{self, Alg, Claims, Rules};
use sea_orm::{ActiveValue::Set, EntityTrait, Insert, QueryOrder, sea_query::OnConflict};
use serde_json::{Value, json};

use super::{Settings, signer::Signer, table::signing_key};

const PURPOSE: &str = "signing key";
/// The number of seconds after which this node reads the keys again: far fewer than a key is published before it signs.
const RELOAD_AFTER: i64 = 60;
/// The number of seconds after which it tries again after a failure.
const RETRY_AFTER: i64 = 5;
/// The maximum time that a request waits for the database to read keys: the node's own copy is good for as long as keys are published ahead.
const GLANCE: Duration = Duration::from_secs(2);

/// A key as shown to operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyInfo {
    /// The `kid` in the key set.
    pub kid: String,
    /// Its algorithm.
    pub alg: Alg,
    /// The time at which it was made.
    pub created_at: Unix,
    /// The time from which it signs.
    pub active_from: Unix,
    /// The time at which it was revoked.
    pub revoked_at: Option<Unix>,
    /// Its present state.
    pub state: KeyState,
}

/// The state of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// Published, signs later.
    Next,
    /// Signs.
    Current,
    /// Published, signs no more.
    Retired,
    /// Not published; still verifies old hints.
    Gone,
    /// Revoked: not published, signs and verifies nothing.
    Revoked,
}

impl KeyState {
    fn is_published(self) -> bool {
        matches!(self, Self::Next | Self::Current | Self::Retired)
    }
}

/// Another node may have created this generation a moment ago: then ours is dropped.
fn insert(row: signing_key::ActiveModel) -> Insert<signing_key::ActiveModel> {
    let columns = [signing_key::Column::Alg, signing_key::Column::Generation];
    signing_key::Entity::insert(row).on_conflict(OnConflict::columns(columns).do_nothing().to_owned())
}

#[derive(Clone)]
struct Held {
    info: KeyInfo,
    generation: i32,
    jwk: Value,
    public: jwt::Key,
    /// None while this node lacks the key that sealed it: then it publishes and verifies, and others sign with it.
    signer: Option<Arc<Signer>>,
}

struct Ring {
    loaded_at: Unix,
    keys: Vec<Arc<Held>>,
    /// The key set as sent, built when the keys are read.
    set: Arc<str>,
    metadata: Arc<str>,
}

impl Ring {
    fn of(keys: Vec<Arc<Held>>, now: Unix, settings: &Settings) -> Self {
        let published = |key: &&Arc<Held>| state(&keys, key, now, settings.key_overlap).is_published();
        let set: Vec<&Value> = keys.iter().filter(published).map(|key| &key.jwk).collect();
        let metadata = oidc::discovery::metadata(&settings.issuer, &algs(&keys), &["fr", "en"]);
        let (set, metadata) = (json!({ "keys": set }).to_string().into(), metadata.to_string().into());
        Self { loaded_at: now, keys, set, metadata }
    }
}

/// The keys of this node.
pub(super) struct Keyring {
    context: Context,
    settings: Arc<Settings>,
    ring: ArcSwap<Ring>,
}

impl Keyring {
    /// Reads the keys.
    ///
    /// # Errors
    /// [`Fault`]: of the database, or a key that does not open with this node's secret.
    pub(super) async fn open(context: Context, settings: Arc<Settings>) -> Result<Self, Fault> {
        let empty = Ring::of(Vec::new(), i64::MIN, &settings);
        let this = Self { context, settings, ring: ArcSwap::from_pointee(empty) };
        this.reload().await?;
        let sealed = |key: &&Arc<Held>| key.signer.is_none() && key.info.revoked_at.is_none();
        match this.ring.load().keys.iter().find(sealed) {
            Some(key) => Err(Fault::Broken(format!("the signing key {} does not open", key.info.kid))),
            None => Ok(this),
        }
    }

    /// Reads the keys again. What is parsed already is kept, so that a revocation reaches a node that cannot open the row any more.
    ///
    /// # Errors
    /// [`Fault`]; what was read before stays.
    pub(super) async fn reload(&self) -> Result<(), Fault> {
        let rows = signing_key::Entity::find()
            .order_by_asc(signing_key::Column::ActiveFrom)
            .order_by_asc(signing_key::Column::Generation)
            .all(self.context.db.reader())
            .await?;
        let before = self.ring.load_full();
        let now = self.context.now();
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            let known = before.keys.iter().find(|held| held.info.kid == row.kid && held.signer.is_some());
            let (active_from, revoked_at) = (row.active_from, row.revoked_at);
            keys.push(match known {
                Some(same) if (same.info.active_from, same.info.revoked_at) == (active_from, revoked_at) => {
                    same.clone()
                }
                Some(held) => {
                    let info = KeyInfo { active_from, revoked_at, ..held.info.clone() };
                    Arc::new(Held { info, ..Held::clone(held) })
                }
                None => Arc::new(parse(&self.context.keys, &row)?),
            });
        }
        self.ring.store(Arc::new(Ring::of(keys, now, &self.settings)));
        Ok(())
    }

    async fn fresh(&self) -> Arc<Ring> {
        let ring = self.ring.load_full();
        if self.context.now() < ring.loaded_at.saturating_add(RELOAD_AFTER) {
            return ring;
        }
        let silent = |_| Err(Fault::Unavailable(format!("no answer in {GLANCE:?}")));
        let read = tokio::time::timeout(GLANCE, self.reload()).await.unwrap_or_else(silent);
        if let Err(fault) = read {
            tracing::warn!(%fault, "the signing keys could not be read again");
            let now = self.context.now();
            let again = Ring::of(ring.keys.clone(), now, &self.settings);
            let later = Arc::new(Ring { loaded_at: now - RELOAD_AFTER + RETRY_AFTER, ..again });
            // Unless another request has read them meanwhile.
            self.ring.compare_and_swap(&ring, later);
        }
        self.ring.load_full()
    }

    /// Returns the current key of `alg`; creates it if there is none yet.
    async fn current(&self, alg: Alg) -> Result<Arc<Held>, Fault> {
        let now = self.context.now();
        if let Some(key) = signs(&self.fresh().await.keys, alg, now) {
            return Ok(key);
        }
        if algs(&self.ring.load().keys).contains(&alg) {
            let lacks = "this node lacks the key with which the signing keys are sealed";
            return Err(Fault::Unavailable(lacks.into()));
        }
        // No client has cached a set with this algorithm: the first key may sign at once.
        self.make(alg, self.next_generation(alg), now).await?;
        signs(&self.ring.load_full().keys, alg, now)
            .ok_or_else(|| Fault::Broken(format!("no signing key for {}", alg.as_str())))
    }

    async fn make(&self, alg: Alg, generation: i32, active_from: Unix) -> Result<(), Fault> {
        let row = self.made(alg, generation, active_from).await?;
        insert(row).exec_without_returning(self.context.db.writer()).await?;
        self.reload().await
    }

    /// Generates a key, to be inserted.
    async fn made(
        &self,
        alg: Alg,
        generation: i32,
        active_from: Unix,
    ) -> Result<signing_key::ActiveModel, Fault> {
        let made = tokio::task::spawn_blocking(move || Signer::generate(alg)).await;
        let made =
            made.ok().flatten().ok_or_else(|| Fault::Broken("a signing key could not be made".into()))?;
        let kid = made.thumbprint();
        let mut jwk = made.jwk;
        for (name, value) in [("kid", kid.as_str()), ("alg", alg.as_str()), ("use", "sig")] {
            jwk.insert(name.into(), json!(value));
        }
        Ok(signing_key::ActiveModel {
            kid: Set(kid),
            alg: Set(alg.as_str().to_owned()),
            generation: Set(generation),
            sealed: Set(self.context.seal(PURPOSE, &made.pkcs8)),
            jwk: Set(Value::Object(jwk).to_string()),
            created_at: Set(self.context.now()),
            active_from: Set(active_from),
            revoked_at: Set(None),
        })
    }

    /// Creates the key of `alg` if there is none, and its successor if it is old enough.
    pub(super) async fn ensure(&self, alg: Alg) -> Result<(), Fault> {
        self.current(alg).await?;
        let newest = self.newest(alg);
        let age = newest.map_or(0, |k| self.context.now() - k.info.active_from);
        if age >= self.settings.key_age - self.settings.key_overlap {
            self.succeed(alg).await?;
        }
        Ok(())
    }

    /// Creates a successor for every algorithm, which is published now and signs after the overlap.
    pub(super) async fn rotate_all(&self) -> Result<(), Fault> {
        for alg in algs(&self.fresh().await.keys) {
            self.succeed(alg).await?;
        }
        Ok(())
    }

    fn newest(&self, alg: Alg) -> Option<Arc<Held>> {
        let ring = self.ring.load();
        ring.keys.iter().rfind(|k| k.info.alg == alg && k.info.revoked_at.is_none()).cloned()
    }

    /// Returns the number of the next generation: no revoked key's is used again.
    fn next_generation(&self, alg: Alg) -> i32 {
        let ring = self.ring.load();
        let numbers = ring.keys.iter().filter(|k| k.info.alg == alg).map(|k| k.generation);
        numbers.max().unwrap_or_default() + 1
    }

    /// Creates a successor, unless one is waiting already.
    async fn succeed(&self, alg: Alg) -> Result<(), Fault> {
        self.reload().await?;
        let now = self.context.now();
        match self.newest(alg).filter(|key| key.info.active_from <= now) {
            Some(_) => self.make(alg, self.next_generation(alg), now + self.settings.key_overlap).await,
            None => Ok(()),
        }
    }

    /// Returns all keys with their states.
    pub(super) async fn list(&self) -> Result<Vec<KeyInfo>, Fault> {
        self.reload().await?;
        let (now, ring) = (self.context.now(), self.ring.load_full());
        let state = |key: &Held| state(&ring.keys, key, now, self.settings.key_overlap);
        Ok(ring.keys.iter().map(|k| KeyInfo { state: state(k), ..k.info.clone() }).collect())
    }

    /// Returns the public key set (RFC 7517 §5): next, current and retired keys.
    pub(super) async fn published(&self) -> Arc<str> {
        self.fresh().await.set.clone()
    }

    /// Returns the metadata document (OIDC Discovery §3), which names the algorithms of current and next keys.
    pub(super) async fn metadata(&self) -> Arc<str> {
        self.fresh().await.metadata.clone()
    }

    /// Signs a token.
    ///
    /// # Errors
    /// [`Fault`] if there is no key.
    pub(super) async fn sign(&self, alg: Alg, typ: &str, claims: &Claims) -> Result<String, Fault> {
        let key = self.current(alg).await?;
        let input = jwt::signing_input(alg, &key.info.kid, typ, claims);
        let signature = key.sign(&input);
        let signature = signature.ok_or_else(|| Fault::Broken("a signature could not be made".into()))?;
        Ok(jwt::complete(input, &signature))
    }

    /// Returns the public keys that verify our own tokens. `ever` includes those that are no longer published, since an expired ID token is still a hint; never
    /// one that was revoked, with which a thief signs.
    pub(super) async fn verifiers(&self, ever: bool) -> Result<Vec<jwt::Key>, Fault> {
        let (ring, now) = (self.fresh().await, self.context.now());
        let wanted = |key: &&Arc<Held>| {
            let state = state(&ring.keys, key, now, self.settings.key_overlap);
            state.is_published() || (ever && state == KeyState::Gone)
        };
        Ok(ring.keys.iter().filter(wanted).map(|k| k.public.clone()).collect())
    }
}

impl Held {
    fn sign(&self, input: &str) -> Option<Vec<u8>> {
        self.signer.as_ref()?.sign(input.as_bytes())
    }
}

fn parse(keys: &SealKeys, row: &signing_key::Model) -> Result<Held, Fault> {
    let broken = || Fault::Broken(format!("the signing key {} cannot be read", row.kid));
    let alg = Alg::parse(&row.alg).ok_or_else(broken)?;
    let signer = match keys.open(PURPOSE, &row.sealed) {
        Ok(pkcs8) => Some(Arc::new(Signer::from_pkcs8(alg, &pkcs8).ok_or_else(broken)?)),
        Err(_) => None,
    };
    let info = KeyInfo {
        kid: row.kid.clone(),
        alg,
        created_at: row.created_at,
        active_from: row.active_from,
        revoked_at: row.revoked_at,
        state: KeyState::Next,
    };
    Ok(Held {
        info,
        generation: row.generation,
        jwk: serde_json::from_str(&row.jwk)?,
        public: jwt::Key::from_jwk(&row.jwk).map_err(|_| broken())?,
        signer,
    })
}

/// SECURITY I22, for [`super::INVARIANTS`]: counts the keys with which this node cannot sign, or whose public half does not verify their signature.
pub(super) fn unusable(snapshot: &Snapshot) -> CheckFuture<'_> {
    Box::pin(async {
        let rows = signing_key::Entity::find().all(snapshot.conn()).await?;
        let unusable = rows.iter().filter(|row| !parse(snapshot.keys(), row).is_ok_and(|key| proves(&key)));
        Ok(u64::try_from(unusable.count()).unwrap_or(u64::MAX))
    })
}

fn proves(key: &Held) -> bool {
    let claims = json!({ "iss": "doctor" }).as_object().cloned().unwrap_or_default();
    let rules = Rules {
        typ: &["jwt"],
        typ_may_be_absent: false,
        issuers: &["doctor"],
        audience: None,
        required: &["iss"],
        now: None,
    };
    let input = jwt::signing_input(key.info.alg, &key.info.kid, "JWT", &claims);
    let signature = key.sign(&input);
    signature.is_some_and(|s| {
        jwt::verify(&jwt::complete(input, &s), std::slice::from_ref(&key.public), &rules).is_ok()
    })
}

/// Returns the algorithms of these keys.
fn algs(keys: &[Arc<Held>]) -> Vec<Alg> {
    let living = |alg: &Alg| keys.iter().any(|key| key.info.alg == *alg && key.info.revoked_at.is_none());
    Alg::SIGNING.iter().copied().filter(living).collect()
}

/// Returns the key that signs, of those with which this node can. The first key signs even before its `active_from`, on a node whose clock is behind that of its maker: it has no
/// predecessor, and it is published (SECURITY #121).
fn signs(keys: &[Arc<Held>], alg: Alg, now: Unix) -> Option<Arc<Held>> {
    let ours =
        || keys.iter().filter(|k| k.info.alg == alg && k.info.revoked_at.is_none() && k.signer.is_some());
    ours().rfind(|k| k.info.active_from <= now).or_else(|| ours().next()).cloned()
}

/// Returns the state of a key. `keys` are in the order of `active_from`.
fn state(keys: &[Arc<Held>], key: &Held, now: Unix, linger: i64) -> KeyState {
    if key.info.revoked_at.is_some() {
        return KeyState::Revoked;
    }
    if key.info.active_from > now {
        return KeyState::Next;
    }
    // One that was revoked before it signed has replaced none.
    let signed = |k: &Held| k.info.revoked_at.is_none_or(|at| k.info.active_from <= at);
    let after = |k: &&Arc<Held>| k.info.alg == key.info.alg && k.generation > key.generation && signed(k);
    match keys.iter().filter(after).map(|k| k.info.active_from).filter(|at| *at <= now).min() {
        None => KeyState::Current,
        Some(at) if now < at + linger => KeyState::Retired,
        Some(_) => KeyState::Gone,
    }
}

/// Returns the thumbprint of a key's required members, in the order of RFC 7638 §3.2 and without white space.
pub(super) fn thumbprint(members: &str) -> String {
    URL_SAFE_NO_PAD.encode(kernel::sha256(members.as_bytes()))
}
