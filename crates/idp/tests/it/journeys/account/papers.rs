use std::sync::Arc;

use accounts::TermsLibrary;
use http::StatusCode;
use testbed::{apply, both};

use super::{MARIE, PAUL, at_home};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World, terms},
};

/// SPEC J11: "linked agencies", with the agency's own references, one click to each, and the way to attach another one.
#[apply(both!)]
#[tokio::test]
async fn a_person_sees_their_agencies_and_attaches_another(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    let page = marie.open("/account/agencies").await;
    page.says("Agence des Tilleuls Votre référence CT-1 Rattachée depuis le 23 novembre 2026")
        .says_not("Cabinet Rivage");
    assert!(page.links().contains(&"https://tilleuls.test/".to_owned()), "{:?}", page.links());
    assert!(page.links().contains(&"/attach".to_owned()));
    world.bed.clock.advance(86_400);
    marie = at_home(&world, MARIE).await;
    marie.open("/attach").await;
    let rivage = marie.screen.links().into_iter().find(|l| l.ends_with("agency=rivage")).unwrap();
    marie.open(&rivage).await;
    marie.submit("/legacy", &[("identifier", "102"), ("password", "Vieux-Secret 3")]).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    marie.submit("/link", &[]).await;
    marie.open("/account/agencies").await.says(
        "Cabinet Rivage Votre référence CT-3 Rattachée depuis le 24 novembre 2026 Ouvrir mon espace client",
    );
}

/// SPEC J2.7, J11: a sheet to print that says how to sign in again, offered at the end of the move and in the account. It holds everything but the
/// password, works without scripts, and is shown to its owner alone.
#[apply(both!)]
#[tokio::test]
async fn a_person_takes_along_a_sheet_that_holds_everything_but_the_password(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await;
    marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    assert!(marie.screen.links().contains(&"/account/memo".to_owned()), "at the end of the move");
    let host = world.issuer().trim_start_matches("http://").to_owned();
    marie
        .open("/account/memo")
        .await
        .says(&format!("Votre adresse email {MARIE} Mot de passe Celui que vous avez choisi."))
        .says(&format!("La page de connexion {host}"))
        .says("Ouvrez votre espace client : tilleuls.test, puis choisissez de vous connecter.")
        .says("Compte bloqué : après 5 mots de passe invalides")
        .says("Un message vous apporte un lien, valable 30 minutes.")
        .says("Agence des Tilleuls Espace client tilleuls.test Téléphone 02 97 00 00 01")
        .says("N'écrivez jamais votre mot de passe ici.")
        .says_not(PASSWORD)
        .says_not("Vieux-Secret")
        .says_not("Cabinet Rivage");
    // What a script would do is not there before it runs; the sheet is, in the style for paper.
    assert!(marie.screen.body.contains("id=\"print\" hidden"), "{}", marie.screen.body);
    assert!(marie.screen.field("password").is_none());
    marie.open("/").await;
    assert!(marie.screen.links().contains(&"/account/memo".to_owned()), "in the account");
    marie.open("/account/memo?hl=en").await.says("My sign-in sheet").says("To sign in").says(MARIE);
    let mut nobody = world.visitor();
    nobody.open("/account/memo").await.says("Mot de passe oublié ?").says_not(MARIE);
}

/// SPEC J7: each acceptance "gives the person a receipt (on screen, by mail, and later in the account page)". The text is the one that was accepted, or
/// the page says that it is gone.
#[apply(both!)]
#[tokio::test]
async fn a_receipt_shows_the_text_as_it_was_accepted_or_says_that_it_is_gone(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", PAUL).await;
    let first = terms("2026-11", 0, true);
    let sha256 = first.editions["fr"].sha256.clone();
    let grouped: Vec<&str> = (0..8).map(|n| &sha256[8 * n..8 * n + 8]).collect();
    // A newer version holds; the older one is what was accepted.
    world.terms.store(Arc::new(TermsLibrary::new(vec![first, terms("2026-12", 1, false)])));
    let mut marie = at_home(&world, MARIE).await;
    marie.open("/account/acceptances").await.says("Conditions, version 2026-11").says_not("2026-12");
    marie.screen.says("Acceptées le 23 novembre 2026, avec Agence des Tilleuls");
    let receipt = marie.screen.links().into_iter().find(|l| l.starts_with("/account/acceptances/")).unwrap();
    marie
        .open(&receipt)
        .await
        .says("Article 1. Objet. 2026-11")
        .says(&grouped.join(" "))
        .says("23 novembre 2026 à 11 h 00 (heure de Paris)")
        .says("Langue du texte Français")
        .says(MARIE);
    // Nobody else's: a number in the address is no key.
    let mut paul = at_home(&world, PAUL).await;
    paul.open(&receipt).await.says("Page introuvable").says_not(MARIE);
    assert_eq!(paul.screen.status, StatusCode::NOT_FOUND);
    // Another text under the same name is not what was accepted; neither is none.
    let changed = accounts::TermsVersion {
        editions: terms("autre chose", 0, true).editions,
        ..terms("2026-11", 0, false)
    };
    for held in [vec![changed], vec![terms("2026-12", 0, false)]] {
        world.terms.store(Arc::new(TermsLibrary::new(held)));
        marie.open(&receipt).await.says("Le texte n'est plus ici").says(&grouped.join(" "));
        marie.screen.says_not("Article 1");
    }
    marie.open("/account/acceptances/nonsense").await;
    assert_eq!(marie.screen.status, StatusCode::BAD_REQUEST);
}
