//! The return path: an address of its own for each message, so that a bounce identifies its message, with a code that only this service can compute, so that
//! forged bounces are ignored.

use std::{path::PathBuf, sync::Arc};

use kernel::SealKeys;
use lettre::Address;
use uuid::Uuid;

const PURPOSE: &str = "return path";
/// Hexadecimal digits of a message's id and of its code: with `bounce+` they stay below the 64 characters of a local part (RFC 5321 §4.5.3.1.1).
const ID: usize = 32;
const CODE: usize = 16;
/// The maximum local part that leaves room for them.
pub(crate) const MAX_LOCAL_PART: usize = 64 - 1 - ID - CODE;

/// The configured return path, and the folder from which bounces are read.
#[derive(Clone)]
pub(crate) struct ReturnPath {
    local: String,
    domain: String,
    keys: Arc<SealKeys>,
    /// A Maildir.
    pub(crate) folder: Option<PathBuf>,
}

/// Returns true if an address can be a return path.
pub(crate) fn fits(address: &str) -> bool {
    let parsed = address.parse::<Address>();
    parsed.is_ok_and(|a| a.user().len() <= MAX_LOCAL_PART && !a.user().contains(['+', '"']))
}

impl ReturnPath {
    /// Returns the return path for an address that [`fits`].
    pub(crate) fn new(address: &str, folder: Option<PathBuf>, keys: Arc<SealKeys>) -> Option<Self> {
        let (local, domain) = address.rsplit_once('@')?;
        Some(Self { local: local.to_lowercase(), domain: domain.to_lowercase(), keys, folder })
    }

    /// Returns the return path of one message.
    pub(crate) fn of(&self, message: Uuid) -> Option<Address> {
        let code = self.keys.mac(PURPOSE, message.as_bytes());
        let code: String = code[..CODE / 2].iter().map(|byte| format!("{byte:02x}")).collect();
        Address::new(format!("{}+{}{code}", self.local, message.simple()), &self.domain).ok()
    }

    /// Returns the message whose return path occurs in a text. Mail servers may change its case.
    pub(crate) fn message_in(&self, text: &str) -> Option<Uuid> {
        let text = text.to_ascii_lowercase();
        let (before, after) = (format!("{}+", self.local), format!("@{}", self.domain));
        text.match_indices(&before).find_map(|(at, _)| {
            let rest = &text[at + before.len()..];
            let (id, rest) = rest.split_at_checked(ID)?;
            let (code, rest) = rest.split_at_checked(CODE)?;
            let message = Uuid::try_parse(id).ok()?;
            let known = self.keys.knows_mac(PURPOSE, message.as_bytes(), &bytes(code)?);
            (known && rest.starts_with(&after)).then_some(message)
        })
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    hex.is_ascii().then_some(())?;
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use kernel::SealKey;

    use super::*;

    fn path(key: u8) -> ReturnPath {
        let keys = Arc::new(SealKeys::new(SealKey::new([key; 32]), vec![]));
        ReturnPath::new("bounce@retour.exemple.test", None, keys).unwrap()
    }

    #[test]
    fn only_an_address_of_our_own_names_a_message() {
        let (ours, message) = (path(7), Uuid::from_u128(0x1234_5678));
        let address = ours.of(message).unwrap().to_string();
        assert!(address.starts_with("bounce+0000"), "{address}");
        assert!(address.split('@').next().unwrap().len() <= 64);
        for text in [
            address.clone(),
            format!("To: <{address}>\r\n"),
            format!("bounce+ bounce+zz X-Original-To: {}", address.to_uppercase()),
        ] {
            assert_eq!(ours.message_in(&text), Some(message), "{text}");
        }
        let forged = path(8).of(message).unwrap().to_string();
        let other = ours.of(Uuid::from_u128(9)).unwrap().to_string().replace("09", "08");
        for text in [
            forged.clone(),
            other,
            address.replace("retour", "autre"),
            address[..50].to_owned(),
            "bounce+é".repeat(40),
        ] {
            assert_eq!(ours.message_in(&text), None, "{text}");
        }
    }

    #[test]
    fn a_return_path_leaves_room_for_its_message() {
        assert!(fits("bounce@exemple.test") && fits("retour-moncpt@exemple.test"));
        for address in ["bounce", "a+b@exemple.test", "quite-a-long-name@exemple.test", "a b@exemple.test"] {
            assert!(!fits(address), "{address}");
        }
    }
}
