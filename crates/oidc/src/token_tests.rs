use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_800_000_000;
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn client(method: AuthMethod) -> Client {
    let mut client = Client::new("rp", "tilleuls");
    client.token_endpoint_auth_method = method;
    if method != AuthMethod::None {
        client.secret_hashes = vec![Client::hash_secret("s3cret: é+")];
    }
    client
}

fn login(header: Option<&str>, form: &str, method: AuthMethod) -> Result<(), Error> {
    let presented = Presented::read(header, &Params::parse(&[form]).unwrap())?;
    authenticate(&presented, Some(&client(method)), &["https://op"], NOW).map(|_| ())
}

fn header(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

#[test]
fn the_registered_method_works() {
    assert!(login(Some(&header("rp:s3cret%3A+%C3%A9%2B")), "", AuthMethod::SecretBasic).is_ok());
    assert!(login(None, "client_id=rp&client_secret=s3cret%3A+%C3%A9%2B", AuthMethod::SecretPost).is_ok());
    assert!(login(None, "client_id=rp", AuthMethod::None).is_ok());
}

/// SECURITY #25
#[test]
fn tricks_are_invalid_client() {
    let good = header("rp:s3cret%3A+%C3%A9%2B");
    let post = "client_id=rp&client_secret=s3cret%3A+%C3%A9%2B";
    use AuthMethod::{None as Public, SecretBasic, SecretPost};
    for (head, form, method) in [
        (Some(good.as_str()), post, SecretBasic),
        (Some(&good), "client_id=other", SecretBasic),
        (Some(&good), "", SecretPost),
        (None, post, SecretBasic),
        (None, "client_id=rp", SecretBasic),
        (None, "client_id=rp", SecretPost),
        (None, "client_id=rp&client_secret=", SecretPost),
        (None, "client_id=rp&client_secret=", Public),
        (None, post, Public),
        (Some(&header("rp:")), "", SecretBasic),
        (Some(&header("rp:s3cret%3")), "", SecretBasic),
        (Some(&header("rp:%zz")), "", SecretBasic),
        (Some(&header("rp:%ff")), "", SecretBasic),
        (Some(&header("rp")), "", SecretBasic),
        (Some("Basic !!"), "", SecretBasic),
        (Some("Bearer x"), "client_id=rp", Public),
        (None, "", Public),
    ] {
        assert_eq!(login(head, form, method).unwrap_err().code(), Code::InvalidClient, "{head:?} {form}");
    }
    let presented = Presented::read(Some(&good), &Params::default()).unwrap();
    assert_eq!(authenticate(&presented, None, &["https://op"], NOW).unwrap_err().status(), 401);
}

/// SECURITY #27, RFC 7523 §3
#[test]
fn assertions_are_checked_claim_by_claim() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;
    let secret = b"0123456789abcdef0123456789abcdef";
    let mut rp = client(AuthMethod::SecretJwt);
    rp.secret_keys = vec![crate::jwt::Key::shared(secret).unwrap()];
    let run = |name: &str, value: serde_json::Value| {
        let mut claims =
            json!({ "iss": "rp", "sub": "rp", "aud": "https://op", "jti": "j", "iat": NOW, "exp": NOW + 60 });
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
        let form = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={token}");
        let presented = Presented::read(None, &Params::parse(&[&form]).unwrap())?;
        authenticate(&presented, Some(&rp), &["https://op", "https://op/token"], NOW)
    };
    assert_eq!(run("iat", json!(NOW)).unwrap(), Some(Assertion { jti: "j".into(), expires_at: NOW + 70 }));
    assert!(run("aud", json!("https://op/token")).is_ok());
    assert!(run("nbf", json!(NOW + 8)).is_ok());
    for (name, value) in [
        ("aud", json!("https://other/token")),
        ("aud", json!(["https://op", "https://x"])),
        ("exp", json!(NOW + 3600)),
        ("exp", json!(NOW - 300)),
        ("iat", json!(NOW + 61)),
        ("nbf", json!(NOW + 61)),
        ("jti", json!(null)),
        ("sub", json!(null)),
        ("iss", json!("other")),
        ("sub", json!("other")),
        ("exp", json!(null)),
    ] {
        assert_eq!(run(name, value.clone()).unwrap_err().code(), Code::InvalidClient, "{name} {value}");
    }
}

/// OIDC Core §9, SECURITY #25, #31: each assertion method has its own keys.
#[test]
fn a_shared_secret_signs_only_where_it_is_the_registered_method() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let secret = b"0123456789abcdef0123456789abcdef";
    let claims =
        serde_json::json!({ "iss": "rp", "sub": "rp", "aud": "https://op", "jti": "j", "exp": NOW + 60 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
    let form = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={token}");
    for (method, expected) in [
        (AuthMethod::SecretJwt, true),
        (AuthMethod::PrivateKeyJwt, false),
        (AuthMethod::SecretBasic, false),
        (AuthMethod::SecretPost, false),
        (AuthMethod::None, false),
    ] {
        let mut rp = client(method);
        rp.secret_keys = vec![crate::jwt::Key::shared(secret).unwrap()];
        let presented = Presented::read(None, &Params::parse(&[&form]).unwrap()).unwrap();
        assert_eq!(authenticate(&presented, Some(&rp), &["https://op"], NOW).is_ok(), expected, "{method:?}");
    }
}

#[test]
fn grant_types_are_the_clients_own() {
    let read = |form: &str, client: &Client| {
        TokenRequest::read(&Params::parse(&[form]).unwrap(), client).err().map(|e| e.code())
    };
    let rp = client(AuthMethod::None);
    assert_eq!(read("grant_type=password&username=a", &rp), Some(Code::UnsupportedGrantType));
    assert_eq!(read("grant_type=client_credentials", &rp), Some(Code::UnsupportedGrantType));
    assert_eq!(read("", &rp), Some(Code::InvalidRequest));
    assert_eq!(read("grant_type=authorization_code", &rp), Some(Code::InvalidRequest));
    assert_eq!(read("grant_type=authorization_code&code=c", &rp), None);
    let once = Client { grant_types: vec![GrantType::AuthorizationCode], ..rp };
    assert_eq!(read("grant_type=refresh_token&refresh_token=r", &once), Some(Code::UnauthorizedClient));
}

fn code() -> CodeRecord {
    CodeRecord {
        client_id: "rp".into(),
        redirect_uri: "https://rp/cb".into(),
        code_challenge: Some(CHALLENGE.into()),
        expires_at: NOW + 60,
        used: false,
        revoked: false,
    }
}

fn attempt() -> CodeAttempt<'static> {
    CodeAttempt { client_id: "rp", redirect_uri: Some("https://rp/cb"), verifier: Some(VERIFIER), now: NOW }
}

