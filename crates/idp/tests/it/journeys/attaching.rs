use testbed::{apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

async fn at_link(world: &World, portal: &Portal, identifier: &str, old: &str) -> Visitor {
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.old_credentials(identifier, old).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await.says("Cette adresse a déjà un compte");
    marie
}

/// SPEC J3: "the page asks for *that account's* password to attach … Right → linked and disabled at once. Wrong → the lockout rules of SPEC J5."
#[apply(both!)]
#[tokio::test]
async fn the_next_agency_is_attached_with_the_accounts_password(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "rivage");
    let mut marie = at_link(&world, &portal, "100", "Vieux-Secret 1").await;
    marie.screen.says("Rattacher Cabinet Rivage à votre compte").says("Mot de passe de ce compte");
    for left in ["4 essais", "3 essais"] {
        marie
            .submit("/link", &[("password", "Vieux-Secret 1")])
            .await
            .says("Mot de passe invalide")
            .says(left);
    }
    assert_eq!(world.count("link", "1 = 1").await, 1);
    marie.submit("/link", &[("password", PASSWORD)]).await;
    let arrived = portal.receive(&marie).await;
    assert_eq!(arrived.userinfo["client_refs"], serde_json::json!(["CT-1"]));
    assert_eq!(world.count("account", "1 = 1").await, 1);
    assert_eq!(world.count("legacy_identity", "agency_id = 'rivage' AND moved_at IS NOT NULL").await, 1);
    assert_eq!(world.count("attempt", "failures > 0").await, 0, "success clears the count");
    assert_eq!(world.count("acceptance", "1 = 1").await, 1, "no newer terms, no second acceptance");
    world.mail_to(MARIE, "attached").await;
}

/// SPEC J3: the lockout of SPEC J5 holds on this page too: the fifth failure locks, and the owner is told by mail.
#[apply(both!)]
#[tokio::test]
async fn five_wrong_passwords_while_attaching_lock_the_account(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut thief = at_link(&world, &Portal::new(&world, "rivage"), "101", "Vieux-Secret 2").await;
    for _ in 0..5 {
        thief.submit("/link", &[("password", "une devinette fausse")]).await;
    }
    thief.screen.says("Le compte est bloqué");
    thief.submit("/link", &[("password", PASSWORD)]).await.says("Le compte est bloqué");
    assert_eq!(world.count("link", "1 = 1").await, 1);
    world.mail_to(MARIE, "locked").await;
}

/// SPEC J3: "Already signed in as that account in this browser → confirm without typing it again (re-authentication within 5 minutes)"; "Several legacy
/// identities of one agency may be linked to one account."
#[apply(both!)]
#[tokio::test]
async fn a_fresh_session_attaches_without_typing_and_an_old_one_does_not(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    for (identifier, old, fresh) in [("101", "Vieux-Secret 2", true), ("102", "Vieux-Secret 3", false)] {
        world.bed.clock.advance(if fresh { 299 } else { 2 });
        marie.open("/attach").await.says("Quelle agence souhaitez-vous rattacher");
        let tilleuls = marie.screen.links().into_iter().find(|l| l.ends_with("agency=tilleuls")).unwrap();
        marie.open(&tilleuls).await;
        marie.submit("/legacy", &[("identifier", identifier), ("password", old)]).await;
        marie.submit("/notice", &[]).await;
        marie.submit("/email", &[("email", MARIE)]).await;
        if fresh {
            marie.screen.says("il ne manque que votre accord").says_not("Mot de passe de ce compte");
            marie.submit("/link", &[]).await;
        } else {
            marie.screen.says("Mot de passe de ce compte");
            marie.submit("/link", &[("password", PASSWORD)]).await;
        }
    }
    assert_eq!(world.count("link", "agency_id = 'tilleuls'").await, 3);
    portal.send(&mut marie, &[]).await;
    let mut refs: Vec<String> =
        serde_json::from_value(portal.receive(&marie).await.userinfo["client_refs"].clone()).unwrap();
    refs.sort();
    assert_eq!(refs, ["CT-1", "CT-2", "CT-3"]);
}

/// SPEC J4: "it can no longer be used; sign in with the email chosen at the move. If, and only if, the legacy password is right, a masked hint of that
/// email is shown. One click leads to SPEC J1 with the portal kept."
#[apply(both!)]
#[tokio::test]
async fn an_old_identifier_is_refused_after_the_move_with_a_hint_for_who_knows_its_password(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let sign_in = marie.screen.path().to_owned();
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.screen.says("Cet identifiant ne peut plus être utilisé").says("m•••••@e•••.test").says_not(MARIE);
    assert!(marie.screen.body.contains("role=\"alert\"") && marie.screen.body.contains("class=\"icon\""));
    assert!(marie.screen.links().contains(&sign_in));
    marie.open(&sign_in).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    // With a wrong password a moved identifier and one that never was look the same.
    let mut texts = Vec::new();
    for identifier in ["100", "999"] {
        let mut stranger = world.visitor();
        portal.send(&mut stranger, &[]).await;
        stranger.old_credentials(identifier, "une devinette").await.says("4 essais").says_not("m•••••");
        texts.push(stranger.screen.text());
    }
    assert_eq!(texts[0], texts[1]);
}

/// SECURITY #78, B11: two people who know the same old credentials are in the same move; when it has become the one's, the other does not read whose.
#[apply(both!)]
#[tokio::test]
async fn whoever_comes_too_late_does_not_read_whose_it_became(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "rivage");
    let mut late = world.visitor();
    portal.send(&mut late, &[]).await;
    late.old_credentials("100", "Vieux-Secret 1").await;
    let hub = late.screen.path().to_owned();
    let mut marie = at_link(&world, &portal, "100", "Vieux-Secret 1").await;
    marie.submit("/link", &[("password", PASSWORD)]).await;
    portal.receive(&marie).await;
    late.open(&hub).await.says("Mot de passe oublié ?").says_not(MARIE);
    late.old_credentials("100", "Vieux-Secret 1").await.says("m•••••@e•••.test").says_not(MARIE);
}
