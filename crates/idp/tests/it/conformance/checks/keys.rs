use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::JwkSet;
use serde_json::Value;

/// The members that hold what is private or shared (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRET: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A published key set (PROTOCOL 4.2): the names of its keys.
#[track_caller]
pub fn check(set: &Value) -> BTreeSet<String> {
    let keys = set["keys"].as_array().expect("keys is a list");
    assert!(!keys.is_empty());
    serde_json::from_value::<JwkSet>(set.clone()).expect("a reader understands every key");
    let mut names = BTreeSet::new();
    for key in keys {
        let text = |name: &str| {
            key[name].as_str().filter(|t| !t.is_empty()).unwrap_or_else(|| panic!("{name}: {key}"))
        };
        assert!(names.insert(text("kid").to_owned()), "two keys are called {}", text("kid"));
        assert!(SECRET.iter().all(|name| key.get(name).is_none()), "{key}");
        assert_eq!(text("use"), "sig");
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)).expect("base64url");
        match (text("kty"), text("alg")) {
            ("RSA", "RS256" | "PS256") => {
                assert!(bytes("n").len() >= 256 && bytes("n")[0] != 0, "2048 bits, no octet too many");
                assert!(!bytes("e").is_empty());
            }
            ("EC", "ES256") => {
                assert_eq!((text("crv"), bytes("x").len(), bytes("y").len()), ("P-256", 32, 32));
            }
            ("OKP", "EdDSA") => assert_eq!((text("crv"), bytes("x").len()), ("Ed25519", 32)),
            other => panic!("{other:?}"),
        }
    }
    names
}

#[test]
fn a_key_set_that_tells_too_much_is_noticed() {
    let key = || {
        serde_json::json!({ "kid": "1", "use": "sig", "alg": "EdDSA", "kty": "OKP", "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
    };
    let fits = |keys: Vec<Value>| {
        let set = serde_json::json!({ "keys": keys });
        std::panic::catch_unwind(|| check(&set)).is_ok()
    };
    assert!(fits(vec![key()]));
    assert!(!fits(vec![]) && !fits(vec![key(), key()]));
    for (name, value) in
        [("d", "AA"), ("kid", ""), ("use", "enc"), ("x", "AA"), ("crv", "X25519"), ("kty", "AKP")]
    {
        let mut key = key();
        key[name] = value.into();
        assert!(!fits(vec![key]), "{name}");
    }
}
