//! The rows that an arrival writes, which are bounded by network and by time (SECURITY D14, #49, #113).

use http::{Method, StatusCode};
use testbed::{Bed, apply, both};
use testkit::Visitor;

use crate::journeys::{portal::Portal, world::World};

const HOUR: i64 = 3600;

async fn arrives(world: &World, path: &str) -> (StatusCode, String, Visitor) {
    let mut stranger = world.visitor();
    let screen = stranger.once(Method::GET, path, None, &[]).await;
    let wait = screen.header("retry-after").to_owned();
    stranger.screen = screen;
    (stranger.screen.status, wait, stranger)
}

/// FINDING L1: an arrival may write a row, so a network has so many of them in a minute: five times the attempts. A portal's request writes none: its
/// browser carries it.
#[apply(both!)]
#[tokio::test]
async fn a_network_arrives_only_so_often_in_a_minute(bed: Bed) {
    let world = World::throttled(bed, 2).await;
    let asked = Portal::new(&world, "tilleuls").address(&[]);
    let doors = [&*asked, "/", "/attach", "/legacy", "/forgot"];
    for nth in 0..10 {
        let (status, ..) = arrives(&world, doors[nth % doors.len()]).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{nth}");
    }
    for door in doors.into_iter().chain(["/account/email"]) {
        let (status, wait, stranger) = arrives(&world, door).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{door}");
        assert!((1..=60).contains(&wait.parse::<u32>().unwrap()), "{door}: {wait}");
        // The page has a way on: the same address again.
        stranger.screen.says("Beaucoup de demandes").says("Recommencer");
        assert!(stranger.screen.links().iter().any(|link| link == door), "{door}");
    }
    assert_eq!(world.count("interaction", "1 = 1").await, 8, "{}", world.bed.name);
}

/// OIDC Core §3.1.2.1: a request that may show no page is answered at the client, and writes no row that would have to be bounded.
#[apply(both!)]
#[tokio::test]
async fn a_silent_request_is_answered_at_the_client_however_many_arrived(bed: Bed) {
    let world = World::throttled(bed, 1).await;
    let portal = Portal::new(&world, "tilleuls");
    for _ in 0..5 {
        arrives(&world, "/").await;
    }
    let mut silent = world.visitor();
    portal.send(&mut silent, &[("prompt", "none")]).await;
    let back = portal.back(&silent);
    assert!(back.contains(&("error".into(), "login_required".into())), "{back:?}");
    // Whoever is not settled gets no answer elsewhere.
    let (status, ..) = arrives(&world, "/authorize?client_id=nobody&prompt=none").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(world.count("interaction", "1 = 1").await, 5, "{}", world.bed.name);
}

/// An interaction in which nobody sent a form goes after an hour and ten minutes; one that somebody went on with lives its day.
#[apply(both!)]
#[tokio::test]
async fn an_interaction_that_nobody_went_on_with_goes_after_an_hour(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut left = Vec::new();
    for door in ["/", "/", "/", &portal.address(&[])] {
        let mut visitor = world.visitor();
        visitor.open(door).await;
        left.push(visitor);
    }
    let mut wrong = world.visitor();
    portal.send(&mut wrong, &[]).await;
    wrong.sign_in("irene@exemple.test", "une devinette fausse").await;
    let mut forgot = world.visitor();
    portal.send(&mut forgot, &[]).await;
    let page = forgot.screen.links().into_iter().find(|l| l.ends_with("/forgot")).unwrap();
    forgot.open(&page).await;
    forgot.submit("/forgot", &[("email", "irene@exemple.test")]).await;
    let mut mistaken = world.visitor();
    portal.send(&mut mistaken, &[]).await;
    mistaken.old_credentials("100", "faux").await;
    let mut moving = world.visitor();
    portal.send(&mut moving, &[]).await;
    moving.old_credentials("101", "Vieux-Secret 2").await;
    world.idp.grants.purge().await.unwrap();
    // Three at the front page, one to which a mail leads back, one with a move.
    assert_eq!(world.count("interaction", "1 = 1").await, 5, "{}", world.bed.name);
    world.bed.clock.advance(HOUR + 660);
    world.idp.grants.purge().await.unwrap();
    assert_eq!(world.count("interaction", "1 = 1").await, 2, "{}", world.bed.name);
    world.bed.clock.advance(20 * HOUR);
    let [.., begun] = &mut left[..] else { unreachable!() };
    for visitor in [begun, &mut wrong, &mut mistaken, &mut moving] {
        let here = visitor.screen.path().to_owned();
        visitor.open(&here).await;
        assert_eq!(visitor.screen.status, StatusCode::OK, "{here}");
    }
    world.bed.clock.advance(30 * HOUR);
    world.idp.grants.purge().await.unwrap();
    assert_eq!(world.count("interaction", "1 = 1").await, 0, "{}", world.bed.name);
}
