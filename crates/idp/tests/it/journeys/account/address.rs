//! SPEC J11: "email change"; SECURITY #65, #75; PEOPLE U-68, F-07; docs/adr/0009.

use testbed::{apply, both};
use testkit::{Visitor, encoded};

use super::{MARIE, PAUL, at_home, at_portal};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const NEW: &str = "Marie.D@ailleurs.test";
const OTHER: &str = "marie@troisieme.test";
const CHOSEN: &str = "girafe tambour lampion";
const DAY: i64 = 86_400;

/// The links that were mailed to the two addresses.
struct Asked {
    confirm: String,
    take_back: String,
}

async fn ask(world: &World, browser: &mut Visitor, new: &str) -> Asked {
    world.mails().await;
    browser.open("/account/email").await.says("Nouvelle adresse email");
    browser.submit("/account/email", &[("email", new), ("password", PASSWORD)]).await;
    browser.screen.says("Confirmez votre nouvelle adresse").says(new.trim());
    let mails = world.mails().await;
    let link = |about| mails.iter().find(|m| m.about == about).and_then(|m| m.link.clone()).unwrap();
    Asked { confirm: link("confirm address"), take_back: link("address asked") }
}

async fn confirm(browser: &mut Visitor, link: &str) {
    browser.open(link).await.says("Confirmer ma nouvelle adresse");
    assert_eq!(browser.screen.path(), "/new-address", "the token leaves the address (SECURITY #71)");
    browser.submit("/new-address", &[]).await.says("Votre nouvelle adresse est enregistrée");
}

async fn take_back(browser: &mut Visitor, link: &str) {
    browser.open(link).await.says("Ce n'était pas moi");
    assert_eq!(browser.screen.path(), "/take-back");
    browser.submit("/take-back", &[("password", CHOSEN)]).await.says("Votre compte est de nouveau à vous");
}

/// The account's address as it stands.
async fn has(world: &World, email: &str) -> bool {
    world.count("account", &format!("email = '{email}'")).await == 1
}

#[apply(both!)]
#[tokio::test]
async fn an_address_changes_when_the_new_one_is_confirmed_and_everything_older_ends(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut phone = at_portal(&world, MARIE, true).await;
    let mut marie = at_portal(&world, MARIE, true).await;
    world.mails().await;
    marie.open("/account/email").await.says(MARIE);
    marie.submit("/account/email", &[("email", NEW), ("password", PASSWORD)]).await;
    marie.screen.says("Nous venons d'écrire à").says(NEW).says(MARIE);
    // Nothing has changed yet, and both addresses know.
    let mails = world.mails().await;
    let seen: Vec<(&str, &str)> = mails.iter().map(|m| (m.about, m.to.as_str())).collect();
    assert_eq!(seen, [("confirm address", NEW), ("address asked", MARIE)], "{}", world.bed.name);
    assert!(!mails[1].raw.contains("ailleurs"), "masked: {}", mails[1].raw);
    assert!(has(&world, MARIE).await);
    // A scanner opens the link fifty times.
    let link = mails[0].link.clone().unwrap();
    for _ in 0..3 {
        world.visitor().open(&link).await.says("saisissez son mot de passe").says_not(MARIE);
    }
    assert!(has(&world, MARIE).await);
    confirm(&mut marie, &link).await;
    assert!(has(&world, NEW).await);
    marie.screen.says(NEW).says("Bonjour Marie Durand");
    let (mails, logouts) = world.messages().await;
    let mut seen: Vec<(&str, &str)> = mails.iter().map(|m| (m.about, m.to.as_str())).collect();
    seen.sort();
    assert_eq!(seen, [("address changed", NEW), ("address replaced", MARIE)]);
    assert_eq!(logouts.len(), 1, "the phone's portal");
    phone.open("/account").await.says("Connexion");
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1);
    assert_eq!(
        world.count("account", "auth_epoch = 1").await,
        1,
        "refresh tokens and codes die with the epoch"
    );
    assert_eq!(world.count("evidence", "kind = 'email changed'").await, 1);
    // The link once more is a success (PEOPLE U-31), and changes nothing.
    marie.open(&link).await.says("Cette adresse est confirmée").says(NEW);
    // Portals hear of it at the next sign-in; the sub is the same.
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[]).await;
    let told = portal.receive(&marie).await.userinfo;
    assert_eq!((&told["email"], &told["email_verified"]), (&NEW.into(), &true.into()));
    let mut again = world.visitor();
    again.open("/").await;
    again.sign_in(MARIE, PASSWORD).await.says("Mot de passe invalide");
    again.sign_in("marie.d@AILLEURS.test", PASSWORD).await.says("Bonjour Marie Durand");
}

