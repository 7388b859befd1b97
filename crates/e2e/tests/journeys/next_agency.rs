//! SPEC J3, single sign-on between two portals, and SPEC J10.

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, DESK},
    demo::Demo,
    wait::until,
    walk::{MARIE, PASSWORD, give_old_identifiers, knock, move_over, sign_in},
};

#[tokio::test]
async fn a_second_agency_is_attached_and_one_sign_out_reaches_both() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&browser, &demo, &MARIE).await?;
    attach_from_a_portal_that_is_not_linked(&browser, &demo).await?;
    one_sign_in_one_sign_out(&browser, &demo).await?;
    browser.close().await
}

/// SPEC J13: "An account without a link at that agency is told so and offered to attach it", then SPEC J3: "Already signed in as that account in
/// this browser → confirm without typing it again (re-authentication within 5 minutes)".
async fn attach_from_a_portal_that_is_not_linked(browser: &Browser, demo: &Demo) -> Result<()> {
    browser.go(&demo.rivage("/login")).await?;
    browser.page("pas encore rattaché à Cabinet Rivage").await?;
    browser.press("Rattacher cette agence").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.fill("identifier", "DURAND.M-112").await?;
    browser.fill("password", "Rivage-bleu").await?;
    browser.press("Continuer").await?;
    browser.page("Votre accès change").await?;
    browser.press("Étape suivante").await?;
    browser.page("Votre adresse email").await?;
    browser.press("Continuer").await?;
    browser.page("Rattacher Cabinet Rivage à votre compte").await?;
    ensure!(!browser.already_says("Mot de passe de ce compte").await?, "the password is asked again at once");
    browser.press("Rattacher").await?;
    // "Right → linked and disabled at once, terms only if a newer version is due."
    browser.page("Bonjour Marie Durand").await?;
    demo.mail(MARIE.email, "rattachement à votre compte").await?;
    Ok(())
}

/// SPEC J1: "A second portal in the same browser signs in without a question (SSO)." SPEC J10: "one sign-out reaches every portal".
async fn one_sign_in_one_sign_out(browser: &Browser, demo: &Demo) -> Result<()> {
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    knock(browser, &demo.tilleuls("/")).await?;
    sign_in(browser, MARIE.email, PASSWORD).await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.go(&demo.rivage("/login")).await?;
    browser.page("Bonjour Marie Durand").await?;
    ensure!(browser.address().await?.starts_with(&demo.rivage("/espace")), "that is another portal");
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    // Back-channel: the provider tells the other portal, soon.
    let gone = until(async || {
        browser.go(&demo.tilleuls("/espace")).await.ok()?;
        let open = browser.already_says("Bonjour Marie Durand").await.ok()?;
        (!open).then_some(())
    });
    ensure!(gone.await.is_some(), "the other portal still shows the client space");
    Ok(())
}

/// SPEC J3: "when the email belongs to an account, the page asks for *that account's* password to attach … Wrong → the lockout rules of SPEC J5."
#[tokio::test]
async fn another_browser_attaches_with_the_accounts_password() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&browser, &demo, &MARIE).await?;
    browser.close().await?;
    let Some(elsewhere) = Browser::open(DESK).await? else { return Ok(()) };
    knock(&elsewhere, &demo.rivage("/")).await?;
    give_old_identifiers(&elsewhere, "DURAND.M-112", "Rivage-bleu").await?;
    elsewhere.page("Votre accès change").await?;
    elsewhere.press("Étape suivante").await?;
    elsewhere.page("Votre adresse email").await?;
    elsewhere.press("Continuer").await?;
    elsewhere.page("Rattacher Cabinet Rivage à votre compte").await?;
    elsewhere.fill("password", "autre chose encore").await?;
    elsewhere.press("Rattacher").await?;
    elsewhere.says("Il vous reste 4 essais").await?;
    elsewhere.fill("password", PASSWORD).await?;
    elsewhere.press("Rattacher").await?;
    elsewhere.page("Bonjour Marie Durand").await?;
    elsewhere.close().await
}
