//! The modules of the three sign-out plans (PROTOCOL 4.14).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Method;
use idp::grant::BACKCHANNEL_LOGOUT;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::{
    basic::NEEDS_A_PAGE,
    checks::id_token,
    op::{FIRST, ISSUER, Registered, SECOND, SECRET, SUITE},
    robot::{Callback, Page, Seen, encoded},
    suite::{Suite, Tokens},
};

type Fields<'a> = [(&'a str, &'a str)];

async fn end_session(suite: &mut Suite, fields: &Fields<'_>) -> Seen {
    suite.robot.open(&format!("{ISSUER}/end-session?{}", encoded(fields))).await
}

/// Afterwards nobody is signed in (`CheckErrorFromAuthorizationEndpointIsOneThatRequiredAUserInterface`): the session has ended, and not only
/// this browser's cookie.
async fn is_signed_out(suite: &mut Suite) {
    let error = suite.refused(suite.request().with("prompt", "none")).await;
    assert!(NEEDS_A_PAGE.contains(&error.as_str()), "{error}");
    let stubborn = suite.robot.that_forgets_nothing();
    let mine = std::mem::replace(&mut suite.robot, stubborn);
    let error = suite.refused(suite.request().with("prompt", "none")).await;
    assert!(NEEDS_A_PAGE.contains(&error.as_str()), "with the old cookies: {error}");
    suite.robot = mine;
}

/// Nothing has ended.
async fn is_signed_in(suite: &mut Suite) {
    suite.again(suite.request().with("prompt", "none")).await;
}

/// The browser is at the client, with `state` and nothing else (OIDC RP-Initiated Logout §3).
#[track_caller]
fn returned(client: &Registered, state: Option<&str>, to: &Callback) {
    assert_eq!(to.method, Method::GET);
    let pairs: Vec<_> = state.map(|state| ("state", state)).into_iter().collect();
    let joint = match (pairs.is_empty(), client.out.contains('?')) {
        (true, _) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    assert_eq!(to.url, format!("{}{joint}{}", client.out, encoded(&pairs)));
}

/// §2, §3: the hint and a registered address; out of here, back there, `state` verbatim. For both clients, in a session of their own.
pub async fn oidcc_rp_initiated_logout(suite: &mut Suite) {
    for client in [&FIRST, &SECOND] {
        let tokens = suite.happy(suite.request_of(client)).await;
        let state = suite.op.random();
        let fields = [
            ("id_token_hint", &*tokens.id_token),
            ("post_logout_redirect_uri", client.out),
            ("state", &state),
        ];
        let seen = end_session(suite, &fields).await;
        returned(client, Some(&state), &seen.client());
        is_signed_out(suite).await;
    }
}

/// The same without `state`: none comes back. With a hint that expired long ago, which is a hint still (§2).
pub async fn oidcc_rp_initiated_logout_no_state(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    suite.op.wait(3600);
    let fields = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", FIRST.out)];
    let seen = end_session(suite, &fields).await;
    returned(&FIRST, None, &seen.client());
    is_signed_out(suite).await;
}

/// Signed out, and nobody is sent anywhere: a page of ours says that it is done.
async fn kept_here(suite: &mut Suite, hint: &str, uri: &str) {
    let state = suite.op.random();
    let fields = [("id_token_hint", hint), ("post_logout_redirect_uri", uri), ("state", &state)];
    says_done(&end_session(suite, &fields).await.page());
    is_signed_out(suite).await;
}

/// A hint that is not ours is none: nothing has ended, and the page that asks leads nowhere else.
async fn asked_all_the_same(suite: &mut Suite, hint: &str) {
    let state = suite.op.random();
    let fields = [("id_token_hint", hint), ("post_logout_redirect_uri", FIRST.out), ("state", &state)];
    asked_and_told(suite, &fields).await;
    suite.happy(suite.request()).await;
}

/// §3: an address that is not registered.
pub async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let other = format!("{}{}", FIRST.out, suite.op.random());
    kept_here(suite, &tokens.id_token, &other).await;
    // Another client's is no better.
    let tokens = suite.happy(suite.request()).await;
    kept_here(suite, &tokens.id_token, SECOND.out).await;
}

/// §3: nor one that is registered up to its query.
pub async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    kept_here(suite, &tokens.id_token, &format!("{}?foo=bar", FIRST.out)).await;
}

/// §2: a hint whose signature was taken off.
pub async fn oidcc_rp_initiated_logout_modified_id_token_hint(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let claims = tokens.id_token.split('.').nth(1).unwrap();
    for signature in ["", tokens.id_token.split('.').nth(2).unwrap()] {
        asked_all_the_same(suite, &format!("{header}.{claims}.{signature}")).await;
    }
}

/// §2: a hint that the client made itself, from itself to us, and one that pretends to be ours, signed with what the client knows.
pub async fn oidcc_rp_initiated_logout_bad_id_token_hint(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let swapped = fake(&tokens, |claims| {
        claims.insert("iss".into(), json!(FIRST.id));
        claims.insert("aud".into(), json!(ISSUER));
    });
    asked_all_the_same(suite, &swapped).await;
    asked_all_the_same(suite, &fake(&tokens, |_| {})).await;
}

