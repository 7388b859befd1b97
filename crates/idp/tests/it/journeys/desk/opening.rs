//! The people to whom the desk opens, and for how long.

use std::sync::Arc;

use agencies::{Agencies, Agency};
use testbed::{apply, both};

use super::{HUGO, LEA, MARIE, NADIA, at_desk, find, signed_in, staffed};
use crate::journeys::world::{PASSWORD, World};

/// Serves the agencies with another list of staff at the first one.
pub(super) fn serve(world: &World, change: impl Fn(&mut Agency)) {
    let mut all: Vec<Agency> = world.idp.agencies.load().iter().map(|agency| (**agency).clone()).collect();
    all.iter_mut().for_each(change);
    let agencies = Agencies::new(all).unwrap_or_else(|error| panic!("{error}"));
    world.idp.agencies.store(Arc::new(agencies));
}

/// SPEC J14: there is no desk for anybody else: the page is that of an address that names nothing.
#[apply(both!)]
#[tokio::test]
async fn the_desk_opens_to_its_staff_alone_and_closes_with_the_file(world: World) {
    staffed(&world).await;
    let mut marie = signed_in(&world, MARIE).await;
    let mut nobody = world.visitor();
    for browser in [&mut marie, &mut nobody] {
        for address in ["/desk", "/desk/tilleuls", "/desk/_all", "/desk/tilleuls/person/1/unlock"] {
            let unknown = browser.open("/no-such-page").await.clone();
            let there = browser.open(address).await.clone();
            assert_eq!((there.status, there.heading()), (unknown.status, unknown.heading()), "{address}");
            assert_eq!(there.status, 404, "{address}");
        }
    }
    marie.open("/").await.says_not("Guichet");
    let mut lea = signed_in(&world, LEA).await;
    lea.open("/").await.says("Aider un client");
    lea.open("/desk").await.says("Chercher un client").says("Agence des Tilleuls").says("Accueil");
    assert_eq!(lea.screen.path(), "/desk/tilleuls", "the only agency");
    for elsewhere in ["/desk/rivage", "/desk/_all", "/desk/nowhere", "/desk/tilleuls/person/x"] {
        assert_eq!(lea.open(elsewhere).await.status, 404, "{elsewhere}");
    }
    let mut hugo = at_desk(&world, HUGO).await;
    hugo.screen.says("Responsable");
    // The next generation has her no longer.
    serve(&world, |agency| agency.staff.retain(|staff| staff.email != LEA));
    assert_eq!(lea.open("/desk").await.status, 404);
    assert_eq!(lea.open("/desk/tilleuls").await.status, 404);
    assert_eq!(hugo.open("/desk/tilleuls").await.status, 200);
}

#[apply(both!)]
#[tokio::test]
async fn the_password_is_typed_again_after_an_hour_and_leads_back(world: World) {
    staffed(&world).await;
    let mut lea = at_desk(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "100").await;
    let person = lea.screen.path().to_owned();
    world.bed.clock.advance(3600);
    lea.open(&person).await.says("Marie Durand");
    world.bed.clock.advance(1);
    lea.open(&person).await.says_not("Marie Durand");
    assert!(lea.screen.asks("/sign-in"), "{}", lea.screen.text());
    lea.sign_in(LEA, "faux faux faux").await.says("Mot de passe invalide");
    // Another way in meanwhile is none.
    let waiting = lea.screen.path().to_owned();
    lea.open("/desk").await.says_not("Chercher un client");
    lea.open(&waiting).await;
    lea.sign_in(LEA, PASSWORD).await.says("Marie Durand");
    assert_eq!(lea.screen.path(), person);
    // A form of an hour ago is asked for again, and does nothing.
    world.bed.clock.advance(3601);
    lea.submit("/end-sessions", &[("reason", "a appelé")]).await;
    assert!(lea.screen.asks("/sign-in"), "{}", lea.screen.text());
    lea.sign_in(LEA, PASSWORD).await.says("Marie Durand");
    assert_eq!((lea.screen.path(), world.count("evidence", "kind = 'sessions ended'").await), (&*person, 0));
}

#[apply(both!)]
#[tokio::test]
async fn one_account_may_help_at_several_agencies_and_each_page_says_for_which(world: World) {
    staffed(&world).await;
    let lea = world.agency("tilleuls").staff.iter().find(|staff| staff.email == LEA).unwrap().clone();
    serve(&world, |agency| {
        agency.staff.retain(|staff| staff.email != LEA);
        agency.staff.push(lea.clone());
    });
    let mut lea = at_desk(&world, LEA).await;
    lea.screen.says("Pour quelle agence agissez-vous").says("Agence des Tilleuls").says("Cabinet Rivage");
    lea.screen.says_not("Toutes les agences");
    lea.open("/desk/rivage").await.says("Cabinet Rivage").says("Changer d'agence").says_not("Tilleuls");
    lea.open("/desk/tilleuls").await.says("Agence des Tilleuls").says_not("Rivage");
    let mut nadia = at_desk(&world, NADIA).await;
    nadia.screen.says("Toutes les agences").says("Agence des Tilleuls").says("Cabinet Rivage");
    find(&mut nadia, "/desk/_all", "email", MARIE).await;
    nadia.screen.says("Marie Durand").says("Toutes les agences").says("Agence des Tilleuls");
    nadia.open("/desk/_all").await;
    nadia.submit("/search", &[("by", "email"), ("typed", "marie")]).await.says("adresse email entière");
    nadia
        .submit("/search", &[("typed", "personne@exemple.test")])
        .await
        .says("Aucun compte n'a cette adresse");
}
