//! Django's `algorithm$…` strings, of every version since 1.0 except the DES one.

use super::{
    Unreadable, Verifier, base64, crypt, hex, malformed, number, phc,
    recipe::{Before, Hash, Kind, Order, Salt},
};

const F: &str = "django";

/// The beginnings of Django's hashes.
pub(super) const PREFIXES: &[&str] =
    &["pbkdf2_sha256$", "pbkdf2_sha1$", "argon2$", "bcrypt_sha256$", "bcrypt$", "scrypt$", "md5$", "sha1$"];

pub(super) fn read(hash: &str) -> Result<Verifier, Unreadable> {
    let (algorithm, rest) = hash.split_once('$').ok_or(malformed(F, "parts are missing"))?;
    match algorithm {
        "pbkdf2_sha256" => pbkdf2(Hash::Sha256, rest),
        "pbkdf2_sha1" => pbkdf2(Hash::Sha1, rest),
        // What follows is a PHC string without its first dollar.
        "argon2" => phc::argon2(&format!("${rest}")),
        "bcrypt_sha256" => crypt::prepared(rest, Before::Sha256Hex),
        "bcrypt" => crypt::prepared(rest, Before::Nothing),
        "scrypt" => scrypt(rest),
        "md5" => salted(Hash::Md5, rest),
        "sha1" => salted(Hash::Sha1, rest),
        _ => Err(Unreadable::Unknown),
    }
}

fn pbkdf2(of: Hash, rest: &str) -> Result<Verifier, Unreadable> {
    let fields: Vec<&str> = rest.split('$').collect();
    let [rounds, salt, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let digest = base64(F, digest)?;
    let salt = Salt(salt.as_bytes().to_vec());
    Ok(Verifier::new(Kind::Pbkdf2 { of, rounds: number(F, rounds)?, salt, len: digest.len() }, digest))
}

fn scrypt(rest: &str) -> Result<Verifier, Unreadable> {
    let fields: Vec<&str> = rest.split('$').collect();
    let [n, salt, r, p, digest] = *fields else {
        return Err(malformed(F, "parts are missing"));
    };
    let n = number(F, n)?;
    if !n.is_power_of_two() {
        return Err(malformed(F, "scrypt's N is no power of two"));
    }
    let digest = base64(F, digest)?;
    let (r, p, salt) = (number(F, r)?, number(F, p)?, Salt(salt.as_bytes().to_vec()));
    Ok(Verifier::new(Kind::Scrypt { ln: n.trailing_zeros(), r, p, salt, len: digest.len() }, digest))
}

fn salted(of: Hash, rest: &str) -> Result<Verifier, Unreadable> {
    let (salt, digest) = rest.split_once('$').ok_or(malformed(F, "parts are missing"))?;
    let salt = Salt(salt.as_bytes().to_vec());
    Ok(Verifier::new(Kind::Simple { of, salt, order: Order::SaltFirst }, hex::digest(F, of, digest)?))
}
