use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;

use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_800_000_000;

fn rules() -> Rules<'static> {
    Rules {
        typ: &["jwt"],
        typ_may_be_absent: false,
        issuers: &["a"],
        audience: Some("b"),
        required: &["exp", "iat", "aud", "iss", "sub"],
        now: Some(NOW),
    }
}

fn fine() -> Value {
    json!({ "iss": "a", "aud": "b", "sub": "s", "iat": NOW, "exp": NOW + 60 })
}

fn signed(header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(SECRET)).unwrap()
}

fn raw(header: &str, claims: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature =
        jsonwebtoken::crypto::sign(input.as_bytes(), &EncodingKey::from_secret(SECRET), Algorithm::HS256);
    format!("{input}.{}", signature.unwrap())
}

fn check(token: &str) -> Result<Claims, Refused> {
    verify(token, &[Key::shared(SECRET).unwrap()], &rules())
}

#[test]
fn a_good_token_passes() {
    assert!(check(&signed(&Header::default(), &fine())).is_ok());
    assert!(check(&raw(r#"{"alg":"HS256","typ":"application/JWT"}"#, &fine().to_string())).is_ok());
}

/// SECURITY #31, #32, #34
#[test]
fn headers_that_lie_are_refused() {
    for (header, why) in [
        (r#"{"alg":"none","typ":"JWT"}"#, Refused::Malformed),
        (r#"{"alg":"None","typ":"JWT"}"#, Refused::Malformed),
        (r#"{"typ":"JWT"}"#, Refused::Malformed),
        (r#"{"alg":"RS256","typ":"JWT"}"#, Refused::UnknownKey),
        (r#"{"alg":"HS512","typ":"JWT"}"#, Refused::UnknownKey),
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, Refused::Type),
        (r#"{"alg":"HS256"}"#, Refused::Type),
        (r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","crit":null}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","b64":false}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","zip":"DEF"}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","jwk":null}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","x":1,"x":2}"#, Refused::Malformed),
        (r#"{"alg":"HS256","typ":"JWT","jku":"http://sink/"}"#, Refused::Header),
        (r#"{"alg":"HS256","typ":"JWT","x5u":"http://sink/"}"#, Refused::Header),
    ] {
        assert_eq!(check(&raw(header, &fine().to_string())), Err(why), "{header}");
    }
    // An RSA public key used as a shared secret does not become one: the record says RS256.
    let rsa = Key::from_jwk(RSA).unwrap();
    assert_eq!(verify(&signed(&Header::default(), &fine()), &[rsa], &rules()), Err(Refused::UnknownKey));
}

/// SECURITY #32
#[test]
fn a_kid_is_looked_up_in_memory_only() {
    let mut key = Key::shared(SECRET).unwrap();
    key.kid = Some("one".into());
    for kid in ["../../dev/null", "' OR 1=1--", "two"] {
        let header = Header { kid: Some(kid.into()), ..Header::default() };
        assert_eq!(
            verify(&signed(&header, &fine()), std::slice::from_ref(&key), &rules()),
            Err(Refused::UnknownKey)
        );
    }
    let header = Header { kid: Some("one".into()), ..Header::default() };
    assert!(verify(&signed(&header, &fine()), &[key], &rules()).is_ok());
}

/// SECURITY #33
#[test]
fn claims_of_the_wrong_type_are_refused() {
    let good = fine().to_string();
    let bad = |from: &str, to: &str| raw(r#"{"alg":"HS256","typ":"JWT"}"#, &good.replacen(from, to, 1));
    for (from, to) in [
        ("1800000060", "\"1800000060\""),
        ("1800000060", "1e400"),
        ("1800000060", "-1"),
        ("1800000060", "99999999999999999999"),
        ("1800000060", "null"),
        ("\"aud\":\"b\"", "\"aud\":{}"),
        ("\"aud\":\"b\"", "\"aud\":[\"b\",1]"),
        ("\"sub\":\"s\"", "\"sub\":7"),
        ("\"sub\":\"s\"", "\"sub\":\"s\",\"sub\":\"t\""),
        ("\"sub\":\"s\"", "\"sub\":\"s\",\"nbf\":[]"),
        ("\"sub\":\"s\"", "\"sub\":\"s\",\"x\":1,\"x\":2"),
        ("\"iss\":\"a\"", "\"iss\":[\"a\"]"),
    ] {
        assert!(good.contains(from), "{from} is not in {good}");
        assert!(check(&bad(from, to)).is_err(), "{to}");
    }
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(3000), "]".repeat(3000));
    assert_eq!(check(&raw(r#"{"alg":"HS256","typ":"JWT"}"#, &deep)), Err(Refused::Malformed));
}

#[test]
fn times_are_judged_against_the_argument_with_ten_seconds_of_skew() {
    let with = |name: &str, value: i64| {
        let mut claims = fine();
        claims[name] = json!(value);
        check(&signed(&Header::default(), &claims))
    };
    assert!(with("exp", NOW - 9).is_ok());
    assert_eq!(with("exp", NOW - 10), Err(Refused::Expired));
    assert!(with("nbf", NOW + 8).is_ok());
    assert_eq!(with("nbf", NOW + 11), Err(Refused::NotYet));
    assert_eq!(with("iat", NOW + 11), Err(Refused::NotYet));
    let hint = Rules { now: None, ..rules() };
    let old = signed(&Header::default(), &json!({ "iss": "a", "aud": "b", "sub": "s", "iat": 1, "exp": 2 }));
    assert!(verify(&old, &[Key::shared(SECRET).unwrap()], &hint).is_ok());
}

/// SECURITY #38
#[test]
fn key_records_are_checked() {
    assert_eq!(Key::shared(b"short").err(), Some(KeyRefused::Weak));
    assert_eq!(Key::from_jwk("{}").err(), Some(KeyRefused::Unsupported));
    assert_eq!(Key::from_jwk("x").err(), Some(KeyRefused::NotAJwk));
    assert_eq!(Key::from_jwk(r#"{"kty":"oct","k":"AAAA"}"#).err(), Some(KeyRefused::Private));
    assert_eq!(Key::from_jwk(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#).err(), Some(KeyRefused::Weak));
    let twice = RSA.replacen('{', r#"{"n":"AQAB","#, 1);
    assert_eq!(Key::from_jwk(&twice).err(), Some(KeyRefused::NotAJwk));
    let padded = format!(r#"{{"kty":"RSA","n":"{}AQAB","e":"AQAB"}}"#, "A".repeat(340));
    assert_eq!(Key::from_jwk(&padded).err(), Some(KeyRefused::Weak), "zeros are no strength");
    let short = r#"{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}"#;
    assert_eq!(Key::from_jwk(short).err(), Some(KeyRefused::NotAJwk));
    assert_eq!(Key::from_jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"AQAB"}"#).err(), Some(KeyRefused::NotAJwk));
    assert_eq!(Key::from_jwk(&RSA.replace("RS256", "ES256")).err(), Some(KeyRefused::Unsupported));
    assert_eq!(Key::from_jwk(&RSA.replace("RS256", "PS256")).unwrap().alg(), Alg::PS256);
    // A record without `alg` is for what the client registered, if its type can do that.
    let silent = RSA.replace("\"alg\":\"RS256\"", "\"use\":\"sig\"");
    assert_ne!(silent, RSA);
    assert_eq!(Key::from_jwk(&silent).unwrap().alg(), Alg::RS256);
    assert_eq!(Key::from_jwk_for(&silent, Some(Alg::PS256)).unwrap().alg(), Alg::PS256);
    assert_eq!(Key::from_jwk_for(&silent, Some(Alg::ES256)).err(), Some(KeyRefused::Unsupported));
    assert_eq!(Key::from_jwk_for(RSA, Some(Alg::PS256)).unwrap().alg(), Alg::RS256);
}

/// RFC 7517 §5: unusable keys are skipped, and the others used.
#[test]
fn a_key_set_is_read_for_what_signs_here() {
    let encrypts = RSA.replace("\"alg\":\"RS256\"", "\"use\":\"enc\"");
    let set = format!(r#"{{"keys":[{encrypts},{{"kty":"AKP"}},{{"kty":"oct","k":"AAAA"}},{RSA}]}}"#);
    assert_eq!(Key::set(&set, None).unwrap().len(), 1);
    for none in [r#"{"keys":[]}"#, r#"{"keys":[1,"x",{}]}"#] {
        assert_eq!(Key::set(none, None).unwrap().len(), 0, "{none}");
    }
    for wrong in ["", "[]", "{}", r#"{"keys":1}"#] {
        assert_eq!(Key::set(wrong, None).err(), Some(KeyRefused::NotAJwk), "{wrong}");
    }
}

proptest! {
    #[test]
    fn any_text_is_refused_without_panic(token in ".{0,200}") {
        prop_assert!(check(&token).is_err());
    }

    #[test]
    fn a_changed_character_is_refused(at in 0usize..150, to in "[A-Za-z0-9_.-]") {
        let token = signed(&Header::default(), &fine());
        let at = at % token.len();
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        // The last character of a signature holds bits that no byte uses; decoders refuse another value there.
        prop_assert_eq!(check(&changed).is_ok(), changed == token);
    }
}

const RSA: &str = r#"{"kty":"RSA","alg":"RS256","kid":"rfc7517","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;
