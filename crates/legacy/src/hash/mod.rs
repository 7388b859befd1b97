//! The password hashes that agencies bring along.
//!
//! Every hash is read into a [`Recipe`] (how to get from a password to some bytes: algorithm, salt, cost; public) and the *digest* (those bytes;
//! secret). What is weaker than bcrypt is sealed at import and later wrapped: Argon2id over the digest, the recipe beside it
//! (SECURITY #84, PEOPLE U-05).
//!
//! ```
//! use legacy::hash::{Recipe, Strength, Verifier};
//!
//! // htpasswd -nbs x 'Tilleul-42'
//! let verifier = Verifier::parse(None, "{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=", None)?;
//! assert_eq!(verifier.strength(), Strength::Weak);
//! assert!(verifier.verify(b"Tilleul-42"));
//!
//! let recipe = Recipe::parse(&verifier.recipe().to_text())?;
//! assert_eq!(recipe.digest(b"Tilleul-42"), verifier.digest());
//! # Ok::<(), legacy::hash::Unreadable>(())
//! ```

mod compute;
mod crypt;
mod django;
mod hex;
mod ldap;
mod limits;
mod phc;
mod recipe;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vectors;

use base64::{
    Engine,
    alphabet::{BCRYPT, STANDARD},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use recipe::Kind;

use crate::nothing::PASSWORD_EXAMPLES;
pub use recipe::{Recipe, Strength};

/// The names that `hash_format` may hold, as documented in `docs/import.md`. `…:salt+password` and `…:password+salt` belong to the hex ones.
pub const FORMATS: &[&str] = &[
    "argon2",
    "scrypt",
    "pbkdf2",
    "bcrypt",
    "md5crypt",
    "sha256crypt",
    "sha512crypt",
    "phpass",
    "django",
    "ldap",
    "md5",
    "md5:salt+password",
    "md5:password+salt",
    "sha1",
    "sha1:salt+password",
    "sha1:password+salt",
    "sha256",
    "sha256:salt+password",
    "sha256:password+salt",
    "sha512",
    "sha512:salt+password",
    "sha512:password+salt",
    "plain",
];

/// The maximum length of a hash in characters; the longest known format needs some 250.
pub const LONGEST_HASH: usize = 512;

/// The reason why a hash cannot be taken. The text never repeats any part of the row: a column put in the wrong place may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreadable {
    /// Nothing there.
    #[error("the hash is empty")]
    Empty,
    /// Longer than any format.
    #[error("the hash is longer than {LONGEST_HASH} characters")]
    TooLong,
    /// Looks like nothing known.
    #[error("the hash looks like no known format (see docs/import.md)")]
    Unknown,
    /// Bare hex says nothing about how it was made.
    #[error("a bare hex hash does not tell how it was made: name it in `hash_format`, for example {0}")]
    Ambiguous(&'static str),
    /// The name in `hash_format` is none of [`FORMATS`].
    #[error(
        "`hash_format` holds no known name (see docs/import.md); known are argon2, scrypt, pbkdf2, bcrypt, md5crypt, sha256crypt, \
             sha512crypt, phpass, django, ldap, plain, and md5, sha1, sha256, sha512 with or without :salt+password or :password+salt"
    )]
    UnknownFormat,
    /// `hash_format` and the hash disagree.
    #[error("`hash_format` says {said}, but the hash looks like {found}")]
    Mismatch {
        /// Named in the row.
        said: &'static str,
        /// Seen.
        found: &'static str,
    },
    /// The right family, but damaged.
    #[error("{family}: {what}")]
    Malformed {
        /// Which format.
        family: &'static str,
        /// The damage.
        what: &'static str,
    },
    /// Would cost a sign-in too much time or memory.
    #[error("{family}: {what} is above the limit of {limit}")]
    TooCostly {
        /// Which format.
        family: &'static str,
        /// Which cost.
        what: &'static str,
        /// The most that is taken.
        limit: u64,
    },
    /// A recipe in the database that this program did not write.
    #[error("the stored form of a hash is damaged")]
    Stored,
}

