//! The crypt(3) family: `$1$`, `$apr1$`, `$5$`, `$6$`, bcrypt and its offspring, phpass.

use base64::Engine;

use super::{
    BCRYPT64, Unreadable, Verifier, base64,
    compute::{crypt64, is_crypt64, unpack64},
    malformed,
    named::{by, bytes_of},
    number,
    recipe::{Before, Hash, Kind, Magic, Salt},
};

pub(super) fn md5_crypt(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "md5crypt";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", id, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    if salt.len() > 8 {
        return Err(malformed(F, "a salt of more than 8 characters"));
    }
    let magic = if id == "1" { Magic::Unix } else { Magic::Apache };
    let digest = text_digest(F, digest, 22)?;
    Ok(Verifier::new(Kind::Md5Crypt { magic, salt: Salt(salt.as_bytes().to_vec()) }, digest))
}

pub(super) fn sha_crypt(hash: &str) -> Result<Verifier, Unreadable> {
    let wide = hash.starts_with("$6$");
    let (family, length) = if wide { ("sha512crypt", 86) } else { ("sha256crypt", 43) };
    let fields: Vec<&str> = hash.split('$').collect();
    let (rounds, salt, digest) = match *fields {
        ["", _, rounds, salt, digest] => {
            let rounds = rounds.strip_prefix("rounds=").ok_or(malformed(family, "the rounds are missing"))?;
            (number(family, rounds)?, salt, digest)
        }
        ["", _, salt, digest] => (5000, salt, digest),
        _ => return Err(malformed(family, "parts are missing")),
    };
    if salt.len() > 16 {
        return Err(malformed(family, "a salt of more than 16 characters"));
    }
    let digest = text_digest(family, digest, length)?;
    let salt = Salt(salt.as_bytes().to_vec());
    Ok(Verifier::new(
        if wide { Kind::Sha512Crypt { rounds, salt } } else { Kind::Sha256Crypt { rounds, salt } },
        digest,
    ))
}

pub(super) fn phpass(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "phpass";
    if hash.len() != 34 || !hash.is_ascii() {
        return Err(malformed(F, "it is not 34 characters long"));
    }
    let log2 = crypt64(hash.as_bytes()[3]).filter(|n| *n >= 7).ok_or(malformed(F, "no such cost"))?;
    let digest = text_digest(F, &hash[12..], 22)?;
    Ok(Verifier::new(Kind::Phpass { log2, salt: Salt(hash.as_bytes()[4..12].to_vec()) }, digest))
}

/// Drupal 7's `$S$`, and `U$S$` over a hash of Drupal 6.
pub(super) fn drupal(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "drupal7";
    let (md5_first, rest) = hash.strip_prefix('U').map_or((false, hash), |rest| (true, rest));
    if rest.len() != 55 || !rest.is_ascii() {
        return Err(malformed(F, "it is not 55 characters long"));
    }
    let log2 = crypt64(rest.as_bytes()[3]).filter(|n| *n >= 7).ok_or(malformed(F, "no such cost"))?;
    let digest = text_digest(F, &rest[12..], 43)?;
    Ok(Verifier::new(Kind::Drupal { log2, salt: Salt(rest.as_bytes()[4..12].to_vec()), md5_first }, digest))
}

/// NetBSD's `$sha1$rounds$salt$digest`.
pub(super) fn sha1_crypt(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "sha1crypt";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", "sha1", rounds, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let digest = text_digest(F, digest, 28)?;
    let salt = Salt(salt.as_bytes().to_vec());
    Ok(Verifier::new(Kind::Sha1Crypt { rounds: number(F, rounds)?, salt }, digest))
}

/// `$y$params$salt$digest`. Its costs in three characters: what the tools write.
pub(super) fn yescrypt(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "yescrypt";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", "y", params, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let (salt, digest) = unpacked(F, salt, digest)?;
    Ok(Verifier::new(Kind::Yescrypt { params: params.to_owned(), salt: Salt(salt) }, digest))
}

