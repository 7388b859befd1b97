//! Hex digests, which need a name.

use super::{
    Unreadable, Verifier, malformed,
    named::bytes_of,
    recipe::{Hash, Kind, Order, Salt},
};

/// `md5`, `sha1:salt+password` and the like.
pub(super) struct Named {
    name: &'static str,
    of: Hash,
    order: Option<Order>,
}

impl Named {
    /// `name` is one of [`super::FORMATS`].
    pub(super) fn find(name: &'static str) -> Option<Self> {
        let (of, order) = name.split_once(':').map_or((name, None), |(of, order)| (of, Some(order)));
        let of = match of {
            "md5" => Hash::Md5,
            "sha1" => Hash::Sha1,
            "sha256" => Hash::Sha256,
            "sha512" => Hash::Sha512,
            _ => return None,
        };
        let order = order.map(|o| if o == "salt+password" { Order::SaltFirst } else { Order::SaltLast });
        Some(Self { name, of, order })
    }

    pub(super) fn parse(&self, hash: &str, salt: Option<&str>) -> Result<Verifier, Unreadable> {
        // Both may be in one column.
        let (hash, salt) = match (salt, hash.split_once(':')) {
            (None, Some((hash, salt))) if self.order.is_some() => (hash, salt),
            _ => (hash, salt.unwrap_or_default()),
        };
        let digest = digest(self.name, self.of, hash)?;
        let order = match (self.order, salt.is_empty()) {
            (None, true) => Order::SaltFirst,
            (Some(order), false) => order,
            (None, false) => {
                return Err(malformed(
                    self.name,
                    "there is a salt: say where it goes, as md5:salt+password does",
                ));
            }
            (Some(_), true) => return Err(malformed(self.name, "the salt is missing")),
        };
        let salt = Salt(salt.as_bytes().to_vec());
        Verifier::new(Kind::Simple { of: self.of, salt, order }, digest).within_limits()
    }
}

pub(super) fn digest(family: &'static str, of: Hash, hex: &str) -> Result<Vec<u8>, Unreadable> {
    let hex = hex.trim();
    bytes_of(hex, of.len()).ok_or_else(|| {
        let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
        malformed(
            family,
            if is_hex { "the hash has another length" } else { "the hash is neither hex nor base64" },
        )
    })
}

/// The names for a bare hex hash of this length.
pub(super) fn candidates(hash: &str) -> Option<&'static str> {
    if let Some((digest, _)) = hash.split_once(':') {
        return match candidates(digest)? {
            "md5" => Some("joomla, oscommerce or md5(password+salt)"),
            "sha1" => Some("sha1(salt+password)"),
            "sha256" => Some("magento or sha256(salt+password)"),
            _ => Some("sha512(salt+password)"),
        };
    }
    let hash = hash.strip_prefix("0x").unwrap_or(hash);
    let hex = hash.bytes().all(|b| b.is_ascii_hexdigit());
    match hash.len() {
        32 if hex => Some("md5"),
        40 if hex => Some("sha1"),
        64 if hex => Some("sha256"),
        128 if hex => Some("sha512"),
        _ => None,
    }
}
