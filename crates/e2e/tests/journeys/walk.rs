//! Steps that several journeys share, named as the person would name them.

use anyhow::{Context, Result, ensure};

use crate::{browser::Browser, demo::Demo};

/// The new password: four words without digits and capitals, so that it passes by its length alone.
pub(crate) const PASSWORD: &str = "quatre canards jaunes dansent";

/// Somebody of config/demo/people.toml, a client of `Agence des Tilleuls`.
pub(crate) struct Person {
    pub(crate) identifier: &'static str,
    pub(crate) old_password: &'static str,
    /// The address that the agency has.
    pub(crate) email: &'static str,
}

pub(crate) const MARIE: Person =
    Person { identifier: "00012345", old_password: "Tilleul-42", email: "marie.durand@exemple-mail.test" };
pub(crate) const MAELLE: Person = Person {
    identifier: "00031988",
    old_password: "Été à la mer 88",
    email: "maelle.hamelin@exemple-mail.test",
};
pub(crate) const KARIM: Person =
    Person { identifier: "00044100", old_password: "volets bleus", email: "karim.benali@exemple-mail.test" };
pub(crate) const ODETTE: Person = Person {
    identifier: "00050505",
    old_password: "mimosa-du-12",
    email: "odette.garnier@exemple-mail.test",
};
pub(crate) const BENOIT: Person = Person {
    identifier: "00060606",
    old_password: "Ascenseur3",
    email: "benoit.saint-aubin@exemple-mail.test",
};

/// Goes from the portal's front page to the provider's sign-in page.
pub(crate) async fn knock(browser: &Browser, portal: &str) -> Result<()> {
    browser.go(portal).await?;
    browser.find("a.button.large").await?;
    browser.press("Mon espace client").await?;
    browser.page("Mon compte immobilier").await
}

/// Sends the old identifiers on the provider's page.
pub(crate) async fn give_old_identifiers(browser: &Browser, identifier: &str, password: &str) -> Result<()> {
    browser.press("Utiliser mes anciens identifiants").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.fill("identifier", identifier).await?;
    browser.fill("password", password).await?;
    browser.press("Continuer").await
}

/// Walks notice, email and password, up to the page that asks to look at the mail.
pub(crate) async fn choose_email_and_password(browser: &Browser, email: &str) -> Result<()> {
    browser.page("Votre accès change").await?;
    browser.press("Étape suivante").await?;
    browser.page("Votre adresse email").await?;
    if browser.value("email").await? != email {
        browser.fill("email", email).await?;
    }
    browser.press("Continuer").await?;
    browser.page("Choisissez un mot de passe").await?;
    browser.fill("password", PASSWORD).await?;
    browser.press("Continuer").await?;
    browser.page("Regardez vos messages").await
}

/// Opens the mailed link and signs in on it.
pub(crate) async fn confirm(browser: &Browser, demo: &Demo, email: &str) -> Result<()> {
    let link = demo.link(email, browser.word("confirmez votre adresse"), "/confirm?token=").await?;
    browser.go(&link).await?;
    browser.page("Confirmez votre adresse").await?;
    ensure!(!browser.address().await?.contains("token"), "the token stays in the address bar");
    browser.fill("email", email).await?;
    browser.fill("password", PASSWORD).await?;
    browser.press("Connexion").await?;
    browser.page("Conditions Générales").await
}

/// Scrolls to the end of the terms, ticks the box and goes on.
pub(crate) async fn accept_terms(browser: &Browser) -> Result<()> {
    browser.press("Aller à la fin du texte").await?;
    ensure!(browser.tick("accept").await?, "the box cannot be ticked at the end of the terms");
    browser.press("Continuer").await?;
    browser.page("Vous êtes maintenant connecté").await
}

/// Walks the whole move at the first agency, up to its portal.
pub(crate) async fn move_over(browser: &Browser, demo: &Demo, person: &Person) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(browser, person.identifier, person.old_password).await?;
    choose_email_and_password(browser, person.email).await?;
    confirm(browser, demo, person.email).await?;
    accept_terms(browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.arrive("Bonjour").await
}

/// Sends email and password on the sign-in page.
pub(crate) async fn sign_in(browser: &Browser, email: &str, password: &str) -> Result<()> {
    browser.fill("email", email).await?;
    browser.fill("password", password).await?;
    browser.press("Connexion").await
}

/// The expiry of the provider's session cookie, in Unix seconds; `None` if it ends with the browser.
pub(crate) async fn session_ends(browser: &Browser) -> Result<Option<i64>> {
    let cookies = browser.driver()?.get_all_cookies().await?;
    let session =
        cookies.iter().find(|cookie| cookie.name == "mc_session").context("nobody is signed in here")?;
    Ok(session.expiry)
}