fn unpacked(family: &'static str, salt: &str, digest: &str) -> Result<(Vec<u8>, Vec<u8>), Unreadable> {
    let wrong = malformed(family, "a character that cannot be there");
    let salt = unpack64(salt).ok_or(wrong)?;
    let digest = unpack64(digest).ok_or(wrong)?;
    if digest.len() == 32 {
        Ok((salt, digest))
    } else {
        Err(malformed(family, "the hash is cut off or too long"))
    }
}

/// scrypt as crypt(3) has it: `$7$`, log N, r and p in the alphabet of crypt, a salt as text, the digest.
pub(super) fn scrypt7(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "scrypt";
    let rest = &hash[3..];
    if !rest.is_ascii() || rest.len() < 11 {
        return Err(malformed(F, "parts are missing"));
    }
    let number = |text: &str| text.bytes().rev().try_fold(0, |value, c| Some(value << 6 | crypt64(c)?));
    let wrong = malformed(F, "a cost is no number");
    let (ln, r, p) = (
        number(&rest[..1]).ok_or(wrong)?,
        number(&rest[1..6]).ok_or(wrong)?,
        number(&rest[6..11]).ok_or(wrong)?,
    );
    let (salt, digest) = rest[11..].rsplit_once('$').ok_or(malformed(F, "parts are missing"))?;
    let (_, digest) = unpacked(F, "", digest)?;
    Ok(Verifier::new(Kind::Scrypt { ln, r, p, salt: Salt(salt.as_bytes().to_vec()), len: 32 }, digest))
}

/// PostgreSQL's `SCRAM-SHA-256$rounds:salt$StoredKey:ServerKey`.
pub(super) fn scram(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "scram";
    let rest = hash.strip_prefix("SCRAM-SHA-256$").unwrap_or_default();
    let (how, keys) = rest.split_once('$').ok_or(malformed(F, "parts are missing"))?;
    let (rounds, salt) = how.split_once(':').ok_or(malformed(F, "parts are missing"))?;
    let (stored, _) = keys.split_once(':').ok_or(malformed(F, "parts are missing"))?;
    scram_of(F, Hash::Sha256, [rounds, salt, stored])
}

pub(super) fn scram_of(
    family: &'static str,
    of: Hash,
    [rounds, salt, stored]: [&str; 3],
) -> Result<Verifier, Unreadable> {
    let stored = base64(family, stored)?;
    if stored.len() != of.len() {
        return Err(malformed(family, "the hash has another length"));
    }
    let kind = Kind::Scram { of, rounds: number(family, rounds)?, salt: Salt(base64(family, salt)?) };
    Verifier::new(kind, stored).within_limits()
}

/// FreeBSD's `$3$$`, in hex.
pub(super) fn nt(hash: &str) -> Result<Verifier, Unreadable> {
    let hex = hash.strip_prefix("$3$").unwrap_or_default().trim_start_matches('$');
    let digest = bytes_of(hex, 16).ok_or(malformed("nt", "it is not 32 digits of hex"))?;
    by("md4(utf16(password))", Vec::new(), digest)
}

/// Werkzeug's `pbkdf2:sha256:rounds$salt$hex` and `scrypt:N:r:p$salt$hex`.
pub(super) fn werkzeug(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "werkzeug";
    let fields: Vec<&str> = hash.split('$').collect();
    let [how, salt, hex] = *fields else { return Err(malformed(F, "parts are missing")) };
    let key = ::hex::decode(hex).map_err(|_| malformed(F, "the hash is not hexadecimal"))?;
    let (salt, len) = (Salt(salt.as_bytes().to_vec()), key.len());
    let how: Vec<&str> = how.split(':').collect();
    let kind = match *how {
        ["pbkdf2", of, rounds] => {
            let of = match of {
                "sha1" => Hash::Sha1,
                "sha256" => Hash::Sha256,
                "sha512" => Hash::Sha512,
                _ => return Err(malformed(F, "an unknown function")),
            };
            Kind::Pbkdf2 { of, rounds: number(F, rounds)?, salt, len }
        }
        ["scrypt", n, r, p] => {
            let n = number(F, n)?;
            if !n.is_power_of_two() {
                return Err(malformed(F, "scrypt's N is no power of two"));
            }
            Kind::Scrypt { ln: n.trailing_zeros(), r: number(F, r)?, p: number(F, p)?, salt, len }
        }
        _ => return Err(malformed(F, "parts are missing")),
    };
    Ok(Verifier::new(kind, key))
}

