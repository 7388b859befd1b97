//! PHC strings (`$argon2id$v=19$m=…,t=…,p=…$salt$hash`, `$scrypt$…`, `$pbkdf2-sha256$i=…$…`), and passlib's older PBKDF2.

use super::{
    Unreadable, Verifier, base64, malformed, number,
    recipe::{Hash, Kind, Salt, Which},
};

pub(super) fn argon2(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "argon2";
    let fields: Vec<&str> = hash.split('$').collect();
    let (id, v, params, salt, digest) = match *fields {
        ["", id, v, params, salt, digest] => {
            let v = v.strip_prefix("v=").ok_or(malformed(F, "the version is missing"))?;
            (id, number(F, v)?, params, salt, digest)
        }
        // The first edition of the algorithm, 1.0, wrote no version.
        ["", id, params, salt, digest] => (id, 0x10, params, salt, digest),
        _ => return Err(malformed(F, "parts are missing")),
    };
    let which = match id {
        "argon2d" => Which::D,
        "argon2i" => Which::I,
        "argon2id" => Which::Id,
        _ => return Err(malformed(F, "no such variant")),
    };
    let [m, t, p] = params_of(F, params, ["m", "t", "p"])?;
    let digest = base64(F, digest)?;
    let salt = Salt(base64(F, salt)?);
    Ok(Verifier::new(Kind::Argon2 { which, v, m, t, p, salt, len: digest.len() }, digest))
}

pub(super) fn scrypt(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "scrypt";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", "scrypt", params, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let [ln, r, p] = params_of(F, params, ["ln", "r", "p"])?;
    let digest = base64(F, digest)?;
    Ok(Verifier::new(Kind::Scrypt { ln, r, p, salt: Salt(base64(F, salt)?), len: digest.len() }, digest))
}

pub(super) fn pbkdf2(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "pbkdf2";
    let fields: Vec<&str> = hash.split('$').collect();
    let ["", id, params, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let of = match id {
        "pbkdf2" | "pbkdf2-sha1" => Hash::Sha1,
        "pbkdf2-sha256" => Hash::Sha256,
        "pbkdf2-sha512" => Hash::Sha512,
        _ => return Err(malformed(F, "no such variant")),
    };
    // PHC writes i=…[,l=…]; passlib a bare number, and base64 with a dot for the plus.
    let (rounds, length) = match params.split_once(',') {
        Some((i, l)) => (i, Some(number(F, l.strip_prefix("l=").unwrap_or(""))?)),
        None => (params, None),
    };
    let rounds = number(F, rounds.strip_prefix("i=").unwrap_or(rounds))?;
    let digest = base64(F, &digest.replace('.', "+"))?;
    if length.is_some_and(|l| l as usize != digest.len()) {
        return Err(malformed(F, "the digest has not the length that it says"));
    }
    // A salt may be empty here: passlib allows it.
    let salt = if salt.is_empty() { Vec::new() } else { base64(F, &salt.replace('.', "+"))? };
    Ok(Verifier::new(Kind::Pbkdf2 { of, rounds, salt: Salt(salt), len: digest.len() }, digest))
}

/// The three, in whatever order; nothing else.
fn params_of(family: &'static str, text: &str, names: [&str; 3]) -> Result<[u32; 3], Unreadable> {
    let mut values = [None; 3];
    for pair in text.split(',') {
        let (name, value) = pair.split_once('=').ok_or(malformed(family, "a parameter has no value"))?;
        let at = names.iter().position(|n| *n == name).ok_or(malformed(family, "an unknown parameter"))?;
        if values[at].replace(number(family, value)?).is_some() {
            return Err(malformed(family, "a parameter comes twice"));
        }
    }
    match values {
        [Some(a), Some(b), Some(c)] => Ok([a, b, c]),
        _ => Err(malformed(family, "a parameter is missing")),
    }
}
