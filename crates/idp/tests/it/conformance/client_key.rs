use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

type Sign = Box<dyn Fn(&[u8]) -> Vec<u8>>;

/// A client's own key: it signs without the code that checks it.
pub struct ClientKey {
    alg: &'static str,
    /// The public part.
    pub jwk: Value,
    sign: Sign,
}

impl ClientKey {
    pub fn new(alg: &'static str) -> Self {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (mut jwk, sign): (Value, Sign) = match alg {
            "RS256" | "PS256" => rsa_key(alg == "PS256"),
            "ES256" => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let point = pair.public_key().as_ref().to_vec();
                let jwk =
                    json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) });
                let sign =
                    move |text: &[u8]| pair.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec();
                (jwk, Box::new(sign))
            }
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) });
                (jwk, Box::new(move |text: &[u8]| pair.sign(text).as_ref().to_vec()))
            }
            other => panic!("{other}"),
        };
        jwk["alg"] = json!(alg);
        Self { alg, jwk, sign }
    }

    /// A client's secret as the key of HS256 (OIDC Core §9 client_secret_jwt).
    pub fn shared(secret: &str) -> Self {
        use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
        let key = Key::new(HMAC_SHA256, secret.as_bytes());
        let sign = move |text: &[u8]| sign(&key, text).as_ref().to_vec();
        Self { alg: "HS256", jwk: Value::Null, sign: Box::new(sign) }
    }

    /// The public part as it stands in an agency's file.
    pub fn toml(&self) -> String {
        let members = self.jwk.as_object().unwrap().iter().map(|(name, value)| format!("{name} = {value}"));
        format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
    }

    /// A JWT of these claims.
    pub fn signed(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&json!({ "alg": self.alg, "typ": "JWT" })), part(claims));
        format!("{input}.{}", URL_SAFE_NO_PAD.encode((self.sign)(input.as_bytes())))
    }
}

fn rsa_key(pss: bool) -> (Value, Sign) {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let spki: aws_lc_rs::encoding::PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let (n, e) = modulus(spki.as_ref());
    let jwk = json!({ "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e) });
    let sign = move |text: &[u8]| {
        let mut signature = vec![0; pair.public_modulus_len()];
        let rng = SystemRandom::new();
        let how: &'static dyn aws_lc_rs::signature::RsaEncoding =
            if pss { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        pair.sign(how, &rng, text, &mut signature).unwrap();
        signature
    };
    (jwk, Box::new(sign))
}

/// The two numbers at the end of a SubjectPublicKeyInfo of 2048 bits (RFC 8017 appendix A.1.1).
fn modulus(spki: &[u8]) -> (&[u8], &[u8]) {
    let (rest, exponent) = spki.split_at(spki.len() - 3);
    assert_eq!(exponent, [1, 0, 1]);
    let n = &rest[rest.len() - 2 - 256..rest.len() - 2];
    assert!(n[0] >= 0x80);
    (n, exponent)
}
