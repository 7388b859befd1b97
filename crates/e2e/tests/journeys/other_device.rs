//! SPEC J2.5: "the link, opened on *any* device or browser".

use anyhow::Result;

use crate::{
    browser::{Browser, DESK, PHONE},
    demo::Demo,
    walk::{
        KARIM, MAELLE, PASSWORD, Person, accept_terms, choose_email_and_password, confirm,
        give_old_identifiers, knock, sign_in,
    },
};

/// "Opening it (a mail scanner, a preview) changes nothing; signing in on it does." The phone ends signed in; the first browser, which
/// was asleep meanwhile, goes on by itself to the sign-in page and says that the account is ready.
#[tokio::test]
async fn the_mailed_link_works_on_another_device() -> Result<()> {
    let Some(first) = Browser::open(DESK).await? else { return Ok(()) };
    let Some(phone) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    wait_for_mail(&first, &demo, &MAELLE).await?;
    let link = demo.link(MAELLE.email, "confirmez votre adresse", "/confirm?token=").await?;
    demo.scan(&link).await?;
    demo.scan(&link).await?;
    first.online(false).await?;
    confirm(&phone, &demo, MAELLE.email).await?;
    accept_terms(&phone).await?;
    phone.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    phone.arrive("Bonjour Maëlle").await?;
    first.online(true).await?;
    first.says("Votre compte est prêt").await?;
    first.page("Mon compte immobilier").await?;
    sign_in(&first, MAELLE.email, PASSWORD).await?;
    first.page("Bonjour Maëlle").await?;
    first.close().await?;
    phone.close().await
}

/// The first browser goes on to the terms as soon as the address is confirmed. If the phone accepts them first, the first browser only
/// has to sign in.
#[tokio::test]
async fn the_first_browser_goes_on_by_itself() -> Result<()> {
    let Some(first) = Browser::open(DESK).await? else { return Ok(()) };
    let Some(phone) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    wait_for_mail(&first, &demo, &KARIM).await?;
    confirm(&phone, &demo, KARIM.email).await?;
    first.page("Conditions Générales").await?;
    accept_terms(&phone).await?;
    first.press("Aller à la fin du texte").await?;
    first.tick("accept").await?;
    first.press("Continuer").await?;
    first.says("Votre compte est prêt").await?;
    first.page("Mon compte immobilier").await?;
    first.close().await?;
    phone.close().await
}

async fn wait_for_mail(first: &Browser, demo: &Demo, person: &Person) -> Result<()> {
    knock(first, &demo.tilleuls("/")).await?;
    give_old_identifiers(first, person.identifier, person.old_password).await?;
    choose_email_and_password(first, person.email).await
}
