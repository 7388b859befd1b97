//! Microsoft's: ASP.NET Membership, SimpleMembership, Identity in its versions, and SQL Server's own.

use base64::Engine;

use super::{
    Given, LENIENT, Unreadable, Verifier, malformed,
    named::{by, bytes_of},
    recipe::{Hash, Kind, Salt},
};

const MEMBERSHIP: &str = "aspnet-membership";
const IDENTITY: &str = "aspnet-identity";

/// `SqlMembershipProvider`: base64 of SHA-1 over salt and password in UTF-16, or of HMAC-SHA-256 keyed with the salt, which is repeated up to a block.
/// `aspnet-membership-sha256` is the SHA-256 of those who set that.
pub(super) fn membership(given: &Given<'_>, sha256: bool) -> Result<Verifier, Unreadable> {
    let salt = LENIENT
        .decode(given.salt.unwrap_or_default().trim())
        .map_err(|_| malformed(MEMBERSHIP, "the salt is no base64"))?;
    if salt.is_empty() {
        return Err(malformed(MEMBERSHIP, "the salt is missing"));
    }
    let hash = given.hash.trim();
    if let Some(digest) = bytes_of(hash, 20).filter(|_| !sha256) {
        return by("sha1(salt+utf16(password))", salt, digest);
    }
    let digest = bytes_of(hash, 32).ok_or(malformed(MEMBERSHIP, "the hash has another length"))?;
    if sha256 {
        return by("sha256(salt+utf16(password))", salt, digest);
    }
    let key = salt.iter().copied().cycle().take(64.max(salt.len())).collect();
    by("hmac-sha256(salt,utf16(password))", key, digest)
}

/// Returns true for what Identity wrote: base64 of a version, its costs, salt and key.
pub(super) fn is_identity(hash: &str) -> bool {
    let begins = hash.starts_with("AQAAAA") || (hash.starts_with('A') && hash.len() == 68);
    begins && LENIENT.decode(hash).is_ok_and(|bytes| (bytes.len() == 49 && bytes[0] == 0) || bytes[0] == 1)
}

/// Version 2, which is also `Crypto.HashPassword` and SimpleMembership: PBKDF2 of 1000 rounds. Version 3 names its function and its rounds.
pub(super) fn identity(hash: &str) -> Result<Verifier, Unreadable> {
    let bytes = LENIENT.decode(hash.trim()).map_err(|_| malformed(IDENTITY, "it is no base64"))?;
    let pbkdf2 = |of: Hash, rounds: u32, salt: &[u8], key: &[u8]| {
        let kind = Kind::Pbkdf2 { of, rounds, salt: Salt(salt.to_vec()), len: key.len() };
        Verifier::new(kind, key.to_vec()).within_limits()
    };
    match bytes.first() {
        Some(0) if bytes.len() == 49 => pbkdf2(Hash::Sha1, 1000, &bytes[1..17], &bytes[17..]),
        Some(1) if bytes.len() > 13 => {
            let number =
                |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
            let of = match number(1) {
                0 => Hash::Sha1,
                1 => Hash::Sha256,
                2 => Hash::Sha512,
                _ => return Err(malformed(IDENTITY, "an unknown function")),
            };
            let split = bytes[13..].split_at_checked(number(9) as usize);
            let (salt, key) = split.ok_or(malformed(IDENTITY, "it is cut off"))?;
            pbkdf2(of, number(5), salt, key)
        }
        _ => Err(malformed(IDENTITY, "it is of no known version, or cut off")),
    }
}

/// `PWDENCRYPT` of SQL Server: `0x0100` or `0x0200`, four bytes of salt, SHA-1 or SHA-512 over the password in UTF-16 and the salt.
pub(super) fn sql_server(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "mssql";
    let hash = hash.trim();
    let hex = hash.strip_prefix("0x").unwrap_or(hash);
    let bytes = ::hex::decode(hex).map_err(|_| malformed(F, "the hash is not hexadecimal"))?;
    match (bytes.get(..2), bytes.len()) {
        // Of the older one a second digest over capitals may follow.
        (Some([1, 0]), 26 | 46) => {
            by("sha1(utf16(password)+salt)", bytes[2..6].to_vec(), bytes[6..26].to_vec())
        }
        (Some([2, 0]), 70) => by("sha512(utf16(password)+salt)", bytes[2..6].to_vec(), bytes[6..].to_vec()),
        _ => Err(malformed(F, "the hash has another length")),
    }
}
