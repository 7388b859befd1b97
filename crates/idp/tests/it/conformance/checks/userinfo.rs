use serde_json::{Map, Value};

use super::claims::{self, SCOPES};
use crate::conformance::{robot::Page, suite::Tokens};

/// A userinfo answer in JSON, held against the request and its ID token (OIDC Core §5.3.2, §5.3.4).
#[track_caller]
pub fn check(tokens: &Tokens, reply: &Page, now: i64) -> Map<String, Value> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    let told = reply.json();
    let told = told.as_object().unwrap().clone();
    assert!(told["sub"].is_string());
    assert_eq!(told["sub"], tokens.claims["sub"], "§5.3.2: the sub of the ID token");
    claims::types(&told, now);
    aggregated(&told);
    let wished = wished(tokens);
    for (scope, names) in SCOPES {
        let opened = tokens.asked.get("scope").unwrap().split(' ').any(|s| s == *scope);
        for name in *names {
            if opened || wished.iter().any(|w| w == name) {
                assert!(told.contains_key(*name), "{name} was asked for and is missing");
            } else {
                assert!(!told.contains_key(*name), "{name} is there, and nobody asked for it");
            }
        }
    }
    told
}

/// §5.6.2: every name in `_claim_names` leads to a source.
#[track_caller]
fn aggregated(told: &Map<String, Value>) {
    let sources = told.get("_claim_sources").and_then(Value::as_object);
    for (name, source) in told.get("_claim_names").and_then(Value::as_object).into_iter().flatten() {
        let source = source.as_str().unwrap();
        assert!(sources.is_some_and(|all| all.contains_key(source)), "{name} comes from nowhere");
    }
}

/// The members of `claims` for userinfo (§5.5).
fn wished(tokens: &Tokens) -> Vec<String> {
    let text = tokens.asked.get("claims");
    let claims: Value = text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    claims["userinfo"].as_object().map(|part| part.keys().cloned().collect()).unwrap_or_default()
}
