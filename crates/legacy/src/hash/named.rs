//! Recipes: those that a file writes out, and those of well-known programs under their names.

use super::{
    Given, LENIENT, Unreadable, Verifier, family, malformed,
    recipe::{Kind, Salt},
    words::{Output, Uses, Words},
};
use base64::Engine;

/// The recipes of programs, by the name that `hash_format` gives them.
pub(super) const PROGRAMS: &[(&str, &str)] = &[
    ("joomla", "md5(password+salt)"),
    ("oscommerce", "md5(salt+password)"),
    ("vbulletin", "md5(md5(password)+salt)"),
    ("mybb", "md5(md5(salt)+md5(password))"),
    ("ez", "md5(user+'\\n'+password)"),
    ("smf", "sha1(lower(user)+password)"),
    ("opencart", "sha1(salt+sha1(salt+sha1(password)))"),
    ("prestashop", "md5(key+password)"),
    ("spip", "sha256(salt+password)"),
    ("symfony", "loop(4999,raw(sha512(password+'{'+salt+'}')),raw(sha512(it+password+'{'+salt+'}')))"),
    ("mysql", "sha1(raw(sha1(password)))"),
    ("postgresql", "md5(password+user)"),
    ("nt", "md4(utf16(password))"),
];

const F: &str = "recipe";

/// The hashes that a recipe may feed: `bcrypt(md5(password))`.
const FED: &[&str] = &[
    "bcrypt",
    "argon2",
    "scrypt",
    "pbkdf2",
    "phpass",
    "md5crypt",
    "sha256crypt",
    "sha512crypt",
    "django",
    "yescrypt",
];

/// A recipe, under its name or written out.
pub(super) struct Named<'a> {
    text: &'a str,
    words: Words,
    /// The hash that its result is given to.
    fed: Option<&'static str>,
}

impl<'a> Named<'a> {
    /// Finds the recipe that `hash_format` names; `None` where it names something else.
    ///
    /// # Errors
    /// [`Unreadable::Recipe`], or its cost.
    pub(super) fn find(format: &'a str) -> Result<Option<Self>, Unreadable> {
        let known = PROGRAMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(format));
        if let Some((_, text)) = known {
            return Self::parse(text).map(Some);
        }
        if format.contains('(') { Self::parse(format).map(Some) } else { Ok(None) }
    }

    fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let outer = text.split_once('(').map_or("", |(name, _)| name.trim());
        let fed = FED.iter().find(|name| name.eq_ignore_ascii_case(outer)).copied();
        let text = match fed {
            Some(_) => text
                .split_once('(')
                .and_then(|(_, rest)| rest.strip_suffix(')'))
                .ok_or(Unreadable::Recipe { what: "a `)` is missing", at: text.len() + 1 })?,
            None => text,
        };
        let words = Words::parse(text)?;
        if fed.is_none() && !words.hashes() {
            return Err(Unreadable::Recipe { what: "nothing is hashed in it", at: 1 });
        }
        Ok(Self { text, words, fed })
    }

    pub(super) fn read(&self, given: &Given<'_>) -> Result<Verifier, Unreadable> {
        let Uses { salt, user, key, .. } = self.words.uses();
        let (mut hash, mut given_salt) = (given.hash.trim(), given.salt);
        if salt && given_salt.is_none() && self.fed.is_none() {
            // Both are in one column. Only the salt may have a colon in it.
            (hash, given_salt) = hash.split_once(':').map_or((hash, None), |(hash, salt)| (hash, Some(salt)));
        }
        if !salt && given_salt.is_some() {
            return Err(malformed(F, "there is a salt, and the word `salt` is not in it"));
        }
        let value = |used: bool, value: Option<&str>, missing: &'static str| match value {
            _ if !used => Ok(Salt(Vec::new())),
            Some(value) if !value.is_empty() => Ok(Salt(value.as_bytes().to_vec())),
            _ => Err(malformed(F, missing)),
        };
        let salt = value(salt, given_salt, "the salt is missing")?;
        let user = value(user, given.user, "the user's name is missing")?;
        let key = value(key, given.key, "the site's key is missing")?;
        if let Some(name) = self.fed {
            let Some(found) = family(hash).filter(|found| found.name == name) else {
                return Err(malformed(name, "the hash does not begin as one of this format does"));
            };
            let inner = (found.read)(hash)?.within_limits()?;
            let then = Box::new(inner.recipe.kind().clone());
            let kind = Kind::Fed { words: self.text.to_owned(), salt, user, key, then };
            return Verifier::new(kind, inner.digest.to_vec()).within_limits();
        }
        let digest = digest_of(&self.words, hash)?;
        Verifier::new(Kind::Words { words: self.text.to_owned(), salt, user, key }, digest).within_limits()
    }
}

