use base64::{Engine, engine::general_purpose::STANDARD};
use oidc::{
    Code, Params, Scope,
    authentication::{Caller, Presented, authenticate},
    client::{AuthMethod, Client, GrantType},
    jwt::{self, Key, Refused, Rules},
    pkce, ticket,
    token::{
        self, CodeAttempt, CodeRecord, Redeem, RedeemDecision, RefreshAttempt, RefreshRecord, Rotated,
        TokenRequest,
    },
};
use proptest::{
    prelude::*,
    sample::{Index, select},
};
use serde_json::{Value, json};

use crate::keys::{known, signed};

const NOW: i64 = 1_800_000_000;

fn rules() -> Rules<'static> {
    Rules {
        typ: &["jwt"],
        typ_may_be_absent: false,
        issuers: &["a"],
        audience: Some("b"),
        required: &["iss", "sub", "aud", "exp"],
        now: Some(NOW),
    }
}

/// A change that an attacker makes to a token that they have seen.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, char),
    Remove(Index),
    Replace(Index, char),
    Swap(Index, Index),
    Cut(Index),
    Repeat(Index, Index),
}

fn change() -> impl Strategy<Value = Change> {
    let letter =
        || prop_oneof![4 => "[A-Za-z0-9_.=-]".prop_map(|s| s.chars().next().unwrap()), 1 => any::<char>()];
    prop_oneof![
        (any::<Index>(), letter()).prop_map(|(at, c)| Change::Insert(at, c)),
        any::<Index>().prop_map(Change::Remove),
        (any::<Index>(), letter()).prop_map(|(at, c)| Change::Replace(at, c)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Swap(a, b)),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Repeat(a, b)),
    ]
}

fn changed(token: &str, changes: &[Change]) -> String {
    let mut letters: Vec<char> = token.chars().collect();
    for change in changes.iter().cloned() {
        if letters.is_empty() {
            break;
        }
        let n = letters.len();
        match change {
            Change::Insert(at, c) => letters.insert(at.index(n + 1), c),
            Change::Remove(at) => drop(letters.remove(at.index(n))),
            Change::Replace(at, c) => letters[at.index(n)] = c,
            Change::Swap(a, b) => letters.swap(a.index(n), b.index(n)),
            Change::Cut(at) => letters.truncate(at.index(n)),
            Change::Repeat(a, b) => {
                let (from, to) = (a.index(n).min(b.index(n)), a.index(n).max(b.index(n)));
                let again: Vec<char> = letters[from..to].to_vec();
                letters.splice(to..to, again);
            }
        }
    }
    letters.into_iter().collect()
}

/// Values that a claim should have, and many that it should not.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => select(vec![json!("a"), json!("b"), json!("s"), json!(["b"]), json!(["b", "c"]), json!(["c"])]),
        3 => select(vec![NOW - 11, NOW - 10, NOW - 9, NOW, NOW + 10, NOW + 11, NOW + 60, 0, -1, 1 << 53, i64::MAX]).prop_map(|n| json!(n)),
        1 => any::<f64>().prop_map(|f| json!(f)),
        1 => any::<u64>().prop_map(|n| json!(n)),
        1 => ".{0,9}".prop_map(|t| json!(t)),
        1 => select(vec![json!(null), json!(true), json!([]), json!({}), json!(["b", 1]), json!([["b"]]), json!("1800000060")]),
    ]
}

