//! Tokens, passwords, and the keys that seal what a copy of the database must not reveal.
//!
//! A subkey is the HMAC-SHA-256 of its purpose under the key. It is not HKDF of the same name, for that would give other subkeys, and nothing that was stored
//! would open; for one output of a uniformly random key, a single HMAC is the same pseudorandom function (RFC 5869 §3.3).

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{Fault, Rng};

/// Returns the SHA-256 digest.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// A secret of 256 random bits: a code, a session, a mailed link. Stored only as its [`Digest`].
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token([u8; 32]);

impl Token {
    /// Generates a new one.
    pub fn generate(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    /// Builds a token that can be derived again from stored values, but only with a key that is not stored: see [`SealKeys::mac`].
    pub fn of_mac(mac: [u8; 32]) -> Self {
        Self(mac)
    }

    /// Reads 43 base64url characters; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// Returns the text that travels: 43 base64url characters.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Returns the digest that is stored.
    pub fn digest(&self) -> Digest {
        Digest(URL_SAFE_NO_PAD.encode(sha256(&self.0)))
    }
}

/// The SHA-256 of a [`Token`], as stored: 43 base64url characters.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Digest(String);

impl Digest {
    /// Returns the text form of a keyed hash.
    pub fn of_mac(mac: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(mac))
    }

    /// Returns the text in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts into the text in the database.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The reason why a password is refused without being hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordRefused {
    /// More than [`Password::MAX`] bytes: refused, never truncated (SECURITY #61, #62).
    #[error("longer than 1024 bytes")]
    TooLong,
    /// NUL or another control character.
    #[error("contains a control character")]
    Control,
    /// Empty, or invisible characters only (SECURITY D12).
    #[error("is nothing, or blanks only")]
    Blank,
}

/// A password as typed. It never prints.
pub struct Password(Zeroizing<String>);

impl Password {
    /// The maximum length in bytes.
    pub const MAX: usize = 1024;

    /// Takes the text as typed, untrimmed.
    ///
    /// # Errors
    /// [`PasswordRefused`], before anything is hashed.
    pub fn new(typed: impl Into<String>) -> Result<Self, PasswordRefused> {
        let typed = Zeroizing::new(typed.into());
        if typed.len() > Self::MAX {
            return Err(PasswordRefused::TooLong);
        }
        if Self::is_blank(&typed) {
            return Err(PasswordRefused::Blank);
        }
        if typed.chars().any(char::is_control) {
            return Err(PasswordRefused::Control);
        }
        Ok(Self(typed))
    }

    /// Returns true if every character is invisible: spaces of any width, control and format characters, and letters without a shape. Many old tables hold the
    /// hash of an empty password for accounts that were never opened, so such a password proves nothing (SECURITY D12).
    pub fn is_blank(typed: &str) -> bool {
        typed.chars().all(is_invisible)
    }

    /// Returns the text as typed, which is what an agency's old system hashed.
    pub fn typed(&self) -> &str {
        &self.0
    }

    /// Returns the form in which a password of ours is hashed, so that the same text typed on another keyboard is the same password (NIST SP 800-63B-4
    /// §3.1.1.2): NFKC, with straight quotes and dashes, without characters that nobody sees or spaces around it.
    pub fn normal(&self) -> Zeroizing<String> {
        Zeroizing::new(spelling::fold(&self.0).into_owned())
    }

    /// Returns the form in which passwords were hashed before [`Self::normal`] folded them, NFKC alone; `None` where it is the same.
    pub fn normal_before(&self) -> Option<Zeroizing<String>> {
        let before = Zeroizing::new(self.0.nfkc().collect::<String>());
        (before != self.normal()).then_some(before)
    }
}

/// Returns true for white space, control characters and characters that are drawn as nothing.
fn is_invisible(c: char) -> bool {
    c.is_whitespace() || c.is_control() || spelling::is_unseen(c)
}

/// A 256-bit key that lives outside the database.
#[derive(Zeroize, ZeroizeOnDrop)]
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

    fn subkey(&self, purpose: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&key, purpose.as_bytes()).as_ref());
        out
    }

    fn mark(&self) -> [u8; 4] {
        let mut out = [0; 4];
        out.copy_from_slice(&self.subkey("moncompte key mark")[..4]);
        out
    }
}

/// The keys that seal values which a copy of the database must not reveal. The first one seals, all of them open.
pub struct SealKeys(Vec<SealKey>);

impl SealKeys {
    /// `current` seals; `older` ones still open.
    pub fn new(current: SealKey, older: Vec<SealKey>) -> Self {
        let mut keys = vec![current];
        keys.extend(older);
        Self(keys)
    }

