//! Steps that happen once, sent twice: a double click without scripts, a line that broke before the answer (PEOPLE U-39). Nothing happens twice, and
//! the person reads that it is done.

use testbed::{apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const OLD: &str = "Vieux-Secret 1";
const MARIE: &str = "marie@exemple.test";
const NEW: &str = "quatre tasses de the vert";

/// At the terms, in the browser in which the password was chosen.
async fn at_the_terms(world: &World) -> Visitor {
    let mut marie = world.visitor();
    Portal::new(world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
    marie
}

/// SECURITY #85, I10: the last step sent again, its first answer lost, ends where the first ended: the same page, the same session, and nothing twice.
#[apply(both!)]
#[tokio::test]
async fn the_last_step_sent_again_ends_where_the_first_ended(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_the_terms(&world).await;
    marie.submit_in_vain("/terms", &[("accept", "on")]).await;
    let before = marie.screen.clone();
    for _ in 0..2 {
        marie.screen = before.clone();
        marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
        marie.screen.says(MARIE).says("Votre accord sur les conditions");
    }
    assert_eq!(world.count("session", "1 = 1").await, 1, "the same session, {}", world.bed.name);
    let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    marie.open(&on).await;
    portal.receive(&marie).await;
    for table in ["account", "acceptance", "link"] {
        assert_eq!(world.count(table, "1 = 1").await, 1, "{table}, {}", world.bed.name);
    }
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "welcome").count(), 1);
}

/// The same, both on their way at once, without a script that would hold the second press back.
#[apply(both!)]
#[tokio::test]
async fn the_last_step_sent_twice_at_once_ends_signed_in_twice_alike(world: World) {
    let mut marie = at_the_terms(&world).await;
    let mut twin = marie.copy();
    let accept = [("accept", "on")];
    let (first, second) = (marie.submit("/terms", &accept), twin.submit("/terms", &accept));
    let (first, second) = tokio::join!(first, second);
    for screen in [first, second] {
        screen.says("Vous êtes maintenant connecté").says("Votre accord sur les conditions");
    }
    assert_eq!(marie.cookie("mc_session").value(), twin.cookie("mc_session").value());
    assert_eq!(marie.cookie("mc_device").value(), twin.cookie("mc_device").value());
    for table in ["account", "acceptance", "link", "session", "device"] {
        assert_eq!(world.count(table, "1 = 1").await, 1, "{table}, {}", world.bed.name);
    }
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "welcome").count(), 1);
}

/// SECURITY #46, #80: the last step sent again signs nobody in who signed out since, nor in another browser.
#[apply(both!)]
#[tokio::test]
async fn the_last_step_sent_again_opens_nothing_that_was_closed(world: World) {
    let mut marie = at_the_terms(&world).await;
    let before = marie.screen.clone();
    marie.submit("/terms", &[("accept", "on")]).await;
    let mut thief = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut thief, &[]).await;
    thief.screen = before.clone();
    assert_eq!(thief.submit("/terms", &[("accept", "on")]).await.status.as_u16(), 403);
    let signed_in = |visitor: &Visitor| visitor.cookies().iter().any(|c| c.name() == "mc_session");
    assert!(signed_in(&marie) && !signed_in(&thief));
    marie.open("/sign-out").await;
    marie.submit("/sign-out", &[]).await.says("Vous êtes déconnecté");
    marie.screen = before;
    marie.submit("/terms", &[("accept", "on")]).await.says_not("Vous êtes maintenant connecté");
    assert!(!signed_in(&marie), "{}", world.bed.name);
}

/// The last step can be sent again for ten minutes.
#[apply(both!)]
#[tokio::test]
async fn the_last_step_sent_much_later_asks_for_the_password(world: World) {
    let mut marie = at_the_terms(&world).await;
    let late = marie.copy();
    marie.submit("/terms", &[("accept", "on")]).await;
    world.bed.clock.advance(601);
    let mut late = late;
    late.submit("/terms", &[("accept", "on")]).await.says("Votre compte est prêt");
    assert!(late.cookies().iter().all(|c| c.name() != "mc_session"), "{}", world.bed.name);
}

