use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{LENIENT, Unreadable, compute};
use base64::Engine;

/// The strength of a hash, which decides how it may be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strength {
    /// Argon2, scrypt, bcrypt and PBKDF2 at costs that hold today.
    Strong,
    /// Anything below: sealed, then wrapped.
    Weak,
}

/// The way from a password to a digest: algorithm, salt and costs. Public; it holds no digest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recipe(Kind);

/// A salt, or bytes that the tool used as one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Salt(pub Vec<u8>);

impl TryFrom<String> for Salt {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        LENIENT.decode(text).map(Self)
    }
}

impl From<Salt> for String {
    fn from(salt: Salt) -> Self {
        LENIENT.encode(salt.0)
    }
}

/// Names are short: a recipe is stored once an identity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Kind {
    Plain,
    Simple {
        of: Hash,
        salt: Salt,
        order: Order,
    },
    Md5Crypt {
        magic: Magic,
        salt: Salt,
    },
    Sha256Crypt {
        rounds: u32,
        salt: Salt,
    },
    Sha512Crypt {
        rounds: u32,
        salt: Salt,
    },
    Phpass {
        log2: u32,
        salt: Salt,
    },
    Pbkdf2 {
        of: Hash,
        rounds: u32,
        salt: Salt,
        len: usize,
    },
    Scrypt {
        ln: u32,
        r: u32,
        p: u32,
        salt: Salt,
        len: usize,
    },
    Bcrypt {
        cost: u32,
        salt: Salt,
        before: Before,
        sign_bug: bool,
    },
    Argon2 {
        which: Which,
        v: u32,
        m: u32,
        t: u32,
        p: u32,
        salt: Salt,
        len: usize,
    },
    /// A recipe in words (`words.rs`), and the values of its words.
    Words {
        words: String,
        salt: Salt,
        user: Salt,
        key: Salt,
    },
    /// A recipe whose result is given to another hash as its password.
    Fed {
        words: String,
        salt: Salt,
        user: Salt,
        key: Salt,
        then: Box<Kind>,
    },
    /// `md5_first`: Drupal 7 over a hash of Drupal 6.
    Drupal {
        log2: u32,
        salt: Salt,
        md5_first: bool,
    },
    DesCrypt {
        salt: u32,
    },
    BsdiCrypt {
        rounds: u32,
        salt: u32,
    },
    /// NetBSD's.
    Sha1Crypt {
        rounds: u32,
        salt: Salt,
    },
    /// `params`: as its string has them.
    Yescrypt {
        params: String,
        salt: Salt,
    },
    /// RFC 5802: the digest is StoredKey.
    Scram {
        of: Hash,
        rounds: u32,
        salt: Salt,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Hash {
    Md4,
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// The place of the salt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    SaltFirst,
    SaltLast,
}

/// The two dialects of MD5-crypt, which differ in the bytes that they mix in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Magic {
    Unix,
    Apache,
}

/// The treatment of a password before bcrypt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Before {
    Nothing,
    /// Django's `bcrypt_sha256`.
    Sha256Hex,
    /// passlib's first `bcrypt_sha256`.
    Sha256Base64,
    /// passlib's second: HMAC keyed with the salt's text.
    HmacSha256Base64,
    /// WordPress since 6.8.
    WordPress,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Which {
    D,
    I,
    Id,
}

/// The work from which a recipe in words counts as a costly one.
const NOTICEABLE: u64 = 100;

impl Kind {
    /// Puts dots in the place of salts, and zeros in that of a recipe's values, which its functions for hex and base64 can read.
    fn forget(&mut self) {
        let dots = |salt: &mut Salt| salt.0.fill(b'.');
        let zeros = |salt: &mut Salt, user: &mut Salt, key: &mut Salt| {
            // Each name has a length of its own; a class of its own would tell who has it.
            let lengths = [salt.0.len().min(64), user.0.len().min(1) * 16, key.0.len().min(64)];
            for (value, length) in [salt, user, key].into_iter().zip(lengths) {
                value.0 = vec![b'0'; length];
            }
        };
        match self {
            Self::Plain => {}
            Self::Simple { salt, .. }
            | Self::Md5Crypt { salt, .. }
            | Self::Sha256Crypt { salt, .. }
            | Self::Sha512Crypt { salt, .. }
            | Self::Phpass { salt, .. }
            | Self::Drupal { salt, .. }
            | Self::Sha1Crypt { salt, .. }
            | Self::Yescrypt { salt, .. }
            | Self::Scram { salt, .. }
            | Self::Pbkdf2 { salt, .. }
            | Self::Scrypt { salt, .. }
            | Self::Bcrypt { salt, .. }
            | Self::Argon2 { salt, .. } => dots(salt),
            Self::DesCrypt { salt } | Self::BsdiCrypt { salt, .. } => *salt = 0,
            Self::Words { salt, user, key, .. } => zeros(salt, user, key),
            Self::Fed { salt, user, key, then, .. } => {
                zeros(salt, user, key);
                then.forget();
            }
        }
    }
}

impl Recipe {
    pub(super) fn new(kind: Kind) -> Self {
        Self(kind)
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0
    }

    /// The form that is stored beside the wrapped digest: one line, below 700 characters for every known tool.
    pub fn to_text(&self) -> String {
        // Plain data with string keys: it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Recipe::to_text`].
    ///
    /// # Errors
    /// [`Unreadable::Stored`] when it is something else, [`Unreadable::TooCostly`] when it asks for more than an import would allow.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let recipe: Self = serde_json::from_str(text).map_err(|_| Unreadable::Stored)?;
        recipe.check()?;
        Ok(recipe)
    }

    /// The same costs with a salt of dots, which every tool takes. The check of another identifier runs it, so that both take as long. `None` for a recipe
    /// that takes no noticeable time.
    pub fn class(&self) -> Option<Self> {
        match &self.0 {
            Kind::Plain | Kind::Simple { .. } | Kind::Md5Crypt { .. } | Kind::DesCrypt { .. } => return None,
            Kind::Words { .. } if self.work() < NOTICEABLE => return None,
            _ => {}
        }
        let mut kind = self.0.clone();
        kind.forget();
        Some(Self(kind))
    }

    /// Returns true if two people with one password have different hashes: a salt is in it, as far as the row tells.
    pub fn is_salted(&self) -> bool {
        match &self.0 {
            Kind::Plain => false,
            Kind::Simple { salt, .. } | Kind::Words { salt, .. } => !salt.0.is_empty(),
            _ => true,
        }
    }

    /// The bytes that this password gives; empty when no digest can come of it (a NUL where the tool knew only C strings), which is never
    /// the right one. Slow by design: call it where Argon2 is called.
    pub fn digest(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        compute::digest(&self.0, password).unwrap_or_default()
    }
}
