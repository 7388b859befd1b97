//! The crypt(3) family: `$1$`, `$apr1$`, `$5$`, `$6$`, bcrypt and its offspring, phpass.

use base64::Engine;

use super::{
    BCRYPT64, Unreadable, Verifier,
    compute::{crypt64, is_crypt64},
    malformed, number,
    recipe::{Before, Kind, Magic, Salt},
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
