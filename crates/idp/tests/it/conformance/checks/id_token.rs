use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Map, Value};

use super::claims;
use crate::conformance::{op::ISSUER, suite::Asked};

/// Claims of the protocol: they need not be asked for (PROTOCOL 4.10).
const ALWAYS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "nbf",
    "jti",
    "sid",
    "txn",
];

/// The ID token of an answer: header and claims, held against the request (OIDC Core §2, §3.1.3.7).
#[track_caller]
pub fn check(
    asked: &Asked,
    answer: &Map<String, Value>,
    keys: &Value,
    now: i64,
) -> (Map<String, Value>, Map<String, Value>) {
    let token = answer["id_token"].as_str().unwrap();
    let (header, told) = signed(token, keys);
    protocol(asked, &told, now);
    claims::types(&told, now);
    let wished = wished(asked);
    for name in told.keys() {
        let fine = ALWAYS.contains(&name.as_str()) || wished.contains(name);
        assert!(fine, "{name} is in the ID token, and nobody asked for it");
    }
    let access = answer["access_token"].as_str().unwrap();
    let alg = header["alg"].as_str().unwrap();
    assert_eq!(told["at_hash"], half_hash(alg, access), "§3.1.3.6");
    (header, told)
}

/// Header and claims of a token that exactly one published key signed (§10.1).
#[track_caller]
pub fn signed(token: &str, keys: &Value) -> (Map<String, Value>, Map<String, Value>) {
    let header: Map<String, Value> =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let fits = |key: &&Value| {
        key["kid"] == header["kid"]
            && key["alg"] == header["alg"]
            && key.get("use").is_none_or(|usage| usage == "sig")
    };
    let all = keys["keys"].as_array().unwrap();
    assert!(header["kid"].is_string(), "kid is there");
    assert_eq!(all.iter().filter(fits).count(), 1, "exactly one key fits kid, alg and use");
    let set: JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let jwk = set.find(header["kid"].as_str().unwrap()).unwrap();
    let alg = decode_header(token).unwrap().alg;
    assert!(!matches!(alg, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512));
    let mut rules = Validation::new(alg);
    (rules.validate_exp, rules.validate_aud) = (false, false);
    rules.required_spec_claims.clear();
    let told = decode(token, &DecodingKey::from_jwk(jwk).unwrap(), &rules).expect("the signature is right");
    (header, told.claims)
}

#[track_caller]
fn protocol(asked: &Asked, told: &Map<String, Value>, now: i64) {
    let number = |name: &str| told.get(name).map(|v| v.as_i64().unwrap_or_else(|| panic!("{name}: {v}")));
    assert_eq!(told["iss"], ISSUER);
    let ours = |v: &Value| v == asked.client.id;
    assert!(ours(&told["aud"]) || told["aud"].as_array().is_some_and(|all| all.iter().any(ours)));
    assert!(told.get("azp").is_none_or(ours), "azp is the client");
    let sub = told["sub"].as_str().expect("sub is text");
    assert!((1..=255).contains(&sub.len()) && sub.bytes().all(|b| (0x20..0x7f).contains(&b)));
    assert!(number("exp").expect("exp") > now, "not expired");
    let iat = number("iat").expect("iat");
    assert!((now - 300..=now).contains(&iat), "iat {iat}, now {now}");
    if let Some(at) = number("auth_time") {
        assert!((now - 365 * 86_400..=now).contains(&at), "auth_time {at}, now {now}");
    }
    if asked.get("max_age").is_some() {
        assert!(told.contains_key("auth_time"), "max_age asks for auth_time (§3.1.2.1)");
    }
    assert_eq!(told.get("nonce").and_then(Value::as_str), asked.get("nonce"), "nonce as it came, or none");
    assert!(told.get("acr").is_none_or(|acr| acr.as_str().is_some_and(|a| !a.is_empty())));
    if let (Some(values), Some(acr)) = (asked.get("acr_values"), told.get("acr")) {
        assert!(values.split(' ').any(|v| v == acr), "{acr} was not asked for");
    }
}

/// The members of `claims` for the ID token (§5.5).
fn wished(asked: &Asked) -> Vec<String> {
    let claims: Value = asked.get("claims").map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    claims["id_token"].as_object().map(|part| part.keys().cloned().collect()).unwrap_or_default()
}

/// §3.1.3.6: the left half of the hash of the algorithm's own name; Ed25519's is SHA-512.
fn half_hash(alg: &str, token: &str) -> String {
    use aws_lc_rs::digest::{SHA256, SHA512, digest};
    let algorithm = match alg {
        "RS256" | "PS256" | "ES256" => &SHA256,
        "EdDSA" => &SHA512,
        other => panic!("{other}"),
    };
    let hash = digest(algorithm, token.as_bytes());
    let hash = hash.as_ref();
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}
