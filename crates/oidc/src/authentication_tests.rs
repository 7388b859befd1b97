use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::*;
use crate::Code;

const NOW: i64 = 1_800_000_000;

fn client(method: AuthMethod) -> Client {
    let mut client = Client::new("rp", "tilleuls");
    client.token_endpoint_auth_method = method;
    if method != AuthMethod::None {
        client.secrets = vec![crate::client::Secret::hashed("s3cret: é+")];
    }
    client
}

fn run(header: Option<&str>, form: &str, client: Option<&Client>) -> Result<Option<Assertion>, Error> {
    let presented = Presented::read(header, &Params::parse(&[form]).unwrap());
    let keys = client.map(|c| c.keys.clone()).unwrap_or_default();
    authenticate(&Caller {
        presented: &presented,
        client,
        keys: &keys,
        audiences: &["https://op", "https://op/token"],
        now: NOW,
    })
}

fn login(header: Option<&str>, form: &str, method: AuthMethod) -> Result<(), Error> {
    run(header, form, Some(&client(method))).map(|_| ())
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
        (Some(&header("rp:another")), "", SecretBasic),
        (None, "client_id=rp&client_secret=another", SecretPost),
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
    assert_eq!(run(Some(&good), "", None).unwrap_err().status(), 401);
}

/// SECURITY #27, RFC 7523 §3
#[test]
fn assertions_are_checked_claim_by_claim() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;
    let secret = b"0123456789abcdef0123456789abcdef";
    let mut rp = client(AuthMethod::SecretJwt);
    rp.secrets = vec![crate::client::Secret::shared(std::str::from_utf8(secret).unwrap()).unwrap()];
    let judged = |name: &str, value: serde_json::Value| {
        let mut claims =
            json!({ "iss": "rp", "sub": "rp", "aud": "https://op", "jti": "j", "iat": NOW, "exp": NOW + 60 });
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value;
        }
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
        // The form names the client: the token's `sub` cannot choose another one.
        let form = format!("client_id=rp&client_assertion_type={ASSERTION_TYPE}&client_assertion={token}");
        run(None, &form, Some(&rp))
    };
    assert_eq!(judged("iat", json!(NOW)).unwrap(), Some(Assertion { jti: "j".into(), expires_at: NOW + 70 }));
    assert!(judged("aud", json!("https://op/token")).is_ok());
    assert!(judged("nbf", json!(NOW + 8)).is_ok());
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
        assert_eq!(judged(name, value.clone()).unwrap_err().code(), Code::InvalidClient, "{name} {value}");
    }
}

/// RFC 7523 §2.2
#[test]
fn an_assertion_says_of_which_type_it_is() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let secret = b"0123456789abcdef0123456789abcdef";
    let mut rp = client(AuthMethod::SecretJwt);
    rp.secrets = vec![crate::client::Secret::shared(std::str::from_utf8(secret).unwrap()).unwrap()];
    let claims =
        serde_json::json!({ "iss": "rp", "sub": "rp", "aud": "https://op", "jti": "j", "exp": NOW + 60 });
    let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(secret)).unwrap();
    let says = |form: String| run(None, &form, Some(&rp)).map_err(|e| e.code());
    assert!(says(format!("client_assertion={token}&client_assertion_type={ASSERTION_TYPE}")).is_ok());
    for form in [
        format!("client_assertion={token}"),
        format!("client_assertion={token}&client_assertion_type="),
        format!(
            "client_assertion={token}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
        ),
        // A type alone proves nothing either.
        format!("client_id=rp&client_assertion_type={ASSERTION_TYPE}"),
    ] {
        assert_eq!(says(form.clone()), Err(Code::InvalidClient), "{form}");
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
        rp.secrets = vec![crate::client::Secret::shared(std::str::from_utf8(secret).unwrap()).unwrap()];
        assert_eq!(run(None, &form, Some(&rp)).is_ok(), expected, "{method:?}");
    }
}

proptest! {
    /// SECURITY "Fuzzing": the Basic header decoder takes anything.
    #[test]
    fn any_header_and_form_is_read_or_refused(head in ".{0,80}", form in ".{0,80}") {
        if let Ok(params) = Params::parse(&[&form]) {
            for head in [head.clone(), header(&head)] {
                let _ = Presented::read(Some(&head), &params).client_id();
            }
        }
    }

    #[test]
    fn what_a_client_encodes_is_what_is_read(id in "[ -~]{1,20}", secret in "[ -~é]{1,20}") {
        let encode = |t: &str| url::form_urlencoded::byte_serialize(t.as_bytes()).collect::<String>();
        let (i, s) = basic(&header(&format!("{}:{}", encode(&id), encode(&secret)))).unwrap();
        prop_assert_eq!((i, s), (id, secret));
    }
}
