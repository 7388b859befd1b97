use proptest::prelude::*;

use super::*;
use crate::{
    Code,
    client::{GrantType, Pkce},
};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn rp() -> Client {
    let mut client = Client::new("rp", "tilleuls");
    client.redirect_uris = vec!["https://rp.example/cb".into()];
    client
}

fn raw(changes: &[(&str, Option<&str>)]) -> String {
    let mut fields = vec![
        ("client_id", "rp"),
        ("redirect_uri", "https://rp.example/cb"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "s"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        fields.retain(|(n, _)| n != name);
        fields.extend(value.map(|v| (*name, v)));
    }
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn ask(client: &Client, changes: &[(&str, Option<&str>)]) -> Result<AuthorizationRequest, Error> {
    let params = Params::parse(&[&raw(changes)]).unwrap();
    let path = resolve_return_path(&params, Some(client)).unwrap();
    check(&params, client, &path)
}

fn refused(changes: &[(&str, Option<&str>)]) -> Code {
    ask(&rp(), changes).unwrap_err().code()
}

#[test]
fn an_ordinary_request_passes_and_survives_storage() {
    let request =
        ask(&rp(), &[("nonce", Some("n")), ("max_age", Some("60")), ("extra", Some("foobar"))]).unwrap();
    assert_eq!(request.scope.to_string(), "openid email");
    assert_eq!((request.nonce.as_deref(), request.max_age), (Some("n"), Some(60)));
    assert_eq!(request.code_challenge.as_deref(), Some(CHALLENGE));
    let stored = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<AuthorizationRequest>(&stored).unwrap(), request);
}

/// SECURITY #1, #3: no path, no redirect.
#[test]
fn whom_to_answer_comes_first() {
    let settled = |client: Option<&Client>, changes: &[(&str, Option<&str>)]| {
        resolve_return_path(&Params::parse(&[&raw(changes)]).unwrap(), client)
    };
    let client = rp();
    assert_eq!(settled(None, &[]), Err(Refusal::UnknownClient));
    assert_eq!(settled(Some(&client), &[("client_id", None)]), Err(Refusal::NoClient));
    assert_eq!(settled(Some(&client), &[("client_id", Some("other"))]), Err(Refusal::UnknownClient));
    assert_eq!(settled(Some(&client), &[("redirect_uri", None)]), Err(Refusal::NoRedirect));
    assert_eq!(
        settled(Some(&client), &[("redirect_uri", Some("https://rp.example/cb/x"))]),
        Err(Refusal::UnknownRedirect)
    );
}

/// FINDING R3, R12: a long `state` is no dead end: up to 4,096 characters are kept, and what is longer goes back to the client with its refusal.
#[test]
fn a_state_that_is_too_long_is_refused_at_the_client() {
    let client = rp();
    let asked = |length: usize| {
        let state = "s".repeat(length);
        let params = Params::parse(&[&raw(&[("state", Some(&state))])]).unwrap();
        let path = resolve_return_path(&params, Some(&client)).unwrap();
        assert_eq!(path.state.as_deref(), Some(&*state));
        check(&params, &client, &path).map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(asked(4096), Ok(()));
    assert_eq!(asked(4097), Err(Code::InvalidRequest));
}

/// SECURITY #8, oidcc-response-type-missing
#[test]
fn only_the_code_flow_is_alive() {
    assert_eq!(refused(&[("response_type", None)]), Code::InvalidRequest);
    for other in ["token", "id_token", "code token", "code id_token", "none", "CODE"] {
        assert_eq!(refused(&[("response_type", Some(other))]), Code::UnsupportedResponseType);
    }
}

/// SECURITY #7
/// RFC 6749 §4.1.2.1 unauthorized_client
#[test]
fn only_a_client_that_may_ask_for_codes_gets_any() {
    let refreshes = Client { grant_types: vec![GrantType::RefreshToken], ..rp() };
    assert_eq!(ask(&refreshes, &[]).unwrap_err().code(), Code::UnauthorizedClient);
}

#[test]
fn request_objects_are_refused_not_ignored() {
    assert_eq!(refused(&[("request", Some("a.b.c"))]), Code::RequestNotSupported);
    assert_eq!(refused(&[("request_uri", Some("http://169.254.169.254/"))]), Code::RequestUriNotSupported);
    assert_eq!(refused(&[("registration", Some("{}"))]), Code::RegistrationNotSupported);
}

/// SECURITY #5 a, b, c, g and D3
#[test]
fn pkce_cannot_be_talked_down() {
    for changes in [
        &[("code_challenge", None)][..],
        &[("code_challenge", Some(""))],
        &[("code_challenge_method", None)],
        &[("code_challenge_method", Some("plain"))],
        &[("code_challenge_method", Some("s256"))],
        &[("code_challenge_method", Some("S512"))],
        &[("code_challenge", Some("too-short"))],
        &[("code_challenge", None), ("code_challenge_method", None)],
    ] {
        assert_eq!(refused(changes), Code::InvalidRequest, "{changes:?}");
    }
    let exempt = Client { pkce: Pkce::Exempt, ..rp() };
    assert!(ask(&exempt, &[("code_challenge", None), ("code_challenge_method", None)]).is_ok());
    assert!(ask(&exempt, &[("code_challenge", Some("")), ("code_challenge_method", None)]).is_err());
    assert!(ask(&exempt, &[("code_challenge", None)]).is_err());
    assert_eq!(ask(&exempt, &[]).unwrap().code_challenge.as_deref(), Some(CHALLENGE));
}

#[test]
fn scope_is_narrowed_to_what_is_known_and_allowed() {
    assert_eq!(refused(&[("scope", None)]), Code::InvalidScope);
    assert_eq!(refused(&[("scope", Some("email"))]), Code::InvalidScope);
    let narrow = Client { scopes: ["openid", "email"].into_iter().collect(), ..rp() };
    let request = ask(&narrow, &[("scope", Some("admin phone openid email"))]).unwrap();
    assert_eq!(request.scope.to_string(), "openid email");
    let once = Client { grant_types: vec![GrantType::AuthorizationCode], ..rp() };
    assert_eq!(ask(&once, &[("scope", Some("openid offline_access"))]).unwrap().scope.to_string(), "openid");
}

/// SECURITY #11
#[test]
fn response_modes_are_the_clients_own() {
    assert_eq!(refused(&[("response_mode", Some("form_post"))]), Code::InvalidRequest);
    assert_eq!(refused(&[("response_mode", Some("web_message"))]), Code::InvalidRequest);
    assert_eq!(ask(&rp(), &[("response_mode", Some("query"))]).unwrap().path.mode, ResponseMode::Query);
    let posts = Client { response_modes: vec![ResponseMode::Query, ResponseMode::FormPost], ..rp() };
    assert_eq!(
        ask(&posts, &[("response_mode", Some("form_post"))]).unwrap().path.mode,
        ResponseMode::FormPost
    );
    // An error of such a request travels the same way.
    let params = Params::parse(&[&raw(&[("response_mode", Some("form_post")), ("scope", None)])]).unwrap();
    assert_eq!(resolve_return_path(&params, Some(&posts)).unwrap().mode, ResponseMode::FormPost);
}

/// OIDC Core §6.1; oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: the refusal of an object goes where the object says, if the
/// client may use that mode, and to no other address than the registered one outside.
#[test]
fn a_refused_request_object_is_answered_where_it_says() {
    let object = |inside: &str| format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(inside));
    let settled = |client: &Client, inside: &str, outside: &[(&str, Option<&str>)]| {
        let object = object(inside);
        let mut changes = vec![("request", Some(object.as_str()))];
        changes.extend(outside);
        assert_eq!(ask(client, &changes).unwrap_err().code(), Code::RequestNotSupported, "{inside}");
        let path = resolve_return_path(&Params::parse(&[&raw(&changes)]).unwrap(), Some(client)).unwrap();
        assert_eq!(path.redirect_uri(), "https://rp.example/cb");
        (path.state, path.mode)
    };
    let state = |text: &str| Some(text.to_owned());
    let only =
        r#"{"response_mode":"form_post","state":"in","nonce":"n","redirect_uri":"https://evil.example/"}"#;
    let posts = Client { response_modes: ResponseMode::ALL.to_vec(), ..rp() };
    assert_eq!(settled(&posts, only, &[("state", None)]), (state("in"), ResponseMode::FormPost));
    let outside = [("response_mode", Some("fragment"))];
    assert_eq!(settled(&posts, only, &outside), (state("in"), ResponseMode::FormPost));
    assert_eq!(settled(&rp(), only, &[("state", None)]), (state("in"), ResponseMode::Query));
    // Invalid and repeated values are skipped; the parameters outside apply.
    let long = format!(r#"{{"state":"{}","response_mode":"web_message"}}"#, "x".repeat(MAX_STATE_LENGTH + 1));
    for odd in [
        r#"{"state":"a","state":"b","response_mode":"form_post"}"#,
        r#"{"state":1,"response_mode":["form_post"]}"#,
        r#"{"state":"","response_mode":null}"#,
        "{\"state\":\"a\\u0000b\"}",
        "{\"state\":\"a\\r\\nb\"}",
        &long,
        "[]",
        "null",
        "{",
        "",
    ] {
        assert_eq!(settled(&posts, odd, &[]), (state("s"), ResponseMode::Query), "{odd}");
    }
    for object in ["x", ".", "a.b.c", "a.!.", &format!("a.{}.", "e".repeat(9000))] {
        assert_eq!(refused(&[("request", Some(object))]), Code::RequestNotSupported, "{object}");
    }
}

#[test]
fn prompt_max_age_and_lengths() {
    assert_eq!(refused(&[("prompt", Some("none login"))]), Code::InvalidRequest);
    assert_eq!(refused(&[("prompt", Some("dance"))]), Code::InvalidRequest);
    assert!(ask(&rp(), &[("prompt", Some("consent login"))]).unwrap().prompt.login);
    for bad in ["-1", "1e3", "soon", "99999999999"] {
        assert_eq!(refused(&[("max_age", Some(bad))]), Code::InvalidRequest);
    }
    assert_eq!(ask(&Client { default_max_age: Some(9), ..rp() }, &[]).unwrap().max_age, Some(9));
    assert_eq!(refused(&[("nonce", Some(&"n".repeat(513)))]), Code::InvalidRequest);
    assert_eq!(refused(&[("scope", Some(&format!("openid {}", "x".repeat(1024))))]), Code::InvalidScope);
}

/// OIDC Core §5.5
#[test]
fn claims_are_read_or_refused() {
    let wanted = r#"{"userinfo":{"name":{"essential":true},"email":null},"id_token":{"sub":{"value":"me"}}}"#;
    let request = ask(&rp(), &[("claims", Some(wanted))]).unwrap();
    assert!(request.claims.userinfo.contains_key("name"));
    assert_eq!(request.hinted_sub.as_deref(), Some("me"));
    for bad in ["x", "[]", r#"{"userinfo":[]}"#, r#"{"userinfo":{"name":1}}"#] {
        assert_eq!(refused(&[("claims", Some(bad))]), Code::InvalidRequest, "{bad}");
    }
}

/// PROTOCOL 4.4: these never cause an error.
#[test]
fn hints_never_fail() {
    let long = "x".repeat(5000);
    for (name, value) in [
        ("ui_locales", "se"),
        ("ui_locales", "!!"),
        ("claims_locales", "se"),
        ("display", "popup"),
        ("display", "?"),
        ("login_hint", "buffy@example.org"),
        ("login_hint", long.as_str()),
        ("acr_values", "1 2"),
        ("migration_ticket", "x"),
    ] {
        assert!(ask(&rp(), &[(name, Some(value))]).is_ok(), "{name}");
    }
}

proptest! {
    /// SECURITY "Fuzzing": no input panics, and whatever passes has an exact address and a legal scope.
    #[test]
    fn whatever_passes_is_sound(name in "[a-z_]{1,21}", value in ".{0,80}") {
        let text = raw(&[(name.as_str(), Some(value.as_str()))]);
        if let Ok(params) = Params::parse(&[&text]) {
            let client = rp();
            if let Ok(path) = resolve_return_path(&params, Some(&client)) {
                prop_assert_eq!(path.redirect_uri(), "https://rp.example/cb");
                if let Ok(request) = check(&params, &client, &path) {
                    prop_assert!(request.scope.contains("openid") && request.scope.is_within(&client.scopes));
                    prop_assert!(request.code_challenge.is_some());
                }
            }
        }
    }
}
