use testbed::{Database, OnDatabase, apply, both};

use super::{MARIE, at_home};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0";

/// A sign-in in a browser that the account does not know is told to its owner, once; a wrong password is not.
#[apply(both!)]
#[tokio::test]
async fn a_new_browser_is_told_to_the_owner_once(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut browser = world.visitor();
    browser.extra.push(("user-agent", FIREFOX));
    portal.send(&mut browser, &[]).await;
    browser.sign_in(MARIE, "une devinette").await.says("4 essais");
    assert!(world.mails().await.is_empty(), "{}", world.bed.name);
    browser.sign_in(MARIE, PASSWORD).await;
    let mail = world.mail_to(MARIE, "new device").await;
    assert!(mail.raw.contains("Firefox") && mail.raw.contains("Windows"), "{}", mail.raw);
    assert!(!mail.raw.contains("127.0.0.1") && mail.link.is_none(), "{}", mail.raw);
    assert_eq!(mail.agency.as_deref(), Some("tilleuls"));
    // From then on it is known, signed out or not.
    portal.send(&mut browser, &[("prompt", "login")]).await;
    browser.sign_in(MARIE, PASSWORD).await;
    browser.drop_cookie("mc_session");
    portal.send(&mut browser, &[]).await;
    browser.sign_in(MARIE, PASSWORD).await;
    assert!(world.mails().await.is_empty(), "{}", world.bed.name);
    // Another one.
    let mut other = world.visitor();
    other.open("/").await;
    other.sign_in(MARIE, PASSWORD).await;
    world.mail_to(MARIE, "new device").await;
}

/// SECURITY #76, D2: whoever knew the password had a browser that counts by itself and is told to nobody. A new password and "end all others" forget it,
/// and every other but the one at hand.
#[apply(both!)]
#[tokio::test]
async fn a_browser_of_a_thief_is_forgotten_with_what_was_counted_in_it(database: Database) {
    const NEW: &str = "girafe tambour lampion";
    for end in ["reset", "password", "others"] {
        let world = World::on(database).await;
        let context = format!("{} {end}", world.bed.name);
        world.moved("tilleuls", "100", MARIE).await;
        let mut thief = at_home(&world, MARIE).await;
        let mut marie = at_home(&world, MARIE).await;
        thief.drop_cookie("mc_session");
        thief.open("/").await;
        thief.sign_in(MARIE, "une devinette").await.says("4 essais");
        let mut password = PASSWORD;
        match end {
            "reset" => {
                let mut page = world.visitor();
                page.open("/forgot").await;
                page.submit("/forgot", &[("email", MARIE)]).await;
                let link = world.mail_to(MARIE, "reset").await.link.unwrap();
                marie.open(&link).await;
                marie.submit("/reset", &[("password", NEW)]).await.says("Bonjour Marie Durand");
                password = NEW;
            }
            "password" => {
                marie.open("/account/password").await;
                marie.submit("/password", &[("current", PASSWORD), ("password", NEW)]).await;
                marie.screen.says("est enregistré");
                password = NEW;
            }
            _ => {
                marie.open("/account/sessions").await;
                marie.submit("/sessions/end-others", &[]).await.says("sont déconnectés");
            }
        }
        assert_eq!(world.count("device", "1 = 1").await, 1, "{context}");
        assert_eq!(world.count("attempt", "bucket <> '' AND failures > 0").await, 0, "{context}");
        world.mails().await;
        // Strangers and the thief have one count together.
        let mut stranger = world.visitor();
        stranger.open("/").await;
        stranger.sign_in(MARIE, "une devinette").await.says("4 essais");
        thief.open("/").await;
        thief.sign_in(MARIE, "une devinette").await.says("3 essais");
        // Marie's own browser counts by itself and is told to nobody; a sign-in in the thief's is told.
        marie.open("/sign-out").await;
        marie.submit("/sign-out", &[]).await;
        marie.open("/").await;
        marie.sign_in(MARIE, "faute de frappe").await.says("4 essais");
        marie.sign_in(MARIE, password).await.says("Bonjour Marie Durand");
        assert!(world.mails().await.is_empty(), "{context}");
        thief.sign_in(MARIE, password).await.says("Bonjour Marie Durand");
        world.mail_to(MARIE, "new device").await;
    }
}

/// The password that attaches an agency signs in too.
#[apply(both!)]
#[tokio::test]
async fn attaching_in_a_new_browser_is_told_as_well(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut browser = world.visitor();
    Portal::new(&world, "rivage").send(&mut browser, &[]).await;
    browser.old_credentials("101", "Vieux-Secret 2").await;
    browser.submit("/notice", &[]).await;
    browser.submit("/email", &[("email", MARIE)]).await;
    browser.submit("/link", &[("password", PASSWORD)]).await;
    let mails = world.mails().await;
    let mut about: Vec<&str> = mails.iter().filter(|m| m.to == MARIE).map(|m| m.about).collect();
    about.sort();
    assert_eq!(about, ["attached", "new device"], "{}", world.bed.name);
}
