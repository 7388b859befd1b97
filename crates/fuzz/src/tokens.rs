use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use oidc::{
    jwt::{self as reader, Alg, Claims, Key, Refused, Rules},
    ticket,
};
use serde_json::Value;
use sha2::Sha256;

use crate::{halves, text};

const NOW: i64 = 1_800_000_000;
const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"SxJERKVg__o3TRWMXJL2yy_Ft13UE42PUoGzcEoOuhg"}"#;
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"pXh6JR_RULTiFMvn16Nw4uEZopCN25n8naf0Z1SdcYE","y":"FarPgx6h8Fq2gXV1vsPhryvk-0_jJuy3ouQ1DjHuQwE"}"#;
const RSA: &str = include_str!("../seeds/jwk/rsa");

/// All tokens that were ever signed with these keys: any other is a forgery.
const GOOD: [&str; 4] = [
    include_str!("../seeds/jwt/good-hs256"),
    include_str!("../seeds/jwt/good-eddsa"),
    include_str!("../seeds/jwt/good-es256"),
    include_str!("../seeds/jwt/good-rs256"),
];

fn keys() -> Vec<Key> {
    let public = [ED25519, P256, RSA].map(|record| Key::from_jwk(record).expect("a key"));
    [Key::shared(SECRET).expect("a key")].into_iter().chain(public).collect()
}

fn rules() -> Rules<'static> {
    Rules {
        typ: &["jwt"],
        typ_may_be_absent: true,
        issuers: &["a"],
        audience: Some("b"),
        required: &["iss", "sub", "aud", "exp"],
        now: Some(NOW),
    }
}

/// Any token: only those in [`GOOD`] are accepted.
pub fn jwt(data: &[u8]) {
    let Some(token) = text(data) else { return };
    let lax =
        Rules { typ: &["jwt", "at+jwt"], issuers: &[], audience: None, required: &[], now: None, ..rules() };
    for rules in [rules(), lax] {
        assert!(reader::verify(token, &[], &rules).is_err(), "accepted without a key");
        let accepted = reader::verify(token, &keys(), &rules).is_ok();
        assert!(accepted || !GOOD.contains(&token), "no longer accepted: {token}");
        assert!(!accepted || GOOD.iter().any(|good| said(good) == said(token)), "{token}");
    }
}

/// The signed part of a token. An ECDSA signature has a second valid form (r and n - s) that anybody can compute, so signatures are not compared.
fn said(token: &str) -> Option<&str> {
    token.rsplit_once('.').map(|(said, _)| said)
}

/// A header and claims with a good signature: an accepted token has all required claims.
pub fn claims(data: &[u8]) {
    let Some((header, claims)) = halves(data) else { return };
    let token = signed(header, claims);
    if let Ok(read) = reader::verify(&token, &keys(), &rules()) {
        accepted(header, claims, &read);
        assert_eq!(
            (reader::text(&read, "iss"), reader::audience(&read).map(|a| a.contains(&"b"))),
            (Some("a"), Ok(true))
        );
        assert!(
            reader::number(&read, "exp").is_ok_and(|exp| exp.is_some_and(|exp| exp + reader::SKEW > NOW))
        );
        assert!(["nbf", "iat"].iter().all(|name| {
            reader::number(&read, name).is_ok_and(|t| t.is_none_or(|t| t <= NOW + reader::SKEW))
        }));
        assert!(reader::text(&read, "sub").is_some_and(|sub| !sub.is_empty()));
    }
    if let Ok(ticket) = ticket::verify(&token, &keys(), &["a"], "b", NOW) {
        let texts = [
            Some(&ticket.identifier),
            Some(&ticket.jti),
            ticket.client_ref.as_ref(),
            ticket.email.as_ref(),
            ticket.name.as_ref(),
        ];
        assert!(
            texts
                .into_iter()
                .flatten()
                .all(|t| !t.is_empty() && t.len() <= 320 && !t.chars().any(char::is_control))
        );
        assert!((NOW..=NOW + ticket::MAX_LIFETIME + 2 * reader::SKEW).contains(&ticket.expires_at));
    }
}

/// Checks an accepted token's header for what must be refused, and its claims by a second reading.
fn accepted(header: &str, claims: &str, read: &Claims) {
    let header: Value = serde_json::from_str(header).expect("a header that was read");
    assert_eq!(header["alg"], "HS256");
    let foreign = ["crit", "jwk", "jku", "x5u", "x5c", "b64", "enc", "zip"];
    assert!(foreign.iter().all(|name| header.get(name).is_none()), "{header}");
    assert!(
        header["typ"].is_null()
            || header["typ"].as_str().is_some_and(|typ| typ.to_ascii_lowercase().ends_with("jwt"))
    );
    let again: Claims = serde_json::from_str(claims).expect("claims that were read");
    assert!(again == *read, "two readers disagree");
}

fn signed(header: &str, claims: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET).expect("a key of any length");
    mac.update(input.as_bytes());
    reader::complete(input, &mac.finalize().into_bytes())
}

/// A key record: an accepted key is public, strong and for one algorithm, and it verifies no token of [`GOOD`] unless it is one of their keys.
pub fn jwk(data: &[u8]) {
    let Some(record) = text(data) else { return };
    let Ok(key) = Key::from_jwk(record) else { return };
    let read: Claims = serde_json::from_str(record).expect("a record that was read");
    assert!(
        ["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|name| !read.contains_key(*name)),
        "private: {record}"
    );
    let field = |name: &str| read.get(name).and_then(Value::as_str);
    let size = |name: &str| {
        field(name)
            .and_then(|n| URL_SAFE_NO_PAD.decode(n).ok())
            .map(|b| b.into_iter().skip_while(|b| *b == 0).count())
    };
    let fits = match field("kty") {
        Some("RSA") => matches!(key.alg(), Alg::RS256 | Alg::PS256) && size("n") >= Some(256),
        Some("EC") => key.alg() == Alg::ES256 && size("x") <= Some(32) && size("y") <= Some(32),
        Some("OKP") => key.alg() == Alg::EdDSA && size("x") <= Some(32),
        _ => false,
    };
    assert!(fits, "{record}");
    assert!(field("alg").is_none_or(|alg| alg == key.alg().as_str()) && field("kid") == key.kid.as_deref());
    for good in GOOD {
        let answer = reader::verify(good, std::slice::from_ref(&key), &rules());
        assert!(answer.is_err() || known(&read), "another key's token: {record}");
        assert!(
            answer.is_ok()
                || matches!(answer, Err(Refused::UnknownKey | Refused::Signature | Refused::Malformed)),
            "{answer:?}"
        );
    }
}

/// Returns true if the record holds a key that signed one of [`GOOD`].
fn known(record: &Claims) -> bool {
    let same = |ours: &str| {
        let ours: Claims = serde_json::from_str(ours).expect("a record");
        ours.iter().all(|(name, value)| record.get(name) == Some(value))
    };
    [RSA, ED25519, P256].into_iter().any(same)
}
