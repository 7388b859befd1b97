use super::MARIE;
use crate::journeys::{
    portal::Portal,
    visitor::Visitor,
    world::{PASSWORD, World},
};

const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0";

/// A sign-in in a browser that the account does not know is told to its owner, once; a wrong password is not.
#[tokio::test]
async fn a_new_browser_is_told_to_the_owner_once() {
    for world in World::both().await {
        world.moved("tilleuls", "100", MARIE).await;
        let portal = Portal::new(&world, "tilleuls");
        let mut browser = Visitor::new(&world);
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
        browser.cookies.retain(|c| c.name() != "mc_session");
        portal.send(&mut browser, &[]).await;
        browser.sign_in(MARIE, PASSWORD).await;
        assert!(world.mails().await.is_empty(), "{}", world.bed.name);
        // Another one.
        let mut other = Visitor::new(&world);
        other.open("/").await;
        other.sign_in(MARIE, PASSWORD).await;
        world.mail_to(MARIE, "new device").await;
    }
}

/// The password that attaches an agency signs in too.
#[tokio::test]
async fn attaching_in_a_new_browser_is_told_as_well() {
    for world in World::both().await {
        world.moved("tilleuls", "100", MARIE).await;
        let mut browser = Visitor::new(&world);
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
}
