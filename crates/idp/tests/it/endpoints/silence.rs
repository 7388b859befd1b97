//! The requirements of a request on a sign-in (SECURITY #14), and the statements of a sign-in about itself (SECURITY #39).

use axum_extra::extract::cookie::Cookie;
use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, asking, provider},
    world::{World, form, part, text},
};

/// Another person of the same agency, signed in in a browser of their own.
async fn paul(world: &World, router: &axum::Router) -> Visitor {
    let account = world.moved("T3,C44", "paul@example.org").await;
    let (context, now) = (&world.bed.context, world.bed.context.now());
    let token = context.token();
    let session = vec![
        ("id", context.id::<uuid::Uuid>().into()),
        ("token_hash", token.digest().into_string().into()),
        ("account_id", account.0.into()),
        ("auth_time", now.into()),
        ("created_at", now.into()),
        ("last_seen_at", now.into()),
        ("ends_at", (now + 86_400).into()),
        ("user_agent", "".into()),
        ("ip_short", "".into()),
    ];
    world.write("session", session).await;
    let visitor = Visitor::new(router);
    visitor.add_cookie(Cookie::build(("__Host-mc_session", token.text())).path("/").build());
    visitor
}

/// SECURITY #14: silence is answered with the reason why a page would be needed, and nothing is given.
#[apply(both!)]
#[tokio::test]
async fn silence_is_answered_with_the_reason(world: World) {
    let router = provider(&world);
    let theirs = paul(&world, &router).await.tokens(&[]).await;
    let mut browser = Visitor::signed_in(&world, &router).await;
    world.bed.clock.advance(2);
    let hint = text(&theirs, "id_token");
    let sub = format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, text(&part(hint, 1), "sub"));
    for (more, why) in [
        (("max_age", "1"), "login_required"),
        (("max_age", "0"), "login_required"),
        (("id_token_hint", hint), "login_required"),
        (("claims", &*sub), "login_required"),
        // The account has no link with that client's agency.
        (("client_id", "other"), "interaction_required"),
    ] {
        let back = browser.authorize(&[("prompt", "none"), more]).await.returned();
        assert_eq!(
            (back.get("error"), back.get("code"), back.get("state")),
            (Some(why), None, Some("s")),
            "{more:?}"
        );
        // Aloud there is a page instead, and no code either.
        let page = browser.authorize(&[more]).await;
        assert_eq!((page.status, page.headers.get("location")), (StatusCode::OK, None), "{more:?}");
    }
    assert_eq!(world.count("code", "used_at IS NULL").await, 0, "{}", world.bed.name);
    world.bed.clock.advance(86_400);
    let back = browser.authorize(&[("prompt", "none")]).await.returned();
    assert_eq!(back.get("error"), Some("login_required"), "the session has ended");
}

/// SECURITY #14, #39: who is asked to sign in again and goes away instead is who they were, since when they were.
#[apply(both!)]
#[tokio::test]
async fn a_sign_in_that_is_not_made_leaves_the_old_one(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let since = world.bed.context.now();
    let first = browser.tokens(&[("nonce", &"n".repeat(512))]).await;
    world.bed.clock.advance(100);
    let cookie = browser.cookie_value("__Host-mc_session").unwrap();
    for more in [("prompt", "login"), ("max_age", "0"), ("prompt", "select_account")] {
        let reply = browser.get(&format!("/authorize?{}", form(&asking(&[more]))), &[]).await;
        let hub = reply.header("location").to_owned();
        // Looked at, reloaded, left.
        for _ in 0..2 {
            assert_eq!(browser.get(&hub, &[]).await.status, StatusCode::OK, "{more:?}");
        }
    }
    let second = browser.tokens(&[("nonce", "another")]).await;
    let (was, is) = (part(text(&first, "id_token"), 1), part(text(&second, "id_token"), 1));
    for same in ["sub", "sid", "auth_time", "aud", "azp"] {
        assert_eq!(was[same], is[same], "{same}");
    }
    assert_eq!((&is["auth_time"], &is["iat"]), (&since.into(), &(since + 100).into()));
    assert_eq!((&was["nonce"], &is["nonce"]), (&"n".repeat(512).into(), &"another".into()));
    assert_eq!(browser.cookie_value("__Host-mc_session").unwrap(), cookie);
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
}
