//! "Each journey works without JavaScript."

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, SCRIPTLESS},
    demo::Demo,
    walk::{
        KARIM, PASSWORD, accept_terms, choose_email_and_password, confirm, give_old_identifiers, knock,
        sign_in,
    },
};

/// SPEC J2 and J1 in a browser that runs no scripts.
#[tokio::test]
async fn the_move_and_the_sign_in_need_no_scripts() -> Result<()> {
    let Some(browser) = Browser::open(SCRIPTLESS).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    // The button to show the password needs a script, so it must be hidden. This also proves that scripts are off.
    ensure!(!browser.find("button[data-reveal]").await?.is_displayed().await?, "a button that does nothing");
    give_old_identifiers(&browser, KARIM.identifier, KARIM.old_password).await?;
    choose_email_and_password(&browser, KARIM.email).await?;
    confirm(&browser, &demo, KARIM.email).await?;
    accept_terms(&browser).await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Karim").await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    sign_in(&browser, KARIM.email, PASSWORD).await?;
    browser.page("Bonjour Karim").await?;
    browser.close().await
}