/// SECURITY #65: the password is asked for however young the session is, by the one guard (SECURITY #53).
#[apply(both!)]
#[tokio::test]
async fn a_session_alone_does_not_ask_for_another_address(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    world.mails().await;
    for (email, why) in [
        ("marie", "Cette adresse n'est pas complète"),
        ("marie@gmial.com", "Si vous vouliez écrire marie@gmail.com"),
        (" MARIE@exemple.test", "C'est déjà votre adresse"),
    ] {
        marie.open("/account/email").await;
        marie.submit("/account/email", &[("email", email), ("password", "une devinette")]).await.says(why);
    }
    // What is no address costs no attempt.
    for left in ["4 essais", "3 essais", "2 essais", "1 essai"] {
        marie.submit("/account/email", &[("email", NEW), ("password", "une devinette")]).await;
        marie.screen.says("Mot de passe actuel invalide").says(left);
    }
    // Nor does an empty field.
    marie.submit("/account/email", &[("email", NEW), ("password", "")]).await;
    marie
        .submit("/account/email", &[("email", NEW), ("password", "une devinette")])
        .await
        .says("Le compte est bloqué");
    marie.submit("/account/email", &[("email", NEW), ("password", PASSWORD)]).await;
    marie.screen.says("Le compte est bloqué");
    assert_eq!(world.count("email_change", "1 = 1").await, 0);
    let mails = world.mails().await;
    assert!(mails.iter().all(|m| m.about == "locked"), "{}", mails.len());
}

/// SECURITY #75: "confirm with old link", "two pending changes". The newest wish is the one that can be confirmed; and each is for its address only.
#[apply(both!)]
#[tokio::test]
async fn an_older_wish_is_dead_and_so_is_one_that_was_cancelled(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let first = ask(&world, &mut marie, NEW).await;
    world.bed.clock.advance(1);
    marie.submit("/email/cancel", &[]).await.says("Nouvelle adresse email");
    marie.open(&first.confirm).await.says("Ce lien ne fonctionne plus").says("Votre compte garde l'adresse");
    let second = ask(&world, &mut marie, NEW).await;
    // Another tab, which had the form open before.
    let mut tab = at_home(&world, MARIE).await;
    world.bed.clock.advance(1);
    world.write("UPDATE email_change SET ended_at = 7 WHERE ended_at IS NULL").await;
    tab.open("/account/email").await;
    world.write("UPDATE email_change SET ended_at = NULL WHERE ended_at = 7").await;
    world.mails().await;
    tab.submit("/account/email", &[("email", OTHER), ("password", PASSWORD)]).await.says(OTHER);
    let third = world.mail_to(OTHER, "confirm address").await.link.unwrap();
    marie.open(&second.confirm).await.says("Ce lien ne fonctionne plus");
    assert_eq!(world.count("email_change", "ended_at IS NULL").await, 1, "{}", world.bed.name);
    // One that is too old.
    world.bed.clock.advance(DAY);
    marie.open(&third).await.says("Ce lien ne fonctionne plus");
    assert!(has(&world, MARIE).await);
}

/// SECURITY #75: "confirm from other session": the link is for one account, whoever opens it. An attacker who has his mail read by Marie gets nothing, nor
/// does he get into her account.
#[apply(both!)]
#[tokio::test]
async fn a_link_is_for_the_account_that_asked_whoever_is_signed_in(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", PAUL).await;
    let mut paul = at_home(&world, PAUL).await;
    let asked = ask(&world, &mut paul, NEW).await;
    let mut marie = at_home(&world, MARIE).await;
    marie.open(&asked.confirm).await.says("saisissez son mot de passe");
    marie.submit("/new-address", &[("password", "le sien, pas le mien")]).await.says("4 essais");
    // Without the field, as a page of somebody's own would send it.
    let (_, fields) = marie.screen.form("/new-address");
    let csrf = fields.iter().find(|(name, _)| name == "csrf").unwrap();
    let body = encoded(&[("csrf", &*csrf.1)]);
    marie.send(http::Method::POST, "/new-address", Some(body.into_bytes()), &[]).await;
    marie.screen.says("saisissez son mot de passe");
    assert!(has(&world, PAUL).await && has(&world, MARIE).await, "{}", world.bed.name);
    // Nobody is signed in there: the account's password confirms, on any device.
    let mut elsewhere = world.visitor();
    elsewhere.open(&asked.confirm).await;
    elsewhere.submit("/new-address", &[("password", PASSWORD)]).await;
    elsewhere.screen.says("Votre nouvelle adresse est enregistrée").says("Bonjour Paul Martin");
    assert!(has(&world, NEW).await && has(&world, MARIE).await);
    assert!(!has(&world, PAUL).await);
    marie.open("/account/email").await.says(MARIE);
}

