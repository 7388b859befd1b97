//! Whatever stands behind `{scheme}`: RFC 2307 and its relatives (OpenLDAP, 389, Dovecot, Spring), and any other known hash, whoever writes it so.

use super::{
    Family, Unreadable, Verifier, base64, crypt, des, family, malformed,
    named::{by, bytes_of},
    number, phc,
    recipe::{Hash, Kind, Order, Salt},
};

const F: &str = "ldap";

/// Schemes that some tools write as a word and a colon.
pub(super) const WORDS: &[&str] =
    &["bcrypt:", "argon2:", "argon2id:", "crypt:", "md5:", "sha1:", "sha256:", "sha512:", "ssha:"];

/// Reads `bcrypt:$2y$…`.
pub(super) fn read_word(hash: &str) -> Result<Verifier, Unreadable> {
    let (scheme, rest) = hash.split_once(':').ok_or(Unreadable::Empty)?;
    read_scheme(scheme, rest)
}

/// Reads `{bcrypt}$2y$…`.
pub(super) fn read(hash: &str) -> Result<Verifier, Unreadable> {
    let (scheme, rest) =
        hash[1..].split_once('}').ok_or(malformed(F, "the scheme's brace does not close"))?;
    read_scheme(scheme, rest)
}

/// Returns true if a hash of this family stands behind the scheme.
pub(super) fn holds(hash: &str, name: &str) -> bool {
    let rest = match hash.strip_prefix('{') {
        Some(rest) => rest.split_once('}'),
        None => hash.split_once(':').filter(|_| WORDS.iter().any(|word| hash.starts_with(word))),
    };
    rest.and_then(|(_, rest)| family(rest)).is_some_and(|found| found.name == name)
}

fn read_scheme(scheme: &str, rest: &str) -> Result<Verifier, Unreadable> {
    let scheme = scheme.trim().to_ascii_uppercase();
    // Dovecot says the encoding, Spring the version.
    let (scheme, variant) = scheme.split_once(['.', '@']).unwrap_or((&scheme, ""));
    if rest.is_empty() {
        return Err(Unreadable::Empty);
    }
    if matches!(scheme, "PLAIN" | "CLEAR" | "CLEARTEXT" | "NOOP") {
        return Verifier::clear(rest);
    }
    // Dovecot's {MD5} may be one of crypt(3)'s, while its {PBKDF2} has a `$1$` of its own.
    let of_crypt = rest.starts_with('$') && !scheme.starts_with("PBKDF2");
    if let Some(found) = family(rest).filter(|_| of_crypt) {
        return (found.read)(rest);
    }
    match scheme {
        "MD5" | "LDAP-MD5" | "PLAIN-MD5" => digest(Hash::Md5, false, variant, rest),
        "SMD5" => digest(Hash::Md5, true, variant, rest),
        "SHA" | "SHA1" | "SHA-1" => digest(Hash::Sha1, false, variant, rest),
        "SSHA" => digest(Hash::Sha1, true, variant, rest),
        // Spring's first encoder, 1024 rounds over a salt of eight bytes.
        "SHA256" if rest.len() == 80 && variant.is_empty() => spring_sha256(rest),
        "SHA256" | "SHA-256" => digest(Hash::Sha256, false, variant, rest),
        "SSHA256" | "SSHA-256" => digest(Hash::Sha256, true, variant, rest),
        "SHA384" | "SHA-384" => digest(Hash::Sha384, false, variant, rest),
        "SSHA384" | "SSHA-384" => digest(Hash::Sha384, true, variant, rest),
        "SHA512" | "SHA-512" => digest(Hash::Sha512, false, variant, rest),
        "SSHA512" | "SSHA-512" => digest(Hash::Sha512, true, variant, rest),
        "MD4" | "PLAIN-MD4" => digest(Hash::Md4, false, variant, rest),
        "NTLM" | "NT" => {
            let digest = bytes_of(rest, 16).ok_or(malformed(F, "the hash is cut off"))?;
            by("md4(utf16(password))", Vec::new(), digest)
        }
        "PBKDF2" | "PBKDF2-SHA1" | "PBKDF2-SHA256" | "PBKDF2-SHA512" | "PBKDF2_SHA256" => {
            pbkdf2(scheme, variant, rest)
        }
        "PKCS5S2" => {
            let bytes = base64(F, rest)?;
            let (salt, key) = bytes.split_at_checked(16).ok_or(malformed(F, "the hash is cut off"))?;
            pbkdf2_of(Hash::Sha1, 10_000, salt.to_vec(), key.to_vec())
        }
        "SCRAM-SHA-1" => scram(Hash::Sha1, rest),
        "SCRAM-SHA-256" => scram(Hash::Sha256, rest),
        "SCRYPT" if rest.starts_with('$') => spring_scrypt(rest),
        "LANMAN" | "LM" | "CRAM-MD5" | "DIGEST-MD5" | "OTP" | "SKEY" | "RPA" => {
            Err(malformed(F, "a scheme that is not read (docs/import.md says why)"))
        }
        // Spring keeps what a directory wrote.
        "LDAP" if rest.starts_with('{') && !rest.to_ascii_uppercase().starts_with("{LDAP}") => read(rest),
        // A hash only: schemes within schemes would have no end.
        _ if rest.starts_with('{') || WORDS.iter().any(|word| rest.starts_with(word)) => {
            Err(malformed(F, "a brace within a brace"))
        }
        _ => match family(rest) {
            Some(Family { read, .. }) => read(rest),
            None if rest.len() == 13 && scheme.contains("CRYPT") => des::traditional(rest),
            None if known(scheme) => Err(malformed(F, "what stands behind the scheme is damaged")),
            None => Err(malformed(F, "an unknown scheme")),
        },
    }
}

