//! The journeys SPEC J1 to J11 on one walk, in two manners: with a keyboard alone, in French; without scripts on the narrowest phone, in English. Each page is
//! checked when it comes (`look.rs`): a way on, labels, nothing wider than the screen; and with a keyboard, the focus.

use anyhow::{Context, Result, ensure};

use crate::{
    browser::{Browser, KEYBOARD, Kind, SCRIPTLESS_IN_ENGLISH},
    demo::Demo,
    walk::{MARIE, PASSWORD, accept_terms, choose_email_and_password, give_old_identifiers, knock, sign_in},
};

const NEW_PASSWORD: &str = "trois hiboux gris chantent";
const LAST_PASSWORD: &str = "sept lanternes vertes dorment";
const NEW_EMAIL: &str = "marie.d@ailleurs.test";
const NAME: &str = "Marie D.";

#[tokio::test]
async fn all_journeys_by_keyboard_alone() -> Result<()> {
    all_journeys(KEYBOARD, 1280).await
}

#[tokio::test]
async fn all_journeys_without_scripts_on_the_narrowest_phone_in_english() -> Result<()> {
    all_journeys(SCRIPTLESS_IN_ENGLISH, 320).await
}

/// Walks all journeys, each from the end of the one before.
async fn all_journeys(kind: Kind, width: u32) -> Result<()> {
    let Some(browser) = Browser::open(kind).await? else { return Ok(()) };
    let mut demo = Demo::start().await?;
    browser.emulate(width, "light").await?;
    // The portals ask for French pages: an English reader changes the language once, in the footer of any page.
    browser.go(&demo.provider(browser.either("/help", "/help?hl=en"))).await?;
    help(&browser, &demo).await.context("J9, help")?;
    the_move(&browser, &demo).await.context("J2, the move")?;
    old_identifier(&browser, &demo).await.context("J4, an old identifier; J1, J8, signing in")?;
    next_agency(&browser, &demo).await.context("J3, the next agency")?;
    account(&browser, &demo).await.context("J11, the account")?;
    another_address(&browser, &demo).await.context("J11, another address; J10, signing out")?;
    new_terms(&browser, &mut demo).await.context("J7, new terms")?;
    locked_and_unlocked(&browser, &demo).await.context("J5, J6, locked and unlocked")?;
    browser.close().await
}

async fn help(browser: &Browser, demo: &Demo) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    browser.press("Besoin d'aide pour se connecter ?").await?;
    browser.page("Aide").await?;
    browser.press("Où est ce dossier dans ma messagerie ?").await?;
    browser.says("Gmail").await?;
    browser.says("02 61 91 00 00").await?;
    browser.press("Retour").await?;
    browser.page("Mon compte immobilier").await
}

