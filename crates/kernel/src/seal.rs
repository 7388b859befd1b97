//! The keys that seal what a copy of the database must not reveal, and the root of the MACs by which stored values are found again (docs/adr/0019).
//!
//! A box begins with the mark of the key that sealed it, so that a node with several keys knows which one opens it. A subkey is the HMAC-SHA-256 of its purpose
//! under the key. It is not HKDF of the same name, for that would give other subkeys, and nothing that was stored would open; for one output of a uniformly
//! random key, a single HMAC is the same pseudorandom function (RFC 5869 §3.3).

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Fault, Rng};

/// The bytes of a key's mark, with which its boxes begin.
const MARK: usize = 4;
/// The purpose under which the root of the MACs is sealed.
const ROOT: &str = "root of macs";

/// A 256-bit key that lives outside the database.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealKey([u8; 32]);

impl SealKey {
    /// Builds a key from its bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Generates a new one.
    pub fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads base64 or base64url of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_");
        Some(Self(Zeroizing::new(URL_SAFE_NO_PAD.decode(text).ok()?).as_slice().try_into().ok()?))
    }

    /// Returns the text that an operator keeps in a file: 43 base64url characters.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// Returns a name of the key that reveals nothing of it: 16 base64url characters.
    pub fn fingerprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.subkey("moncompte key fingerprint")[..12])
    }

    fn subkey(&self, purpose: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&key, purpose.as_bytes()).as_ref());
        out
    }

    fn mark(&self) -> [u8; MARK] {
        let mut out = [0; MARK];
        out.copy_from_slice(&self.subkey("moncompte key mark")[..MARK]);
        out
    }
}

/// The keys of a node. One seals, which the database names; all of them open. They change while the node runs, when a key is replaced.
pub struct SealKeys {
    ring: RwLock<Arc<Ring>>,
    /// True if password hashes are sealed: not before every node opens them.
    hashes: AtomicBool,
    /// True while the database names a key that this node does not have.
    lacking: AtomicBool,
}

struct Ring {
    /// The newest one first.
    keys: Vec<Held>,
    /// The place of the key that seals.
    sealing: usize,
    root: SealKey,
}

#[derive(Clone)]
struct Held {
    key: SealKey,
    mark: [u8; MARK],
}

impl Ring {
    fn sealing(&self) -> &Held {
        &self.keys[self.sealing]
    }

    fn of(keys: Vec<SealKey>) -> Vec<Held> {
        keys.into_iter().map(|key| Held { mark: key.mark(), key }).collect()
    }

    fn place(&self, fingerprint: &str) -> Option<usize> {
        self.keys.iter().position(|held| held.key.fingerprint() == fingerprint)
    }
}

