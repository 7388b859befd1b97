//! The recipe language: how an old site made its digests, written as its code had it, such as `md5(md5(password)+salt)`.
//!
//! A recipe is read once at import and checked whole: its length, its depth, its words and what it costs. `password`, `salt`, `user` and `key` are the words, `it` the value
//! of the round before within `loop(times, begin, step)`. A digest is lower-case hex, as in PHP, and its bytes under `raw(…)`.

mod reader;
#[cfg(test)]
mod tests;

use ::hmac::Hmac;
use base64::{Engine, engine::general_purpose::STANDARD};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{
    LENIENT, Unreadable,
    compute::{Bytes, mac},
    recipe::Hash,
};

/// Characters of a recipe.
pub(super) const LONGEST: usize = 256;
/// Bytes of any value on the way.
const LONGEST_VALUE: usize = 4096;
/// Steps of a recipe, each round of a loop counted.
const STEPS: u64 = 500_000;

use reader::Reader;

/// A recipe that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Words {
    root: Node,
    uses: Uses,
    steps: u64,
}

/// The words of a recipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Uses {
    pub password: bool,
    pub salt: bool,
    pub user: bool,
    pub key: bool,
}

/// The values of the words.
pub(super) struct Values<'a> {
    pub password: &'a [u8],
    pub salt: &'a [u8],
    pub user: &'a [u8],
    pub key: &'a [u8],
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    Password,
    Salt,
    User,
    Key,
    It,
    Text(Vec<u8>),
    Join(Vec<Node>),
    Digest(Hash, Box<Node>),
    Mac(Hash, Box<[Node; 2]>),
    Raw(Box<Node>),
    Turned(Turn, Box<Node>),
    Cut(Box<Node>, usize, usize),
    Loop(u32, Box<[Node; 2]>),
}

/// A function of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Hex,
    Base64,
    Unbase64,
    Upper,
    Lower,
    Trim,
    Utf16,
}

/// The form in which a file has the result of a recipe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Output {
    /// A digest of so many bytes, in hex, base64 or `0x…`.
    Digest(usize),
    /// Hex, cut.
    CutHex,
    /// Text, as it stands.
    Text,
}

impl Words {
    /// Reads a recipe of a digest, or of what another hash is given.
    ///
    /// # Errors
    /// [`Unreadable::Recipe`] with the place of the mistake, counted from 1, or its cost.
    pub(super) fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.len() > LONGEST {
            return Err(Unreadable::Recipe { what: "it is too long", at: LONGEST });
        }
        let (root, uses) = Reader::read(text)?;
        let steps = root.steps();
        if steps > STEPS {
            return Err(Unreadable::TooCostly {
                family: "recipe",
                what: "the number of steps",
                limit: STEPS,
            });
        }
        if !uses.password {
            return Err(Unreadable::Recipe { what: "the word `password` is not in it", at: text.len() });
        }
        Ok(Self { root: root.bare(), uses, steps })
    }

    pub(super) fn uses(&self) -> Uses {
        self.uses
    }

    /// The number of steps, by which recipes are compared.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns true if something is hashed.
    pub(super) fn hashes(&self) -> bool {
        self.root.hashes()
    }

    pub(super) fn output(&self) -> Output {
        match (self.root.digest_len(), &self.root) {
            (Some(len), _) => Output::Digest(len),
            (None, Node::Cut(of, ..)) if of.is_hex() => Output::CutHex,
            (None, _) => Output::Text,
        }
    }

    /// The result: the bytes of a digest, or a text. `None` where a value is no text, no hex, or grows too long.
    pub(super) fn eval(&self, values: &Values<'_>) -> Option<Bytes> {
        match self.output() {
            Output::Digest(len) => {
                let out = self.root.raw(values, &[])?;
                (out.len() == len).then_some(out)
            }
            Output::CutHex | Output::Text => self.root.eval(values, &[]),
        }
    }

    /// The value as it is: what another hash is given.
    pub(super) fn text(&self, values: &Values<'_>) -> Option<Bytes> {
        self.root.eval(values, &[])
    }
}

impl Node {
    /// Without the encodings around a digest, which a file may have in any of them.
    fn bare(self) -> Self {
        match self {
            Self::Turned(Turn::Upper | Turn::Lower, of) if of.digest_len().is_some() => of.bare(),
            Self::Turned(Turn::Hex | Turn::Base64, of) if matches!(&*of, Self::Raw(inner) if inner.digest_len().is_some()) => {
                of.bare()
            }
            Self::Raw(of) if of.digest_len().is_some() => of.bare(),
            Self::Cut(of, from, len) if of.is_hex() => Self::Cut(Box::new(of.lower()), from, len),
            other => other,
        }
    }

    /// Hex in lower case.
    fn lower(self) -> Self {
        match self {
            Self::Turned(Turn::Upper | Turn::Lower, of) => of.lower(),
            Self::Loop(..) => Self::Turned(Turn::Lower, Box::new(self)),
            other => other,
        }
    }