fn known(scheme: &str) -> bool {
    ["CRYPT", "BCRYPT", "ARGON2", "SCRYPT"].iter().any(|name| scheme.contains(name))
}

/// A digest, with the salt behind it where there is one; and Spring's `{MD5}{salt}hex`, whose salt is hashed with its braces.
fn digest(of: Hash, salted: bool, variant: &str, rest: &str) -> Result<Verifier, Unreadable> {
    if let Some((salt, hex)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        let digest = bytes_of(hex, of.len()).ok_or(malformed(F, "the hash is cut off"))?;
        let salt = Salt(format!("{{{salt}}}").into_bytes());
        return Verifier::new(Kind::Simple { of, salt, order: Order::SaltLast }, digest).within_limits();
    }
    // Hex is base64 too: only the length, or Dovecot's word for it, tells.
    let hex = ::hex::decode(rest).ok().filter(|bytes| variant == "HEX" || bytes.len() == of.len());
    let mut digest = match hex {
        Some(bytes) => bytes,
        None => base64(F, rest)?,
    };
    if digest.len() < of.len() {
        return Err(malformed(F, "the hash is cut off"));
    }
    // The salt follows the digest, and the password in what is hashed.
    let salt = digest.split_off(of.len());
    if salted == salt.is_empty() {
        return Err(malformed(F, "the length does not fit the scheme"));
    }
    Verifier::new(Kind::Simple { of, salt: Salt(salt), order: Order::SaltLast }, digest).within_limits()
}

fn pbkdf2_of(of: Hash, rounds: u32, salt: Vec<u8>, key: Vec<u8>) -> Result<Verifier, Unreadable> {
    Verifier::new(Kind::Pbkdf2 { of, rounds, salt: Salt(salt), len: key.len() }, key).within_limits()
}

/// OpenLDAP's `rounds$salt$key`, 389's older block, Dovecot's `$1$salt$rounds$hex`, Spring's hex.
fn pbkdf2(scheme: &str, variant: &str, rest: &str) -> Result<Verifier, Unreadable> {
    let of = match scheme.rsplit(['-', '_']).next() {
        Some("SHA256") => Hash::Sha256,
        Some("SHA512") => Hash::Sha512,
        _ => Hash::Sha1,
    };
    if rest.starts_with("$pbkdf2") {
        return phc::pbkdf2(rest);
    }
    let parts: Vec<&str> = rest.split('$').collect();
    match *parts {
        [rounds, salt, key] => {
            let adapted = |text: &str| base64(F, &text.replace('.', "+"));
            pbkdf2_of(of, number(F, rounds)?, adapted(salt)?, adapted(key)?)
        }
        ["", "1", salt, rounds, key] => {
            let key = ::hex::decode(key).map_err(|_| malformed(F, "the hash is not hexadecimal"))?;
            pbkdf2_of(Hash::Sha1, number(F, rounds)?, salt.as_bytes().to_vec(), key)
        }
        [block] => {
            if let Ok(bytes) = ::hex::decode(block) {
                return match bytes.len() {
                    48 if variant.starts_with("SPRINGSECURITY") => {
                        pbkdf2_of(Hash::Sha256, 310_000, bytes[..16].to_vec(), bytes[16..].to_vec())
                    }
                    40 => pbkdf2_of(Hash::Sha1, 185_000, bytes[..8].to_vec(), bytes[8..].to_vec()),
                    _ => Err(malformed(F, "the length does not fit the scheme")),
                };
            }
            let bytes = base64(F, block)?;
            match bytes.split_first_chunk::<4>() {
                Some((rounds, rest)) if rest.len() == 320 => {
                    let rounds = u32::from_be_bytes(*rounds);
                    pbkdf2_of(Hash::Sha256, rounds, rest[..64].to_vec(), rest[64..].to_vec())
                }
                _ => Err(malformed(F, "the length does not fit the scheme")),
            }
        }
        _ => Err(malformed(F, "parts are missing")),
    }
}

fn spring_sha256(hex: &str) -> Result<Verifier, Unreadable> {
    let bytes = ::hex::decode(hex).map_err(|_| malformed(F, "the hash is not hexadecimal"))?;
    by("loop(1024,salt+password,raw(sha256(it)))", bytes[..8].to_vec(), bytes[8..].to_vec())
}

/// `$e0801$salt$key`: log N, r and p in hex.
fn spring_scrypt(rest: &str) -> Result<Verifier, Unreadable> {
    let parts: Vec<&str> = rest.split('$').collect();
    let ["", costs, salt, key] = *parts else { return Err(malformed(F, "parts are missing")) };
    let costs = u32::from_str_radix(costs, 16).map_err(|_| malformed(F, "a cost is no number"))?;
    let key = base64(F, key)?;
    let (ln, r, p) = (costs >> 16, costs >> 8 & 255, costs & 255);
    Verifier::new(Kind::Scrypt { ln, r, p, salt: Salt(base64(F, salt)?), len: key.len() }, key)
        .within_limits()
}

/// Dovecot's `rounds,salt,StoredKey,ServerKey` (RFC 5802).
fn scram(of: Hash, rest: &str) -> Result<Verifier, Unreadable> {
    let parts: Vec<&str> = rest.split(',').collect();
    let [rounds, salt, stored, _] = *parts else { return Err(malformed(F, "parts are missing")) };
    crypt::scram_of(F, of, [rounds, salt, stored])
}
