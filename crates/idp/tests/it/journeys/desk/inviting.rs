//! The invitation of staff, from the mail to the desk.

use accounts::{Email, Invited, Invitee};
use agencies::{Staff, StaffRole};
use desk::{Actor, Desk, DeskError, Role};
use testbed::{apply, both};

use super::{HUGO, LEA, MARIE, NADIA, at_desk, opening::serve, signed_in, staffed};
use crate::journeys::world::{PASSWORD, Sent, World};

/// Invites somebody as an operator does; returns the mail.
async fn invited(world: &World, email: &str, agency: Option<&str>) -> Sent {
    let (desk, address) = (Desk::over(world.idp.accounts.clone()), Email::parse(email).unwrap());
    let actor = Actor::Operator { name: "odile@poste".into() };
    let invitee = Invitee { email: &address, name: "Léa", agency, locale: "fr" };
    assert!(matches!(desk.invite(&actor, invitee).await.unwrap(), Invited::Done { .. }));
    world.mail_to(email, "invited").await
}

/// SPEC J14: a password, the terms, the desk; in that order, also for who types its address.
#[apply(both!)]
#[tokio::test]
async fn whom_a_file_names_gets_an_account_and_is_at_the_desk(world: World) {
    let mail = invited(&world, LEA, Some("tilleuls")).await;
    assert_eq!((mail.agency.as_deref(), mail.locale.as_str()), (Some("tilleuls"), "fr"));
    let mut lea = world.visitor();
    lea.open(mail.link.as_ref().unwrap()).await.says("Choisir mon mot de passe").says("Agence des Tilleuls");
    assert_eq!(lea.screen.path(), "/invitation", "the token left the address");
    assert_eq!(world.count("account", "1 = 1").await, 0, "opening it makes nothing");
    lea.submit("/invitation", &[("password", "court")]).await.says("12");
    assert_eq!(world.count("account", "1 = 1").await, 0);
    lea.submit("/invitation", &[("password", PASSWORD)]).await.says("Article 1. Objet. 2026-11");
    let terms = lea.screen.path().to_owned();
    lea.open("/desk/tilleuls").await.says_not("Chercher un client");
    lea.open(&terms).await;
    lea.submit("/terms", &[("accept", "on")]).await.says("Votre accord sur les conditions");
    let on = lea.screen.attribute("a.button.primary", "href").unwrap();
    lea.open(&on).await.says("Chercher un client").says("Accueil");
    assert_eq!(lea.screen.path(), "/desk/tilleuls");
    assert_eq!(world.count("acceptance", "1 = 1").await, 1);
    lea.another().open(mail.link.as_ref().unwrap()).await.says("Ce lien ne fonctionne plus");
    // As everybody, from then on.
    let mut later = signed_in(&world, LEA).await;
    later.open("/desk").await.says("Chercher un client");
}

#[apply(both!)]
#[tokio::test]
async fn an_invitation_dies_with_the_entry_in_the_file(world: World) {
    let mail = invited(&world, LEA, Some("tilleuls")).await;
    let mut lea = world.visitor();
    lea.open(mail.link.as_ref().unwrap()).await.says("Choisir mon mot de passe");
    serve(&world, |agency| agency.staff.retain(|staff| staff.email != LEA));
    lea.submit("/invitation", &[("password", PASSWORD)]).await.says("Ce lien ne fonctionne plus");
    lea.open("/invitation").await.says("Ce lien ne fonctionne plus");
    assert_eq!(world.count("account", "1 = 1").await, 0, "{}", world.bed.name);
    // The vendor's people stand in another file.
    let mail = invited(&world, NADIA, None).await;
    let mut nadia = world.visitor();
    nadia.open(mail.link.as_ref().unwrap()).await.says("toutes les agences");
    let not_theirs = invited(&world, "marie@exemple.test", None).await;
    nadia.open(not_theirs.link.as_ref().unwrap()).await.says("Ce lien ne fonctionne plus");
}

/// SPEC J14: by the table, a manager invites the staff of their agency, and nobody else does but operators and the vendor's support.
#[apply(both!)]
#[tokio::test]
async fn a_manager_invites_for_their_own_agency_alone(world: World) {
    let desk = Desk::over(world.idp.accounts.clone());
    let address = Email::parse(LEA).unwrap();
    let of = |agency: &str, role| Actor::Agency { name: "hugo".into(), agency: agency.into(), role };
    let invitee = Invitee { email: &address, name: "Léa", agency: Some("tilleuls"), locale: "fr" };
    for actor in [of("tilleuls", Role::Desk), of("rivage", Role::Manager)] {
        let refused = desk.invite(&actor, invitee).await.unwrap_err();
        assert!(matches!(refused, DeskError::NotAllowed(_)), "{refused}");
    }
    let vendors = desk.invite(&of("tilleuls", Role::Manager), Invitee { agency: None, ..invitee }).await;
    assert!(matches!(vendors, Err(DeskError::NotAllowed(_))));
    assert_eq!(world.count("staff_invitation", "1 = 1").await, 0, "{}", world.bed.name);
    let done = desk.invite(&of("tilleuls", Role::Manager), invitee).await.unwrap();
    assert!(matches!(done, Invited::Done { .. }));
}

/// SPEC J14: from the search, by a button.
#[apply(both!)]
#[tokio::test]
async fn a_manager_invites_a_colleague_at_the_desk(world: World) {
    staffed(&world).await;
    let new = Staff { email: "nina@tilleuls.test".into(), name: "Nina Roux".into(), role: StaffRole::Desk };
    serve(&world, |agency| {
        if agency.id == "tilleuls" {
            agency.staff.push(new.clone());
        }
    });
    let lea = at_desk(&world, LEA).await;
    lea.screen.says_not("Nina");
    let mut hugo = at_desk(&world, HUGO).await;
    hugo.screen.says("Vos collègues sans compte").says("Nina Roux").says_not("lea of");
    world.mails().await;
    hugo.submit("/invite", &[]).await.says("Invitation valable jusqu'au").says("Inviter de nouveau");
    let mail = world.mail_to("nina@tilleuls.test", "invited").await;
    // Within the minute, and for somebody whom the file does not name.
    hugo.submit("/invite", &[]).await;
    hugo.submit("/invite", &[("email", MARIE)]).await.says("Inviter de nouveau");
    hugo.submit("/invite", &[("email", "personne@exemple.test")]).await;
    assert!(world.mails().await.is_empty(), "{}", world.bed.name);
    let by = "kind = 'staff invited' AND body LIKE '%\"by\":\"hugo of tilleuls (%\"role\":\"manager\"%'";
    assert_eq!(world.count("evidence", by).await, 1, "{}", world.bed.name);
    let mut nina = world.visitor();
    nina.open(mail.link.as_ref().unwrap()).await;
    nina.submit("/invitation", &[("password", PASSWORD)]).await.says("Article 1. Objet. 2026-11");
    hugo.open("/desk/tilleuls").await.says_not("Nina");
}