/// A password hash of an agency. It has no Debug: half of it is a secret.
#[derive(Clone)]
pub struct Verifier {
    recipe: Recipe,
    digest: Zeroizing<Vec<u8>>,
}

impl Verifier {
    /// Reads a hash. `format` is one of [`FORMATS`] and may be left out where the hash tells by itself; `salt` belongs to the hex formats only.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong, without a character of the hash.
    pub fn parse(format: Option<&str>, hash: &str, salt: Option<&str>) -> Result<Self, Unreadable> {
        let format = match format.map(str::trim).filter(|f| !f.is_empty()) {
            Some(name) => Some(
                *FORMATS.iter().find(|f| f.eq_ignore_ascii_case(name)).ok_or(Unreadable::UnknownFormat)?,
            ),
            None => None,
        };
        if hash.is_empty() {
            return Err(Unreadable::Empty);
        }
        if format == Some("plain") {
            return Self::clear(hash);
        }
        if hash.len() > LONGEST_HASH {
            return Err(Unreadable::TooLong);
        }
        if let Some(hex) = format.and_then(hex::Named::find) {
            return hex.parse(hash, salt);
        }
        let Some(family) = family(hash) else {
            return Err(match (format, hex::candidates(hash)) {
                (_, Some(candidates)) => Unreadable::Ambiguous(candidates),
                (Some(said), None) => malformed(said, "the hash does not begin as one of this format does"),
                (None, None) => Unreadable::Unknown,
            });
        };
        if let Some(said) = format.filter(|f| *f != family.name) {
            return Err(Unreadable::Mismatch { said, found: family.name });
        }
        if salt.is_some_and(|s| !s.is_empty()) {
            return Err(malformed(family.name, "carries its own salt; leave `salt` empty"));
        }
        (family.read)(hash)?.within_limits()
    }

    /// A password that the agency kept in the clear.
    ///
    /// # Errors
    /// [`Unreadable`] for an empty one, or one beyond 1,024 bytes.
    pub fn clear(password: &str) -> Result<Self, Unreadable> {
        match password.len() {
            0 => Err(Unreadable::Empty),
            1..=1024 => Ok(Self::new(Kind::Plain, password.as_bytes().to_vec())),
            _ => Err(malformed("plain", "longer than 1024 bytes")),
        }
    }

    /// Returns true for the right password. The digests are compared in constant time; the work before depends on the password's length.
    ///
    /// Passwords are bytes, as typed: the caller decides on charset, trimming and Unicode form. What the old tools did is done here: bcrypt
    /// looks at the first 72 bytes only, and the crypt(3) family ends at a NUL, which nobody can have typed, so a password
    /// with NUL is never right there.
    pub fn verify(&self, password: &[u8]) -> bool {
        let digest = self.recipe.digest(password);
        !digest.is_empty() && bool::from(digest.ct_eq(&self.digest))
    }

    /// Returns true for the hash of nothing, or of a word for nothing: an account that was never opened in the old system, and that nobody's password opens
    /// (SECURITY D12). `is_nothing` judges a password in the clear. Costly recipes are not tried, because an import has a hundred thousand rows; no page takes
    /// such a password either way.
    pub fn is_of_nothing(&self, is_nothing: impl Fn(&str) -> bool) -> bool {
        let (blanks, words): (&[&str], _) = match self.recipe.work() {
            0 => return std::str::from_utf8(&self.digest).is_ok_and(is_nothing),
            1..=4 => (&["", " ", "  ", "\t", "\n", "\r\n", "\u{a0}"], PASSWORD_EXAMPLES),
            5..=CHEAP => (&[""], &[] as &[_]),
            _ => return false,
        };
        blanks.iter().chain(words).any(|nothing| self.verify(nothing.as_bytes()))
    }

    /// Strong ones may be stored as they are ([`Verifier::to_text`]); weak ones never outside a seal.
    pub fn strength(&self) -> Strength {
        self.recipe.strength()
    }