impl SealKeys {
    /// `newest` seals until the database names another; `older` ones open. The root of the MACs is the newest key until [`Self::take_root`].
    pub fn new(newest: SealKey, older: Vec<SealKey>) -> Self {
        let root = newest.clone();
        let keys = Ring::of(std::iter::once(newest).chain(older).collect());
        let ring = RwLock::new(Arc::new(Ring { keys, sealing: 0, root }));
        Self { ring, hashes: AtomicBool::new(true), lacking: AtomicBool::new(false) }
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&Ring) -> Option<Ring>) -> bool {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&ring);
        let is_changed = changed.is_some();
        if let Some(changed) = changed {
            *ring = Arc::new(changed);
        }
        is_changed
    }

    /// Returns the name of the key that seals; stored, so that a node without it is noticed (SECURITY #37).
    pub fn fingerprint(&self) -> String {
        self.ring().sealing().key.fingerprint()
    }

    /// Returns the names of all keys: the one that seals first, the others from the newest to the oldest.
    pub fn fingerprints(&self) -> Vec<String> {
        let ring = self.ring();
        let others = ring.keys.iter().enumerate().filter(|(at, _)| *at != ring.sealing);
        std::iter::once(ring.sealing())
            .chain(others.map(|(_, held)| held))
            .map(|held| held.key.fingerprint())
            .collect()
    }

    /// Returns the name of the newest key, the first of the configuration: the one that a reseal leads to.
    pub fn newest(&self) -> String {
        self.ring().keys[0].key.fingerprint()
    }

    /// Returns true if one of the keys has this name.
    pub fn holds(&self, fingerprint: &str) -> bool {
        self.ring().place(fingerprint).is_some()
    }

    /// Seals with the key of this name from now on. Returns false if this node does not have it.
    pub fn seal_with(&self, fingerprint: &str) -> bool {
        let with = |ring: &Ring, sealing| Ring { keys: ring.keys.clone(), sealing, root: ring.root.clone() };
        self.change(|ring| ring.place(fingerprint).map(|at| with(ring, at)))
    }

    /// Takes the keys of `read`, which were read anew from their files. The key that seals and the root stay; returns false, and takes none, if `read` does not
    /// have the key that seals.
    pub fn take(&self, read: &Self) -> bool {
        let (keys, seals) = (read.ring().keys.clone(), self.fingerprint());
        self.change(|ring| {
            let new = Ring { keys, sealing: 0, root: ring.root.clone() };
            new.place(&seals).map(|sealing| Ring { sealing, ..new })
        })
    }

    /// Seals with AES-256-GCM under a subkey of `purpose`; the same purpose opens the result. It begins with four bytes that tell the key.
    pub fn seal(&self, rng: &dyn Rng, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let ring = self.ring();
        let Held { key, mark } = ring.sealing();
        let mut nonce = [0; NONCE_LEN];
        rng.fill(&mut nonce);
        let mut out = Vec::with_capacity(MARK + NONCE_LEN + plain.len() + 16);
        out.extend_from_slice(mark);
        out.extend_from_slice(&nonce);
        let mut body = plain.to_vec();
        aead(key, purpose)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut body)
            .expect("AES-GCM seals any message of this size");
        out.extend_from_slice(&body);
        out
    }

    /// Opens a value that [`Self::seal`] sealed for the same purpose.
    ///
    /// # Errors
    /// [`Fault::Broken`] if no key fits or a bit was changed.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let broken =
            || Fault::Broken(format!("a sealed value ({purpose}) does not open: wrong key, or changed"));
        let (mark, rest) = sealed.split_at_checked(MARK).ok_or_else(broken)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let ring = self.ring();
        let held = ring.keys.iter().find(|held| held.mark == mark).ok_or_else(broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let length = aead(&held.key, purpose)
            .open_in_place(nonce, Aad::from(purpose), &mut body)
            .map_err(|_| broken())?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Returns true if a box was sealed with the key that seals now.
    pub fn is_newest(&self, sealed: &[u8]) -> bool {
        sealed.starts_with(&self.ring().sealing().mark)
    }

    /// Returns the same value sealed with the key that seals now; `None` if it is that already.
    ///
    /// # Errors
    /// [`Fault::Broken`] if no key opens it.
    pub fn reseal(&self, rng: &dyn Rng, purpose: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        if self.is_newest(sealed) {
            return Ok(None);
        }
        Ok(Some(self.seal(rng, purpose, &self.open(purpose, sealed)?)))
    }

    /// Returns the HMAC-SHA-256 under a subkey of `purpose`: for values that are compared, not opened. It does not change when the sealing key is replaced.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.mac_key(purpose).mac(data)
    }

    /// Returns true if `prefix` is a prefix of [`Self::mac`]. The comparison takes constant time.
    pub fn knows_mac(&self, purpose: &str, data: &[u8], prefix: &[u8]) -> bool {
        let mac = self.mac(purpose, data);
        mac.get(..prefix.len()).is_some_and(|ours| !prefix.is_empty() && bool::from(ours.ct_eq(prefix)))
    }

    /// Returns the key of [`Self::mac`], for callers with many values.
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, &self.ring().root.subkey(purpose)))
    }

    /// Returns the HMAC-SHA-256 under a subkey of the key of this name, for files that lie outside the database; `None` if this node does not have the key.
    /// The root has no part in it, so that it can be told before the database is there.
    pub fn file_mac(&self, fingerprint: &str, purpose: &str, data: &[u8]) -> Option<[u8; 32]> {
        let ring = self.ring();
        let key = &ring.keys[ring.place(fingerprint)?].key;
        // A box's subkey has another word in front; that of `mac`, where the root was a key, has none.
        Some(MacKey(hmac::Key::new(hmac::HMAC_SHA256, &key.subkey(&format!("file {purpose}")))).mac(data))
    }

    /// Returns the root of the MACs, sealed, as the database keeps it. A new database gets a root of its own. One of an earlier version was begun without: there
    /// the root is the key that sealed then, so that every MAC stays.
    pub(crate) fn make_root(&self, rng: &dyn Rng, begun_with: Option<&str>) -> Option<Vec<u8>> {
        let root = match begun_with {
            None => SealKey::generate(rng),
            Some(fingerprint) => {
                let ring = self.ring();
                ring.keys[ring.place(fingerprint)?].key.clone()
            }
        };
        Some(self.seal(rng, ROOT, &root.0))
    }

    /// Takes the root of the MACs that the database keeps.
    ///
    /// # Errors
    /// [`Fault::Broken`] if it does not open.
    pub(crate) fn take_root(&self, sealed: &[u8]) -> Result<(), Fault> {
        let broken = || Fault::Broken("the stored root of MACs cannot be read".into());
        let root = SealKey(self.open(ROOT, sealed)?.as_slice().try_into().map_err(|_| broken())?);
        self.change(|ring| Some(Ring { keys: ring.keys.clone(), sealing: ring.sealing, root }));
        Ok(())
    }

    /// Seals the stored root again, as [`Self::reseal`] does.
    pub(crate) fn reseal_root(&self, rng: &dyn Rng, sealed: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.reseal(rng, ROOT, sealed)
    }

    /// Says whether password hashes are sealed: while a node of an earlier version runs, it could not read them.
    pub fn seal_hashes(&self, all_nodes_open_them: bool) {
        self.hashes.store(all_nodes_open_them, Ordering::Relaxed);
    }

    /// Says that other nodes seal with a key that this one does not have, or no longer.
    pub fn lack(&self, one: bool) {
        self.lacking.store(one, Ordering::Relaxed);
    }

    /// Returns true if other nodes seal with a key that this one does not have: it is not ready, and compares no password.
    pub fn lacks_one(&self) -> bool {
        self.lacking.load(Ordering::Relaxed)
    }

    /// Returns true if password hashes are sealed.
    pub fn seals_hashes(&self) -> bool {
        self.hashes.load(Ordering::Relaxed)
    }
}

/// A key for values of one purpose that are compared, not opened. It has no Debug, for it is a secret.
pub struct MacKey(hmac::Key);

impl MacKey {
    /// Returns the HMAC-SHA-256.
    pub fn mac(&self, data: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.0, data).as_ref());
        out
    }
}

fn aead(key: &SealKey, purpose: &str) -> LessSafeKey {
    let bytes = Zeroizing::new(key.subkey(&format!("seal {purpose}")));
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes.as_slice()).expect("a key of 32 bytes"))
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
