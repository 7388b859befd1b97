//! SPEC J4, J5 and J6: refusals, their words, and the ways out.

use anyhow::{Result, ensure};

use crate::{
    browser::{Browser, PHONE},
    demo::Demo,
    walk::{MARIE, ODETTE, PASSWORD, give_old_identifiers, knock, move_over, sign_in},
};

/// SPEC J4: "Refused with a red message (icon and words too, never colour alone) … If, and only if, the legacy password is right, a masked
/// hint of that email is shown … One click leads to SPEC J1 with the portal kept."
#[tokio::test]
async fn an_old_identifier_is_refused_after_the_move() -> Result<()> {
    let Some(mover) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&mover, &demo, &MARIE).await?;
    mover.close().await?;
    let Some(browser) = Browser::open(PHONE).await? else { return Ok(()) };
    knock(&browser, &demo.tilleuls("/")).await?;
    give_old_identifiers(&browser, MARIE.identifier, "pas le bon").await?;
    browser.says("Identifiant ou mot de passe invalide").await?;
    ensure!(!browser.already_says("@e•••").await?, "a wrong old password earns a hint");
    browser.fill("password", MARIE.old_password).await?;
    browser.press("Continuer").await?;
    browser.says("Cet identifiant ne peut plus être utilisé").await?;
    browser.says("m•••••@e•••.test").await?;
    ensure!(!browser.already_says(MARIE.email).await?, "the whole address is shown");
    ensure!(browser.find("[role=alert] svg").await?.is_displayed().await?, "colour and words alone");
    browser.page("Vos anciens identifiants").await?;
    browser.press("Me connecter avec mon adresse email").await?;
    browser.page("Mon compte immobilier").await?;
    sign_in(&browser, MARIE.email, PASSWORD).await?;
    browser.arrive("Bonjour Marie Durand").await?;
    browser.close().await
}

/// SPEC J5: "the count goes down; the fifth failure locks … the right password no longer works until then." SPEC J6: "A new password … unlocks,
/// tells the owner by mail, and continues to the portal where it began."
#[tokio::test]
async fn five_wrong_passwords_lock_and_a_mailed_link_unlocks() -> Result<()> {
    let Some(mover) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    move_over(&mover, &demo, &ODETTE).await?;
    mover.close().await?;
    let Some(browser) = Browser::open(PHONE).await? else { return Ok(()) };
    fail_until_locked(&browser, &demo, ODETTE.email).await?;
    sign_in(&browser, ODETTE.email, PASSWORD).await?;
    browser.says("Le compte est bloqué").await?;
    demo.mail(ODETTE.email, "votre compte est bloqué").await?;

    browser.press("Choisir un nouveau mot de passe").await?;
    browser.page("Mot de passe oublié").await?;
    browser.fill("email", ODETTE.email).await?;
    browser.press("Recevoir le lien").await?;
    browser.page("regardez vos messages").await?;
    // No second link is mailed within a minute: use the one in the message about the lock.
    let link = demo.link(ODETTE.email, "votre compte est bloqué", "/reset?token=").await?;
    browser.go(&link).await?;
    browser.page("Choisissez un nouveau mot de passe").await?;
    browser.fill("password", "trois hiboux gris lisent").await?;
    browser.press("Enregistrer ce mot de passe").await?;
    browser.arrive("Bonjour Odette").await?;
    ensure!(browser.address().await?.starts_with(&demo.tilleuls("/espace")), "it began at another portal");
    demo.mail(ODETTE.email, "votre mot de passe a été changé").await?;
    // The account is unlocked, with the new password.
    browser.press("Se déconnecter").await?;
    browser.arrive("Vous êtes déconnecté").await?;
    knock(&browser, &demo.tilleuls("/")).await?;
    sign_in(&browser, ODETTE.email, "trois hiboux gris lisent").await?;
    browser.arrive("Bonjour Odette").await?;
    // "a single-use link".
    browser.go(&link).await?;
    browser.page("Ce lien ne fonctionne plus").await?;
    browser.close().await
}

/// SPEC J5: "The same sequence is shown for an address that has no account".
#[tokio::test]
async fn an_address_without_an_account_is_refused_in_the_same_words() -> Result<()> {
    let Some(browser) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    fail_until_locked(&browser, &demo, "personne@exemple-mail.test").await?;
    browser.press("Choisir un nouveau mot de passe").await?;
    browser.page("Mot de passe oublié").await?;
    browser.fill("email", "personne@exemple-mail.test").await?;
    browser.press("Recevoir le lien").await?;
    // SPEC J6: "the answer is always the same".
    browser.page("regardez vos messages").await?;
    browser.close().await
}

async fn fail_until_locked(browser: &Browser, demo: &Demo, email: &str) -> Result<()> {
    knock(browser, &demo.tilleuls("/")).await?;
    for words in [
        "Il vous reste 4 essais au plus avant que le compte ne soit bloqué",
        "Il vous reste 3 essais au plus",
        "Il vous reste 2 essais au plus",
        "Il vous reste 1 essai avant",
    ] {
        sign_in(browser, email, "ce n'est pas le bon").await?;
        browser.says(words).await?;
        browser.says("Mot de passe invalide").await?;
    }
    sign_in(browser, email, "ce n'est pas le bon").await?;
    browser.says("Le compte est bloqué").await?;
    browser.page("Mon compte immobilier").await
}