    /// Returns a name of the current key that reveals nothing of it; stored, so that a node with another key is noticed (SECURITY #37).
    pub fn fingerprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.0[0].subkey("moncompte key fingerprint")[..12])
    }

    /// Seals with AES-256-GCM under a subkey of `purpose`; the same purpose opens the result.
    pub fn seal(&self, rng: &dyn Rng, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let key = &self.0[0];
        let mut nonce = [0; NONCE_LEN];
        rng.fill(&mut nonce);
        let mut out = Vec::with_capacity(4 + NONCE_LEN + plain.len() + 16);
        out.extend_from_slice(&key.mark());
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
        let (mark, rest) = sealed.split_at_checked(4).ok_or_else(broken)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let key = self.0.iter().find(|k| k.mark() == mark).ok_or_else(broken)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
        let length = aead(key, purpose)
            .open_in_place(nonce, Aad::from(purpose), &mut body)
            .map_err(|_| broken())?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// Returns the HMAC-SHA-256 under a subkey of `purpose`: for values that are compared, not opened.
    pub fn mac(&self, purpose: &str, data: &[u8]) -> [u8; 32] {
        self.mac_key(purpose).mac(data)
    }

    /// Returns true if `prefix` is a prefix of [`Self::mac`] under the current key or an older one, for values handed out before the key was replaced.
    pub fn knows_mac(&self, purpose: &str, data: &[u8], prefix: &[u8]) -> bool {
        self.0.iter().any(|key| {
            let mac = MacKey(hmac::Key::new(hmac::HMAC_SHA256, &key.subkey(purpose))).mac(data);
            // The comparison takes constant time.
            let difference =
                mac.iter().zip(prefix).fold(0, |difference, (ours, theirs)| difference | (ours ^ theirs));
            difference == 0 && !prefix.is_empty() && prefix.len() <= mac.len()
        })
    }

    /// Returns the key of [`Self::mac`], for callers with many values.
    pub fn mac_key(&self, purpose: &str) -> MacKey {
        MacKey(hmac::Key::new(hmac::HMAC_SHA256, &self.0[0].subkey(purpose)))
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
mod tests {
    use super::*;
    use crate::SystemRng;

    fn keys(n: u8) -> SealKeys {
        SealKeys::new(SealKey::new([n; 32]), vec![])
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let rng = SystemRng::new();
        let sealed = keys(1).seal(&rng, "outbox", b"a link");
        assert_eq!(keys(1).open("outbox", &sealed).unwrap().as_slice(), b"a link");
        assert!(keys(1).open("signing key", &sealed).is_err());
        assert!(keys(2).open("outbox", &sealed).is_err());
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(keys(1).open("outbox", &changed).is_err());
        assert!(keys(1).open("outbox", &sealed[..10]).is_err());
    }

    #[test]
    fn an_older_key_still_opens() {
        let sealed = keys(1).seal(&SystemRng::new(), "x", b"y");
        let rotated = SealKeys::new(SealKey::new([2; 32]), vec![SealKey::new([1; 32])]);
        assert_eq!(rotated.open("x", &sealed).unwrap().as_slice(), b"y");
    }

    #[test]
    fn passwords_are_refused_before_hashing_never_truncated() {
        assert!(Password::new("a".repeat(1024)).is_ok());
        assert_eq!(Password::new("a".repeat(1025)).err(), Some(PasswordRefused::TooLong));
        assert_eq!(Password::new("a\0b").err(), Some(PasswordRefused::Control));
        assert_eq!(*Password::new("e\u{301}").unwrap().normal(), "é");
        assert_eq!(Password::new(" a ").unwrap().typed(), " a ");
        let typed = Password::new(" l’e\u{301}té–1\u{200b}").unwrap();
        assert_eq!(*typed.normal(), "l'été-1");
        assert_eq!(typed.normal_before().as_deref().map(String::as_str), Some(" l’été–1\u{200b}"));
        assert_eq!(Password::new("été-1").unwrap().normal_before(), None);
        // SECURITY D12: whatever is drawn as nothing is no password, alone or together.
        for nothing in [
            "",
            " ",
            "   ",
            "\t\n",
            "\u{a0}",
            "\u{200b}",
            "\u{feff} ",
            "\u{3000}",
            "\u{2800}",
            "\u{ad}\u{3164}",
            "\u{e0020}",
        ] {
            assert_eq!(Password::new(nothing).err(), Some(PasswordRefused::Blank), "{nothing:?}");
        }
    }

    /// SECURITY #72: 256 bits, not fewer in as many characters.
    #[test]
    fn every_byte_of_a_token_is_chance() {
        let rng = SystemRng::new();
        let tokens: Vec<Token> = (0..64).map(|_| Token::generate(&rng)).collect();
        for at in 0..32 {
            assert!(tokens.iter().any(|token| token.0[at] != tokens[0].0[at]), "byte {at}");
        }
    }

    #[test]
    fn a_token_is_43_characters_and_reads_back() {
        let token = Token::generate(&SystemRng::new());
        assert_eq!(token.text().len(), 43);
        assert_eq!(Token::parse(&token.text()).unwrap().digest(), token.digest());
        assert!(Token::parse("short").is_none());
        assert!(Token::parse(&format!("{}a", token.text())).is_none());
    }
}
