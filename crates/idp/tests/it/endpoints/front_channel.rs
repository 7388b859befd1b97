use std::sync::Arc;

use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{ISSUER, World, all, form, part, text},
};

/// Every client has an address for frames, one of them with a query of its own.
fn with_frames(world: &World) {
    world.agencies.store(Arc::new(all(|client| {
        let own = if client.client_id == "app" { "?from=op" } else { "" };
        client.frontchannel_logout_uri = Some(format!("https://{}.example:8443/out{own}", client.client_id));
    })));
}

/// The values of an attribute of the page's elements of that name, as a browser reads them.
fn values(body: &str, element: &str, attribute: &str) -> Vec<String> {
    let begin = format!("<{element} ");
    let elements = body.split(&begin).skip(1).map(|rest| rest.split('>').next().unwrap());
    let value = |element: &str| element.split(&format!("{attribute}=\"")).nth(1).map(str::to_owned);
    elements.filter_map(value).map(|v| v.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

fn frames(body: &str) -> Vec<String> {
    values(body, "iframe", "src")
}

fn frame_src(policy: &str) -> Vec<&str> {
    let directive = policy.split(';').map(str::trim).find_map(|d| d.strip_prefix("frame-src "));
    directive.unwrap_or_default().split(' ').collect()
}

fn frame(uri: &str, sid: &str) -> String {
    let query = form(&[("iss", ISSUER), ("sid", sid)]);
    format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' })
}

/// oidcc-frontchannel-rp-initiated-logout; OIDC Front-Channel Logout §3
#[apply(both!)]
#[tokio::test]
async fn the_clients_of_the_session_are_told_in_frames_and_the_person_goes_back(world: World) {
    with_frames(&world);
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    // Another session's client is not told.
    Visitor::signed_in(&world, &router).await.tokens(&[]).await;
    let tokens = browser.tokens(&[]).await;
    let sid = text(&part(text(&tokens, "id_token"), 1), "sid").to_owned();
    let query = form(&[
        ("id_token_hint", text(&tokens, "id_token")),
        ("post_logout_redirect_uri", "https://rp.example/out"),
        ("state", "a b"),
    ]);
    let reply = browser.get(&format!("/end-session?{query}"), &[]).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(frames(&reply.body), [frame("https://rp.example:8443/out", &sid)], "{}", world.bed.name);
    let policy = reply.header("content-security-policy");
    assert_eq!(frame_src(policy), ["https://rp.example:8443"], "{policy}");
    assert!(values(&reply.body, "a", "href").contains(&"https://rp.example/out?state=a+b".to_owned()));
    assert!(reply.body.contains("/assets/front-channel."));
    assert!(browser.cookie_value("__Host-mc_session").is_none());
    // Done once: coming again goes straight on.
    let again = browser.get(&format!("/end-session?{query}"), &[]).await;
    assert_eq!(again.header("location"), "https://rp.example/out?state=a+b");
}

/// OIDC Front-Channel Logout §3; SPEC J10
#[apply(both!)]
#[tokio::test]
async fn the_providers_own_sign_out_tells_every_client_too(world: World) {
    with_frames(&world);
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    browser.tokens(&[]).await;
    browser.authorize(&[("client_id", "app")]).await.returned();
    let page = browser.get("/sign-out", &[]).await;
    let csrf = crate::endpoints::logout::field(&page.body, "csrf");
    let done = browser.post("/sign-out", &[("sec-fetch-site", "same-origin")], &[("csrf", &csrf)]).await;
    assert_eq!(done.status, StatusCode::OK);
    let mut told = frames(&done.body);
    told.sort();
    let begins: Vec<_> = told.iter().map(|uri| uri.split("iss=").next().unwrap()).collect();
    assert_eq!(begins, ["https://app.example:8443/out?from=op&", "https://rp.example:8443/out?"]);
    let policy = done.header("content-security-policy");
    assert_eq!(frame_src(policy).len(), 2, "{policy}");
    assert!(browser.cookie_value("__Host-mc_session").is_none());
    assert!(done.body.contains("href=\"/sign-out\""));
}

/// SECURITY #105: no other page may hold a frame.
#[apply(both!)]
#[tokio::test]
async fn a_page_without_clients_to_tell_names_no_frames(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    browser.tokens(&[]).await;
    let page = browser.get("/sign-out", &[]).await;
    assert!(!page.header("content-security-policy").contains("frame-src"));
    let csrf = crate::endpoints::logout::field(&page.body, "csrf");
    let done = browser.post("/sign-out", &[("sec-fetch-site", "same-origin")], &[("csrf", &csrf)]).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/sign-out"));
}

/// oidcc-frontchannel-rp-initiated-logout-discovery-endpoint-verification
#[apply(both!)]
#[tokio::test]
async fn the_document_says_so(world: World) {
    let reply = Visitor::new(&provider(&world)).get("/.well-known/openid-configuration", &[]).await;
    let document = reply.json();
    assert_eq!(document["frontchannel_logout_supported"], true);
    assert_eq!(document["frontchannel_logout_session_supported"], true);
}