/// SECURITY #75, D10: "address taken meanwhile": who confirms first has it, and nothing tells before that it is taken (SECURITY #59).
#[apply(both!)]
#[tokio::test]
async fn an_address_that_another_account_has_is_refused_when_it_is_confirmed(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", PAUL).await;
    let mut marie = at_home(&world, MARIE).await;
    // Taken already: the page says the same as of a free one.
    let taken = ask(&world, &mut marie, PAUL).await;
    let said = marie.screen.text().replace(PAUL, "…");
    marie.open(&taken.confirm).await;
    marie.submit("/new-address", &[]).await.says("Cette adresse sert déjà à un autre compte");
    assert_eq!(world.count("email_change", "ended_at IS NULL").await, 0);
    let asked = ask(&world, &mut marie, NEW).await;
    assert_eq!(marie.screen.text().replace(NEW, "…"), said);
    // Taken meanwhile.
    let mut paul = at_home(&world, PAUL).await;
    let pauls = ask(&world, &mut paul, &NEW.to_lowercase()).await;
    confirm(&mut paul, &pauls.confirm).await;
    marie.open(&asked.confirm).await;
    marie.submit("/new-address", &[]).await.says("Cette adresse sert déjà à un autre compte");
    assert!(has(&world, MARIE).await, "{}", world.bed.name);
    assert_eq!(world.count("account", "auth_epoch = 0").await, 1, "nothing of hers has ended");
    marie.open("/account").await.says("Bonjour Marie");
}

/// PEOPLE U-68: the older address stops the change before it is confirmed, and takes it back for seven days after; who asked knew the password, so there is
/// a new one.
#[apply(both!)]
#[tokio::test]
async fn the_older_address_stops_the_change_or_takes_it_back(world: World) {
    for confirmed in [false, true] {
        let email = if confirmed { PAUL } else { MARIE };
        world.moved("tilleuls", if confirmed { "101" } else { "100" }, email).await;
        let mut thief = at_portal(&world, email, true).await;
        let asked = ask(&world, &mut thief, if confirmed { OTHER } else { NEW }).await;
        let mut later = None;
        if confirmed {
            confirm(&mut thief, &asked.confirm).await;
            later = world.mail_to(email, "address replaced").await.link;
            world.bed.clock.advance(7 * DAY - 1);
        }
        let mut owner = world.visitor();
        owner.open(&asked.take_back).await.says(if confirmed { "a été remplacée" } else { "a demandé" });
        owner.submit("/take-back", &[("password", "court")]).await.says("trop court");
        assert_eq!(has(&world, email).await, !confirmed, "nothing yet");
        take_back(&mut owner, later.as_ref().unwrap_or(&asked.take_back)).await;
        owner.screen.says(email);
        assert!(has(&world, email).await, "{}", world.bed.name);
        // Once, whichever mail.
        owner.open(&asked.take_back).await.says("Ce lien ne fonctionne plus");
        let mails = world.mails().await;
        let told = mails.iter().filter(|m| m.about == "address taken back").count();
        assert_eq!(told, if confirmed { 2 } else { 1 });
        thief.open("/account").await.says("Connexion");
        thief.open(&asked.confirm).await.says("Ce lien ne fonctionne plus");
        let mut again = world.visitor();
        again.open("/").await;
        again.sign_in(email, PASSWORD).await.says("Mot de passe invalide");
        again.sign_in(email, CHOSEN).await.says("Bonjour");
    }
    assert_eq!(world.count("evidence", "kind = 'email taken back'").await, 2);
}

#[apply(both!)]
#[tokio::test]
async fn after_seven_days_the_change_stays(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let asked = ask(&world, &mut marie, NEW).await;
    confirm(&mut marie, &asked.confirm).await;
    world.bed.clock.advance(7 * DAY);
    world.visitor().open(&asked.take_back).await.says("Ce lien ne fonctionne plus");
}

/// A thief who changes the address twice does not shake the owner off: the oldest address has the last word, and the later ones none after it.
#[apply(both!)]
#[tokio::test]
async fn the_oldest_address_has_the_last_word(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut thief = at_home(&world, MARIE).await;
    let first = ask(&world, &mut thief, NEW).await;
    confirm(&mut thief, &first.confirm).await;
    world.bed.clock.advance(1);
    let second = ask(&world, &mut thief, OTHER).await;
    confirm(&mut thief, &second.confirm).await;
    world.bed.clock.advance(1);
    // The thief's own way back does not end hers.
    take_back(&mut thief, &second.take_back).await;
    assert!(has(&world, NEW).await, "{}", world.bed.name);
    world.bed.clock.advance(1);
    thief.open("/account/email").await;
    thief.submit("/account/email", &[("email", OTHER), ("password", CHOSEN)]).await.says(OTHER);
    let third = world.mails().await;
    let third = third.iter().find(|m| m.about == "address asked").unwrap().link.clone().unwrap();
    let mut marie = world.visitor();
    take_back(&mut marie, &first.take_back).await;
    assert!(has(&world, MARIE).await);
    for link in [&third, &second.take_back, &first.take_back] {
        thief.open(link).await.says("Ce lien ne fonctionne plus");
    }
    assert!(has(&world, MARIE).await);
}