fn fake(tokens: &Tokens, change: impl Fn(&mut Map<String, Value>)) -> String {
    let mut claims = tokens.claims.clone();
    change(&mut claims);
    let header = Header { kid: tokens.header["kid"].as_str().map(str::to_owned), ..Header::default() };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

/// A page of ours that asks first; the person says yes; then a page of ours says that it is done. The browser goes nowhere else.
async fn asked_and_told(suite: &mut Suite, fields: &Fields<'_>) {
    let page = end_session(suite, fields).await.page();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Me déconnecter"), "{}", page.text());
    is_signed_in(suite).await;
    let done = suite.robot.submit(&page, &[]).await.page();
    says_done(&done);
    is_signed_out(suite).await;
}

#[track_caller]
fn says_done(page: &Page) {
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Vous êtes déconnecté"), "{}", page.text());
    assert!(!page.body.contains("suite.test"));
}

/// §2, §3: without a hint nothing tells who sent the browser here. The address is not followed, the person is asked.
pub async fn oidcc_rp_initiated_logout_no_id_token_hint(suite: &mut Suite) {
    let state = suite.op.random();
    suite.happy(suite.request()).await;
    asked_and_told(suite, &[("post_logout_redirect_uri", FIRST.out), ("state", &state)]).await;
    let fields = [("client_id", FIRST.id), ("post_logout_redirect_uri", FIRST.out), ("state", &state)];
    suite.happy(suite.request()).await;
    asked_and_told(suite, &fields).await;
}

/// §2
pub async fn oidcc_rp_initiated_logout_no_params(suite: &mut Suite) {
    suite.happy(suite.request()).await;
    asked_and_told(suite, &[]).await;
}

/// §2
pub async fn oidcc_rp_initiated_logout_only_state(suite: &mut Suite) {
    let state = suite.op.random();
    suite.happy(suite.request()).await;
    asked_and_told(suite, &[("state", &state)]).await;
}

/// §3: the hint alone ends the session at once; where to go was not said.
pub async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let state = suite.op.random();
    let fields = [("id_token_hint", &*tokens.id_token), ("state", &state)];
    says_done(&end_session(suite, &fields).await.page());
    is_signed_out(suite).await;
}

/// OIDC RP-Initiated Logout §2.1
pub async fn oidcc_rp_initiated_logout_discovery_endpoint_verification(suite: &mut Suite) {
    advertised(suite, &[]).await;
}

/// OIDC Back-Channel Logout §2.1
pub async fn oidcc_backchannel_logout_discovery_endpoint_verification(suite: &mut Suite) {
    advertised(suite, &["backchannel_logout_supported", "backchannel_logout_session_supported"]).await;
}

/// OIDC Front-Channel Logout §3
pub async fn oidcc_frontchannel_logout_discovery_endpoint_verification(suite: &mut Suite) {
    advertised(suite, &["frontchannel_logout_supported", "frontchannel_logout_session_supported"]).await;
}

async fn advertised(suite: &mut Suite, flags: &[&str]) {
    let document = suite.document().await;
    assert_eq!(document["end_session_endpoint"], format!("{ISSUER}/end-session"));
    for flag in flags {
        assert_eq!(document[flag], true, "{flag}");
    }
}

/// A sign-out from the first client and back, with everything that goes with it on the way.
async fn signed_out_from(suite: &mut Suite) -> Tokens {
    let tokens = suite.happy(suite.request()).await;
    assert!(tokens.claims["sid"].as_str().is_some_and(|sid| !sid.is_empty()), "sid is in the ID token");
    let state = suite.op.random();
    let fields =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", FIRST.out), ("state", &state)];
    let seen = end_session(suite, &fields).await;
    returned(&FIRST, Some(&state), &seen.client());
    is_signed_out(suite).await;
    tokens
}

/// OIDC Back-Channel Logout §2.4, §2.5. The worker posts it as a form of this one field.
pub async fn oidcc_backchannel_rp_initiated_logout(suite: &mut Suite) {
    let tokens = signed_out_from(suite).await;
    let messages = suite.op.messages().await;
    let calls: Vec<_> = messages.iter().filter(|message| message.kind == BACKCHANNEL_LOGOUT).collect();
    let [message] = calls[..] else { panic!("{} calls", calls.len()) };
    // The worker may be late: the token is of the moment at which it is sent.
    suite.op.wait(60);
    let call = suite.op.idp.grants.logout_call(message).await.unwrap().expect("the client takes them");
    assert_eq!(call.uri, format!("{SUITE}/backchannel_logout"));
    let keys = suite.call(Method::GET, "/jwks", None, &[]).await.json();
    let (header, told) = id_token::signed(&call.logout_token, &keys);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("logout+jwt"), &tokens.header["alg"]));
    let mut names: Vec<_> = told.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and so no nonce");
    assert_eq!(told["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    for same in ["iss", "aud", "sub", "sid"] {
        assert_eq!(told[same], tokens.claims[same], "{same}");
    }
    let (iat, exp) = (told["iat"].as_i64().unwrap(), told["exp"].as_i64().unwrap());
    assert_eq!(iat, suite.op.now());
    assert!((1..=120).contains(&(exp - iat)), "§2.4: short-lived, two minutes at most");
    assert!(told["jti"].as_str().is_some_and(|jti| jti.len() >= 16));
    suite.op.wait(3600);
    assert!(suite.op.messages().await.is_empty(), "one call");
}

/// OIDC Front-Channel Logout §2, §3: the client's frame gets `iss` and `sid` and nothing else, then the browser goes back.
pub async fn oidcc_frontchannel_rp_initiated_logout(suite: &mut Suite) {
    let tokens = signed_out_from(suite).await;
    let [frame] = &suite.robot.framed[..] else { panic!("{:?}", suite.robot.framed) };
    let query = frame.strip_prefix(&format!("{SUITE}/frontchannel_logout?")).expect("the registered address");
    let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let sid = tokens.claims["sid"].as_str().unwrap();
    assert_eq!(pairs, [("iss".to_owned(), ISSUER.to_owned()), ("sid".to_owned(), sid.to_owned())]);
}
