//! Steps that several journeys share, in the person's words.

use anyhow::{Context, Result, ensure};

use crate::{browser::Browser, demo::Demo};

/// What the person will sign in with. Nothing of it is a rule's minimum by chance: four words, no digit, no capital.
pub(crate) const PASSWORD: &str = "quatre canards jaunes dansent";

/// Somebody of config/demo/people.toml, at the agency whose portal is `Agence des Tilleuls`.
pub(crate) struct Person {
    pub(crate) identifier: &'static str,
    pub(crate) old_password: &'static str,
    /// As the agency has it.
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

/// From the portal's front page to the provider's sign-in page.
pub(crate) async fn knock(browser: &Browser, portal: &str) -> Result<()> {
    browser.go(portal).await?;
    browser.find("a.button.large").await?;
    browser.press("Mon espace client").await?;
    browser.page("Mon compte immobilier").await
}

/// Old identifiers on the provider's page, sent.
pub(crate) async fn give_old_identifiers(browser: &Browser, identifier: &str, password: &str) -> Result<()> {
    browser.press("Utiliser mes anciens identifiants").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.fill("identifier", identifier).await?;
    browser.fill("password", password).await?;
    browser.press("Continuer").await
}

/// Notice, email, password: up to the page that asks to look at the mail.
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

/// To the end of the terms, tick, go on.
pub(crate) async fn accept_terms(browser: &Browser) -> Result<()> {
    browser.press("Aller à la fin du texte").await?;
    ensure!(browser.tick("accept").await?, "the box cannot be ticked at the end of the terms");
    browser.press("Continuer").await?;
    browser.page("Vous êtes maintenant connecté").await
}

/// The whole move at the first agency, up to its portal.
pub(crate) async fn move_over(browser: &Browser, demo: &Demo, person: &Person) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(browser, person.identifier, person.old_password).await?;
    choose_email_and_password(browser, person.email).await?;
    confirm(browser, demo, person.email).await?;
    accept_terms(browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.arrive("Bonjour").await
}

/// Email and password on the page that asks for them.
pub(crate) async fn sign_in(browser: &Browser, email: &str, password: &str) -> Result<()> {
    browser.fill("email", email).await?;
    browser.fill("password", password).await?;
    browser.press("Connexion").await
}

/// The cookie that is the session at the provider, and when it ends.
pub(crate) async fn session_ends(browser: &Browser) -> Result<Option<i64>> {
    let cookies = browser.driver()?.get_all_cookies().await?;
    let session =
        cookies.iter().find(|cookie| cookie.name == "mc_session").context("nobody is signed in here")?;
    Ok(session.expiry)
}
