//! Refreshing: on demand, on its own before the access token ends, and never twice with one refresh token.

use serde_json::json;

use crate::Stage;

#[tokio::test]
async fn the_button_brings_what_is_new() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    browser.get("/espace").await.says("2026-11-23 10:10:00 UTC");
    stage.clock.advance(120);
    stage.provider.script().userinfo["email"] = json!("nouvelle@example.org");

    let page = browser.post("/refresh", &[("dossier", "C-1042")]).await;

    assert_eq!(page.location(), "/espace?dossier=C-1042");
    assert_eq!(stage.provider.script().grants, ["authorization_code", "refresh_token"]);
    let space = browser.get("/espace").await;
    space.says("Votre connexion a été rafraîchie");
    space.says("nouvelle@example.org");
    space.says("2026-11-23 10:12:00 UTC");
    browser.get("/espace").await.does_not_say("Votre connexion a été rafraîchie");
    // The refresh token was rotated; the new one works too.
    browser.post("/refresh", &[]).await;
    assert_eq!(stage.provider.script().grants.len(), 3);
    browser.get("/espace").await.says("Votre connexion a été rafraîchie");
}

#[tokio::test]
async fn the_way_back_leads_nowhere_else() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    browser.get("/espace").await;
    for foreign in ["https://evil.example", "//evil.example", "C-9999"] {
        assert_eq!(browser.post("/refresh", &[("dossier", foreign)]).await.location(), "/espace");
    }
}

#[tokio::test]
async fn it_happens_on_its_own_before_the_end() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    stage.clock.advance(530);
    browser.get("/espace").await;
    assert_eq!(stage.provider.script().grants.len(), 1, "not before it is needed");
    stage.clock.advance(20);
    let space = browser.get("/espace").await;
    assert_eq!(stage.provider.script().grants, ["authorization_code", "refresh_token"]);
    space.says("2026-11-23 10:19:10 UTC");
    browser.get("/espace").await;
    assert_eq!(stage.provider.script().grants.len(), 2);
}

#[tokio::test]
async fn tabs_side_by_side_refresh_once() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    stage.clock.advance(599);
    let (a, b, c, d) = tokio::join!(
        browser.get("/espace"),
        browser.get("/espace"),
        browser.get("/espace"),
        browser.get("/espace")
    );
    for page in [a, b, c, d] {
        assert_eq!(page.status, 200);
    }
    assert_eq!(stage.provider.script().grants.len(), 2);
}

#[tokio::test]
async fn a_grant_taken_back_ends_the_session() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    stage.provider.script().token_error = Some((400, "invalid_grant"));
    stage.clock.advance(599);
    let page = browser.get("/espace").await;
    assert_eq!(page.status, 401);
    page.says("Votre session est terminée");
    assert!(browser.cookie("tilleuls").is_none());
    assert_eq!(browser.get("/espace").await.location(), "/login");
}

#[tokio::test]
async fn a_provider_that_is_silent_for_a_while_costs_nobody_their_session() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    stage.provider.script().down = true;
    stage.clock.advance(599);
    assert_eq!(browser.get("/espace").await.status, 200);
    browser.post("/refresh", &[]).await;
    browser.get("/espace").await.says("ne répond pas pour le moment");
    stage.provider.script().down = false;
    browser.get("/espace").await.says("2026-11-23 10:19:59 UTC");
}

#[tokio::test]
async fn without_a_refresh_token_the_button_says_so() {
    let stage = Stage::start().await;
    stage.provider.script().refresh_tokens = false;
    let browser = stage.signed_in().await;
    browser.get("/espace").await;
    browser.post("/refresh", &[]).await;
    browser.get("/espace").await.says("ne peut pas être rafraîchie");
}

#[tokio::test]
async fn a_refreshed_id_token_of_somebody_else_ends_the_session() {
    for changes in [
        json!({ "sub": "somebody-else" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "aud": "rivage" }),
    ] {
        let stage = Stage::start().await;
        let browser = stage.signed_in().await;
        browser.get("/espace").await;
        stage.provider.script().id_token = changes;
        assert_eq!(browser.post("/refresh", &[]).await.status, 401);
        assert!(!browser.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_refresh_without_an_id_token_is_fine() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    browser.get("/espace").await;
    stage.provider.script().no_id_token = true;
    stage.clock.advance(60);
    browser.post("/refresh", &[]).await;
    browser.get("/espace").await.says("2026-11-23 10:11:00 UTC");
}