/// Walks the move with a mistake in each step, and by the code in the mail.
async fn the_move(browser: &Browser, demo: &Demo) -> Result<()> {
    give_old_identifiers(browser, MARIE.identifier, "pas le bon").await?;
    browser.says("Identifiant ou mot de passe invalide").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.fill("password", MARIE.old_password).await?;
    browser.press("Continuer").await?;
    choose_email_and_password(browser, MARIE.email).await?;
    let code = demo.code(MARIE.email, browser.word("confirmez votre adresse")).await?;
    browser.press("Saisir le code du message").await?;
    browser.page("Le code du message").await?;
    browser.fill("code", if code.starts_with('7') { "1234 5678" } else { "7777-7777" }).await?;
    browser.press("Continuer").await?;
    browser.says("Ce code n'est pas le bon").await?;
    browser.page("Le code du message").await?;
    browser.fill("code", &code).await?;
    browser.press("Continuer").await?;
    browser.page("Conditions Générales").await?;
    browser.press("Continuer").await?;
    browser.says("La case n'est pas cochée").await?;
    browser.page("Conditions Générales").await?;
    accept_terms(browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Marie Durand").await
}

async fn old_identifier(browser: &Browser, demo: &Demo) -> Result<()> {
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    knock(browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(browser, MARIE.identifier, MARIE.old_password).await?;
    browser.says("Cet identifiant ne peut plus être utilisé").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.press("Me connecter avec mon adresse email").await?;
    browser.page("Mon compte immobilier").await?;
    sign_in(browser, MARIE.email, "ce n'est pas le bon").await?;
    browser.says("Mot de passe invalide").await?;
    browser.page("Mon compte immobilier").await?;
    ensure!(browser.tick("keep").await?, "the box cannot be ticked");
    sign_in(browser, MARIE.email, PASSWORD).await?;
    browser.page("Bonjour Marie Durand").await
}

async fn next_agency(browser: &Browser, demo: &Demo) -> Result<()> {
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
    browser.press("Rattacher").await?;
    browser.page("Bonjour Marie Durand").await
}

/// Checks that the account's front page greets the person in their language.
async fn at_home(browser: &Browser, name: &str) -> Result<()> {
    browser.page(&format!("{} {name}", browser.word("Bonjour"))).await
}

async fn part(browser: &Browser, demo: &Demo, path: &str, heading: &str) -> Result<()> {
    browser.go(&demo.provider(path)).await?;
    browser.page(heading).await
}

async fn account(browser: &Browser, demo: &Demo) -> Result<()> {
    browser.go(&demo.provider("/account")).await?;
    at_home(browser, "Marie Durand").await?;
    for (path, heading) in [("/account/agencies", "Mes agences"), ("/account/sessions", "Mes appareils")] {
        part(browser, demo, path, heading).await?;
        browser.press("Mon compte").await?;
        at_home(browser, "Marie Durand").await?;
    }
    part(browser, demo, "/account/acceptances", "Mes accords").await?;
    let receipt = browser.find("a.tile").await?.attr("href").await?.context("a receipt has an address")?;
    part(browser, demo, &receipt, "Reçu de votre accord").await?;
    browser.says("Le texte que vous avez accepté").await?;
    browser.press("Mes accords").await?;
    browser.page("Mes accords").await?;

    part(browser, demo, "/account/name", "Mon nom").await?;
    browser.fill("name", NAME).await?;
    browser.press("Enregistrer").await?;
    browser.says("Votre nom est enregistré").await?;
    at_home(browser, NAME).await?;

    // To the other language and back.
    let other = browser.either("language-en", "language-fr");
    part(browser, demo, "/account/language", "Ma langue").await?;
    browser.choose(other).await?;
    browser.press("Enregistrer").await?;
    browser.find(browser.either("html[lang=en]", "html[lang=fr]")).await?;
    browser.go(&demo.provider("/account/language")).await?;
    browser.choose(browser.either("language-fr", "language-en")).await?;
    browser.submit().await?;
    at_home(browser, NAME).await?;

    part(browser, demo, "/account/password", "Mon mot de passe").await?;
    browser.fill("current", PASSWORD).await?;
    browser.fill("password", "court").await?;
    browser.press("Enregistrer").await?;
    browser.says("Ce mot de passe ne convient pas").await?;
    browser.page("Mon mot de passe").await?;
    browser.fill("current", PASSWORD).await?;
    browser.fill("password", NEW_PASSWORD).await?;
    browser.press("Enregistrer").await?;
    browser.says("Votre nouveau mot de passe est enregistré").await?;
    at_home(browser, NAME).await
}

async fn another_address(browser: &Browser, demo: &Demo) -> Result<()> {
    part(browser, demo, "/account/email", "Mon adresse email").await?;
    browser.fill("email", NEW_EMAIL).await?;
    browser.fill("password", NEW_PASSWORD).await?;
    browser.press("Continuer").await?;
    browser.page("Confirmez votre nouvelle adresse").await?;
    let about = browser.word("confirmez votre nouvelle adresse");
    let link = demo.link(NEW_EMAIL, about, "/new-address?token=").await?;
    browser.go(&link).await?;
    browser.page("Confirmer ma nouvelle adresse").await?;
    browser.press("Confirmer cette adresse").await?;
    browser.says("Votre nouvelle adresse est enregistrée").await?;
    browser.press("Me déconnecter").await?;
    browser.page(browser.either("Vous êtes déconnecté", "You are signed out")).await
}

async fn new_terms(browser: &Browser, demo: &mut Demo) -> Result<()> {
    demo.publish_terms("2026-11-b", "2026-11", ["effective = \"2026-11-01\"", "effective = \"2026-11-02\""])?;
    demo.restart().await?;
    knock(browser, &demo.tilleuls("/")).await?;
    sign_in(browser, NEW_EMAIL, NEW_PASSWORD).await?;
    browser.page("Conditions Générales").await?;
    browser.press("Je refuse").await?;
    browser.page("Vous n'avez pas accepté les conditions").await?;
    browser.press("Relire les conditions").await?;
    browser.page("Conditions Générales").await?;
    accept_terms(browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await
}

async fn locked_and_unlocked(browser: &Browser, demo: &Demo) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    for _ in 0..4 {
        sign_in(browser, NEW_EMAIL, "ce n'est pas le bon").await?;
        browser.says("Mot de passe invalide").await?;
        browser.page("Mon compte immobilier").await?;
    }
    sign_in(browser, NEW_EMAIL, "ce n'est pas le bon").await?;
    browser.says("Le compte est bloqué").await?;
    browser.page("Mon compte immobilier").await?;
    demo.mail(NEW_EMAIL, browser.word("votre compte est bloqué")).await?;
    browser.press("Choisir un nouveau mot de passe").await?;
    browser.page("Mot de passe oublié").await?;
    browser.fill("email", NEW_EMAIL).await?;
    browser.press("Recevoir le lien").await?;
    browser.page("regardez vos messages").await?;
    // No second link is mailed within a minute: use the one in the message about the lock.
    let about = browser.word("votre compte est bloqué");
    let link = demo.link(NEW_EMAIL, about, "/reset?token=").await?;
    browser.go(&link).await?;
    browser.page("Choisissez un nouveau mot de passe").await?;
    browser.fill("password", LAST_PASSWORD).await?;
    browser.press("Enregistrer ce mot de passe").await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.go(&link).await?;
    browser.page("Ce lien ne fonctionne plus").await
}