/// The digest stays text, as the recipe gives it.
fn text_digest(family: &'static str, digest: &str, length: usize) -> Result<Vec<u8>, Unreadable> {
    if digest.len() != length {
        return Err(malformed(family, "the hash is cut off or too long"));
    }
    if !is_crypt64(digest) {
        return Err(malformed(family, "a character that cannot be there"));
    }
    Ok(digest.as_bytes().to_vec())
}

/// `$2a$`, `$2b$`, `$2x$`, `$2y$` of OpenBSD, PHP, htpasswd, Spring, Node and others; 2a, 2b and 2y differ only in faults that no password meets.
pub(super) fn bcrypt(hash: &str) -> Result<Verifier, Unreadable> {
    prepared(hash, Before::Nothing)
}

/// `$wp$2y$…`: WordPress since 6.8.
pub(super) fn wordpress(hash: &str) -> Result<Verifier, Unreadable> {
    prepared(hash.strip_prefix("$wp").unwrap_or(hash), Before::WordPress)
}

/// passlib's `$bcrypt-sha256$v=2,t=2b,r=12$salt$digest` and the older `$bcrypt-sha256$2b,12$salt$digest`.
pub(super) fn bcrypt_sha256(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "bcrypt";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", _, params, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let parts: Vec<&str> = params.split(',').collect();
    let (version, cost, before) = match *parts {
        ["v=2", t, r] => {
            let version = t.strip_prefix("t=").unwrap_or("");
            (version, r.strip_prefix("r=").unwrap_or(""), Before::HmacSha256Base64)
        }
        [version, cost] => (version, cost, Before::Sha256Base64),
        _ => return Err(malformed(F, "the costs are missing")),
    };
    if !matches!(version, "2a" | "2b" | "2y") {
        return Err(malformed(F, "no such variant"));
    }
    parts_of(number(F, cost)?, salt, digest, before, false)
}

pub(super) fn prepared(hash: &str, before: Before) -> Result<Verifier, Unreadable> {
    const F: &str = "bcrypt";
    if hash.len() != 60 || !hash.is_ascii() {
        return Err(malformed(F, "it is not 60 characters long"));
    }
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", version, cost, rest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    if !matches!(version, "2a" | "2b" | "2x" | "2y") || cost.len() != 2 {
        return Err(malformed(F, "no such variant"));
    }
    let cost = number(F, cost.strip_prefix('0').unwrap_or(cost))?;
    let (salt, digest) = rest.split_at(22);
    parts_of(cost, salt, digest, before, version == "2x")
}

fn parts_of(
    cost: u32,
    salt: &str,
    digest: &str,
    before: Before,
    sign_bug: bool,
) -> Result<Verifier, Unreadable> {
    let wrong = malformed("bcrypt", "a character that cannot be there");
    let salt = BCRYPT64.decode(salt).map_err(|_| wrong)?;
    let digest = BCRYPT64.decode(digest).map_err(|_| wrong)?;
    if digest.len() != 23 {
        return Err(malformed("bcrypt", "the hash is cut off or too long"));
    }
    Ok(Verifier::new(Kind::Bcrypt { cost, salt: Salt(salt), before, sign_bug }, digest))
}
