//! A closed account, at every door (SPEC J14): nobody learns that it was there but who holds its old password.

use accounts::{ClosedOrOpened, Closing, Email, Intervention, Search, Target};
use testbed::{apply, both};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

async fn close(world: &World) {
    let accounts = &world.idp.accounts;
    let found = accounts.find(&Search::Email(Email::parse(MARIE).unwrap())).await.unwrap();
    let [Target::Account(id)] = found.iter().map(|found| found.target).collect::<Vec<_>>()[..] else {
        panic!()
    };
    let (by, reason) = ("lea@poste".into(), "au téléphone".into());
    let intervention = Intervention { by, role: "operator", agency: None, reason };
    let closed = accounts.close_account(id, Closing::Wish, &intervention).await.unwrap();
    assert_eq!(closed, ClosedOrOpened::Done);
}

/// SECURITY #59
#[apply(both!)]
#[tokio::test]
async fn a_closed_account_opens_no_door_and_no_page_tells_it_from_none(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    close(&world).await;
    // Her browser is signed in no longer, and her password is as good as any.
    let mut texts = Vec::new();
    for who in [MARIE, "personne@exemple.test"] {
        portal.send(&mut marie, &[]).await;
        assert!(marie.screen.asks("sign-in"), "{}", world.bed.name);
        marie.sign_in(who, PASSWORD).await.says("Mot de passe invalide").says("4 essais");
        texts.push(marie.screen.text().replace(who, ""));
    }
    assert_eq!(texts[0], texts[1], "{}", world.bed.name);
    // With a wrong old password it is as an identifier that never was; with the right one its owner reads what to do.
    let mut texts = Vec::new();
    for identifier in ["100", "999"] {
        let mut stranger = world.visitor();
        portal.send(&mut stranger, &[]).await;
        stranger.old_credentials(identifier, "une devinette").await.says("4 essais").says_not("est fermé");
        texts.push(stranger.screen.text());
    }
    assert_eq!(texts[0], texts[1], "{}", world.bed.name);
    let mut owner = world.visitor();
    portal.send(&mut owner, &[]).await;
    owner.old_credentials("100", "Vieux-Secret 1").await.says("Ce compte est fermé").says_not("m•••••");
    // Another agency, with her address: the page for the account's password, which is never right.
    let rivage = Portal::new(&world, "rivage");
    let mut elsewhere = world.visitor();
    rivage.send(&mut elsewhere, &[]).await;
    elsewhere.old_credentials("101", "Vieux-Secret 2").await;
    elsewhere.submit("/notice", &[]).await;
    elsewhere.submit("/email", &[("email", MARIE)]).await.says("Cette adresse a déjà un compte");
    elsewhere.submit("/link", &[("password", PASSWORD)]).await.says("Mot de passe invalide");
    assert_eq!(world.count("link", "1 = 1").await, 1, "{}", world.bed.name);
}
