//! SPEC J7: "A new version in config asks everybody again at their next sign-in."

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, DESK},
    demo::Demo,
    walk::{KARIM, PASSWORD, accept_terms, knock, move_over, sign_in},
};

#[tokio::test]
async fn a_new_version_of_the_terms_asks_again() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let mut demo = Demo::start().await?;
    move_over(&browser, &demo, &KARIM).await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    let receipts = demo.count(KARIM.email, "les conditions que vous avez acceptées").await?;

    demo.publish_terms("2026-11-b", "2026-11", ["effective = \"2026-11-01\"", "effective = \"2026-11-02\""])?;
    demo.restart().await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    sign_in(&browser, KARIM.email, PASSWORD).await?;
    browser.page("Conditions Générales").await?;
    browser.says("2026-11-b").await?;
    // A refusal is possible, explained, and leads back.
    browser.press("Je refuse").await?;
    browser.page("Vous n'avez pas accepté les conditions").await?;
    browser.press("Relire les conditions").await?;
    browser.page("Conditions Générales").await?;
    accept_terms(&browser).await?;
    // "and gives the person a receipt (on screen, by mail …)".
    browser.says("2026-11-b").await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    browser.page("Bonjour Karim").await?;
    demo.mail(KARIM.email, "les conditions que vous avez acceptées").await?;
    let more = crate::wait::until(async || {
        let now = demo.count(KARIM.email, "les conditions que vous avez acceptées").await.ok()?;
        (now == receipts + 1).then_some(())
    });
    ensure!(more.await.is_some(), "no mail is the receipt of the new version");

    // Once accepted, the next sign-in asks nothing more.
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    sign_in(&browser, KARIM.email, PASSWORD).await?;
    browser.page("Bonjour Karim").await?;
    browser.close().await
}
