//! Tokens and passwords.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::Rng;

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

    /// Builds a token that can be derived again from stored values, but only with a key that is not stored: see [`crate::SealKeys::mac`].
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

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
