use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use oidc::{
    Code, Params,
    authentication::{Caller, Presented, authenticate},
    client::{ApplicationType, AuthMethod, Client, Pkce, ResponseMode},
    pkce as rule,
    request::{self, AuthorizationRequest},
    respond::{self, Response},
    token::{Redeem, TokenRequest},
};
use sha2::{Digest, Sha256};

use crate::{halves, text};

const ISSUER: &str = "https://op.example";
const WEB: [&str; 2] = ["https://rp.example/cb", "https://rp.example/cb?bar=foo"];
const NATIVE: [&str; 3] = ["http://127.0.0.1/cb", "http://[::1]:7000/cb", "com.example.app:/cb"];

/// An authorization request: a query, tried at two clients. It is refused on a page, answered at a registered address, or valid.
pub fn authorization(data: &[u8]) {
    let Some(Ok(params)) = text(data).map(|raw| Params::parse(&[raw])) else { return };
    let mut web = Client::new("rp", "tilleuls");
    web.redirect_uris = WEB.map(Into::into).to_vec();
    web.scopes = ["openid", "email"].into_iter().collect();
    let mut native = Client::new("app", "tilleuls");
    native.redirect_uris = NATIVE.map(Into::into).to_vec();
    native.application_type = ApplicationType::Native;
    native.token_endpoint_auth_method = AuthMethod::None;
    native.response_modes = ResponseMode::ALL.to_vec();
    assert!(request::resolve_return_path(&params, None).is_err(), "nobody asked, and somebody is answered");
    for client in [&web, &native] {
        ask(&params, client);
        ask(&params, &Client { pkce: Pkce::Exempt, ..client.clone() });
    }
}

fn ask(params: &Params, client: &Client) {
    let Ok(path) = request::resolve_return_path(params, Some(client)) else { return };
    let to = path.redirect_uri();
    let registered = WEB.contains(&to) || NATIVE.contains(&to) || loopback(to);
    assert!(registered && params.get("client_id") == Some(&client.client_id), "answered at {to}");
    assert!(client.client_id == "app" || WEB.contains(&to), "a web client is answered at {to}");
    match request::check(params, client, &path) {
        Ok(request) => sound(&request, client, params),
        Err(error) => leads_back(&respond::failure(&path, ISSUER, &error), to, "error"),
    }
    leads_back(&respond::success(&path, ISSUER, "the-code"), to, "code");
}

/// Returns true for the two registered loopback addresses with any port.
fn loopback(uri: &str) -> bool {
    let port = ["http://127.0.0.1:", "http://[::1]:"]
        .iter()
        .find_map(|host| uri.strip_prefix(host)?.strip_suffix("/cb"));
    let bare = ["http://127.0.0.1/cb", "http://[::1]/cb"].contains(&uri);
    bare || port.is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok())
}

fn sound(request: &AuthorizationRequest, client: &Client, params: &Params) {
    assert!(request.scope.contains("openid") && request.scope.is_within(&client.scopes));
    assert!(request.code_challenge.as_deref().is_none_or(rule::is_challenge));
    assert!(request.code_challenge.is_some() || client.pkce == Pkce::Exempt);
    assert!(!["request", "request_uri", "registration"].iter().any(|name| params.has(name)));
    assert!(!(request.prompt.none && (request.prompt.login || request.prompt.select_account)));
    assert!(request.max_age.is_none_or(|age| age >= 0));
    assert_eq!(params.get("response_type"), Some("code"));
    let stored = serde_json::to_string(request).expect("a request can be stored");
    let read: AuthorizationRequest = serde_json::from_str(&stored).expect("what was stored can be read");
    assert!(read == *request, "a request changes when it is stored");
}

fn leads_back(answer: &Response, registered: &str, first: &str) {
    match answer {
        Response::Redirect(to) => {
            assert!(to.bytes().all(|b| b.is_ascii_graphic()), "not an address: {to}");
            let added = to.strip_prefix(registered).expect("the registered address");
            let pairs: Vec<_> =
                url::form_urlencoded::parse(added.trim_start_matches(['?', '#', '&']).as_bytes()).collect();
            assert_eq!(pairs.first().map(|(name, _)| &**name), Some(first));
            assert_eq!(pairs.last().map(|(name, value)| (&**name, &**value)), Some(("iss", ISSUER)));
            assert!(pairs.len() <= 4, "more was added: {to}");
        }
        Response::FormPost { action, fields } => {
            assert_eq!((action.as_str(), fields.first().map(|f| f.0)), (registered, Some(first)));
        }
    }
}

