//! SPEC J11: "my account".

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, DESK, PHONE, SCRIPTLESS},
    demo::Demo,
    walk::{MARIE, ODETTE, PASSWORD, move_over, sign_in},
};

const NEW_PASSWORD: &str = "trois hiboux gris chantent";
const NEW_EMAIL: &str = "marie.d@ailleurs.test";

/// Follows the link from the account's front page to one of its pages.
async fn part(browser: &Browser, demo: &Demo, path: &str, heading: &str) -> Result<()> {
    browser.go(&demo.provider("/account")).await?;
    browser.page("Bonjour Marie Durand").await?;
    browser.find(&format!("a[href='{path}']")).await?.click().await?;
    browser.page(heading).await
}

/// "Name, email change, password, … linked agencies, devices and sessions (end one, end all), acceptances and receipts, language".
#[tokio::test]
async fn a_person_looks_after_their_account() -> Result<()> {
    let Some(desk) = Browser::open(DESK).await? else { return Ok(()) };
    let Some(phone) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&desk, &demo, &MARIE).await?;

    phone.go(&demo.provider("/")).await?;
    phone.page("Mon compte immobilier").await?;
    sign_in(&phone, MARIE.email, PASSWORD).await?;
    phone.page("Bonjour Marie Durand").await?;
    demo.mail(MARIE.email, "nouvelle connexion").await?;
    for (path, heading) in [
        ("/account/agencies", "Mes agences"),
        ("/account/acceptances", "Mes accords"),
        ("/account/sessions", "Mes appareils"),
        ("/account/password", "Mon mot de passe"),
        ("/account/email", "Mon adresse email"),
        ("/account/name", "Mon nom"),
        ("/account/language", "Ma langue"),
    ] {
        part(&phone, &demo, path, heading).await?;
    }

    part(&desk, &demo, "/account/acceptances", "Mes accords").await?;
    desk.find("a.tile").await?.click().await?;
    desk.page("Reçu de votre accord").await?;
    desk.says("Le texte que vous avez accepté").await?;

    part(&desk, &demo, "/account/sessions", "Mes appareils").await?;
    desk.press("Déconnecter (Chrome sur Linux)").await?;
    desk.says("C'est fait").await?;
    desk.says("n'est ouvert sur aucun autre appareil").await?;
    phone.go(&demo.provider("/account")).await?;
    phone.page("Mon compte immobilier").await?;

    part(&desk, &demo, "/account/password", "Mon mot de passe").await?;
    desk.fill("current", PASSWORD).await?;
    desk.fill("password", NEW_PASSWORD).await?;
    desk.says("Toutes les règles sont remplies").await?;
    desk.press("Enregistrer").await?;
    desk.says("Votre nouveau mot de passe est enregistré").await?;
    demo.mail(MARIE.email, "votre mot de passe a été changé").await?;

    part(&desk, &demo, "/account/email", "Mon adresse email").await?;
    desk.fill("email", NEW_EMAIL).await?;
    desk.fill("password", NEW_PASSWORD).await?;
    desk.press("Continuer").await?;
    desk.page("Confirmez votre nouvelle adresse").await?;
    demo.mail(MARIE.email, "une autre adresse est demandée").await?;
    let link = demo.link(NEW_EMAIL, "confirmez votre nouvelle adresse", "/new-address?token=").await?;
    demo.scan(&link).await?;
    phone.go(&link).await?;
    phone.page("Confirmer ma nouvelle adresse").await?;
    ensure!(!phone.address().await?.contains("token"), "the token stays in the address bar");
    phone.fill("password", NEW_PASSWORD).await?;
    phone.press("Confirmer cette adresse").await?;
    phone.says("Votre nouvelle adresse est enregistrée").await?;
    phone.says(NEW_EMAIL).await?;

    let link = demo.link(MARIE.email, "votre adresse a été remplacée", "/take-back?token=").await?;
    desk.go(&link).await?;
    desk.page("Ce n'était pas moi").await?;
    desk.fill("password", PASSWORD).await?;
    desk.press("Reprendre mon compte").await?;
    desk.says("Votre compte est de nouveau à vous").await?;
    desk.says(MARIE.email).await?;
    desk.close().await?;
    phone.close().await
}

/// The same pages without JavaScript, and in the other language by the link in the footer.
#[tokio::test]
async fn the_account_needs_no_scripts_and_speaks_both_languages() -> Result<()> {
    let Some(browser) = Browser::open(SCRIPTLESS).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&browser, &demo, &ODETTE).await?;
    browser.go(&demo.provider("/account/name")).await?;
    browser.page("Mon nom").await?;
    browser.fill("name", "Odette G.").await?;
    browser.press("Enregistrer").await?;
    browser.page("Bonjour Odette G.").await?;
    browser.press("English").await?;
    browser.page("Hello Odette G.").await?;
    browser.go(&demo.provider("/account/password")).await?;
    browser.page("My password").await?;
    browser.fill("current", PASSWORD).await?;
    browser.fill("password", NEW_PASSWORD).await?;
    browser.press("Save").await?;
    browser.says("Your new password is saved").await?;
    browser.press("Français").await?;
    browser.page("Bonjour Odette G.").await?;
    browser.close().await
}
