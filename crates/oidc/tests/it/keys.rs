//! Keys made for these tests, one of each kind, and what signs with them.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use oidc::jwt::Key;
use serde_json::Value;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIG77SqD1R/mUEA6e1smf3ddgOPVRUWRsIiOnuEM/ePb4
-----END PRIVATE KEY-----";
const ED25519_PUBLIC: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"SxJERKVg__o3TRWMXJL2yy_Ft13UE42PUoGzcEoOuhg"}"#;

const P256: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYUdA9coErVAtjLvK
j40A2WPryf9EdTGZyoRyUM2MKnehRANCAASleHolH9FQtOIUy+fXo3Di4RmikI3b
mfydp/RnVJ1xgRWqz4MeofBatoF1db7D4a8r5PtP4ybst6LkNQ4x7kMB
-----END PRIVATE KEY-----";
const P256_PUBLIC: &str = r#"{"kty":"EC","crv":"P-256","x":"pXh6JR_RULTiFMvn16Nw4uEZopCN25n8naf0Z1SdcYE","y":"FarPgx6h8Fq2gXV1vsPhryvk-0_jJuy3ouQ1DjHuQwE"}"#;

/// All three public sides, as a reader has them.
pub fn known() -> Vec<Key> {
    vec![
        Key::shared(SECRET).unwrap(),
        Key::from_jwk(ED25519_PUBLIC).unwrap(),
        Key::from_jwk(P256_PUBLIC).unwrap(),
    ]
}

/// A token by the `nth` of them.
pub fn signed(nth: usize, typ: &str, claims: &Value) -> String {
    let (alg, key) = match nth % 3 {
        0 => (Algorithm::HS256, EncodingKey::from_secret(SECRET)),
        1 => (Algorithm::EdDSA, EncodingKey::from_ed_pem(ED25519.as_bytes()).unwrap()),
        _ => (Algorithm::ES256, EncodingKey::from_ec_pem(P256.as_bytes()).unwrap()),
    };
    encode(&Header { typ: Some(typ.into()), ..Header::new(alg) }, claims, &key).unwrap()
}