/// A verifier by a recipe whose salt is bytes.
pub(super) fn by(words: &str, salt: Vec<u8>, digest: Vec<u8>) -> Result<Verifier, Unreadable> {
    let none = || Salt(Vec::new());
    let kind = Kind::Words { words: words.to_owned(), salt: Salt(salt), user: none(), key: none() };
    Verifier::new(kind, digest).within_limits()
}

fn digest_of(words: &Words, hash: &str) -> Result<Vec<u8>, Unreadable> {
    let text = match words.output() {
        Output::Digest(len) => {
            return bytes_of(hash, len)
                .ok_or(malformed(F, "the hash is neither hex nor base64 of the digest's length"));
        }
        Output::CutHex => hash.to_ascii_lowercase(),
        Output::Text => hash.to_owned(),
    };
    // A few characters would be met by chance.
    if text.len() < 8 { Err(malformed(F, "the hash is cut off")) } else { Ok(text.into_bytes()) }
}

/// A digest in hex, with or without `0x`, in base64 or base64url.
pub(super) fn bytes_of(hash: &str, len: usize) -> Option<Vec<u8>> {
    let hex = hash.strip_prefix("0x").or_else(|| hash.strip_prefix("0X")).unwrap_or(hash);
    // MySQL marks its own.
    let hex = hex.strip_prefix('*').unwrap_or(hex);
    let by_hex = ::hex::decode(hex).ok().filter(|bytes| bytes.len() == len);
    by_hex.or_else(|| {
        let standard = hash.replace('-', "+").replace('_', "/");
        LENIENT.decode(standard).ok().filter(|bytes| bytes.len() == len)
    })
}

/// Reads Magento's `hash:salt`, with a version behind that says how: 0 is MD5, 1 SHA-256, 2 Argon2id.
pub(super) fn magento(given: &Given<'_>) -> Result<Verifier, Unreadable> {
    const F: &str = "magento";
    let parts: Vec<&str> = given.hash.split(':').collect();
    let (hash, salt, version) = match *parts {
        [hash, salt] if hash.len() == 32 => (hash, salt, "0"),
        [hash, salt] => (hash, salt, "1"),
        [hash, salt, version] => (hash, salt, version),
        [hash] if given.salt.is_some() => (hash, given.salt.unwrap_or_default(), "0"),
        [..] => return Err(malformed(F, "it is not hash:salt or hash:salt:version")),
    };
    let salted = |words: &str, len| {
        let digest = bytes_of(hash, len).ok_or(malformed(F, "the hash has another length"))?;
        by(words, salt.as_bytes().to_vec(), digest)
    };
    match version {
        "0" => salted("md5(salt+password)", 16),
        "1" => salted("sha256(salt+password)", 32),
        version if version == "2" || version.starts_with("3_32_2_") => {
            let memory = version.strip_prefix("3_32_2_").unwrap_or("67108864");
            let bytes: u32 = memory.parse().map_err(|_| malformed(F, "a cost is no number"))?;
            let digest = bytes_of(hash, 32).ok_or(malformed(F, "the hash has another length"))?;
            let salt = salt.as_bytes().get(..16).ok_or(malformed(F, "the salt is too short"))?;
            let kind = Kind::Argon2 {
                which: super::recipe::Which::Id,
                v: 0x13,
                m: bytes / 1024,
                t: 2,
                p: 1,
                salt: Salt(salt.to_vec()),
                len: 32,
            };
            Verifier::new(kind, digest).within_limits()
        }
        _ => Err(malformed(F, "a version that is none of 0, 1, 2 and 3_32_2_…")),
    }
}
