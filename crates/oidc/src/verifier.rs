//! Parsed keys that verify signatures. jsonwebtoken parses an RSA key for each verification, which takes as long as the verification; here a key is parsed once.

use aws_lc_rs::{
    rsa::PublicKeyComponents,
    signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
        RSA_PSS_2048_8192_SHA256,
    },
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::alg::Alg;

/// A parsed key.
pub(crate) enum Verifier {
    Public(ParsedPublicKey),
    Shared(Hmac<Sha256>),
}

impl Verifier {
    /// Returns an HS256 key (RFC 7518 §3.2).
    pub(crate) fn shared(secret: &[u8]) -> Option<Self> {
        Hmac::new_from_slice(secret).ok().map(Self::Shared)
    }

    /// Returns an RSA key from its modulus and exponent, big-endian (RFC 7518 §6.3.1).
    pub(crate) fn rsa(alg: Alg, n: &[u8], e: &[u8]) -> Option<Self> {
        let parameters = match alg {
            Alg::RS256 => &RSA_PKCS1_2048_8192_SHA256,
            Alg::PS256 => &RSA_PSS_2048_8192_SHA256,
            Alg::ES256 | Alg::EdDSA | Alg::HS256 => return None,
        };
        let n = &n[n.iter().take_while(|byte| **byte == 0).count()..];
        PublicKeyComponents { n, e }.to_parsed_public_key(parameters).ok().map(Self::Public)
    }

    /// Returns a P-256 key from its coordinates of 32 bytes (RFC 7518 §6.2.1).
    pub(crate) fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        // The uncompressed form (SEC 1 §2.3.3).
        let point = [&[4], x, y].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok().map(Self::Public)
    }

    /// Returns an Ed25519 key from its 32 bytes (RFC 8037 §2).
    pub(crate) fn ed25519(x: &[u8]) -> Option<Self> {
        ParsedPublicKey::new(&ED25519, x).ok().map(Self::Public)
    }

    /// Returns true if the signature over `message` is by this key.
    pub(crate) fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Shared(key) => key.clone().chain_update(message).verify_slice(signature).is_ok(),
        }
    }
}
