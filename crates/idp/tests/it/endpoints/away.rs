//! Browsers that go away in the middle, and sessions that end there.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use axum::body::Body;
use http::{Request, StatusCode, header};
use idp::grant::{Completed, Start};
use testbed::{apply, both};
use tower::ServiceExt;

use crate::endpoints::{
    browser::{Visitor, asking, provider},
    logout::field,
    world::{World, form},
};

/// DESIGN "Rules that the databases force": a client that hangs up drops no handler between two writes.
#[apply(both!)]
#[tokio::test]
async fn what_a_browser_began_is_ended_without_it(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    browser.tokens(&[]).await;
    let csrf = field(&browser.get("/sign-out", &[]).await.body, "csrf");
    let cookies: Vec<_> = browser.cookies().iter().map(|c| c.stripped().to_string()).collect();
    let request = Request::post("/sign-out")
        .header("content-type", "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookies.join("; "))
        .body(Body::from(form(&[("csrf", &csrf)])))
        .unwrap();
    {
        let mut answer = pin!(router.clone().oneshot(request));
        let begun = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await;
        assert!(begun.is_pending(), "one step begins it and no more");
    }
    for _ in 0..500 {
        if world.count("outbox", "kind = 'backchannel_logout'").await == 1 {
            break;
        }
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 0);
    assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 1, "{}", world.bed.name);
}

/// SECURITY #46: an authorization that was under way when the session ended gives nothing.
#[apply(both!)]
#[tokio::test]
async fn no_code_is_given_in_a_session_that_has_ended(world: World) {
    let session = world.sign_in().await;
    let Start::Interaction(id) = world.start("rp", &[]).await else { panic!("refused") };
    let at = world.b.find(id, &world.browser).await.unwrap().unwrap();
    world.a.sign_out(session.id).await.unwrap();
    assert!(matches!(world.b.complete(&at, &session).await.unwrap(), Completed::Over));
    assert_eq!(world.count("code", "1 = 1").await, 0);
    assert_eq!(world.count("token_grant", "revoked_at IS NULL").await, 0, "{}", world.bed.name);
}

/// SECURITY #47, #76: a reset in a browser where somebody else was signed in.
#[apply(both!)]
#[tokio::test]
async fn a_reset_in_anothers_browser_signs_the_other_out_of_their_portals(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    browser.tokens(&[]).await;
    let paul = world.moved("T2,C43", "paul@example.org").await;
    let token = world.reset_link(paul, None).await;
    let reply = browser.get(&format!("/reset?token={}", token.text()), &[]).await;
    let page = browser.follow(reply).await;
    let fields = [("csrf", &*field(&page.body, "csrf")), ("password", "girafe tambour lampion")];
    let reply = browser.post("/reset", &[], &fields).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.body);
    let context = &world.bed.context;
    for message in kernel::outbox::lease(&context.db, context.now(), 10).await.unwrap() {
        if message.kind == accounts::SESSIONS_ENDED {
            world.b.sessions_ended(&message).await.unwrap();
        }
    }
    assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0, "{}", world.bed.name);
    assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 1);
}

/// `form-action` of every page (SECURITY #105, D15) names our own host alone, also where a form ends at the portal.
#[apply(both!)]
#[tokio::test]
async fn forms_that_end_at_the_portal_lead_to_us(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    let reply = browser.get(&format!("/authorize?{}", form(&asking(&[("prompt", "login")]))), &[]).await;
    let id = reply.header("location").rsplit('/').next().unwrap().to_owned();
    let token = world.reset_link(world.account, Some(&id)).await;
    let reply = browser.get(&format!("/reset?token={}", token.text()), &[]).await;
    let page = browser.follow(reply).await;
    assert!(page.header("content-security-policy").ends_with("form-action 'self'"), "reset");

    let enrolment = world.enrolment("T2").await;
    let own = kernel::Token::parse(&browser.cookie_value("__Host-mc_browser").unwrap()).unwrap();
    let sealed = browser.cookies().into_iter().find(|cookie| cookie.name().contains("mc_request")).unwrap();
    let at = world.a.open_carried(id.parse().unwrap(), &own, sealed.value()).unwrap();
    world.a.set_enrolment(&at, Some(enrolment.into())).await.unwrap();
    let page = browser.get(&format!("/authorize/{id}"), &[]).await;
    assert!(page.body.contains(&format!("/authorize/{id}/leave")), "{}", page.body);
    assert!(page.header("content-security-policy").ends_with("form-action 'self'"), "notice");
}
