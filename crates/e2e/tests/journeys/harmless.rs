//! Unexpected but harmless acts: a double click, the back button, five tabs, a bookmark (PEOPLE U-38, U-39, U-41, U-45).

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, DESK},
    demo::Demo,
    wait::until,
    walk::{
        KARIM, ODETTE, PASSWORD, accept_terms, choose_email_and_password, confirm, give_old_identifiers,
        knock, move_over, sign_in,
    },
};

/// Each button of the move is pressed twice as fast as a hand can, and after each step the person goes back and forth: one account, one agreement, and
/// the portal at the end.
#[tokio::test]
async fn a_double_click_and_the_back_button_are_harmless() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    browser.press("Utiliser mes anciens identifiants").await?;
    browser.page("Vos anciens identifiants").await?;
    browser.fill("identifier", KARIM.identifier).await?;
    browser.fill("password", KARIM.old_password).await?;
    browser.press_twice("Continuer").await?;
    browser.page("Votre accès change").await?;
    browser.press_twice("Étape suivante").await?;
    browser.page("Votre adresse email").await?;
    back_and_forth(&browser, "Votre adresse email").await?;
    browser.press_twice("Continuer").await?;
    browser.page("Choisissez un mot de passe").await?;
    browser.fill("password", PASSWORD).await?;
    browser.press_twice("Continuer").await?;
    browser.page("Regardez vos messages").await?;
    back_and_forth(&browser, "Regardez vos messages").await?;
    confirm(&browser, &demo, KARIM.email).await?;
    browser.press("Aller à la fin du texte").await?;
    ensure!(browser.tick("accept").await?, "the box cannot be ticked");
    browser.press_twice("Continuer").await?;
    browser.page("Vous êtes maintenant connecté").await?;
    ensure!(demo.count(KARIM.email, "votre compte est prêt").await? == 1, "one account, one mail");
    // The page of the step before says where the person is now, not that something went wrong.
    back_and_forth(&browser, "Vous êtes maintenant connecté").await?;
    browser.press("Ouvrir mon espace client Agence des Tilleuls").await?;
    at_the_portal(&browser, "Bonjour Karim").await?;
    browser.close().await
}

/// Goes back to a page with a way on, and forward to the page where the person was.
async fn back_and_forth(browser: &Browser, heading: &str) -> Result<()> {
    browser.back().await?;
    browser.page("").await?;
    browser.driver()?.forward().await?;
    browser.page(heading).await
}

/// An authorization request that ended a moment ago is answered once more, for those who click twice; a portal that was answered already says so, and its
/// one button leads in without a question.
async fn at_the_portal(browser: &Browser, heading: &str) -> Result<()> {
    let came = until(async || {
        let text = browser.find("h1").await.ok()?.text().await.ok()?;
        let stale = text.contains("n’est plus valable");
        (stale || text.contains(heading)).then_some(stale)
    });
    if came.await == Some(true) {
        browser.press("Se connecter").await?;
    }
    browser.page(heading).await
}

/// Five tabs at the portal's door: the person signs in in the last one, and each of the others goes on without the password (PEOPLE U-41). Afterwards a
/// sign-in page kept as a bookmark leads to a sign-in all the same, signed in or not.
#[tokio::test]
async fn five_tabs_and_a_bookmark_are_harmless() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&browser, &demo, &ODETTE).await?;
    browser.press("Se déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    let driver = browser.driver()?;
    let mut tabs = vec![driver.window().await?];
    knock(&browser, &demo.tilleuls("/")).await?;
    let bookmark = browser.address().await?;
    for _ in 1..5 {
        let tab = driver.new_tab().await?;
        driver.switch_to_window(tab.clone()).await?;
        tabs.push(tab);
        browser.go(&demo.tilleuls("/login")).await?;
        browser.page("Mon compte immobilier").await?;
    }
    sign_in(&browser, ODETTE.email, PASSWORD).await?;
    browser.page("Bonjour Odette").await?;
    for tab in tabs.iter().take(4).rev() {
        driver.switch_to_window(tab.clone()).await?;
        driver.refresh().await?;
        at_the_portal(&browser, "Bonjour Odette").await?;
        ensure!(browser.address().await?.starts_with(&demo.tilleuls("/")), "it ends somewhere else");
    }
    // The bookmark is of an authorization request that is over.
    browser.go(&bookmark).await?;
    at_the_portal(&browser, "Bonjour Odette").await?;
    browser.go(&demo.provider("/")).await?;
    browser.page("Bonjour Odette").await?;
    browser.press("Me déconnecter").await?;
    browser.page("Vous êtes déconnecté").await?;
    browser.go(&bookmark).await?;
    browser.page("Mon compte immobilier").await?;
    sign_in(&browser, ODETTE.email, PASSWORD).await?;
    at_the_portal(&browser, "Bonjour Odette").await?;
    // Another browser does not have that request: it goes on at the agency's sign-in page, which says why.
    let Some(stranger) = Browser::open(DESK).await? else { return Ok(()) };
    stranger.go(&bookmark).await?;
    stranger.page("Mon compte immobilier").await?;
    stranger.says("commencée dans un autre navigateur").await?;
    stranger.close().await?;
    browser.close().await
}

/// After a break the old credentials lead back to the step where the person was (SPEC J2).
#[tokio::test]
async fn a_half_made_move_is_taken_up_again_from_the_old_credentials() -> Result<()> {
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(&browser, KARIM.identifier, KARIM.old_password).await?;
    choose_email_and_password(&browser, KARIM.email).await?;
    // The person begins again at the portal, and is where they were.
    knock(&browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(&browser, KARIM.identifier, KARIM.old_password).await?;
    browser.page("Regardez vos messages").await?;
    confirm(&browser, &demo, KARIM.email).await?;
    accept_terms(&browser).await?;
    browser.close().await
}
