//! Parsed private keys. jsonwebtoken parses an RSA key for every signature, which costs more than the signature (docs/adr/0004); here a key is parsed once.

use ::rsa::{RsaPublicKey, pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts};
use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oidc::jwt::{Alg, Claims};
use serde_json::json;
use zeroize::Zeroizing;

use super::keys::thumbprint;

/// A parsed private key.
pub(super) enum Signer {
    Rsa(rsa::KeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A new key, to be stored.
pub(super) struct Made {
    pub(super) pkcs8: Zeroizing<Vec<u8>>,
    /// The public members.
    pub(super) jwk: Claims,
}

impl Made {
    /// Returns the thumbprint (RFC 7638 §3).
    pub(super) fn thumbprint(&self) -> String {
        let member = |name: &str| self.jwk.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        thumbprint(&match member("kty").as_str() {
            "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, member("e"), member("n")),
            "EC" => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, member("x"), member("y")),
            _ => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, member("x")),
        })
    }
}

impl Signer {
    /// Generates a key: RSA with 3072 bits (128 bits of strength, SECURITY #38), P-256 or Ed25519. Takes up to a second of CPU.
    pub(super) fn generate(alg: Alg) -> Option<Made> {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (pkcs8, jwk) = match alg {
            Alg::RS256 | Alg::PS256 => {
                let pair = rsa::KeyPair::generate(KeySize::Rsa3072).ok()?;
                let public = RsaPublicKey::from_pkcs1_der(pair.public_key().as_ref()).ok()?;
                let jwk = json!({ "kty": "RSA", "n": b64(&public.n().to_bytes_be()), "e": b64(&public.e().to_bytes_be()) });
                (AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).ok()?.as_ref().to_vec(), jwk)
            }
            Alg::ES256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
                // An uncompressed point: 4, x, y (SEC 1 §2.3.3).
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..65)?.split_at(32);
                let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) });
                (pair.to_pkcs8v1().ok()?.as_ref().to_vec(), jwk)
            }
            Alg::EdDSA => {
                let pair = Ed25519KeyPair::generate().ok()?;
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) });
                (pair.to_pkcs8().ok()?.as_ref().to_vec(), jwk)
            }
            Alg::HS256 => return None,
        };
        Some(Made { pkcs8: Zeroizing::new(pkcs8), jwk: jwk.as_object()?.clone() })
    }

    /// Parses a key that [`Self::generate`] made.
    pub(super) fn from_pkcs8(alg: Alg, der: &[u8]) -> Option<Self> {
        match alg {
            Alg::RS256 => Some(Self::Rsa(rsa::KeyPair::from_pkcs8(der).ok()?, &RSA_PKCS1_SHA256)),
            Alg::PS256 => Some(Self::Rsa(rsa::KeyPair::from_pkcs8(der).ok()?, &RSA_PSS_SHA256)),
            Alg::ES256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok().map(Self::Ec),
            Alg::EdDSA => Ed25519KeyPair::from_pkcs8(der).ok().map(Self::Ed),
            Alg::HS256 => None,
        }
    }

    /// Signs; the signature has the form of RFC 7518 §3 or RFC 8037 §3.1.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let rng = SystemRandom::new();
        match self {
            Self::Rsa(pair, padding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &rng, message, &mut signature).ok()?;
                Some(signature)
            }
            Self::Ec(pair) => pair.sign(&rng, message).ok().map(|s| s.as_ref().to_vec()),
            Self::Ed(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}

#[cfg(test)]
mod tests {
    use oidc::jwt::{self, Key, Rules};

    use super::*;

    #[test]
    fn every_algorithm_signs_what_its_public_key_accepts() {
        for alg in Alg::SIGNING {
            let made = Signer::generate(*alg).unwrap();
            let mut jwk = made.jwk.clone();
            jwk.insert("alg".into(), json!(alg.as_str()));
            let key = Key::from_jwk(&serde_json::Value::Object(jwk).to_string()).unwrap();
            let claims = json!({ "iss": "x", "exp": 100 }).as_object().unwrap().clone();
            let input = jwt::signing_input(*alg, "k", "JWT", &claims);
            let signature = Signer::from_pkcs8(*alg, &made.pkcs8).unwrap().sign(input.as_bytes()).unwrap();
            let token = jwt::complete(input, &signature);
            let rules = Rules {
                typ: &["jwt"],
                typ_may_be_absent: false,
                issuers: &["x"],
                audience: None,
                required: &["exp"],
                now: Some(50),
            };
            assert_eq!(jwt::verify(&token, &[key], &rules).unwrap(), claims, "{alg:?}");
        }
    }

    /// RFC 7638 §3.1
    #[test]
    fn the_thumbprint_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB" });
        let made = Made { pkcs8: Zeroizing::new(vec![]), jwk: jwk.as_object().unwrap().clone() };
        assert_eq!(made.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    /// RFC 8037 A.3
    #[test]
    fn the_thumbprint_of_an_ed25519_key_is_that_of_the_rfc() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": "is no part of it" });
        let made = Made { pkcs8: Zeroizing::new(vec![]), jwk: jwk.as_object().unwrap().clone() };
        assert_eq!(made.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
