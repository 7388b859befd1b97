//! Attacks by the parameters of an authorization request (SECURITY A1).

use std::{net::TcpListener, sync::Arc};

use agencies::{Agencies, Agency};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use oidc::client::{Pkce, ResponseMode};
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{AtClient as _, Visitor, asking, provider},
    logout::field,
    world::{CALLBACK, CHALLENGE, ISSUER, VERIFIER, World, all, basic, form, text},
};

fn dead_end(reply: &Page, what: &str) {
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{what}");
    assert!(reply.header("content-type").starts_with("text/html"), "{what}");
    assert!(!reply.headers.contains_key("location") && !reply.body.contains("<form"), "{what}");
}

async fn interactions(world: &World) -> i64 {
    world.count("interaction", "1 = 1").await
}

/// SECURITY #6: twice in the query, in the body, in one of each, as a list: nobody is redirected, and nothing is stored.
#[apply(both!)]
#[tokio::test]
async fn a_parameter_that_is_there_twice_ends_here(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    browser.get("/", &[]).await;
    let before = interactions(&world).await;
    let good = asking(&[]);
    for name in
        ["client_id", "redirect_uri", "scope", "state", "response_type", "nonce", "code_challenge", "unknown"]
    {
        let list = format!("{name}[]");
        for (again, value) in [(name, "rp"), (name, "x"), (name, ""), (&*list, "x")] {
            let mut fields = good.clone();
            fields.extend((name == "unknown").then_some((name, "x")));
            let both: Vec<_> = fields.iter().copied().chain([(again, value)]).collect();
            let (one, other) = (form(&fields), form(&[(again, value)]));
            let what = format!("{again}={value}");
            dead_end(&browser.get(&format!("/authorize?{}", form(&both)), &[]).await, &what);
            dead_end(&browser.get(&format!("/authorize?{other}&{one}"), &[]).await, &what);
            dead_end(&browser.post("/authorize", &[], &both).await, &what);
            dead_end(&browser.post(&format!("/authorize?{one}"), &[], &[(again, value)]).await, &what);
            dead_end(&browser.post(&format!("/authorize?{other}"), &[], &fields).await, &what);
        }
    }
    assert_eq!(interactions(&world).await, before, "{}", world.bed.name);
    let code = browser.authorize(&[]).await.returned().get("code").unwrap().to_owned();
    let redeeming = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in redeeming {
        let twice: Vec<_> = redeeming.iter().copied().chain([(name, value)]).collect();
        let reply = browser.post("/token", &[("authorization", &basic("rp"))], &twice).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request"),
            "{name}"
        );
    }
    assert_eq!(browser.redeem(&code).await.status, StatusCode::OK, "the code was not burned");
}