    fn is_hex(&self) -> bool {
        match self {
            Self::Digest(..) | Self::Mac(..) => true,
            Self::Turned(Turn::Upper | Turn::Lower, of) => of.is_hex(),
            Self::Loop(_, parts) => parts[1].is_hex(),
            _ => false,
        }
    }

    /// The bytes of the digest that it gives, as hex or as they are.
    fn digest_len(&self) -> Option<usize> {
        match self {
            Self::Digest(of, _) | Self::Mac(of, _) => Some(of.len()),
            Self::Raw(of) | Self::Turned(Turn::Upper | Turn::Lower, of) => of.digest_len(),
            Self::Loop(_, parts) => parts[1].digest_len(),
            _ => None,
        }
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Join(parts) => parts.iter().collect(),
            Self::Digest(_, of) | Self::Raw(of) | Self::Turned(_, of) | Self::Cut(of, ..) => vec![of],
            Self::Mac(_, parts) | Self::Loop(_, parts) => parts.iter().collect(),
            _ => Vec::new(),
        }
    }

    fn steps(&self) -> u64 {
        if let Self::Loop(times, parts) = self {
            return parts[0].steps() + u64::from(*times) * parts[1].steps();
        }
        1 + self.parts().into_iter().map(Self::steps).sum::<u64>()
    }

    fn hashes(&self) -> bool {
        matches!(self, Self::Digest(..) | Self::Mac(..)) || self.parts().into_iter().any(Self::hashes)
    }

    /// The bytes behind hex.
    fn raw(&self, values: &Values<'_>, it: &[u8]) -> Option<Bytes> {
        match self {
            Self::Digest(of, inner) => Some(of.of(&[&inner.eval(values, it)?])),
            Self::Mac(of, parts) => {
                let (key, text) = (parts[0].eval(values, it)?, parts[1].eval(values, it)?);
                match of {
                    Hash::Md4 => None,
                    Hash::Md5 => mac::<Hmac<Md5>>(&key, &text),
                    Hash::Sha1 => mac::<Hmac<Sha1>>(&key, &text),
                    Hash::Sha256 => mac::<Hmac<Sha256>>(&key, &text),
                    Hash::Sha384 => mac::<Hmac<Sha384>>(&key, &text),
                    Hash::Sha512 => mac::<Hmac<Sha512>>(&key, &text),
                }
            }
            Self::Raw(of) if of.digest_len().is_some() => of.raw(values, it),
            other => {
                let text = other.eval(values, it)?;
                if other.digest_len() == Some(text.len()) {
                    return Some(text);
                }
                ::hex::decode(&*text).ok().map(Zeroizing::new)
            }
        }
    }

    fn eval(&self, values: &Values<'_>, it: &[u8]) -> Option<Bytes> {
        let own = |bytes: &[u8]| Some(Zeroizing::new(bytes.to_vec()));
        let out = match self {
            Self::Password => own(values.password),
            Self::Salt => own(values.salt),
            Self::User => own(values.user),
            Self::Key => own(values.key),
            Self::It => own(it),
            Self::Text(text) => own(text),
            Self::Join(parts) => {
                let parts: Vec<Bytes> =
                    parts.iter().map(|part| part.eval(values, it)).collect::<Option<_>>()?;
                // Of the right size at once: a buffer that grows leaves copies.
                let length = parts.iter().map(|part| part.len()).sum();
                let mut out = Zeroizing::new(Vec::with_capacity(length));
                parts.iter().for_each(|part| out.extend_from_slice(part));
                Some(out)
            }
            Self::Digest(..) | Self::Mac(..) => {
                self.raw(values, it).map(|raw| Zeroizing::new(::hex::encode(&*raw).into_bytes()))
            }
            Self::Raw(of) => of.raw(values, it),
            Self::Turned(turn, of) => turn.of(&of.eval(values, it)?),
            Self::Cut(of, from, len) => {
                let text = of.eval(values, it)?;
                own(text.get(*from..(from + len).min(text.len()))?)
            }
            Self::Loop(times, parts) => {
                let mut it = parts[0].eval(values, it)?;
                for _ in 0..*times {
                    it = parts[1].eval(values, &it)?;
                }
                Some(it)
            }
        }?;
        (out.len() <= LONGEST_VALUE).then_some(out)
    }
}

impl Turn {
    fn of(self, bytes: &[u8]) -> Option<Bytes> {
        let text = || std::str::from_utf8(bytes);
        Some(Zeroizing::new(match self {
            Self::Hex => ::hex::encode(bytes).into_bytes(),
            Self::Base64 => STANDARD.encode(bytes).into_bytes(),
            Self::Unbase64 => LENIENT.decode(bytes).ok()?,
            // Old code turned the bytes of ASCII where it knew no other.
            Self::Upper => {
                text().map_or_else(|_| bytes.to_ascii_uppercase(), |t| t.to_uppercase().into_bytes())
            }
            Self::Lower => {
                text().map_or_else(|_| bytes.to_ascii_lowercase(), |t| t.to_lowercase().into_bytes())
            }
            Self::Trim => bytes.trim_ascii().to_vec(),
            Self::Utf16 => text().ok()?.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }))
    }
}
