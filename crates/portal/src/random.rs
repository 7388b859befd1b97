//! The source of random numbers of this program.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Returns a new identifier of 256 bits, base64url: cookies, `state`, `nonce`, PKCE verifiers.
pub(crate) fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes())
}

/// Returns 256 random bits.
pub(crate) fn bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    #[allow(
        clippy::disallowed_methods,
        reason = "the portal is a program of its own: this is where its rng comes from"
    )]
    getrandom::fill(&mut bytes).expect("the system has a random generator");
    bytes
}

/// The hash stored in place of a token that a browser holds, so that the time of a lookup reveals nothing.
pub(crate) type Fingerprint = [u8; 32];

/// Returns the fingerprint of a token.
pub(crate) fn fingerprint(token: &str) -> Fingerprint {
    Sha256::digest(token).into()
}