/// SECURITY #5 a, b, c, g; D3
#[apply(both!)]
#[tokio::test]
async fn a_challenge_cannot_be_talked_down(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let before = interactions(&world).await;
    for (challenge, method) in [
        ("", ""),
        ("", "S256"),
        (CHALLENGE, ""),
        (CHALLENGE, "plain"),
        (CHALLENGE, "s256"),
        (CHALLENGE, "S512"),
        (CHALLENGE, "none"),
        (VERIFIER, "plain"),
        ("x", "S256"),
        (&CHALLENGE[1..], "S256"),
        ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c+", "S256"),
    ] {
        let more = [("code_challenge", challenge), ("code_challenge_method", method)];
        let back = browser.authorize(&more).await.returned();
        assert_eq!((back.get("error"), back.get("code")), (Some("invalid_request"), None), "{more:?}");
    }
    // There, and empty: a parameter without a value is one that was left out (RFC 6749 §3.1), for an exempt client too.
    world.agencies.store(Arc::new(all(|client| client.pkce = Pkce::Exempt)));
    let query = form(&asking(&[("code_challenge", ""), ("code_challenge_method", "")]));
    let reply = browser.get(&format!("/authorize?{query}&code_challenge="), &[]).await;
    assert_eq!(reply.returned().get("error"), Some("invalid_request"));
    assert_eq!(interactions(&world).await, before, "{}", world.bed.name);
    let back = browser.authorize(&[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert!(back.returned().get("code").is_some(), "an exempt client may leave it out");
}

/// SECURITY #7, D4: nothing that a client sends is fetched, and nothing in it is read.
#[apply(both!)]
#[tokio::test]
async fn no_request_object_is_read_or_fetched(world: World) {
    let sink = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = sink.local_addr().unwrap().port();
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let before = interactions(&world).await;
    let inner = format!(
        r#"{{"client_id":"rp","redirect_uri":"https://evil.example/","response_type":"code","scope":"openid","iss":"rp","aud":"{ISSUER}"}}"#
    );
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let unsigned = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&inner));
    let input = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part(&inner));
    let jwks = browser.get("/jwks", &[]).await.body;
    let confused = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, jwks.as_bytes()), input.as_bytes());
    let confused = format!("{input}.{}", URL_SAFE_NO_PAD.encode(confused));
    for object in [&unsigned, &confused, "x"] {
        let back = browser.authorize(&[("request", object)]).await.returned();
        assert_eq!((back.get("error"), back.get("state")), (Some("request_not_supported"), Some("s")));
    }
    for uri in [
        format!("http://127.0.0.1:{port}/request.jwt"),
        format!("https://localhost:{port}/request.jwt#hash"),
        format!("http://rp.example@127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data/".into(),
        "file:///etc/passwd".into(),
        "gopher://127.0.0.1/".into(),
        "urn:ietf:params:oauth:request_uri:x".into(),
        "data:text/plain,x".into(),
    ] {
        let back = browser.authorize(&[("request_uri", &uri)]).await.returned();
        assert_eq!(back.get("error"), Some("request_uri_not_supported"), "{uri}");
    }
    // Nor does a file of addresses come in with the request (OIDC Registration §2).
    let uri = format!("http://127.0.0.1:{port}/");
    let registration =
        format!(r#"{{"jwks_uri":"{uri}","sector_identifier_uri":"{uri}","logo_uri":"{uri}"}}"#);
    let back = browser.authorize(&[("registration", &registration)]).await.returned();
    assert_eq!(back.get("error"), Some("registration_not_supported"));
    assert_eq!(interactions(&world).await, before, "{}", world.bed.name);
    sink.set_nonblocking(true).unwrap();
    assert!(sink.accept().is_err(), "somebody was called");
}

/// SECURITY #8
#[apply(both!)]
#[tokio::test]
async fn only_the_code_flow_and_refresh_are_alive(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let before = interactions(&world).await;
    for kind in [
        "token",
        "id_token",
        "code token",
        "code id_token",
        "id_token token",
        "code id_token token",
        "none",
        "CODE",
        "code code",
    ] {
        let back = browser.authorize(&[("response_type", kind)]).await.returned();
        let got = (back.get("error"), back.get("access_token"), back.get("id_token"));
        assert_eq!(got, (Some("unsupported_response_type"), None, None), "{kind}");
    }
    assert_eq!(interactions(&world).await, before);
    for grant in [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
        "Authorization_Code",
    ] {
        let fields = [
            ("grant_type", grant),
            ("username", "marie@example.org"),
            ("password", "x"),
            ("scope", "openid"),
        ];
        let reply = browser.post("/token", &[("authorization", &basic("rp"))], &fields).await;
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            "{grant}"
        );
    }
    let told = browser.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(told["response_types_supported"], serde_json::json!(["code"]));
    assert_eq!(told["grant_types_supported"], serde_json::json!(["authorization_code", "refresh_token"]));
    assert_eq!(world.count("token_grant", "1 = 1").await, 0, "{}", world.bed.name);
}

/// The parameters of an answer, by the way in which it came.
fn came(reply: &Page, mode: ResponseMode) -> Vec<(String, String)> {
    let (joint, uri) = match mode {
        ResponseMode::Query => ('?', reply.header("location")),
        ResponseMode::Fragment => ('#', reply.header("location")),
        ResponseMode::FormPost => {
            assert_eq!(reply.status, StatusCode::OK);
            assert_eq!(reply.header("cache-control"), "no-store");
            let policy = reply.header("content-security-policy");
            assert!(
                // What a portal's callback leads to is the portal's (SECURITY D15).
                !policy.contains("form-action")
                    && policy.contains("default-src 'self'")
                    && !policy.contains("unsafe"),
                "{policy}"
            );
            // The script that posts the form is a file of ours: the policy lets no other one run.
            assert!(
                reply.body.matches("<script").count() == reply.body.matches("src=\"/assets/").count(),
                "{}",
                reply.body
            );
            assert_eq!(reply.body.matches("<form").count(), 1);
            let plain = |text: String| text.replace("&#x2f;", "/");
            assert!(plain(reply.body.clone()).contains(&format!("action=\"{CALLBACK}\"")));
            let names = ["code", "error", "error_description", "state", "iss"];
            let there = names.into_iter().filter(|name| reply.body.contains(&format!("name=\"{name}\"")));
            return there.map(|name| (name.to_owned(), plain(field(&reply.body, name)))).collect();
        }
    };
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let (to, added) = uri.split_once(joint).unwrap_or_else(|| panic!("no {joint} in {uri}"));
    assert!(to == CALLBACK && !added.contains(['?', '#']), "{uri}");
    url::form_urlencoded::parse(added.as_bytes()).into_owned().collect()
}

