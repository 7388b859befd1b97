//! RFC 2307 and its relatives: `{SSHA}base64`.

use super::{
    Family, Unreadable, Verifier, base64, family, malformed,
    recipe::{Hash, Kind, Order, Salt},
};

const F: &str = "ldap";

pub(super) fn read(hash: &str) -> Result<Verifier, Unreadable> {
    let (scheme, rest) =
        hash[1..].split_once('}').ok_or(malformed(F, "the scheme's brace does not close"))?;
    let (of, salted) = match scheme.to_ascii_uppercase().as_str() {
        "MD5" => (Hash::Md5, false),
        "SMD5" => (Hash::Md5, true),
        "SHA" => (Hash::Sha1, false),
        "SSHA" => (Hash::Sha1, true),
        "SHA256" => (Hash::Sha256, false),
        "SSHA256" => (Hash::Sha256, true),
        "SHA512" => (Hash::Sha512, false),
        "SSHA512" => (Hash::Sha512, true),
        // Only what really is a crypt(3) string: a brace within would go round in circles.
        "CRYPT" => match family(rest).filter(|_| rest.starts_with('$')) {
            Some(Family { read, .. }) => return read(rest),
            None => return Err(malformed(F, "a {CRYPT} of an unknown kind (DES is not read)")),
        },
        _ => return Err(malformed(F, "an unknown scheme")),
    };
    let mut digest = base64(F, rest)?;
    if digest.len() < of.len() {
        return Err(malformed(F, "the hash is cut off"));
    }
    // The salt follows the digest, and the password in what is hashed.
    let salt = digest.split_off(of.len());
    if salted == salt.is_empty() {
        return Err(malformed(F, "the length does not fit the scheme"));
    }
    Ok(Verifier::new(Kind::Simple { of, salt: Salt(salt), order: Order::SaltLast }, digest))
}
