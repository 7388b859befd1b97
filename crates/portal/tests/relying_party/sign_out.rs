//! The person ends the session (OpenID Connect RP-Initiated Logout 1.0).

use url::Url;

use crate::provider::parameters;
use crate::{CLIENT_ID, Stage};

#[tokio::test]
async fn signing_out_ends_the_session_here_and_goes_on_to_the_provider() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let session = browser.cookie("tilleuls").expect("a session");
    browser.get("/espace").await;

    let page = browser.post("/logout", &[]).await;

    let address = Url::parse(&page.location()).expect("an address");
    assert!(address.as_str().starts_with(&format!("{}/end-session?", stage.provider.issuer)), "{address}");
    let asked = parameters(&address);
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert_eq!(asked["post_logout_redirect_uri"], format!("{}/logged-out", stage.base));
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    assert!(asked["state"].len() >= 43);
    assert!(browser.cookie("tilleuls").is_none());
    browser.set_cookie(&format!("tilleuls={session}; Path=/"));
    assert!(!browser.is_signed_in().await, "the old cookie is worth nothing");

    let back = format!("/logged-out?state={}", asked["state"]);
    let stranger = stage.browser().get(&back).await;
    assert_eq!(stranger.status, 400, "another browser cannot use the state, and uses it up");
    assert_eq!(browser.get(&back).await.status, 400);
}

#[tokio::test]
async fn coming_back_is_confirmed_once() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    browser.get("/espace").await;
    let asked = parameters(&Url::parse(&browser.post("/logout", &[]).await.location()).expect("an address"));
    let back = format!("/logged-out?state={}", asked["state"]);
    browser.get(&back).await.says("Vous êtes déconnecté(e)");
    browser.get(&back).await.does_not_say("Vous êtes déconnecté(e)");
    stage.browser().get("/logged-out").await.does_not_say("Vous êtes déconnecté(e)");
}

#[tokio::test]
async fn only_a_form_of_ours_signs_out() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get("/anciens-identifiants").await;
    let before = browser.get("/anciens-identifiants").await.csrf();
    browser.sign_in(&stage.provider).await;
    let other = stage.signed_in().await;
    let foreign = other.get("/espace").await.csrf();

    assert_eq!(browser.get("/logout").await.status, 405);
    assert_eq!(browser.post_bare("/logout", &[]).await.status, 403);
    assert_eq!(browser.post_bare("/logout", &[("csrf", "")]).await.status, 403);
    assert_eq!(browser.post_bare("/logout", &[("csrf", &foreign)]).await.status, 403, "another browser's");
    assert_eq!(
        browser.post_bare("/logout", &[("csrf", &before)]).await.status,
        403,
        "from before the sign-in"
    );
    let own = browser.get("/espace").await.csrf();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let request =
            browser.request(reqwest::Method::POST, "/logout").header(name, value).form(&[("csrf", &own)]);
        assert_eq!(browser.send(request).await.status, 403, "{name}: {value}");
    }
    assert!(browser.is_signed_in().await);
    let request = browser
        .request(reqwest::Method::POST, "/logout")
        .header("origin", &stage.base)
        .header("sec-fetch-site", "same-origin")
        .form(&[("csrf", &own)]);
    assert!(browser.send(request).await.status.is_redirection());
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn without_a_sign_out_at_the_provider_the_session_ends_all_the_same() {
    let stage = Stage::start().await;
    stage.provider.script().end_session = false;
    let browser = stage.signed_in().await;
    browser.get("/espace").await;
    let page = browser.post("/logout", &[]).await;
    assert_eq!(page.status, 200);
    page.says("déconnecté(e) de cet espace");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_and_after_a_day_s_work() {
    let stage = Stage::start().await;
    stage.provider.script().expires_in = 1_000_000;
    let idle = stage.signed_in().await;
    stage.clock.advance(2 * 3_600);
    assert!(!idle.is_signed_in().await);

    let busy = stage.signed_in().await;
    for _ in 0..11 {
        stage.clock.advance(3_600);
        assert!(busy.is_signed_in().await);
    }
    stage.clock.advance(3_600);
    assert!(!busy.is_signed_in().await);
}
