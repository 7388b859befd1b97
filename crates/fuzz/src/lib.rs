//! Bytes that an attacker can send, or an agency can hand over, and the properties that hold whatever they are (SECURITY "Fuzzing"). Each target is an ordinary function that
//! panics where something does not hold; `src/bin` puts them under libFuzzer, and `tests` runs the seeds through them.

mod deliveries;
mod requests;
mod tokens;

pub use deliveries::{hash, rows};
pub use requests::{authorization, basic, form, pkce, token};
pub use tokens::{claims, jwk, jwt};

/// A target.
pub type Target = fn(&[u8]);

/// All of them, by the names of their programs and folders.
pub const TARGETS: &[(&str, Target)] = &[
    ("authorization", authorization),
    ("form", form),
    ("basic", basic),
    ("jwt", jwt),
    ("claims", claims),
    ("jwk", jwk),
    ("pkce", pkce),
    ("token", token),
    ("rows", rows),
    ("hash", hash),
];

/// The input as text. Other bytes never reach this code, since the web layer refuses them.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// Splits the input at the end of its first line.
fn halves(data: &[u8]) -> Option<(&str, &str)> {
    text(data)?.split_once('\n')
}
