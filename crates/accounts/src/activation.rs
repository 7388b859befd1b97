//! Activation codes: twelve characters on a letter or from the agency's desk, in place of an old password that was lost or never given (SPEC J15).

use std::fmt;

use kernel::{Context, Digest, Rng};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::LegacyIdentityId;

/// The number of days for which a code works.
pub const ACTIVATION_DAYS: u16 = 90;
/// Twenty-three characters of which no two look alike on paper. A prime number: the check finds every wrong character and every two that changed places.
const ALPHABET: &[u8; 23] = b"34679ACDEFHJKMNPQRTVWXY";
/// Characters in a code. The last one is the check; eleven by chance are 49 bits, and five wrong ones lock.
const LENGTH: usize = 12;
/// The maximum length of typed text in characters: the code, separators, and some to spare.
const LONGEST: usize = 64;

/// An activation code. It is printed once, where it is issued, and stored as a hash.
#[derive(Clone, PartialEq, Eq)]
pub struct ActivationCode(Zeroizing<String>);

impl fmt::Debug for ActivationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ActivationCode(…)")
    }
}

impl ActivationCode {
    pub(crate) fn generate(rng: &dyn Rng) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        while text.len() < LENGTH - 1 {
            let mut byte = [0];
            rng.fill(&mut byte);
            // What exceeds the largest multiple is drawn again, or some characters would come more often.
            if usize::from(byte[0]) < 256 / ALPHABET.len() * ALPHABET.len() {
                text.push(char::from(ALPHABET[usize::from(byte[0]) % ALPHABET.len()]));
            }
        }
        let check =
            (0..ALPHABET.len()).find(|last| (sum(&text) + last * LENGTH).is_multiple_of(ALPHABET.len()));
        text.push(char::from(ALPHABET[check.unwrap_or_default()]));
        Self(text)
    }

    /// Reads typed or pasted text: in any case, with spaces, dashes and dots between the characters. `None` for text that is no code, or one with a slip: it is
    /// no attempt then.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH));
        for c in typed.nfkc().take(LONGEST) {
            let c = c.to_ascii_uppercase();
            match u8::try_from(c) {
                Ok(byte) if ALPHABET.contains(&byte) && text.len() < LENGTH => text.push(c),
                _ if c.is_whitespace() || "-‐‑–—.·_".contains(c) => {}
                _ => return None,
            }
        }
        (text.len() == LENGTH && sum(&text).is_multiple_of(ALPHABET.len())).then_some(Self(text))
    }

    /// Returns the code as it is printed: `ABCD-EFGH-JKLM`.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}-{}-{}", &self.0[..4], &self.0[4..8], &self.0[8..]))
    }

    /// Hashes the code for an identity. The hash is keyed, and the key lies outside the database: a stolen copy alone tells no code.
    pub(crate) fn hash(&self, context: &Context, identity: LegacyIdentityId) -> Digest {
        let bound = Zeroizing::new(format!("{identity}\n{}", *self.0));
        Digest::of_mac(context.keys.mac("activation code", bound.as_bytes()))
    }
}

/// The sum of the characters' places in the alphabet, each times its place in the text, from 1.
fn sum(text: &str) -> usize {
    let place = |byte: u8| ALPHABET.iter().position(|known| *known == byte).unwrap_or_default();
    text.bytes().enumerate().map(|(at, byte)| (at + 1) * place(byte)).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::SystemRng;

    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_copied() {
        let code = ActivationCode::generate(&SystemRng::default());
        let text = code.text();
        let plain = text.replace('-', "");
        for typed in [
            text.to_string(),
            plain.clone(),
            plain.to_lowercase(),
            text.replace('-', " "),
            text.replace('-', "\u{a0}–\u{a0}"),
            format!("  {}\n", text.replace('-', ".")),
            plain.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect(),
        ] {
            assert!(ActivationCode::parse(&typed) == Some(code.clone()), "{typed:?}");
        }
        let long = plain.repeat(1000);
        for typed in
            ["", "ABCD-EFGH", &plain[1..], &format!("{plain}A"), &plain.replace(&plain[..1], "!"), &long]
        {
            assert!(ActivationCode::parse(typed).is_none(), "{typed:?}");
        }
    }

    #[test]
    fn a_wrong_character_and_two_that_changed_places_are_found() {
        for _ in 0..200 {
            let code = ActivationCode::generate(&SystemRng::default());
            let plain: Vec<u8> = code.0.bytes().collect();
            let is_code = |bytes: &[u8]| ActivationCode::parse(std::str::from_utf8(bytes).unwrap()).is_some();
            assert!(is_code(&plain));
            for at in 0..LENGTH {
                for other in ALPHABET.iter().filter(|other| **other != plain[at]) {
                    let mut typed = plain.clone();
                    typed[at] = *other;
                    assert!(!is_code(&typed));
                }
                for with in (0..at).filter(|with| plain[*with] != plain[at]) {
                    let mut typed = plain.clone();
                    typed.swap(at, with);
                    assert!(!is_code(&typed));
                }
            }
        }
    }

    #[test]
    fn codes_differ_and_have_every_character() {
        let codes: BTreeSet<String> =
            (0..2000).map(|_| ActivationCode::generate(&SystemRng::default()).0.to_string()).collect();
        assert_eq!(codes.len(), 2000);
        for at in 0..LENGTH {
            let seen: BTreeSet<u8> = codes.iter().map(|code| code.as_bytes()[at]).collect();
            assert_eq!(seen.len(), ALPHABET.len(), "at {at}");
        }
        let code = ActivationCode::generate(&SystemRng::default());
        assert!(!format!("{code:?}").contains(&code.0[..4]), "a secret is not printed");
    }
}
