use axum_extra::extract::cookie::SameSite;
use testbed::{apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn signed_in(world: &World, keep: bool) -> Visitor {
    let mut marie = world.visitor();
    let portal = Portal::new(world, "tilleuls");
    portal.send(&mut marie, &[]).await;
    let mut typed = vec![("email", MARIE), ("password", PASSWORD)];
    typed.extend(keep.then_some(("keep", "on")));
    marie.submit("/sign-in", &typed).await;
    portal.receive(&marie).await;
    marie
}

/// True if the portal gets a code without a question.
async fn still(world: &World, marie: &mut Visitor) -> bool {
    let portal = Portal::new(world, "tilleuls");
    portal.send(marie, &[("prompt", "none")]).await;
    portal.back(marie).iter().any(|(name, _)| name == "code")
}

/// SPEC J8: "Unticked: it ends with the browser or after 8 idle hours."
#[apply(both!)]
#[tokio::test]
async fn an_unticked_session_ends_with_the_browser_or_after_eight_idle_hours(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = signed_in(&world, false).await;
    let cookie = marie.cookie("mc_session");
    assert_eq!((cookie.max_age(), cookie.expires()), (None, None), "it ends with the browser");
    assert_eq!((cookie.http_only(), cookie.same_site()), (Some(true), Some(SameSite::Lax)));
    assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None));
    world.bed.clock.advance(8 * HOUR - 1);
    assert!(still(&world, &mut marie).await);
    world.bed.clock.advance(8 * HOUR - 1);
    assert!(still(&world, &mut marie).await, "use keeps it alive");
    world.bed.clock.advance(8 * HOUR);
    assert!(!still(&world, &mut marie).await);
    let mut marie = signed_in(&world, false).await;
    marie.close();
    assert!(!still(&world, &mut marie).await);
}

/// SPEC J8: "Ticked: the session outlives the browser, 30 days sliding, 90 at most".
#[apply(both!)]
#[tokio::test]
async fn a_kept_session_lasts_thirty_days_sliding_and_ninety_at_most(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = signed_in(&world, true).await;
    assert_eq!(marie.cookie("mc_session").max_age().unwrap().whole_days(), 90);
    marie.close();
    for _ in 0..3 {
        world.bed.clock.advance(30 * DAY - 1);
        assert!(still(&world, &mut marie).await);
        marie.close();
    }
    world.bed.clock.advance(3);
    assert!(!still(&world, &mut marie).await, "90 days at most");
    let mut marie = signed_in(&world, true).await;
    world.bed.clock.advance(30 * DAY);
    assert!(!still(&world, &mut marie).await, "30 days unused");
}

/// SPEC J8: "`max_age`, `prompt=login` … ask for the password all the same."
#[apply(both!)]
#[tokio::test]
async fn max_age_and_prompt_login_ask_for_the_password_all_the_same(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = signed_in(&world, true).await;
    let first = world.bed.context.now();
    world.bed.clock.advance(600);
    portal.send(&mut marie, &[("max_age", "601")]).await;
    assert_eq!(portal.receive(&marie).await.claims["auth_time"], first);
    for more in [("max_age", "300"), ("prompt", "login")] {
        portal.send(&mut marie, &[more]).await;
        marie.screen.says("Vous êtes déjà connecté. Par sécurité");
        // Going round the question does not answer it.
        let hub = marie.screen.path().to_owned();
        marie.open(&hub).await.says("Connexion");
        assert!(marie.screen.left_to.is_none());
        marie.sign_in(MARIE, PASSWORD).await;
        assert_eq!(portal.receive(&marie).await.claims["auth_time"], world.bed.context.now());
        world.bed.clock.advance(600);
    }
    portal.send(&mut marie, &[("max_age", "300"), ("prompt", "none")]).await;
    assert!(portal.back(&marie).contains(&("error".into(), "login_required".into())));
}

/// SECURITY #40: signing in again makes a new session and ends the one before; a cookie that was planted opens nothing.
#[apply(both!)]
#[tokio::test]
async fn a_sign_in_always_makes_a_new_session(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = signed_in(&world, false).await;
    let first = marie.cookie("mc_session").value().to_owned();
    world.bed.clock.advance(1);
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[("prompt", "login")]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    assert_ne!(marie.cookie("mc_session").value(), first);
    let mut thief = world.visitor();
    thief.add_cookie(axum_extra::extract::cookie::Cookie::new("mc_session", first));
    assert!(!still(&world, &mut thief).await);
}
