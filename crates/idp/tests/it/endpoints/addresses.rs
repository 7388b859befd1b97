//! The addresses that are nearly registered, over HTTP: the rules' own tests have the same ones.

#[path = "../../../../oidc/tests/it/corpus/mod.rs"]
mod corpus;

use std::sync::Arc;

use corpus::{SHAPES, around, by_rule};
use http::StatusCode;
use oidc::client::ApplicationType;
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{Visitor, asking, provider},
    world::{World, all, form, text},
};

/// Every client has this one address, for the way back and for after a sign-out.
fn with_address(world: &World, registered: &str) {
    world.agencies.store(Arc::new(all(|client| {
        client.redirect_uris = vec![registered.into()];
        client.post_logout_redirect_uris = vec![registered.into()];
        if !registered.starts_with("https:") {
            client.application_type = ApplicationType::Native;
        }
    })));
}

/// Another port on a loopback literal is a native client's own choice (RFC 8252 §7.3).
fn another_port(registered: &str, uri: &str) -> bool {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| registered.starts_with(host));
    let port = host.and_then(|host| uri.strip_prefix(host)?.strip_suffix("/cb"));
    port.is_some_and(|port| {
        let digits = port.strip_prefix(':');
        port.is_empty()
            || digits.is_some_and(|d| {
                d.len() <= 5 && d.bytes().all(|b| b.is_ascii_digit()) && d.parse::<u16>().is_ok()
            })
    })
}

/// How many addresses a test goes on by. What is nearly registered is told from what is by text alone, so that PostgreSQL, which sees none of them, takes one
/// of five, and all in a deep run.
fn stride(world: &World) -> usize {
    if world.bed.name == "sqlite" { 1 } else { testbed::tries(5, 1) }
}

/// A page of ours, and no way from it to anywhere else.
fn dead_end(reply: &Page, uri: &str) {
    assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{uri:?}: {}", reply.body);
    assert!(reply.header("content-type").starts_with("text/html"), "{uri:?}");
    assert!(!reply.headers.contains_key("location") && !reply.headers.contains_key("refresh"), "{uri:?}");
    assert!(!reply.body.contains("<form") && !reply.body.contains("http-equiv"), "{uri:?}");
    assert!(!reply.body.contains("evil.example") && !reply.body.contains("javascript:"), "{uri:?}");
}

async fn written(world: &World) -> [i64; 4] {
    let count = async |table| world.count(table, "1 = 1").await;
    [
        count("interaction").await,
        count("code").await,
        count("token_grant").await,
        count("client_session").await,
    ]
}

/// SECURITY #1, #2, #3: of all that is nearly registered nothing is redirected to, not even for somebody who is signed in and would come
/// back with a code at once.
#[apply(both!)]
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_nearly_registered(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    for (nth, (name, _, registered)) in SHAPES.iter().enumerate() {
        with_address(&world, registered);
        let good = browser.authorize(&[("redirect_uri", registered)]).await;
        assert_eq!(good.status, StatusCode::SEE_OTHER, "{name}");
        assert!(
            good.header("location")
                .starts_with(&format!("{registered}{}", if registered.contains('?') { '&' } else { '?' }))
        );
        let before = written(&world).await;
        // Single bytes are all alike to HTTP and to a database: once is enough.
        let tries =
            if nth == 0 && world.bed.name == "sqlite" { around(registered) } else { by_rule(registered) };
        for uri in tries.iter().filter(|uri| !another_port(registered, uri)).step_by(stride(&world)) {
            let fields = asking(&[("redirect_uri", uri)]);
            dead_end(&browser.get(&format!("/authorize?{}", form(&fields)), &[]).await, uri);
            if uri.len() % 8 == 0 {
                let reply = browser.post("/authorize", &[("origin", "https://evil.example")], &fields);
                let reply = reply.await;
                dead_end(&browser.follow(reply).await, uri);
            }
        }
        assert_eq!(written(&world).await, before, "{} {name}", world.bed.name);
    }
}

/// SECURITY #45, #1
#[apply(both!)]
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_nearly_registered_after_a_sign_out(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let tokens = browser.tokens(&[]).await;
    let hint = text(&tokens, "id_token").to_owned();
    let mut other = Visitor::signed_in(&world, &provider(&world)).await;
    for (name, _, registered) in SHAPES.iter().step_by(2) {
        with_address(&world, registered);
        for uri in by_rule(registered).iter().filter(|uri| !uri.is_empty()).step_by(stride(&world)) {
            let query = form(&[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)]);
            let reply = other.get(&format!("/end-session?{query}"), &[]).await;
            if *uri == "https://rp.example" && *registered == "https://rp.example/" {
                continue;
            }
            // Asked, for the hint is another session's; their yes leads to our own page.
            assert_eq!(reply.status, StatusCode::OK, "{name} {uri}");
            assert!(reply.headers.get("location").is_none(), "{name} {uri}");
            assert!(!reply.header("content-security-policy").contains("form-action 'self' "), "{name} {uri}");
        }
        assert_eq!(world.count("session", "ended_at IS NULL").await, 2, "{} {name}", world.bed.name);
    }
    // So the hint was good all along.
    let registered = SHAPES[0].2;
    with_address(&world, registered);
    let query = form(&[("id_token_hint", &hint), ("post_logout_redirect_uri", registered)]);
    let reply = browser.get(&format!("/end-session?{query}"), &[]).await;
    assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, registered));
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1);
}
