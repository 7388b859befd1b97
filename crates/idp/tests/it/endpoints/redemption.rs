//! The use of a code and of a refresh token over HTTP, once and twice (SECURITY A2).

use std::sync::Arc;

use http::StatusCode;
use oidc::client::Pkce;
use serde_json::Value;
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{CALLBACK, CHALLENGE, VERIFIER, World, all, basic, form, text},
};

async fn code(browser: &mut Visitor, more: &[(&str, &str)]) -> String {
    browser.authorize(more).await.returned().get("code").expect("a code").to_owned()
}

async fn ask(browser: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Page {
    browser.post(path, &[("authorization", &basic("rp"))], fields).await
}

async fn refresh(browser: &mut Visitor, token: &str) -> Page {
    ask(browser, "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Asserts that none of these tokens is accepted any more.
async fn dead(browser: &mut Visitor, tokens: &Value) {
    let (access, refresh_token) =
        (text(tokens, "access_token").to_owned(), text(tokens, "refresh_token").to_owned());
    let told = browser.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await;
    assert_eq!((told.status, told.error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_token"));
    let again = refresh(browser, &refresh_token).await;
    assert_eq!((again.status, again.error().as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
    for token in [&access, &refresh_token] {
        assert_eq!(ask(browser, "/introspect", &[("token", token)]).await.body, r#"{"active":false}"#);
    }
}

/// SECURITY #5 d, e, f; #19; D7: refused, and the code is as good as before.
#[apply(both!)]
#[tokio::test]
async fn a_wrong_redemption_burns_nothing(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let held = code(&mut browser, &[]).await;
    let (short, long) = ("a".repeat(42), "a".repeat(129));
    let other_case = VERIFIER.to_ascii_uppercase();
    for (client, uri, verifier) in [
        ("rp", CALLBACK, ""),
        ("rp", CALLBACK, "x"),
        ("rp", CALLBACK, &*short),
        ("rp", CALLBACK, &long),
        ("rp", CALLBACK, &other_case),
        ("rp", CALLBACK, CHALLENGE),
        ("rp", "", VERIFIER),
        ("rp", "https://rp.example/cb/", VERIFIER),
        ("rp", "https://RP.example/cb", VERIFIER),
        ("other", CALLBACK, VERIFIER),
    ] {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &held),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
        ];
        let reply = browser.post("/token", &[("authorization", &basic(client))], &fields).await;
        let got = (reply.status, reply.error());
        assert_eq!(got, (StatusCode::BAD_REQUEST, "invalid_grant".into()), "{client} {uri} {verifier}");
    }
    assert_eq!(world.count("code", "used_at IS NULL").await, 1);
    assert_eq!(world.count("token_grant", "revoked_at IS NOT NULL").await, 0, "{}", world.bed.name);
    assert_eq!(browser.redeem(&held).await.status, StatusCode::OK);
    let late = code(&mut browser, &[]).await;
    world.bed.clock.advance(61);
    assert_eq!(browser.redeem(&late).await.error(), "invalid_grant");
    // Put into this client's hands by somebody who asked without a challenge (RFC 9700 §4.8.2).
    world.agencies.store(Arc::new(all(|client| client.pkce = Pkce::Exempt)));
    let bare = code(&mut browser, &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    assert_eq!(browser.redeem(&bare).await.error(), "invalid_grant");
    let fields = [("grant_type", "authorization_code"), ("code", &bare), ("redirect_uri", CALLBACK)];
    assert_eq!(ask(&mut browser, "/token", &fields).await.status, StatusCode::OK);
}

/// SECURITY #17, I2
#[apply(both!)]
#[tokio::test]
async fn a_code_that_comes_twice_ends_its_grant(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let held = code(&mut browser, &[]).await;
    let tokens = browser.redeem(&held).await.json();
    let others = browser.tokens(&[]).await;
    for _ in 0..2 {
        assert_eq!(browser.redeem(&held).await.error(), "invalid_grant");
        dead(&mut browser, &tokens).await;
    }
    assert_eq!(world.count("token_grant", "revoked_why = 'code_reuse'").await, 1, "{}", world.bed.name);
    assert_eq!(world.count("refresh_token", "1 = 1").await, 2);
    let reply = refresh(&mut browser, text(&others, "refresh_token")).await;
    assert_eq!(reply.status, StatusCode::OK, "another grant lives");
}

/// SECURITY #20, I4
#[apply(both!)]
#[tokio::test]
async fn a_refresh_token_that_comes_twice_ends_its_family(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let first = browser.tokens(&[]).await;
    let second = refresh(&mut browser, text(&first, "refresh_token")).await.json();
    let third = refresh(&mut browser, text(&second, "refresh_token")).await.json();
    assert_eq!(refresh(&mut browser, text(&first, "refresh_token")).await.error(), "invalid_grant");
    for tokens in [&first, &second, &third] {
        dead(&mut browser, tokens).await;
    }
    assert_eq!(world.count("token_grant", "revoked_why = 'refresh_reuse'").await, 1, "{}", world.bed.name);
    assert_eq!(world.count("refresh_token", "1 = 1").await, 3, "and nothing new");
}

/// SECURITY #30: what was given before is worth nothing after the person's account has changed hands, or the client has left the file.
#[apply(both!)]
#[tokio::test]
async fn who_is_gone_gets_nothing_for_what_was_given_before(world: World) {
    for gone in ["client", "person"] {
        let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
        let tokens = browser.tokens(&[]).await;
        let held = code(&mut browser, &[]).await;
        let written = world.count("refresh_token", "1 = 1").await;
        let access = format!("Bearer {}", text(&tokens, "access_token"));
        match gone {
            "person" => {
                world.reset_password().await;
                assert_eq!(browser.redeem(&held).await.error(), "invalid_grant");
                dead(&mut browser, &tokens).await;
                let back = browser.authorize(&[("prompt", "none")]).await.returned();
                assert_eq!(back.get("error"), Some("login_required"));
            }
            _ => {
                let without: Vec<_> =
                    all(|_| {}).iter().filter(|a| a.id != "tilleuls").map(|a| (**a).clone()).collect();
                world.agencies.store(Arc::new(agencies::Agencies::new(without).unwrap_or_default()));
                for reply in
                    [browser.redeem(&held).await, refresh(&mut browser, text(&tokens, "refresh_token")).await]
                {
                    assert_eq!(
                        (reply.status, reply.error().as_str()),
                        (StatusCode::UNAUTHORIZED, "invalid_client")
                    );
                }
                assert_eq!(
                    browser.get("/userinfo", &[("authorization", &access)]).await.error(),
                    "invalid_token"
                );
                let asked = [("token", text(&tokens, "access_token"))];
                let reply = browser.post("/introspect", &[("authorization", &basic("other"))], &asked).await;
                assert_eq!(reply.body, r#"{"active":false}"#);
                assert_eq!(browser.authorize(&[]).await.status, StatusCode::BAD_REQUEST);
                world.agencies.store(Arc::new(all(|_| {})));
            }
        }
        assert_eq!(world.count("refresh_token", "1 = 1").await, written, "{} {gone}", world.bed.name);
    }
}

/// SECURITY #29: whatever these endpoints say, nobody keeps it, and no script of another origin reads it.
#[apply(both!)]
#[tokio::test]
async fn nothing_that_is_said_of_tokens_is_kept(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let held = code(&mut browser, &[]).await;
    let reply = browser.redeem(&held).await;
    let tokens = reply.json();
    let access = format!("Bearer {}", text(&tokens, "access_token"));
    let mut replies = vec![("token", reply), ("token again", browser.redeem(&held).await)];
    let tokens = browser.tokens(&[]).await;
    let token = [("token", text(&tokens, "access_token"))];
    replies.push(("introspection", ask(&mut browser, "/introspect", &token).await));
    replies.push(("introspection of nothing", ask(&mut browser, "/introspect", &[("token", "x")]).await));
    replies.push(("introspection by nobody", browser.post("/introspect", &[], &token).await));
    let good = format!("Bearer {}", text(&tokens, "access_token"));
    replies.push(("userinfo", browser.get("/userinfo", &[("authorization", &good)]).await));
    replies.push(("userinfo, dead", browser.get("/userinfo", &[("authorization", &access)]).await));
    replies.push(("refresh", refresh(&mut browser, text(&tokens, "refresh_token")).await));
    for (what, reply) in &replies {
        assert!(reply.header("content-type").starts_with("application/json"), "{what}");
        assert_eq!(reply.header("cache-control"), "no-store", "{what}");
        assert!(
            !reply.headers.contains_key("access-control-allow-origin")
                && !reply.headers.contains_key("set-cookie"),
            "{what}"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{what}");
    }
    assert_eq!(replies.iter().filter(|(_, reply)| reply.status == StatusCode::OK).count(), 5);
    for reply in [ask(&mut browser, "/revoke", &token).await, browser.get("/userinfo", &[]).await] {
        assert_eq!((reply.header("cache-control"), reply.body.as_str()), ("no-store", ""));
    }
    // And nothing is said where it would be written into logs and histories.
    let query = form(&[("token", text(&tokens, "access_token"))]);
    assert_eq!(ask(&mut browser, &format!("/introspect?{query}"), &[]).await.error(), "invalid_request");
}