/// SECURITY #9, #11; RFC 9207 §2: every answer in every mode says who gives it, byte for byte as the metadata does.
#[apply(both!)]
#[tokio::test]
async fn every_answer_names_the_issuer(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    let told = browser.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
    for mode in ["fragment", "form_post", "query.jwt", "form_post.jwt", "jwt", "web_message", "QUERY"] {
        let back = browser.authorize(&[("response_mode", mode)]).await.returned();
        assert_eq!((back.get("error"), back.get("code")), (Some("invalid_request"), None), "{mode}");
    }
    world.agencies.store(Arc::new(all(|client| client.response_modes = ResponseMode::ALL.to_vec())));
    let mut nobody = Visitor::new(&router);
    for mode in ResponseMode::ALL.iter().copied() {
        let by = ("response_mode", mode.as_str());
        for (reply, first, value) in [
            (browser.authorize(&[by]).await, "code", None),
            (browser.authorize(&[by, ("scope", "email")]).await, "error", Some("invalid_scope")),
            (
                browser.authorize(&[by, ("client_id", "other"), ("prompt", "none")]).await,
                "error",
                Some("interaction_required"),
            ),
            (nobody.authorize(&[by, ("prompt", "none")]).await, "error", Some("login_required")),
        ] {
            let got = came(&reply, mode);
            let get = |name: &str| got.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
            assert_eq!(got[0].0, first, "{mode:?}");
            assert!(value.is_none_or(|value| get(first) == Some(value)), "{mode:?}: {got:?}");
            assert_eq!((get("iss"), get("state")), (told["issuer"].as_str(), Some("s")), "{mode:?}");
            assert_eq!(got.iter().filter(|(name, _)| name == "iss").count(), 1);
            assert!(first == "code" || get("code").is_none(), "{got:?}");
        }
    }
}

const MARKUP: [&str; 5] = [
    "\"><script>alert(1)</script>",
    "</textarea></title><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "' onfocus='alert(1)' x='",
    "{{7331*3}}{% raw %}<!--",
];

fn inert(reply: &Page, what: &str) {
    let addresses = ["href", "action", "src", "content"].map(|name| format!("{name}=\"javascript:"));
    // The last one is what a template would make of it.
    let alive = ["<script>alert", "<img src=x", "' onfocus='", "<!--", "21993"].map(str::to_owned);
    for alive in alive.iter().chain(&addresses) {
        assert!(!reply.body.contains(alive), "{what}: {alive} in {}", reply.body);
    }
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{what}: {policy}");
}

/// Every name that pages show becomes `text`.
fn named(world: &World, text: &str) {
    let mut agencies: Vec<Agency> = all(|_| {}).iter().map(|agency| (**agency).clone()).collect();
    for agency in &mut agencies {
        agency.name = text.into();
        agency.portals.iter_mut().for_each(|portal| portal.name = text.into());
    }
    world.agencies.store(Arc::new(Agencies::new(agencies).unwrap_or_else(|p| panic!("{}", p.reason))));
}

/// SECURITY #10: what a request or a file holds is text on a page and one value in an address.
#[apply(both!)]
#[tokio::test]
async fn what_is_shown_again_is_only_text(world: World) {
    let router = provider(&world);
    let tokens = Visitor::signed_in(&world, &router).await.tokens(&[]).await;
    for text_of_theirs in MARKUP {
        named(&world, text_of_theirs);
        for name in [
            "login_hint",
            "ui_locales",
            "state",
            "nonce",
            "acr_values",
            "claims_locales",
            "display",
            "unknown",
        ] {
            let page = Visitor::new(&router).authorize(&[(name, text_of_theirs)]).await;
            assert_eq!(page.status, StatusCode::OK, "{name}");
            inert(&page, &format!("{name}={text_of_theirs}"));
        }
        let page = Visitor::new(&router)
            .get(&format!("/authorize?{}", form(&[(text_of_theirs, "1"), (text_of_theirs, "2")])), &[])
            .await;
        dead_end(&page, text_of_theirs);
        inert(&page, text_of_theirs);
        // The page that asks whether to sign out names the client.
        let hint = text(&tokens, "id_token");
        let mut other = Visitor::signed_in(&world, &router).await;
        let query =
            form(&[("id_token_hint", hint), ("state", text_of_theirs), ("ui_locales", text_of_theirs)]);
        let page = other.get(&format!("/end-session?{query}"), &[]).await;
        assert_eq!(page.status, StatusCode::OK);
        inert(&page, &format!("/end-session {text_of_theirs}"));
        let back = Visitor::new(&router).authorize(&[("prompt", "none"), ("state", text_of_theirs)]).await;
        assert_eq!(back.returned().get("state"), Some(text_of_theirs));
    }
    // Nothing that ends a line gets as far as a header.
    for (name, value) in [
        ("state", "a\r\nSet-Cookie: x=y"),
        ("login_hint", "a\0"),
        ("nonce", "\u{7f}"),
        ("ui_locales", "fr\n"),
    ] {
        dead_end(&Visitor::new(&router).authorize(&[(name, value)]).await, name);
    }
}
