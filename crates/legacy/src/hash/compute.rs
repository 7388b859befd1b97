//! From a password to the digest.

use ::hmac::{Hmac, KeyInit, Mac};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD};
use md4::Md4;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::{
    BCRYPT64, des,
    recipe::{Before, Hash, Kind, Magic, Order, Which},
    words::{Values, Words},
};

pub(super) type Bytes = Zeroizing<Vec<u8>>;

pub(super) fn digest(kind: &Kind, password: &[u8]) -> Option<Bytes> {
    match kind {
        Kind::Plain => Some(Zeroizing::new(password.to_vec())),
        Kind::Simple { of, salt, order } => Some(match order {
            Order::SaltFirst => of.of(&[&salt.0, password]),
            Order::SaltLast => of.of(&[password, &salt.0]),
        }),
        Kind::Md5Crypt { magic, salt } => md5_crypt(*magic, &salt.0, c_string(password)?),
        Kind::Sha256Crypt { rounds, salt } => {
            let params = sha_crypt::Params::new(*rounds).ok()?;
            let raw = Zeroizing::new(sha_crypt::sha256_crypt(c_string(password)?, &salt.0, params));
            let mut out = permuted(&*raw, 10, |[a, b, c]| [c + 1, a + 1, b + 1], [0, 10, 20]);
            push64(&mut out, [0, raw[31], raw[30]], 3);
            Some(out)
        }
        Kind::Sha512Crypt { rounds, salt } => {
            let params = sha_crypt::Params::new(*rounds).ok()?;
            let raw = Zeroizing::new(sha_crypt::sha512_crypt(c_string(password)?, &salt.0, params));
            let mut out = permuted(&*raw, 21, |[a, b, c]| [b + 1, c + 1, a + 1], [0, 21, 42]);
            push64(&mut out, [0, 0, raw[63]], 2);
            Some(out)
        }
        Kind::Phpass { log2, salt } => Some(phpass(*log2, &salt.0, password)),
        Kind::Pbkdf2 { of, rounds, salt, len } => {
            let mut out = Zeroizing::new(vec![0; *len]);
            match of {
                Hash::Md4 | Hash::Md5 | Hash::Sha384 => return None,
                Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, &salt.0, *rounds, &mut out),
                Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt.0, *rounds, &mut out),
                Hash::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, &salt.0, *rounds, &mut out),
            }
            Some(out)
        }
        Kind::Scrypt { ln, r, p, salt, len } => {
            let mut out = Zeroizing::new(vec![0; *len]);
            let params = scrypt::Params::new(u8::try_from(*ln).ok()?, *r, *p).ok()?;
            scrypt::scrypt(password, &salt.0, &params, &mut out).ok()?;
            Some(out)
        }
        Kind::Bcrypt { cost, salt, before, sign_bug } => {
            let salt = <[u8; 16]>::try_from(&*salt.0).ok()?;
            bcrypt(*cost, salt, &before.prepare(password, &salt)?, *sign_bug)
        }
        Kind::Argon2 { which, v, m, t, p, salt, len } => {
            let algorithm = match which {
                Which::D => Algorithm::Argon2d,
                Which::I => Algorithm::Argon2i,
                Which::Id => Algorithm::Argon2id,
            };
            let params = Params::new(*m, *t, *p, Some(*len)).ok()?;
            let mut out = Zeroizing::new(vec![0; *len]);
            let argon2 = Argon2::new(algorithm, Version::try_from(*v).ok()?, params);
            argon2.hash_password_into(password, &salt.0, &mut out).ok()?;
            Some(out)
        }
        Kind::Words { words, salt, user, key } => {
            Words::parse(words).ok()?.eval(&Values { password, salt: &salt.0, user: &user.0, key: &key.0 })
        }
        Kind::Fed { words, salt, user, key, then } => {
            let values = Values { password, salt: &salt.0, user: &user.0, key: &key.0 };
            digest(then, &Words::parse(words).ok()?.text(&values)?)
        }
        Kind::Drupal { log2, salt, md5_first } => {
            let before = md5_first.then(|| ::hex::encode(&*hashed::<Md5>(&[password])).into_bytes());
            let before = before.map(Zeroizing::new);
            let mut out = stretched::<Sha512>(*log2, &salt.0, before.as_ref().map_or(password, |b| b));
            // 55 characters of the whole are kept.
            out.truncate(43);
            Some(out)
        }
        Kind::DesCrypt { salt } => Some(Zeroizing::new(des::traditional_digest(*salt, c_string(password)?))),
        Kind::BsdiCrypt { rounds, salt } => {
            Some(Zeroizing::new(des::extended_digest(*rounds, *salt, c_string(password)?)))
        }
        Kind::Sha1Crypt { rounds, salt } => sha1_crypt(*rounds, &salt.0, c_string(password)?),
        Kind::Yescrypt { params, salt } => {
            let mut out = Zeroizing::new(vec![0; 32]);
            yescrypt::yescrypt(c_string(password)?, &salt.0, &params.parse().ok()?, &mut out).ok()?;
            Some(out)
        }
        Kind::Scram { of, rounds, salt } => {
            let mut salted = Zeroizing::new(vec![0; of.len()]);
            let client = match of {
                Hash::Sha1 => {
                    pbkdf2::pbkdf2_hmac::<Sha1>(password, &salt.0, *rounds, &mut salted);
                    mac::<Hmac<Sha1>>(&salted, b"Client Key")?
                }
                Hash::Sha256 => {
                    pbkdf2::pbkdf2_hmac::<Sha256>(password, &salt.0, *rounds, &mut salted);
                    mac::<Hmac<Sha256>>(&salted, b"Client Key")?
                }
                _ => return None,
            };
            Some(of.of(&[&client]))
        }
    }
}