/// A form, or a query and a form: every parameter that is read was sent once, and is text.
pub fn form(data: &[u8]) {
    let Some(whole) = text(data) else { return };
    let (query, body) = halves(data).unwrap_or((whole, ""));
    let Ok(params) = Params::parse(&[query, body]) else { return };
    let all =
        || url::form_urlencoded::parse(query.as_bytes()).chain(url::form_urlencoded::parse(body.as_bytes()));
    assert!(all().count() <= Params::MAX);
    for (name, value) in all() {
        // RFC 8707 §2: the one parameter that may be repeated.
        if name == "resource" {
            assert!(value.is_empty() || params.all(&name).any(|read| read == value));
            continue;
        }
        assert_eq!(params.get(&name).unwrap_or_default(), value, "{name}");
        assert!(params.has(&name) && !name.chars().any(char::is_control));
        assert!(name == "claims" || !value.chars().any(char::is_control), "{name}");
        assert_eq!(all().filter(|(other, _)| *other == name).count(), 1, "{name} is there twice");
    }
    // The place of the cut between query and form changes nothing.
    let glued = Params::parse(&[&format!("{query}&{body}")]).expect("one half and the other");
    assert!(all().all(|(name, _)| glued.get(&name) == params.get(&name)));
}

/// An `Authorization` header beside a form: a client proves itself only if both name the same client.
pub fn basic(data: &[u8]) {
    let Some((header, body)) = halves(data) else { return };
    let Ok(params) = Params::parse(&[body]) else { return };
    // As it is, and encoded as by a client.
    for header in [header.to_owned(), format!("Basic {}", STANDARD.encode(header))] {
        let presented = Presented::read(Some(&header), &params);
        let named = presented.client_id().unwrap_or_default().to_owned();
        assert!(!named.chars().any(char::is_control));
        let mut client = Client::new(named.as_str(), "tilleuls");
        client.secrets = vec![oidc::client::Secret::hashed("secret")];
        let (client, audiences) = (Some(&client), &[ISSUER][..]);
        match authenticate(&Caller { presented: &presented, client, keys: &[], audiences, now: 0 }) {
            Ok(proved) => {
                assert!(proved.is_none(), "an assertion beside a header");
                assert!(params.get("client_id").is_none_or(|in_form| in_form == named));
                assert!(!params.has("client_secret") && !params.has("client_assertion"), "two methods");
            }
            Err(error) => assert_eq!((error.code(), error.status()), (Code::InvalidClient, 401)),
        }
    }
}

/// A challenge and a verifier: they match exactly by the rule of RFC 7636 §4.6.
pub fn pkce(data: &[u8]) {
    let Some((challenge, verifier)) = halves(data) else { return };
    assert!(rule::compare(None, None).is_ok());
    assert!(rule::compare(Some(challenge), None).is_err() && rule::compare(None, Some(verifier)).is_err());
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let legal = (43..=128).contains(&verifier.len())
        && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'));
    assert_eq!(rule::compare(Some(challenge), Some(verifier)).is_ok(), legal && hash == challenge);
    assert_eq!(rule::compare(Some(&hash), Some(verifier)).is_ok(), legal);
    assert!(rule::is_challenge(&hash));
}

/// A form at the token endpoint: every value that is read was sent, and the client may use the grant type.
pub fn token(data: &[u8]) {
    let Some(Ok(params)) = text(data).map(|body| Params::parse(&[body])) else { return };
    let client = Client::new("rp", "tilleuls");
    match TokenRequest::read(&params, &client).map(|request| request.redeem) {
        Ok(Redeem::Code { code, redirect_uri, verifier }) => {
            assert_eq!(params.get("grant_type"), Some("authorization_code"));
            assert_eq!(params.get("code"), Some(code.as_str()));
            assert_eq!(
                (params.get("redirect_uri"), params.get("code_verifier")),
                (redirect_uri.as_deref(), verifier.as_deref())
            );
        }
        Ok(Redeem::Refresh { token, scope }) => {
            assert_eq!(
                (params.get("grant_type"), params.get("refresh_token")),
                (Some("refresh_token"), Some(token.as_str()))
            );
            assert_eq!(scope.is_some(), params.get("scope").is_some());
        }
        Err(error) => assert_eq!(error.status(), 400),
    }
    let none = Client { grant_types: vec![], ..client };
    assert!(TokenRequest::read(&params, &none).is_err(), "a grant for a client that has none");
    assert!(Presented::read(None, &params).client_id().is_none_or(|named| !named.is_empty()));
}
