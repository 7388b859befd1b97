use testbed::{apply, both};

use super::{MARIE, at_home, at_portal};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const NEW: &str = "girafe tambour lampion";

/// SPEC J11, SECURITY #46, #65, #76, I8, I9: by the current password; everything older ends, at the portals too, but this browser goes on with another session.
#[apply(both!)]
#[tokio::test]
async fn a_password_is_changed_by_the_current_one_and_everything_older_ends(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut phone = at_portal(&world, MARIE, true).await;
    let mut marie = at_portal(&world, MARIE, true).await;
    world.mails().await;
    let before = marie.cookie("mc_session").value().to_owned();
    world.bed.clock.advance(60);
    marie.open("/account/password").await.says("Mot de passe actuel");
    marie.submit("/password", &[("current", PASSWORD), ("password", NEW)]).await;
    marie.screen.says("Votre nouveau mot de passe est enregistré").says("Bonjour Marie Durand");
    let cookie = marie.cookie("mc_session");
    assert_ne!(cookie.value(), before, "a new session (SECURITY #40)");
    assert!(cookie.max_age().is_some(), "kept as it was");
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
    assert_eq!(
        world.count("account", "auth_epoch = 1").await,
        1,
        "refresh tokens and codes die with the epoch"
    );
    let (mails, logouts) = world.messages().await;
    assert_eq!(logouts.len(), 1, "the phone's portal");
    assert_eq!(mails.iter().filter(|m| m.about == "changed" && m.to == MARIE).count(), 1, "F-07");
    phone.open("/account").await.says("Connexion");
    let mut thief = world.visitor();
    thief.add_cookie(axum_extra::extract::cookie::Cookie::new("mc_session", before));
    thief.open("/account/password").await.says_not(MARIE);
    // This browser's portal asks nothing, and the reload of the front page says nothing twice.
    marie.open("/").await.says_not("est enregistré");
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[]).await;
    portal.receive(&marie).await;
    let mut again = world.visitor();
    again.open("/").await;
    again.sign_in(MARIE, PASSWORD).await.says("Mot de passe invalide");
    again.sign_in(MARIE, NEW).await.says("Bonjour Marie Durand");
    assert_eq!(world.count("evidence", "kind = 'password changed'").await, 1);
}

/// SECURITY #65: a session alone changes nothing. SECURITY #53: guesses here count with those at the sign-in page, and lock.
#[apply(both!)]
#[tokio::test]
async fn guesses_at_the_current_password_count_and_lock_and_change_nothing(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let before = world.count("account", "password_changed_at <> created_at").await;
    for left in ["4 essais", "3 essais"] {
        marie.open("/account/password").await;
        marie.submit("/password", &[("current", "une devinette"), ("password", NEW)]).await;
        marie.screen.says("Mot de passe actuel invalide").says(left);
    }
    // The same browser at the sign-in page.
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[("prompt", "login")]).await;
    marie.sign_in(MARIE, "une devinette").await.says("2 essais");
    // A new password that does not do costs no attempt.
    for (bad, why) in [("court", "trop court"), ("vive les tilleuls en fleur", "le nom de votre agence")] {
        marie.open("/account/password").await;
        marie.submit("/password", &[("current", "une devinette"), ("password", bad)]).await.says(why);
    }
    for _ in 0..2 {
        marie.open("/account/password").await;
        marie.submit("/password", &[("current", "une devinette"), ("password", NEW)]).await;
    }
    marie.screen.says("Le compte est bloqué");
    marie.submit("/password", &[("current", PASSWORD), ("password", NEW)]).await;
    marie.screen.says("Le compte est bloqué");
    assert_eq!(world.count("account", "password_changed_at <> created_at").await, before);
    assert_eq!(world.count("account", "auth_epoch = 0").await, 1);
    world.mail_to(MARIE, "locked").await;
    // A lock stops password checks only (SECURITY D2): the session goes on.
    marie.open("/account/sessions").await.says("Cet appareil");
}

/// SECURITY I8: of two changes at once one is made; what was given was right for the password that it replaced.
#[apply(both!)]
#[tokio::test]
async fn of_two_changes_at_once_one_is_made(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let (mut first, mut second) = (at_home(&world, MARIE).await, at_home(&world, MARIE).await);
    for browser in [&mut first, &mut second] {
        browser.open("/account/password").await;
    }
    let one = first.submit("/password", &[("current", PASSWORD), ("password", NEW)]);
    let two = second.submit("/password", &[("current", PASSWORD), ("password", "lampion tambour girafe")]);
    tokio::join!(one, two);
    assert_eq!(world.count("account", "auth_epoch = 1").await, 1, "{}", world.bed.name);
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1);
    assert_eq!(world.count("evidence", "kind = 'password changed'").await, 1);
}

/// SECURITY #69: a reset link that was mailed before is dead.
#[apply(both!)]
#[tokio::test]
async fn a_reset_link_from_before_is_dead(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let mut thief = world.visitor();
    thief.open("/forgot").await;
    thief.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    marie.open("/account/password").await;
    marie.submit("/password", &[("current", PASSWORD), ("password", NEW)]).await.says("est enregistré");
    thief.open(&link).await.says("Ce lien ne fonctionne plus");
}