/// crypt(3) ends at a NUL: no password that someone typed has one.
fn c_string(password: &[u8]) -> Option<&[u8]> {
    (!password.contains(&0)).then_some(password)
}

fn hashed<D: Digest>(parts: &[&[u8]]) -> Bytes {
    let mut state = D::new();
    for part in parts {
        state.update(part);
    }
    Zeroizing::new(state.finalize().to_vec())
}

pub(super) fn mac<M: Mac + KeyInit>(key: &[u8], text: &[u8]) -> Option<Bytes> {
    let mut state = <M as KeyInit>::new_from_slice(key).ok()?;
    state.update(text);
    Some(Zeroizing::new(state.finalize().into_bytes().to_vec()))
}

impl Hash {
    pub(super) fn of(self, parts: &[&[u8]]) -> Bytes {
        match self {
            Self::Md4 => hashed::<Md4>(parts),
            Self::Md5 => hashed::<Md5>(parts),
            Self::Sha1 => hashed::<Sha1>(parts),
            Self::Sha256 => hashed::<Sha256>(parts),
            Self::Sha384 => hashed::<Sha384>(parts),
            Self::Sha512 => hashed::<Sha512>(parts),
        }
    }

    /// Bytes of output.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

impl Before {
    fn prepare(self, password: &[u8], salt: &[u8]) -> Option<Bytes> {
        let base64 = |bytes: Bytes| Zeroizing::new(STANDARD.encode(&*bytes).into_bytes());
        Some(match self {
            Self::Nothing => Zeroizing::new(c_string(password)?.to_vec()),
            Self::Sha256Hex => Zeroizing::new(::hex::encode(&*hashed::<Sha256>(&[password])).into_bytes()),
            Self::Sha256Base64 => base64(hashed::<Sha256>(&[password])),
            Self::HmacSha256Base64 => {
                base64(mac::<Hmac<Sha256>>(BCRYPT64.encode(salt).as_bytes(), password)?)
            }
            Self::WordPress => {
                // PHP's trim(): blank, tab, newline, return, NUL, vertical tab.
                let blank = |b: &u8| b" \t\n\r\0\x0b".contains(b);
                let from = password.iter().position(|b| !blank(b)).unwrap_or(password.len());
                let to = password.iter().rposition(|b| !blank(b)).map_or(from, |i| i + 1);
                base64(mac::<Hmac<Sha384>>(b"wp-sha384", &password[from..to])?)
            }
        })
    }
}

/// Only the first 72 bytes count: what the old tool took must be taken. `sign_bug`: PHP's crypt_blowfish before 2011, which spread
/// the sign of bytes above 127; such hashes are marked `$2x$`.
fn bcrypt(cost: u32, salt: [u8; 16], password: &[u8], sign_bug: bool) -> Option<Bytes> {
    let mut key = Zeroizing::new(Vec::with_capacity(73));
    key.extend_from_slice(&password[..password.len().min(72)]);
    key.push(0);
    if sign_bug {
        let mut endless = key.iter().cycle();
        // 18 words of the key, as the faulty code made them: feeding them as 72 bytes gives the same schedule.
        let mut words = Zeroizing::new(Vec::with_capacity(72));
        for _ in 0..18 {
            let next = |word: u32, byte: &u8| (word << 8) | byte.cast_signed() as u32;
            let word = endless.by_ref().take(4).fold(0_u32, next);
            words.extend_from_slice(&word.to_be_bytes());
        }
        key = words;
    }
    key.truncate(72);
    let out = Zeroizing::new(bcrypt::bcrypt(cost, salt, &key));
    Some(Zeroizing::new(out[..23].to_vec()))
}

const CRYPT64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Returns true for text in crypt(3)'s alphabet.
pub(super) fn is_crypt64(text: &str) -> bool {
    text.bytes().all(|b| CRYPT64.contains(&b))
}

/// The value of one such character.
pub(super) fn crypt64(character: u8) -> Option<u32> {
    CRYPT64.iter().position(|c| *c == character).and_then(|i| u32::try_from(i).ok())
}

/// Three bytes, most significant first, as up to four characters, least significant first.
fn push64(out: &mut Vec<u8>, [a, b, c]: [u8; 3], characters: usize) {
    let mut value = u32::from_be_bytes([0, a, b, c]);
    for _ in 0..characters {
        out.push(CRYPT64[(value & 63) as usize]);
        value >>= 6;
    }
}

fn permuted(raw: &[u8], groups: usize, next: impl Fn([usize; 3]) -> [usize; 3], mut at: [usize; 3]) -> Bytes {
    let mut out = Zeroizing::new(Vec::with_capacity(86));
    for _ in 0..groups {
        push64(&mut out, at.map(|i| raw[i]), 4);
        at = next(at);
    }
    out
}

/// Poul-Henning Kamp's MD5-crypt (FreeBSD, 1994) and Apache's copy of it.
fn md5_crypt(magic: Magic, salt: &[u8], password: &[u8]) -> Option<Bytes> {
    let magic: &[u8] = match magic {
        Magic::Unix => b"$1$",
        Magic::Apache => b"$apr1$",
    };
    let inner = hashed::<Md5>(&[password, salt, password]);
    let mut state = Md5::new();
    state.update(password);
    state.update(magic);
    state.update(salt);
    for start in (0..password.len()).step_by(16) {
        state.update(&inner[..(password.len() - start).min(16)]);
    }
    let mut bits = password.len();
    while bits > 0 {
        if bits & 1 == 1 {
            state.update([0]);
        } else {
            state.update(password.first().map(std::slice::from_ref)?);
        }
        bits >>= 1;
    }
    let mut sum = Zeroizing::new(state.finalize().to_vec());
    for round in 0..1000 {
        let (first, last): (&[u8], &[u8]) = if round & 1 == 1 { (password, &sum) } else { (&sum, password) };
        let salt = if round % 3 == 0 { &[] } else { salt };
        let again = if round % 7 == 0 { &[] } else { password };
        sum = hashed::<Md5>(&[first, salt, again, last]);
    }
    let mut out = permuted(&sum, 4, |[a, b, c]| [a + 1, b + 1, c + 1], [0, 6, 12]);
    push64(&mut out, [sum[4], sum[10], sum[5]], 4);
    push64(&mut out, [0, 0, sum[11]], 2);
    Some(out)
}

/// phpass's portable hashes (WordPress before 6.8, phpBB 3, Drupal's imports).
fn phpass(log2: u32, salt: &[u8], password: &[u8]) -> Bytes {
    stretched::<Md5>(log2, salt, password)
}

/// phpass over any digest: a digest of the digest and the password, 2^`log2` times.
fn stretched<D: Digest>(log2: u32, salt: &[u8], password: &[u8]) -> Bytes {
    let mut sum = hashed::<D>(&[salt, password]);
    for _ in 0..1_u64 << log2 {
        sum = hashed::<D>(&[&sum, password]);
    }
    let mut out = Zeroizing::new(Vec::with_capacity(86));
    for part in sum.chunks(3) {
        match *part {
            [a, b, c] => push64(&mut out, [c, b, a], 4),
            [a, b] => push64(&mut out, [0, b, a], 3),
            [a] => push64(&mut out, [0, 0, a], 2),
            _ => {}
        }
    }
    out
}

/// NetBSD's `$sha1$`: HMAC again and again.
fn sha1_crypt(rounds: u32, salt: &[u8], password: &[u8]) -> Option<Bytes> {
    let mut sum = Zeroizing::new([salt, b"$sha1$", rounds.to_string().as_bytes()].concat());
    for _ in 0..rounds {
        sum = mac::<Hmac<Sha1>>(password, &sum)?;
    }
    let mut out = permuted(&sum, 6, |[a, b, c]| [a + 3, b + 3, c + 3], [0, 1, 2]);
    push64(&mut out, [sum[18], sum[19], sum[0]], 4);
    Some(out)
}

/// Bytes in crypt(3)'s alphabet, the lowest bits first, as yescrypt and `$7$` write them.
pub(super) fn unpack64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    for part in text.as_bytes().chunks(4) {
        let mut value = 0;
        for (at, character) in part.iter().enumerate() {
            value |= crypt64(*character)? << (6 * at);
        }
        let bytes = part.len() * 6 / 8;
        out.extend_from_slice(&value.to_le_bytes()[..bytes]);
    }
    Some(out)
}