/// SPEC J3: the same where an agency is attached.
#[apply(both!)]
#[tokio::test]
async fn an_agency_attached_again_ends_signed_in(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "rivage");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await.says("Cette adresse a déjà un compte");
    let (to, form) = marie.screen.form("/link");
    let form = form.into_iter().filter(|(name, _)| name != "password");
    let form = form.chain([("password".to_owned(), PASSWORD.to_owned())]).collect::<Vec<_>>();
    let form = encoded(&form);
    // Its answer is lost on the line.
    let line = marie.copy();
    line.once(http::Method::POST, &to, Some(form.clone().into()), &[]).await;
    marie.send(http::Method::POST, &to, Some(form.into()), &[]).await;
    portal.receive(&marie).await;
    assert_eq!(world.count("link", "1 = 1").await, 2);
    assert_eq!(world.count("attempt", "failures > 0").await, 0);
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "attached").count(), 1);
}

/// Each account with its password's hash.
async fn accounts(world: &World) -> Vec<String> {
    world.people().await.into_iter().filter(|line| line.starts_with("account ")).collect()
}

/// FINDING B19: the change of a password sent again, its first answer lost, ends where the first ended: nothing is counted, nothing happens twice, and the session that
/// nobody got is no more.
#[apply(both!)]
#[tokio::test]
async fn a_changed_password_sent_again_is_told_that_it_is_saved(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    marie.open("/account/password").await;
    let form = [("current", PASSWORD), ("password", NEW)];
    marie.submit_in_vain("/password", &form).await;
    let set = accounts(&world).await;
    let (mut wrong, mut late) = (marie.copy(), marie.copy());
    wrong.submit("/password", &[("current", PASSWORD), ("password", "autre chose de long")]).await;
    wrong.screen.says("Connexion").says_not("invalide");
    marie.submit("/password", &form).await.says("Votre nouveau mot de passe est enregistré");
    marie.open("/account/sessions").await.says("Cet appareil");
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
    assert_eq!(world.count("evidence", "kind = 'password changed'").await, 1, "{}", world.bed.name);
    assert_eq!(accounts(&world).await, set, "{}", world.bed.name);
    world.bed.clock.advance(30);
    late.submit("/password", &form).await.says("Connexion").says_not("est enregistré");
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "changed").count(), 1);
}

/// FINDING B19, docs/adr/0009: the same of an address that is taken back.
#[apply(both!)]
#[tokio::test]
async fn an_address_taken_back_and_sent_again_is_told_that_it_is_back(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = world.visitor();
    marie.open("/").await;
    marie.sign_in(MARIE, PASSWORD).await;
    marie.open("/account/email").await;
    marie.submit("/email", &[("email", "autre@exemple.test"), ("password", PASSWORD)]).await;
    let mails = world.mails().await;
    let asked = mails.into_iter().find(|mail| mail.about == "address asked");
    let link = asked.and_then(|mail| mail.link).unwrap();
    marie.open(&link).await;
    marie.submit_in_vain("/take-back", &[("password", NEW)]).await;
    let set = accounts(&world).await;
    let (mut wrong, mut late) = (marie.copy(), marie.copy());
    wrong.submit("/take-back", &[("password", PASSWORD)]).await.says("Ce lien ne fonctionne plus");
    marie.submit("/take-back", &[("password", NEW)]).await;
    assert!(marie.cookies().iter().any(|c| c.name() == "mc_session"), "{}", marie.screen.text());
    marie.screen.says("Bonjour");
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
    assert_eq!(accounts(&world).await, set, "{}", world.bed.name);
    world.bed.clock.advance(30);
    late.submit("/take-back", &[("password", NEW)]).await.says("Ce lien ne fonctionne plus");
}

