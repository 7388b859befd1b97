//! Every route, read from the router itself, so that a new one is tested without an entry in a list.

use axum_extra::extract::cookie::Cookie;
use http::Method;
use kernel::sea_orm::ConnectionTrait;
use testbed::{apply, both};

use crate::journeys::{
    headers::guarded,
    portal::Portal,
    routes::routes,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

/// SECURITY #47, I17: each page of the router, opened by nobody, by another person, and with a session that has ended: nothing of Marie's stands on it, and
/// nothing is written.
#[apply(both!)]
#[tokio::test]
async fn no_page_shows_a_persons_things_to_anybody_else(world: World) {
    const PAUL: &str = "paul@exemple.test";
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", PAUL).await;
    let portal = Portal::new(&world, "tilleuls");
    let (mut marie, mut paul) = (world.visitor(), world.visitor());
    portal.send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    marie.sign_in(MARIE, PASSWORD).await;
    portal.send(&mut paul, &[]).await;
    paul.sign_in(PAUL, PASSWORD).await;
    marie.open("/account/acceptances").await;
    let receipt = |link: &String| link.starts_with("/account/acceptances/");
    let receipt = marie.screen.links().into_iter().find(receipt).unwrap();
    let pages: Vec<String> = routes(&world).await.iter().map(|route| route.address(&hub, &receipt)).collect();
    let is_hers = |body: &str| body.contains(MARIE) || body.contains("Durand");
    let mut stale = world.visitor();
    stale.set_cookies(marie.cookies());
    let mut hers = 0;
    for page in &pages {
        let kept = marie.cookies();
        hers += usize::from(is_hers(&marie.once(Method::GET, page, None, &[]).await.body));
        marie.set_cookies(kept);
    }
    assert!(hers > 5, "{}: Marie herself sees {hers} pages of hers", world.bed.name);
    marie.open("/account/sessions").await;
    marie.open("/sign-out").await;
    marie.submit("/sign-out", &[]).await;
    let before = world.people().await;
    for (who, visitor) in
        [("nobody", &mut world.visitor()), ("Paul", &mut paul), ("an ended session", &mut stale)]
    {
        for page in &pages {
            let kept = visitor.cookies();
            let screen = visitor.once(Method::GET, page, None, &[]).await;
            visitor.set_cookies(kept);
            assert!(screen.status.as_u16() < 500, "{who}: {page}: {}", screen.status);
            assert!(!is_hers(&screen.body), "{}: {who}: {page}: {}", world.bed.name, screen.text());
        }
    }
    assert_eq!(world.people().await, before, "{}", world.bed.name);
}

/// SECURITY #105, #106: each route with each method, what is nowhere, what is too long, and what broke.
#[apply(both!)]
#[tokio::test]
async fn every_answer_of_the_router_carries_the_headers_that_guard_it(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];
    let mut seen = std::collections::BTreeSet::new();
    for route in routes(&world).await {
        let to = route.address(&hub, "/account/acceptances/0");
        for method in methods {
            let screen = marie.once(method.parse().unwrap(), &to, None, &[]).await;
            guarded(&screen, &format!("{method} {to}"));
            assert!(screen.headers.get("server").is_none(), "{to}");
            if screen.header("content-type").starts_with("text/") {
                assert!(
                    screen.header("content-type").contains("utf-8"),
                    "{to}: {}",
                    screen.header("content-type")
                );
            }
            if matches!(method, "TRACE" | "PROPFIND" | "DELETE" | "PUT" | "PATCH") {
                assert_eq!(screen.status.as_u16(), 405, "{method} {to}");
            }
            seen.insert(screen.status.as_u16());
        }
    }
    let long = "x".repeat(9000);
    let large = vec![b'x'; 70_000];
    for (what, method, to, body) in [
        ("nowhere", Method::GET, "/nowhere".to_owned(), None),
        ("a form without its token", Method::POST, "/sign-out".to_owned(), Some(b"a=b".to_vec())),
        ("a long address", Method::GET, format!("/?{long}"), None),
        ("a large form", Method::POST, "/sign-out".to_owned(), Some(large.clone())),
        ("a large request of a client", Method::POST, "/token".to_owned(), Some(large)),
    ] {
        let screen = marie.once(method, &to, body, &[]).await;
        guarded(&screen, what);
        seen.insert(screen.status.as_u16());
    }
    // A table is gone: that is nobody's doing but ours.
    let db = world.bed.context.db.writer();
    db.execute_unprepared("ALTER TABLE interaction RENAME TO interaction_away").await.unwrap();
    let screen = marie.once(Method::GET, "/forgot", None, &[]).await;
    db.execute_unprepared("ALTER TABLE interaction_away RENAME TO interaction").await.unwrap();
    guarded(&screen, "an error of ours");
    assert!(!screen.body.to_lowercase().contains("interaction_away"), "{}", screen.body);
    seen.insert(screen.status.as_u16());
    for status in [200, 303, 400, 401, 403, 404, 405, 413, 500] {
        assert!(seen.contains(&status), "{}: no {status} among {seen:?}", world.bed.name);
    }
}

/// SECURITY #41: a second cookie of the session's name is no session, whichever comes first; without it the person is signed in as before. A jar that
/// somebody filled to the brim breaks nothing for longer than it is full.
#[apply(both!)]
#[tokio::test]
async fn a_cookie_that_is_there_twice_is_none_and_the_session_outlives_it(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    let portal = Portal::new(&world, "tilleuls");
    let (mut marie, mut thief) = (world.visitor(), world.visitor());
    for (visitor, email) in [(&mut marie, MARIE), (&mut thief, "paul@exemple.test")] {
        portal.send(visitor, &[]).await;
        visitor.sign_in(email, PASSWORD).await;
        portal.receive(visitor).await;
    }
    let theirs = thief.cookie("mc_session").value().to_owned();
    let kept = marie.cookies();
    for first in [true, false] {
        let planted = Cookie::build(("mc_session", theirs.clone())).path("/authorize").build();
        let mut jar = kept.clone();
        jar.insert(if first { 0 } else { kept.len() }, planted);
        marie.set_cookies(jar);
        portal.send(&mut marie, &[]).await;
        marie.screen.says("Mot de passe oublié ?").says_not("paul@").says_not(MARIE);
    }
    marie.set_cookies(kept.clone());
    for n in 0..180 {
        marie.add_cookie(Cookie::new(format!("junk{n}"), "x".repeat(100)));
    }
    let full = marie.once(Method::GET, "/", None, &[]).await;
    assert!(full.status.as_u16() < 500, "{}", full.status);
    marie.set_cookies(kept);
    portal.send(&mut marie, &[]).await;
    assert_eq!(portal.receive(&marie).await.userinfo["email"], MARIE);
}
