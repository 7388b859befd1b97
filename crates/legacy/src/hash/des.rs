//! DES as crypt(3) has it: the traditional form (13 characters) and BSDi's (`_`, 20 characters). No crate that is kept has it (docs/adr/0016-des-of-crypt-is-our-own.md).

use super::{
    Unreadable, Verifier,
    compute::{crypt64, is_crypt64},
    malformed,
    recipe::Kind,
};

/// `ab` and eleven characters.
pub(super) fn traditional(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "descrypt";
    if hash.len() != 13 || !is_crypt64(hash) {
        return Err(malformed(F, "it is not 13 characters of ./0-9A-Za-z"));
    }
    let salt = number(&hash[..2]);
    Ok(Verifier::new(Kind::DesCrypt { salt }, hash.as_bytes()[2..].to_vec()))
}

/// `_`, four characters of rounds, four of salt, eleven of digest.
pub(super) fn extended(hash: &str) -> Result<Verifier, Unreadable> {
    const F: &str = "bsdicrypt";
    if hash.len() != 20 || !is_crypt64(&hash[1..]) {
        return Err(malformed(F, "it is not `_` and 19 characters of ./0-9A-Za-z"));
    }
    let (rounds, salt) = (number(&hash[1..5]), number(&hash[5..9]));
    if rounds == 0 {
        return Err(malformed(F, "no rounds"));
    }
    Ok(Verifier::new(Kind::BsdiCrypt { rounds, salt }, hash.as_bytes()[9..].to_vec()))
}

fn number(text: &str) -> u32 {
    text.bytes().rev().filter_map(crypt64).fold(0, |value, digit| value << 6 | digit)
}

pub(super) fn traditional_digest(salt: u32, password: &[u8]) -> Vec<u8> {
    encode(&encrypt(key_of(password.get(..8).unwrap_or(password)), salt, 25))
}

pub(super) fn extended_digest(rounds: u32, salt: u32, password: &[u8]) -> Vec<u8> {
    let mut blocks = password.chunks(8);
    let mut key = key_of(blocks.next().unwrap_or_default());
    for block in blocks {
        // The key encrypted under itself, and the next eight characters.
        let own = block_of(&des(key, bits(key), 0, 1));
        key = own ^ key_of(block);
    }
    encode(&encrypt(key, salt, rounds))
}

/// Eight characters of seven bits, each with room for a parity bit.
fn key_of(text: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    for (byte, character) in bytes.iter_mut().zip(text) {
        *byte = character << 1;
    }
    u64::from_be_bytes(bytes)
}

type Bits = [u8; 64];

fn bits(block: u64) -> Bits {
    std::array::from_fn(|at| u8::from(block >> (63 - at) & 1 == 1))
}

fn block_of(bits: &Bits) -> u64 {
    bits.iter().fold(0, |block, bit| block << 1 | u64::from(*bit))
}

fn encrypt(key: u64, salt: u32, rounds: u32) -> Bits {
    des(key, [0; 64], salt, rounds)
}

/// DES, again and again, with the bits of E swapped that the salt names.
fn des(key: u64, block: Bits, salt: u32, times: u32) -> Bits {
    let keys = schedule(&bits(key));
    let mut expansion = E;
    for at in 0..24 {
        if salt >> at & 1 == 1 {
            expansion.swap(at, at + 24);
        }
    }
    let mut block: Bits = std::array::from_fn(|at| block[usize::from(IP[at]) - 1]);
    for _ in 0..times {
        let (mut left, mut right) = ([0; 32], [0; 32]);
        left.copy_from_slice(&block[..32]);
        right.copy_from_slice(&block[32..]);
        for key in &keys {
            let mixed: [u8; 48] = std::array::from_fn(|at| right[usize::from(expansion[at]) - 1] ^ key[at]);
            let mut out = [0; 32];
            for (nth, six) in mixed.chunks(6).enumerate() {
                let row = six[0] << 1 | six[5];
                let column = six[1] << 3 | six[2] << 2 | six[3] << 1 | six[4];
                let value = S[nth][usize::from(row << 4 | column)];
                for (bit, place) in out[4 * nth..4 * nth + 4].iter_mut().enumerate() {
                    *place = value >> (3 - bit) & 1;
                }
            }
            let next: [u8; 32] = std::array::from_fn(|at| left[at] ^ out[usize::from(P[at]) - 1]);
            left = right;
            right = next;
        }
        // The halves change places at the end; the final permutation undoes the first, so between two times there is none.
        block[..32].copy_from_slice(&right);
        block[32..].copy_from_slice(&left);
    }
    let mut out = [0; 64];
    for (at, place) in IP.iter().enumerate() {
        out[usize::from(*place) - 1] = block[at];
    }
    out
}

fn schedule(key: &Bits) -> [[u8; 48]; 16] {
    let mut halves: [u8; 56] = std::array::from_fn(|at| key[usize::from(PC1[at]) - 1]);
    SHIFTS.map(|shift| {
        halves[..28].rotate_left(shift);
        halves[28..].rotate_left(shift);
        std::array::from_fn(|at| halves[usize::from(PC2[at]) - 1])
    })
}

/// 64 bits as eleven characters, the highest first, two zeros behind.
fn encode(bits: &Bits) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let padded: Vec<u8> = bits.iter().copied().chain([0, 0]).collect();
    let digit = |six: &[u8]| six.iter().fold(0, |value: usize, bit| value << 1 | usize::from(*bit));
    padded.chunks(6).map(|six| ALPHABET[digit(six)]).collect()
}

// FIPS 46-3, appendix 1.
const IP: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48,
    40, 32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21,
    13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
const E: [u8; 48] = [
    32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20,
    21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6,
    22, 11, 4, 25,
];
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44,
    36, 63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20,
    12, 4,
];
const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37,
    47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const SHIFTS: [usize; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
const S: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5,
        3, 8, 4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14,
        10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9,
        11, 5, 0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12,
        0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11,
        15, 1, 13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3,
        11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10,
        14, 9, 10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11,
        12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9,
        8, 6, 4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9,
        10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11,
        3, 8, 9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7,
        6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15,
        8, 6, 1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15,
        14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14,
        9, 2, 7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0,
        3, 5, 6, 11,
    ],
];
