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

mod braces;
mod compute;
mod crypt;
mod des;
mod django;
mod dotnet;
mod hex;
mod limits;
mod name;
mod named;
mod phc;
mod recipe;
#[cfg(test)]
mod site_tests;
#[cfg(test)]
mod tests;
mod unreadable;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod vectors_of_sites;
mod words;

use base64::{
    Engine,
    alphabet::{BCRYPT, STANDARD},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use recipe::Kind;
use words::{Values, Words};

use crate::nothing::PASSWORD_EXAMPLES;
pub use recipe::{Recipe, Strength};
pub use unreadable::Unreadable;

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
    "werkzeug",
    "drupal7",
    "descrypt",
    "bsdicrypt",
    "sha1crypt",
    "yescrypt",
    "scram",
    "ldap",
    "aspnet-identity",
    "aspnet-membership",
    "aspnet-membership-sha256",
    "mssql",
    "magento",
    "joomla",
    "oscommerce",
    "vbulletin",
    "mybb",
    "ez",
    "smf",
    "opencart",
    "prestashop",
    "spip",
    "symfony",
    "mysql",
    "postgresql",
    "nt",
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

/// All that a row says of a hash.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// One of [`FORMATS`], or a recipe.
    pub format: Option<&'a str>,
    /// The hash, as the old system stored it.
    pub hash: &'a str,
    /// Its salt, where the hash does not carry one.
    pub salt: Option<&'a str>,
    /// The name that the old system hashed with the password, for recipes with `user`.
    pub user: Option<&'a str>,
    /// The old site's own key, for recipes with `key`.
    pub key: Option<&'a str>,
}

/// A password hash of an agency. It has no Debug: half of it is a secret.
#[derive(Clone)]
pub struct Verifier {
    recipe: Recipe,
    digest: Zeroizing<Vec<u8>>,
}

impl Verifier {
    /// Reads a hash. `format` is one of [`FORMATS`] or a recipe, and may be left out where the hash tells by itself.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong, without a character of the hash.
    pub fn parse(format: Option<&str>, hash: &str, salt: Option<&str>) -> Result<Self, Unreadable> {
        Self::read(&Given { format, hash, salt, user: None, key: None })
    }

