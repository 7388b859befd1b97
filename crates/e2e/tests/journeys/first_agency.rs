//! SPEC J2 and J1 in a browser with all of today's features.

use anyhow::{Result, ensure};
use thirtyfour::prelude::*;

use crate::{
    browser::{Browser, DESK},
    demo::Demo,
    walk::{BENOIT, MARIE, PASSWORD, confirm, give_old_identifiers, knock, sign_in},
};

/// SPEC J2, its seven steps in one browser, then SPEC J1 in another: "Right credentials → back at the portal, signed in."
#[tokio::test]
async fn a_client_moves_over_and_signs_in_with_the_new_account() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    // SPEC J1: "carries the agency's name and look", "Mot de passe" with show/hide.
    browser.says("Agence des Tilleuls").await?;
    browser.fill("password", "secret").await?;
    browser.press("Afficher").await?;
    ensure!(
        browser.find("#password").await?.attr("type").await?.as_deref() == Some("text"),
        "it does not show"
    );
    give_old_identifiers(&browser, MARIE.identifier, MARIE.old_password).await?;
    // 1: "a notice: access is changing, why (data protection), what comes next, what stays the same".
    browser.page("Votre accès change").await?;
    browser.says("Étape 1 sur 6").await?;
    browser.press("Étape suivante").await?;
    // 2: "the agency's address for them is filled in; they keep it or type another".
    browser.page("Votre adresse email").await?;
    ensure!(browser.value("email").await? == MARIE.email, "the agency's address is not filled in");
    browser.press("Continuer").await?;
    browser.page("Choisissez un mot de passe").await?;
    see_the_policy_fulfilled(&browser).await?;
    browser.press("Continuer").await?;
    // 4: "a message with a link went out".
    browser.page("Regardez vos messages").await?;
    browser.says(MARIE.email).await?;
    // 5: "asks them to sign in with the new email and password".
    confirm(&browser, &demo, MARIE.email).await?;
    read_the_terms(&browser).await?;
    // 7: "Vous êtes maintenant connecté": on to the portal they came from.
    browser.page("Vous êtes maintenant connecté").await?;
    browser.says("Votre accord sur les conditions").await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.says("CT-004217").await?;
    demo.mail(MARIE.email, "votre compte est prêt").await?;
    browser.close().await?;

    // "replaces all of those by one account per person: an email address and a password, … from any device".
    let Some(elsewhere) = Browser::open(DESK).await? else { return Ok(()) };
    knock(&elsewhere, &demo.tilleuls("/")).await?;
    sign_in(&elsewhere, MARIE.email, PASSWORD).await?;
    elsewhere.page("Bonjour Marie Durand").await?;
    elsewhere.says("CT-004217").await?;
    // SPEC J1: "Signing in straight at the provider (no portal) lands on a page with the person's agencies, one click to each."
    elsewhere.go(&demo.provider("/")).await?;
    elsewhere.page("Bonjour Marie Durand").await?;
    elsewhere.find("a.tile").await?.click().await?;
    elsewhere.says("CT-004217").await?;
    elsewhere.close().await
}

/// SPEC J2: "at the portal, which hands over a signed, single-use migration ticket".
#[tokio::test]
async fn the_portals_own_old_form_hands_over() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    browser.go(&demo.tilleuls("/")).await?;
    browser.press("Se connecter avec mes anciens identifiants").await?;
    browser.page("Mes anciens identifiants").await?;
    browser.fill("identifiant", BENOIT.identifier).await?;
    browser.fill("mot_de_passe", BENOIT.old_password).await?;
    browser.press("Continuer").await?;
    crate::walk::choose_email_and_password(&browser, BENOIT.email).await?;
    confirm(&browser, &demo, BENOIT.email).await?;
    crate::walk::accept_terms(&browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Benoît").await?;
    browser.close().await
}

/// SPEC J2.3: "chosen under a policy that they see fulfilled as they type".
async fn see_the_policy_fulfilled(browser: &Browser) -> Result<()> {
    let met = async || anyhow::Ok(browser.driver()?.find_all(By::Css("#policy li.met")).await?.len());
    browser.fill("password", "marie").await?;
    ensure!(met().await? < 2, "a name alone fulfils the policy");
    // The page's checks are a help; the server decides.
    browser.press("Continuer").await?;
    browser.says("Il contient votre nom").await?;
    browser.page("Choisissez un mot de passe").await?;
    browser.fill("password", PASSWORD).await?;
    ensure!(met().await? == 3, "the policy is not seen fulfilled");
    browser.says("c'est bon").await
}

/// SPEC J2.6: "they must reach the end before the tick box … can be used; "Imprimer" prints them cleanly; the page recalls the email and
/// the agency".
async fn read_the_terms(browser: &Browser) -> Result<()> {
    browser.says(MARIE.email).await?;
    browser.says("Article 9").await?;
    let driver = browser.driver()?;
    // By script, because a press by hand would scroll to the box and so to the end.
    driver.execute("document.getElementById('accept').click()", Vec::new()).await?;
    browser.says("Faites défiler jusqu'à la fin").await?;
    ensure!(!browser.ticked("accept").await?, "the box can be used before the end was reached");
    driver.execute("window.print = () => document.body.classList.add('printed')", Vec::new()).await?;
    browser.press("Imprimer").await?;
    browser.find("body.printed").await?;
    driver.execute("window.scrollTo(0, document.body.scrollHeight)", Vec::new()).await?;
    browser.find("#accept:not([aria-disabled])").await?;
    // Without the tick nothing is accepted.
    browser.press("Continuer").await?;
    browser.says("La case n'est pas cochée").await?;
    browser.press("Aller à la fin du texte").await?;
    ensure!(browser.tick("accept").await?, "the box cannot be ticked at the end");
    browser.press("Continuer").await
}