/// SECURITY #58: a new address does not give five new guesses, and SECURITY #76, PEOPLE U-11: a new password ends a wish that waits.
#[apply(both!)]
#[tokio::test]
async fn a_change_gives_no_new_guesses_and_a_new_password_ends_a_wish(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let asked = ask(&world, &mut marie, NEW).await;
    let mut stranger = world.visitor();
    stranger.open("/").await;
    for left in ["4 essais", "3 essais", "2 essais"] {
        stranger.sign_in(MARIE, "une devinette").await.says(left);
    }
    confirm(&mut marie, &asked.confirm).await;
    stranger.sign_in(NEW, "une devinette").await.says("1 essai");
    stranger.sign_in(NEW, "une devinette").await.says("Le compte est bloqué");
    let asked = ask(&world, &mut marie, OTHER).await;
    marie.open("/account/password").await;
    marie.submit("/password", &[("current", PASSWORD), ("password", CHOSEN)]).await.says("est enregistré");
    marie.open(&asked.confirm).await.says("Ce lien ne fonctionne plus");
    world.visitor().open(&asked.take_back).await.says("Ce lien ne fonctionne plus");
    // Likewise a reset.
    marie.open("/account/email").await;
    marie.submit("/account/email", &[("email", OTHER), ("password", CHOSEN)]).await.says(OTHER);
    let link = world.mail_to(OTHER, "confirm address").await.link.unwrap();
    stranger.open("/forgot").await;
    stranger.submit("/forgot", &[("email", NEW)]).await;
    let reset = world.mail_to(NEW, "reset").await.link.unwrap();
    stranger.open(&reset).await;
    stranger.submit("/reset", &[("password", "lampion tambour girafe")]).await;
    stranger.open(&link).await.says("Ce lien ne fonctionne plus");
    // And a reset link of before does not outlive the address (SECURITY #69).
    stranger.open("/account/email").await;
    let typed = [("email", OTHER), ("password", "lampion tambour girafe")];
    stranger.submit("/account/email", &typed).await.says(OTHER);
    let link = world.mail_to(OTHER, "confirm address").await.link.unwrap();
    let mut asker = world.visitor();
    asker.open("/forgot").await;
    asker.submit("/forgot", &[("email", NEW)]).await;
    let reset = world.mail_to(NEW, "reset").await.link.unwrap();
    confirm(&mut stranger, &link).await;
    asker.open(&reset).await.says("Ce lien ne fonctionne plus");
}

/// SECURITY #73: five wishes a day, each of which writes to an address that somebody typed.
#[apply(both!)]
#[tokio::test]
async fn five_wishes_a_day_and_no_more(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    for n in 0..5 {
        ask(&world, &mut marie, &format!("marie{n}@ailleurs.test")).await;
        marie.submit("/email/cancel", &[]).await;
    }
    marie.submit("/account/email", &[("email", NEW), ("password", PASSWORD)]).await;
    marie.screen.says("Revenez demain");
    assert!(world.mails().await.is_empty());
    assert_eq!(world.count("attempt", "failures > 0").await, 0, "the password was right");
    world.bed.clock.advance(DAY);
    let mut marie = at_home(&world, MARIE).await;
    ask(&world, &mut marie, NEW).await;
}

/// FINDING B18: its server refused the new address: the page says so, and leads to another one. The account is as it was.
#[apply(both!)]
#[tokio::test]
async fn a_new_address_that_its_server_refuses_is_told_where_it_waits(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_portal(&world, MARIE, true).await;
    ask(&world, &mut marie, NEW).await;
    // As `Accounts::mail_refused` does.
    world.write("UPDATE email_change SET refused_at = 7 WHERE ended_at IS NULL").await;
    marie
        .open("/account/email")
        .await
        .says("Cette adresse a été refusée par son serveur")
        .says(NEW)
        .says(MARIE);
    marie.submit("/account/email/cancel", &[]).await.says("Nouvelle adresse email");
    ask(&world, &mut marie, OTHER).await;
    assert!(has(&world, MARIE).await);
}