    /// Reads a hash by all that a row says of it.
    ///
    /// # Errors
    /// [`Unreadable`] likewise.
    pub fn read(given: &Given<'_>) -> Result<Self, Unreadable> {
        let given = &Given { salt: given.salt.filter(|salt| !salt.is_empty()), ..*given };
        let (hash, salt) = (given.hash, given.salt);
        let recipe = given.format.map(str::trim).filter(|f| !f.is_empty());
        let format = recipe.and_then(known_format);
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
        // PostgreSQL's: its name, and the hex of a recipe.
        let role = hash.strip_prefix("md5").filter(|hex| hex::candidates(hex) == Some("md5"));
        if let Some(hex) = role.filter(|_| recipe.is_none() || format == Some("postgresql"))
            && let Some(named) = named::Named::find("postgresql")?
        {
            return named.read(&Given { hash: hex, ..*given });
        }
        if let Some(text) = recipe {
            if let Some(named) = named::Named::find(text)? {
                // Beside its own, a program has what its newer versions write.
                let newer = family(hash).filter(|_| format.is_some() && hash.starts_with('$'));
                return newer.map_or_else(|| named.read(given), |found| (found.read)(hash)?.within_limits());
            }
            if format.is_none() {
                return Err(Unreadable::UnknownFormat);
            }
        }
        match format {
            Some("magento") => return named::magento(given),
            Some("aspnet-membership") => return dotnet::membership(given, false),
            Some("aspnet-membership-sha256") => return dotnet::membership(given, true),
            Some("aspnet-identity") => return dotnet::identity(hash),
            Some("mssql") => return dotnet::sql_server(hash),
            Some("descrypt") => return des::traditional(hash),
            _ => {}
        }
        let Some(family) = family(hash) else {
            return Err(match (format, hex::candidates(hash)) {
                (_, Some(candidates)) => Unreadable::Ambiguous(candidates),
                (Some(said), None) => malformed(said, "the hash does not begin as one of this format does"),
                (None, None) => Unreadable::Unknown,
            });
        };
        if let Some(said) = format.filter(|f| *f != family.name && !braces::holds(hash, f)) {
            return Err(Unreadable::Mismatch { said, found: family.name });
        }
        if salt.is_some() {
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
            1..=16 => (&["", " ", "  ", "\t", "\n", "\r\n", "\u{a0}"], PASSWORD_EXAMPLES),
            17..=CHEAP => (&[""], &[] as &[_]),
            _ => return false,
        };
        let mut tried = blanks.iter().chain(words).map(|nothing| nothing.as_bytes());
        let Kind::Words { words, salt, user, key } = self.recipe.kind() else {
            return tried.any(|nothing| self.verify(nothing));
        };
        // Read once for all of them.
        let Ok(words) = Words::parse(words) else { return false };
        tried.any(|password| {
            let digest = words.eval(&Values { password, salt: &salt.0, user: &user.0, key: &key.0 });
            digest.is_some_and(|digest| digest.ct_eq(&self.digest).into())
        })
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

/// Checks the text of `hash_format`: a name of [`FORMATS`], or a recipe that can be followed.
///
/// # Errors
/// [`Unreadable`] says what is wrong with it.
pub fn check_format(text: &str) -> Result<(), Unreadable> {
    let text = text.trim();
    if known_format(text).is_some() || named::Named::find(text)?.is_some() {
        return Ok(());
    }
    Err(Unreadable::UnknownFormat)
}

/// Returns the characters of a name of a format by which it is compared.
fn bare(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).map(|c| c.to_ascii_lowercase())
}

/// Finds the format of a name, as whoever exports it may write it: `SHA-256`, `aspnet_identity`.
fn known_format(name: &str) -> Option<&'static str> {
    let known = FORMATS.iter().find(|known| known.eq_ignore_ascii_case(name));
    known.or_else(|| FORMATS.iter().find(|known| bare(known).eq(bare(name)))).copied()
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
        (&["$S$", "U$S$"], Family { name: "drupal7", read: crypt::drupal }),
        (&["$y$"], Family { name: "yescrypt", read: crypt::yescrypt }),
        (&["$7$"], Family { name: "scrypt", read: crypt::scrypt7 }),
        (&["$sha1$"], Family { name: "sha1crypt", read: crypt::sha1_crypt }),
        (&["$3$"], Family { name: "nt", read: crypt::nt }),
        (&["SCRAM-SHA-256$"], Family { name: "scram", read: crypt::scram }),
        (&["pbkdf2:", "scrypt:"], Family { name: "werkzeug", read: crypt::werkzeug }),
        (&["0x0100", "0x0200"], Family { name: "mssql", read: dotnet::sql_server }),
        (django::PREFIXES, Family { name: "django", read: django::read }),
        (&["{"], Family { name: "ldap", read: braces::read }),
        (braces::WORDS, Family { name: "ldap", read: braces::read_word }),
    ];
    // These have no beginning of their own.
    if hash.starts_with('_') && hash.len() == 20 {
        return Some(Family { name: "bsdicrypt", read: des::extended });
    }
    if hash.starts_with('*') && hash.len() == 41 {
        return Some(Family { name: "mysql", read: mysql });
    }
    if dotnet::is_identity(hash) {
        return Some(Family { name: "aspnet-identity", read: dotnet::identity });
    }
    let (_, found) = TABLE.iter().find(|(begins, _)| begins.iter().any(|b| hash.starts_with(b)))?;
    Some(Family { name: found.name, read: found.read })
}

fn mysql(hash: &str) -> Result<Verifier, Unreadable> {
    Verifier::parse(Some("mysql"), hash, None)
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