/// The rule of RFC 7519 §4.1 once more, as one expression over the raw values.
fn fine(claims: &Value) -> bool {
    let time = |name: &str| match claims.get(name) {
        None => Some(None),
        Some(Value::Number(n)) => {
            let n = n.as_i64().map(|n| n as f64).or(n.as_f64())?;
            (n > -1.0 && n <= (1_i64 << 53) as f64).then_some(Some(n.trunc()))
        }
        Some(_) => None,
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let audience = match claims.get("aud") {
        Some(Value::String(one)) => one == "b",
        Some(Value::Array(many)) => many.iter().all(Value::is_string) && many.contains(&json!("b")),
        _ => false,
    };
    let (Some(Some(exp)), Some(nbf), Some(iat)) = (time("exp"), time("nbf"), time("iat")) else {
        return false;
    };
    let now = NOW as f64;
    audience
        && text("iss") == Some("a")
        && text("sub").is_some_and(|s| !s.is_empty())
        && now < exp + 10.0
        && nbf.is_none_or(|t| t <= now + 10.0)
        && iat.is_none_or(|t| t <= now + 10.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// SECURITY #31, #33: any text: no panic, nothing accepted.
    #[test]
    fn nobody_guesses_a_token(text in prop_oneof![".{0,300}", "[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,90}"]) {
        prop_assert!(jwt::verify(&text, &known(), &rules()).is_err());
        prop_assert!(ticket::verify(&text, &known(), &["a"], "b", NOW).is_err());
    }

    /// SECURITY #31: any change makes a good token invalid, for every kind of key.
    #[test]
    fn a_changed_token_is_refused(nth in 0..3usize, changes in proptest::collection::vec(change(), 1..5)) {
        let token = signed(nth, "JWT", &json!({ "iss": "a", "aud": "b", "sub": "s", "iat": NOW, "exp": NOW + 60 }));
        let other = changed(&token, &changes);
        prop_assert_eq!(jwt::verify(&other, &known(), &rules()).is_ok(), other == token, "{}", other);
    }

    /// SECURITY #31: parts of two good tokens never make a third one.
    #[test]
    fn parts_of_two_tokens_make_no_third(a in 0..3usize, b in 0..3usize, which in 1..7usize) {
        let of = |nth, sub: &str| signed(nth, "JWT", &json!({ "iss": "a", "aud": "b", "sub": sub, "exp": NOW + 60 }));
        let (one, two) = (of(a, "me"), of(b, "you"));
        let mixed: Vec<&str> = one.split('.').zip(two.split('.')).enumerate()
            .map(|(n, (one, two))| if which & (1 << n) == 0 { one } else { two }).collect();
        let mixed = mixed.join(".");
        prop_assert_eq!(jwt::verify(&mixed, &known(), &rules()).is_ok(), mixed == one || mixed == two);
    }

    /// SECURITY #33: a well-signed token passes exactly if its claims have the required values and types.
    #[test]
    fn claims_pass_by_the_rule_and_no_other(nth in 0..3usize, claims in proptest::collection::vec((select(vec!["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]), value()), 0..4)) {
        let mut all = json!({ "iss": "a", "aud": "b", "sub": "s", "exp": NOW + 60 });
        for (name, value) in claims {
            all[name] = value;
        }
        let answer = jwt::verify(&signed(nth, "JWT", &all), &known(), &rules());
        let jti = all.get("jti").is_none_or(Value::is_string);
        prop_assert_eq!(answer.is_ok(), fine(&all) && jti, "{} {:?}", all, answer);
        prop_assert!(answer.is_ok() || !matches!(answer, Err(Refused::Signature | Refused::UnknownKey)));
    }

    /// SECURITY #34: a token of another type is refused, whatever else is right.
    #[test]
    fn a_token_of_another_type_is_refused(typ in select(vec!["JWT", "jwt", "application/jwt", "application/JWT", "at+jwt", "logout+jwt", "userinfo+jwt", "", "j", "jwt ", "application/at+jwt"])) {
        let token = signed(0, typ, &json!({ "iss": "a", "aud": "b", "sub": "s", "exp": NOW + 60 }));
        let ours = typ.eq_ignore_ascii_case("jwt") || typ.eq_ignore_ascii_case("application/jwt");
        prop_assert_eq!(jwt::verify(&token, &known(), &rules()).is_ok(), ours);
    }

    /// SECURITY #38: a record with a private part, or with less than 128 bits of strength, is refused.
    #[test]
    fn a_key_record_is_read_or_refused(
        kty in select(vec!["RSA", "EC", "OKP", "oct"]),
        crv in select(vec!["P-256", "P-384", "Ed25519", "X25519", "secp256k1"]),
        alg in select(vec!["RS256", "PS256", "ES256", "EdDSA", "HS256", "RS512", "none"]),
        zeros in select(vec![0, 1, 8, 128]),
        n in prop_oneof![0..300usize, select(vec![31, 32, 33, 128, 255, 256, 384])],
        private in select(vec!["", "", "", "d", "k", "p", "q", "dp", "qi"]),
    ) {
        let number = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([vec![0; zeros], vec![0x81; n]].concat());
        let mut record = json!({ "kty": kty, "alg": alg, "crv": crv, "n": number, "e": "AQAB", "x": number, "y": number });
        if !private.is_empty() {
            record[private] = json!("AQAB");
        }
        let whole = zeros + n == 32;
        if whole && kty == "EC" {
            // Random bytes are no point of the curve; these two are.
            record["x"] = json!("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4");
            record["y"] = json!("4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM");
        }
        let sound = match (kty, alg) {
            ("RSA", "RS256" | "PS256") => n >= 256,
            ("EC", "ES256") => crv == "P-256" && whole,
            ("OKP", "EdDSA") => crv == "Ed25519" && whole,
            _ => false,
        };
        let read = Key::from_jwk(&record.to_string());
        prop_assert_eq!(read.is_ok(), sound && private.is_empty(), "{:?}", read.err());
        prop_assert!(read.is_err() || read.is_ok_and(|key| key.alg().as_str() == alg));
    }

    #[test]
    fn any_text_as_a_key_record_is_read_or_refused(text in prop_oneof![".{0,200}", "\\{(\"(kty|crv|n|e|x|y|alg)\":(\"[A-Za-z0-9_-]{0,9}\"|[0-9]|\\[\\]|null),?){0,6}\\}"]) {
        prop_assert!(Key::from_jwk(&text).is_err());
    }

    /// RFC 7636 §4.6, SECURITY #5: challenge and verifier match, or both are absent.
    #[test]
    fn a_verifier_fits_its_own_challenge_only(challenge in proptest::option::of(".{0,50}"), verifier in proptest::option::of(prop_oneof![".{0,140}", "[a-zA-Z0-9._~-]{40,131}", select(vec![42, 43, 128, 129]).prop_map(|n| "a".repeat(n))]), own: bool) {
        use sha2::{Digest, Sha256};
        let hash = |v: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(v.as_bytes()));
        let challenge = if own { verifier.as_deref().map(hash).or(challenge) } else { challenge };
        let legal = |v: &str| (43..=128).contains(&v.len()) && v.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c));
        let fits = match (&challenge, &verifier) {
            (None, None) => true,
            (Some(challenge), Some(verifier)) => legal(verifier) && *challenge == hash(verifier),
            _ => false,
        };
        let answer = pkce::compare(challenge.as_deref(), verifier.as_deref());
        prop_assert_eq!(answer.is_ok(), fits);
        prop_assert!(answer.is_ok() || answer.is_err_and(|e| e.code() == Code::InvalidGrant));
    }

    /// SECURITY #25, "Fuzzing": any bytes in the Basic header.
    #[test]
    fn any_bytes_in_a_basic_header_are_a_name_or_nothing(bytes in proptest::collection::vec(prop_oneof![3 => select(b"ab:%0+\0\n".to_vec()), 1 => any::<u8>()], 0..20), form in "[a-z_=&%0-9]{0,40}") {
        let header = format!("Basic {}", STANDARD.encode(&bytes));
        let params = Params::parse(&[&form]).unwrap_or_default();
        let presented = Presented::read(Some(&header), &params);
        let named = presented.client_id().unwrap_or_default().to_owned();
        prop_assert!(!named.chars().any(char::is_control));
        let mut client = Client::new(named.as_str(), "tilleuls");
        client.secrets = ["b", "a", "", "0"].map(oidc::client::Secret::hashed).to_vec();
        let caller = Caller { presented: &presented, client: Some(&client), keys: &[], audiences: &["https://op"], now: NOW };
        match authenticate(&caller) {
            Ok(proved) => {
                prop_assert!(proved.is_none() && bytes.contains(&b':') && !bytes.ends_with(b":"));
                prop_assert!(params.get("client_id").is_none_or(|id| id == named));
                prop_assert!(!params.has("client_secret") && !params.has("client_assertion"));
            }
            Err(error) => prop_assert_eq!(error.code(), Code::InvalidClient),
        }
    }

    /// RFC 6749 §4.1.3, §6: every value that is read was sent, and is allowed.
    #[test]
    fn a_token_request_is_read_as_it_came(fields in proptest::collection::btree_map(select(vec!["grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope"]), prop_oneof![select(vec!["authorization_code", "refresh_token", "password", ""]).prop_map(str::to_owned), "[ -~]{0,12}"], 0..6), once: bool) {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let params = Params::parse(&[&form]).unwrap();
        let mut client = Client::new("rp", "tilleuls");
        client.token_endpoint_auth_method = AuthMethod::None;
        if once {
            client.grant_types = vec![GrantType::AuthorizationCode];
        }
        let sent = |name: &str| fields.get(name).filter(|v| !v.is_empty()).map(String::as_str);
        match TokenRequest::read(&params, &client).map(|request| request.redeem) {
            Ok(Redeem::Code { code, redirect_uri, verifier }) => {
                prop_assert_eq!(sent("grant_type"), Some("authorization_code"));
                prop_assert_eq!((Some(code.as_str()), redirect_uri.as_deref(), verifier.as_deref()), (sent("code"), sent("redirect_uri"), sent("code_verifier")));
            }
            Ok(Redeem::Refresh { token, .. }) => {
                prop_assert!(!once);
                prop_assert_eq!((sent("grant_type"), sent("refresh_token")), (Some("refresh_token"), Some(token.as_str())));
            }
            Err(error) => prop_assert!(matches!(error.code(), Code::InvalidRequest | Code::UnsupportedGrantType | Code::UnauthorizedClient | Code::InvalidScope)),
        }
    }

    /// SECURITY #17, #19, D7: a code is redeemed once, by its client; only a redemption that could have been right reveals that it was used.
    #[test]
    fn a_code_gives_once_to_its_own(used: bool, revoked: bool, late in 0..3i64, client in select(vec!["rp", "other"]), uri in select(vec![None, Some("https://rp/cb"), Some("https://rp/cb/")]), verifier in select(vec![None, Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), Some("x")]), challenged: bool) {
        let challenge = challenged.then(|| "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
        let record = CodeRecord { client_id: "rp".into(), redirect_uri: "https://rp/cb".into(), code_challenge: challenge, resources: vec![], expires_at: NOW + 1, used, revoked };
        let asking = Client::new(client, "tilleuls");
        let attempt = CodeAttempt { client: &asking, redirect_uri: uri, verifier, resources: &[], now: NOW + late };
        let own = client == "rp" && uri == Some("https://rp/cb") && if challenged { verifier.is_some_and(|v| v.len() == 43) } else { verifier.is_none() };
        match token::exchange(&record, &attempt) {
            RedeemDecision::Give(resources) => prop_assert!(resources.is_empty() && own && !used && !revoked && late == 0),
            RedeemDecision::Reuse => prop_assert!(own && used),
            RedeemDecision::Refuse(error) => prop_assert!(error.code() == Code::InvalidGrant && (!own || (!used && (revoked || late > 0)))),
        }
    }

    /// SECURITY #20, #23, #24, I15: a refresh gives only scopes that were granted, are allowed today, and were asked for.
    #[test]
    fn a_refresh_gives_no_more_than_there_was(granted in "[a-d ]{1,9}", allowed in "[a-d ]{0,9}", asked in proptest::option::of("[a-d ]{0,9}"), used: bool, child_unused: bool, public: bool, revoked: bool, session_over: bool, own: bool, now in 0..14i64) {
        let scope = |text: &str| Scope::parse(text).unwrap();
        let record = RefreshRecord { client_id: "rp".into(), scope: scope(&granted), resources: vec![], expires_at: 12, family_ends_at: 13, rotated: used.then_some(Rotated { at: 0, child_unused }), revoked, session_over };
        let token_endpoint_auth_method = if public { AuthMethod::None } else { AuthMethod::PrivateKeyJwt };
        let client = Client { scopes: scope(&allowed), token_endpoint_auth_method, ..Client::new(if own { "rp" } else { "other" }, "tilleuls") };
        let reused = used && (public || !child_unused || now > 10);
        let asked = asked.as_deref().map(scope);
        match token::refresh(&record, &RefreshAttempt { client: &client, scope: asked.as_ref(), resources: &[], now }) {
            RedeemDecision::Give(token::Refreshed { scope: given, resources }) => {
                prop_assert!(resources.is_empty());
                prop_assert!(own && !reused && !revoked && !session_over && now < 12);
                prop_assert!(given.is_within(&record.scope) && given.is_within(&client.scopes));
                prop_assert!(asked.is_none_or(|asked| asked == given));
            }
            RedeemDecision::Reuse => prop_assert!(own && reused && !revoked),
            RedeemDecision::Refuse(_) => prop_assert!(!own || revoked || !reused),
        }
    }
}