/// SECURITY #19, D7: refused, and nothing else happens, whether the code was used or not.
#[test]
fn a_wrong_redemption_is_refused_and_reveals_no_reuse() {
    for used in [false, true] {
        let record = CodeRecord { used, ..code() };
        for wrong in [
            CodeAttempt { client_id: "other", ..attempt() },
            CodeAttempt { redirect_uri: None, ..attempt() },
            CodeAttempt { redirect_uri: Some("https://rp/cb/"), ..attempt() },
            CodeAttempt { verifier: None, ..attempt() },
            CodeAttempt { verifier: Some("x"), ..attempt() },
        ] {
            let Verdict::Refuse(error) = exchange(&record, &wrong) else { panic!("{wrong:?}") };
            assert_eq!((error.code(), error.status()), (Code::InvalidGrant, 400));
        }
    }
}

#[test]
fn a_second_valid_redemption_is_reuse_for_ever() {
    assert_eq!(exchange(&code(), &attempt()), Verdict::Give(()));
    let used = CodeRecord { used: true, ..code() };
    assert_eq!(exchange(&used, &attempt()), Verdict::Reuse);
    assert_eq!(exchange(&used, &CodeAttempt { now: NOW + 90, ..attempt() }), Verdict::Reuse);
    assert!(matches!(exchange(&code(), &CodeAttempt { now: NOW + 60, ..attempt() }), Verdict::Refuse(_)));
    assert_eq!(exchange(&code(), &CodeAttempt { now: NOW + 59, ..attempt() }), Verdict::Give(()));
    assert!(matches!(exchange(&CodeRecord { revoked: true, ..code() }, &attempt()), Verdict::Refuse(_)));
}

fn refresh_record() -> RefreshRecord {
    RefreshRecord {
        client_id: "rp".into(),
        scope: Scope::parse("openid email offline_access").unwrap(),
        expires_at: NOW + 30,
        family_ends_at: NOW + 90,
        used: false,
        revoked: false,
    }
}

/// SECURITY #20, #23, #24
#[test]
fn refresh_rotates_narrows_and_ends() {
    let rp = client(AuthMethod::None);
    let run = |record: RefreshRecord, asked: Option<&str>, now| {
        refresh(&record, &rp, asked.map(|s| Scope::parse(s).unwrap()).as_ref(), now)
    };
    assert_eq!(run(refresh_record(), None, NOW), Verdict::Give(refresh_record().scope));
    assert_eq!(run(refresh_record(), Some("openid"), NOW), Verdict::Give(Scope::parse("openid").unwrap()));
    let Verdict::Refuse(more) = run(refresh_record(), Some("openid phone"), NOW) else { panic!() };
    assert_eq!(more.code(), Code::InvalidScope);
    assert_eq!(run(RefreshRecord { used: true, ..refresh_record() }, None, NOW), Verdict::Reuse);
    for dead in [
        (RefreshRecord { revoked: true, used: true, ..refresh_record() }, NOW),
        (RefreshRecord { client_id: "other".into(), used: true, ..refresh_record() }, NOW),
        (refresh_record(), NOW + 30),
        (RefreshRecord { expires_at: NOW + 900, ..refresh_record() }, NOW + 90),
    ] {
        assert!(matches!(run(dead.0, None, dead.1), Verdict::Refuse(_)));
    }
    let shrunk = Client { scopes: Scope::parse("openid").unwrap(), ..client(AuthMethod::None) };
    assert_eq!(
        refresh(&refresh_record(), &shrunk, None, NOW),
        Verdict::Give(Scope::parse("openid").unwrap())
    );
}

proptest! {
    /// SECURITY D1: the Basic header decoder takes anything.
    #[test]
    fn any_header_and_form_is_read_or_refused(head in ".{0,80}", form in ".{0,80}") {
        if let Ok(params) = Params::parse(&[&form]) {
            let _ = Presented::read(Some(&head), &params);
            let _ = Presented::read(Some(&header(&head)), &params);
        }
    }

    #[test]
    fn what_a_client_encodes_is_what_is_read(id in "[ -~]{1,20}", secret in "[ -~é]{1,20}") {
        let encode = |t: &str| url::form_urlencoded::byte_serialize(t.as_bytes()).collect::<String>();
        let (i, s) = basic(&header(&format!("{}:{}", encode(&id), encode(&secret)))).unwrap();
        prop_assert_eq!((i, s), (id, secret));
    }
}