/// SECURITY #67 to #69, I8: a used link sets no password and signs nobody in. A moment later it says that the password is set, afterwards that it is dead.
#[apply(both!)]
#[tokio::test]
async fn a_new_password_sent_again_is_told_that_it_is_set(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let forgot = format!("{}/forgot", marie.screen.path());
    marie.open(&forgot).await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    marie.open(&link).await;
    marie.submit_in_vain("/reset", &[("password", NEW)]).await;
    let set = accounts(&world).await;
    let mut late = marie.copy();
    marie.submit("/reset", &[("password", PASSWORD)]).await.says("Votre nouveau mot de passe est enregistré");
    // The password that the link set, once more: it signs in, as at every door.
    let mut again = late.copy();
    again.submit("/reset", &[("password", NEW)]).await;
    assert!(again.cookies().iter().any(|c| c.name() == "mc_session"), "{}", again.screen.text());
    again.screen.says("Vous êtes connecté");
    let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    marie.open(&on).await;
    // The portal was handed its answer on the line that broke.
    marie.sign_in(MARIE, NEW).await.says("Vous êtes connecté");
    assert_eq!(accounts(&world).await, set, "{}", world.bed.name);
    world.bed.clock.advance(30);
    late.submit("/reset", &[("password", NEW)]).await.says("Ce lien ne fonctionne plus");
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "changed").count(), 1);
}

/// FINDING B19: the mailed link's form sent again, the second answer lost: the first one's page still ends the move. A browser that never was here has no
/// interaction of the move, and both make one.
#[apply(both!)]
#[tokio::test]
async fn an_address_confirmed_again_leaves_the_first_page_as_it_was(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    let mut phone = world.visitor();
    phone.open(&link).await;
    let mut line = phone.copy();
    let form = [("email", MARIE), ("password", PASSWORD)];
    phone.submit("/confirm", &form).await.says("Étape 6 sur 6");
    line.submit("/confirm", &form).await.says("Étape 6 sur 6");
    assert_eq!(line.screen.path(), phone.screen.path(), "{}", world.bed.name);
    phone.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
}

/// The same, both on their way at once: either page ends the move.
#[apply(both!)]
#[tokio::test]
async fn an_address_confirmed_twice_at_once_leads_to_one_page(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    let mut phone = world.visitor();
    phone.open(&link).await;
    let mut twin = phone.copy();
    let form = [("email", MARIE), ("password", PASSWORD)];
    let (first, second) = tokio::join!(phone.submit("/confirm", &form), twin.submit("/confirm", &form));
    let paths = [first, second].map(|screen| screen.says("Étape 6 sur 6").path().to_owned());
    assert_eq!(paths[0], paths[1], "{}", world.bed.name);
}

/// FINDING B19: another address asked for twice within a minute: one mail to each address, one of the day's requests, and the link in the mail works.
#[apply(both!)]
#[tokio::test]
async fn another_address_asked_for_again_sends_no_second_mail(world: World) {
    const OTHER: &str = "autre@exemple.test";
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = world.visitor();
    marie.open("/").await;
    marie.sign_in(MARIE, PASSWORD).await;
    marie.open("/account/email").await;
    let (mut line, mut late) = (marie.copy(), marie.copy());
    let form = [("email", OTHER), ("password", PASSWORD)];
    marie.submit("/email", &form).await.says("Confirmez votre nouvelle adresse");
    line.submit("/email", &form).await.says("Confirmez votre nouvelle adresse");
    let mails = world.mails().await;
    let sent = |about: &str| mails.iter().filter(|mail| mail.about == about).count();
    assert_eq!((sent("confirm address"), sent("address asked")), (1, 1), "{}", world.bed.name);
    assert_eq!(world.count("email_change", "1 = 1").await, 1, "{}", world.bed.name);
    let link = mails.iter().find(|mail| mail.about == "confirm address").and_then(|mail| mail.link.clone());
    let mut mailbox = marie.copy();
    mailbox.open(&link.unwrap()).await.says(OTHER);
    // A minute later it is another request: the mail may be lost.
    world.bed.clock.advance(60);
    late.submit("/email", &form).await.says("Confirmez votre nouvelle adresse");
    assert_eq!(world.count("email_change", "1 = 1").await, 2, "{}", world.bed.name);
}