    /// The recipe of the digest. Public.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The digest that [`Recipe::digest`] gives for the right password. Secret; never empty.
    pub fn digest(&self) -> Zeroizing<Vec<u8>> {
        self.digest.clone()
    }

    /// The whole as one line, for a sealed column, or a bare one where the hash is strong: digest (base64), a space, the recipe.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!(
            "{} {}",
            *Zeroizing::new(LENIENT.encode(&*self.digest)),
            self.recipe.to_text()
        ))
    }

    /// Reads [`Verifier::to_text`].
    ///
    /// # Errors
    /// [`Unreadable::Stored`], or a cost above the limits.
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let (digest, recipe) = text.split_once(' ').ok_or(Unreadable::Stored)?;
        let digest = Zeroizing::new(LENIENT.decode(digest).map_err(|_| Unreadable::Stored)?);
        let recipe = Recipe::parse(recipe)?;
        if digest.is_empty() {
            return Err(Unreadable::Stored);
        }
        Ok(Self { recipe, digest })
    }

    fn new(kind: Kind, digest: Vec<u8>) -> Self {
        Self { recipe: Recipe::new(kind), digest: Zeroizing::new(digest) }
    }

    fn within_limits(self) -> Result<Self, Unreadable> {
        self.recipe.check()?;
        Ok(self)
    }
}

/// The work of recipes that an import tries, as [`Recipe::work`] counts: a millisecond at most.
const CHEAP: u64 = 5000;

struct Family {
    name: &'static str,
    read: fn(&str) -> Result<Verifier, Unreadable>,
}

/// The family of a hash, by its beginning.
fn family(hash: &str) -> Option<Family> {
    const TABLE: &[(&[&str], Family)] = &[
        (&["$argon2"], Family { name: "argon2", read: phc::argon2 }),
        (&["$scrypt$"], Family { name: "scrypt", read: phc::scrypt }),
        (&["$pbkdf2"], Family { name: "pbkdf2", read: phc::pbkdf2 }),
        (&["$bcrypt-sha256$"], Family { name: "bcrypt", read: crypt::bcrypt_sha256 }),
        (&["$wp$2"], Family { name: "bcrypt", read: crypt::wordpress }),
        (&["$2"], Family { name: "bcrypt", read: crypt::bcrypt }),
        (&["$1$", "$apr1$"], Family { name: "md5crypt", read: crypt::md5_crypt }),
        (&["$5$"], Family { name: "sha256crypt", read: crypt::sha_crypt }),
        (&["$6$"], Family { name: "sha512crypt", read: crypt::sha_crypt }),
        (&["$P$", "$H$"], Family { name: "phpass", read: crypt::phpass }),
        (django::PREFIXES, Family { name: "django", read: django::read }),
        (&["{"], Family { name: "ldap", read: ldap::read }),
    ];
    let (_, found) = TABLE.iter().find(|(begins, _)| begins.iter().any(|b| hash.starts_with(b)))?;
    Some(Family { name: found.name, read: found.read })
}

fn malformed(family: &'static str, what: &'static str) -> Unreadable {
    Unreadable::Malformed { family, what }
}

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Base64 with or without padding; stray bits at the end are dropped, as the old tools did.
const LENIENT: GeneralPurpose = GeneralPurpose::new(&STANDARD, FORGIVING);

/// bcrypt's own alphabet.
const BCRYPT64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, FORGIVING);

fn base64(family: &'static str, text: &str) -> Result<Vec<u8>, Unreadable> {
    let bytes = LENIENT.decode(text).map_err(|_| malformed(family, "a part is no base64"))?;
    if bytes.is_empty() { Err(malformed(family, "a part is missing")) } else { Ok(bytes) }
}

/// A decimal number without sign, blanks or leading zeros.
fn number(family: &'static str, text: &str) -> Result<u32, Unreadable> {
    let digits = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    let wrong = malformed(family, "a cost is no number");
    if digits { text.parse().map_err(|_| wrong) } else { Err(wrong) }
}
