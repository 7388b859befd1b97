//! SPEC J9, and the pages beside the journeys, at the width of a small phone.

use anyhow::Result;

use crate::{
    browser::{Browser, PHONE},
    demo::Demo,
    walk::{MARIE, knock, move_over},
};

/// SPEC J9: "the steps in pictures and words; what to do when the mail does not come … and at last the agency's phone, email and opening
/// hours." Each page is looked at as it comes: one heading, a language, labels, nothing wider than 320 pixels.
#[tokio::test]
async fn the_pages_beside_the_journeys_fit_a_small_phone() -> Result<()> {
    let Some(phone) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    knock(&phone, &demo.tilleuls("/")).await?;
    phone.press("Besoin d'aide pour se connecter ?").await?;
    phone.page("Aide").await?;
    for words in
        ["Indésirables", "bloqué", "02 61 91 00 00", "contact@tilleuls.example", "du lundi au vendredi"]
    {
        phone.says(words).await?;
    }
    // Without a portal the agency is asked first.
    phone.go(&demo.provider("/attach")).await?;
    phone.page("Choisissez votre agence").await?;
    phone.go(&demo.provider("/reset?token=nothing")).await?;
    phone.page("Ce lien ne fonctionne plus").await?;
    phone.go(&demo.provider("/confirm?token=nothing")).await?;
    phone.page("Ce lien ne fonctionne plus").await?;
    phone.go(&demo.provider("/nowhere")).await?;
    phone.page("").await?;
    move_over(&phone, &demo, &MARIE).await?;
    phone.go(&demo.provider("/")).await?;
    phone.page("Bonjour Marie Durand").await?;
    phone.press("Me déconnecter").await?;
    phone.page("Vous êtes déconnecté").await?;
    phone.close().await
}

/// "Each journey works … on a phone": the agency's own site is where it begins and ends.
#[tokio::test]
async fn the_portal_fits_a_small_phone() -> Result<()> {
    let Some(phone) = Browser::open(PHONE).await? else { return Ok(()) };
    let demo = Demo::start().await?;
    phone.go(&demo.tilleuls("/")).await?;
    phone.page("Agence des Tilleuls").await?;
    phone.go(&demo.tilleuls("/anciens-identifiants")).await?;
    phone.page("Mes anciens identifiants").await?;
    move_over(&phone, &demo, &MARIE).await?;
    phone.page("Bonjour Marie Durand").await?;
    phone.press("Se déconnecter").await?;
    phone.page("Vous êtes déconnecté").await?;
    phone.close().await
}
