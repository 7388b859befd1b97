//! Successful sign-ins.

use serde_json::json;

use crate::provider::{SigningKey, parameters};
use crate::{CLIENT_ID, Stage};

#[tokio::test]
async fn a_client_signs_in_and_sees_their_space() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get("/").await.says("Mon espace client");
    assert_eq!(browser.get("/espace").await.location(), "/login");

    let space = browser.sign_in(&stage.provider).await;

    for text in [
        "Bonjour Mme Claire Martin",
        "Appartement B12",
        "12 rue des Tilleuls",
        "123,45\u{a0}€",
        "412,50\u{a0}€",
        "1er\u{a0}octobre 2026",
        "À régler",
        "12\u{a0}juin 2026",
        "Votre gestionnaire",
        "Détails de connexion",
        "claire.martin@example.org",
        "(vérifiée)",
        "pairwise-7f3a",
        "sid-1",
        "C-1042",
        "Rafraîchir",
        "2026-11-23 10:10:00 UTC",
    ] {
        space.says(text);
    }
    // The agency's texts are text, never markup.
    space.says("&lt;jeudi&gt;");
    space.does_not_say("<jeudi>");
    space.does_not_say("Monsieur Secret");
    assert_eq!(space.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_authorization_request_says_what_it_must() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let first = browser.begin().await;
    let asked = parameters(&first);
    assert!(first.as_str().starts_with(&format!("{}/authorize?", stage.provider.issuer)), "{first}");
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert_eq!(asked["redirect_uri"], format!("{}/callback", stage.base));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["code_challenge"].len(), 43);
    let mut scopes: Vec<&str> = asked["scope"].split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "openid", "profile"]);
    assert!(!asked.contains_key("migration_ticket"));
    let again = parameters(&browser.begin().await);
    for name in ["state", "nonce", "code_challenge"] {
        assert!(asked[name].len() >= 43, "{name} has 256 bits");
        assert_ne!(asked[name], again[name], "{name} is new each time");
    }
}

#[tokio::test]
async fn two_tabs_sign_in_side_by_side() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let (one, two) = (browser.begin().await, browser.begin().await);
    let (back_one, back_two) = (stage.provider.approve(&one), stage.provider.approve(&two));
    assert_eq!(browser.come_back(&back_two).await.location(), "/espace");
    assert_eq!(browser.come_back(&back_one).await.location(), "/espace");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn every_sign_in_gets_a_session_of_its_own() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.set_cookie("tilleuls=chosen-by-somebody-else; Path=/");
    browser.sign_in(&stage.provider).await;
    let first = browser.cookie("tilleuls").expect("a session");
    assert_ne!(first, "chosen-by-somebody-else");

    let back = stage.provider.approve(&{
        let page = browser.get(&format!("/initiate-login?iss={}", stage.provider.issuer)).await;
        page.location().parse().expect("an address")
    });
    browser.come_back(&back).await;
    let second = browser.cookie("tilleuls").expect("a session");
    assert_ne!(first, second);
    assert!(browser.is_signed_in().await);

    let thief = stage.browser();
    thief.set_cookie(&format!("tilleuls={first}; Path=/"));
    assert!(!thief.is_signed_in().await, "the session before is dead");
}

#[tokio::test]
async fn cookies_are_kept_from_scripts_and_other_sites() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let login = browser.get("/login").await;
    let back = stage.provider.approve(&login.location().parse().expect("an address"));
    let callback = browser.come_back(&back).await;
    let all: Vec<&str> = [login.cookies_set(), callback.cookies_set()].concat();
    assert_eq!(all.len(), 2, "{all:?}");
    for cookie in all {
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        assert!(!cookie.contains("Domain") && !cookie.contains("Secure"), "{cookie}");
    }
}

#[tokio::test]
async fn several_dossiers_are_offered_and_only_ones_own_open() {
    let stage = Stage::start().await;
    stage.provider.script().userinfo["client_refs"] = json!(["C-1042", "C-2001", "C 7/é"]);
    let browser = stage.signed_in().await;
    let choice = browser.get("/espace").await;
    choice.says("Dossier C-1042");
    choice.says("Appartement B12");
    choice.says("/espace?dossier=C+7%2F%C3%A9");
    choice.does_not_say("412,50");

    browser.get("/espace?dossier=C-2001").await.says("Bonjour SCI Martin");
    browser.get("/espace?dossier=C+7%2F%C3%A9").await.says("Votre dossier se prépare");
    let foreign = browser.get("/espace?dossier=C-9999").await;
    foreign.does_not_say("Monsieur Secret");
    foreign.says("Lequel souhaitez-vous consulter");
}

#[tokio::test]
async fn nobody_s_dossier_is_said_kindly() {
    for refs in [json!([]), json!(null)] {
        let stage = Stage::start().await;
        stage.provider.script().userinfo["client_refs"] = refs;
        let browser = stage.signed_in().await;
        browser.get("/espace").await.says("Aucun dossier ne vous est encore rattaché");
        browser.get("/espace?dossier=C-1042").await.does_not_say("Mme Claire Martin");
    }
}

#[tokio::test]
async fn claims_of_the_id_token_do_where_userinfo_is_silent() {
    let stage = Stage::start().await;
    stage.provider.script().userinfo = json!({});
    stage.provider.script().id_token =
        json!({ "client_refs": ["C-2001"], "email": "sci@example.org", "email_verified": true });
    let browser = stage.signed_in().await;
    let space = browser.get("/espace").await;
    space.says("Bonjour SCI Martin");
    space.says("sci@example.org");
}

#[tokio::test]
async fn a_record_with_almost_nothing_is_shown() {
    let more = json!({ "C-3": {}, "C-4": { "calls": [{}], "documents": [{}], "messages": [{}], "properties": [{}], "odd": 1 } });
    let stage = Stage::start_with(&more).await;
    stage.provider.script().userinfo["client_refs"] = json!(["C-3", "C-4"]);
    let browser = stage.signed_in().await;
    browser.get("/espace?dossier=C-3").await.says("Bonjour Claire Martin");
    browser.get("/espace?dossier=C-4").await.says("Messages");
}

#[tokio::test]
async fn discovery_is_lazy_and_kept() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get("/").await;
    assert_eq!(stage.provider.asked("/.well-known/openid-configuration"), 0);
    for _ in 0..3 {
        stage.signed_in().await;
    }
    assert_eq!(stage.provider.asked("/.well-known/openid-configuration"), 1);
    stage.clock.advance(3_600);
    stage.signed_in().await;
    assert_eq!(stage.provider.asked("/.well-known/openid-configuration"), 2);
}

#[tokio::test]
async fn a_new_key_is_found_without_a_flood() {
    let stage = Stage::start().await;
    stage.signed_in().await;
    stage.clock.advance(60);
    stage.provider.script().keys = vec![SigningKey::rsa("rsa-2")];
    stage.signed_in().await;
    assert_eq!(stage.provider.asked("/jwks"), 2);

    // The portal looks for an unpublished key once, then not again for a while.
    let other = stage.browser();
    stage.clock.advance(60);
    stage.provider.sign_unpublished();
    for _ in 0..3 {
        let back = stage.provider.approve(&other.begin().await);
        assert_eq!(other.come_back(&back).await.status, 502);
    }
    assert_eq!(stage.provider.asked("/jwks"), 3);
}

#[tokio::test]
async fn an_rsa_signature_is_as_good() {
    let stage = Stage::start().await;
    stage.provider.script().keys = vec![SigningKey::rsa("rsa-1")];
    assert!(stage.signed_in().await.is_signed_in().await);
}
