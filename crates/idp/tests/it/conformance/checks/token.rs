use serde_json::{Map, Value};

use super::text;
use crate::conformance::robot::Page;

/// RFC 6749 §5.1, OIDC Core §3.1.3.3.
const MEMBERS: &[&str] = &["access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"];
/// RFC 6749 §5.2.
const ERRORS: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// An answer with tokens (PROTOCOL 4.7).
#[track_caller]
pub fn success(reply: &Page) -> Map<String, Value> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    unkept(reply);
    let answer = reply.json();
    let answer = answer.as_object().unwrap();
    only(answer, MEMBERS);
    token(answer["access_token"].as_str().expect("access_token is text"), "the access token");
    assert!(answer["token_type"].as_str().is_some_and(|t| t.eq_ignore_ascii_case("bearer")));
    let life = answer["expires_in"].as_i64().expect("expires_in is a whole number");
    assert!((1..=31_536_000).contains(&life), "{life}");
    if let Some(refresh) = answer.get("refresh_token") {
        token(refresh.as_str().expect("refresh_token is text"), "the refresh token");
    }
    if let Some(scope) = answer.get("scope") {
        assert!(oidc::Scope::parse(scope.as_str().expect("scope is text")).is_ok_and(|s| !s.is_empty()));
    }
    answer.clone()
}

/// A refusal, and its code. 401 goes with `invalid_client` alone.
#[track_caller]
pub fn failure(reply: &Page) -> String {
    unkept(reply);
    let answer = reply.json();
    let answer = answer.as_object().unwrap();
    only(answer, &["error", "error_description", "error_uri"]);
    let error = answer["error"].as_str().expect("error is text");
    assert!(ERRORS.contains(&error), "{error} is not registered");
    match reply.status.as_u16() {
        400 => {}
        // RFC 6749 §5.2: to a client that used the header, with the scheme that it used.
        401 => {
            assert_eq!(error, "invalid_client");
            assert!(reply.header("www-authenticate").starts_with("Basic "));
        }
        other => panic!("{other} {}", reply.body),
    }
    if let Some(why) = answer.get("error_description") {
        text::description(why.as_str().expect("error_description is text"));
    }
    if let Some(uri) = answer.get("error_uri") {
        text::error_uri(uri.as_str().expect("error_uri is text"));
    }
    error.to_owned()
}

/// RFC 6749 §5.1
#[track_caller]
fn unkept(reply: &Page) {
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
}

#[track_caller]
fn only(answer: &Map<String, Value>, names: &[&str]) {
    let odd: Vec<_> = answer.keys().filter(|name| !names.contains(&name.as_str())).collect();
    assert!(odd.is_empty(), "unexpected: {odd:?}");
}

/// RFC 6749 appendix A.12, A.17, and what `Authorization: Bearer` can carry (RFC 6750 §2.1).
#[track_caller]
fn token(token: &str, what: &str) {
    text::unguessable(token, what);
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    assert!(token.bytes().all(legal), "{what} holds a character that it may not");
}
