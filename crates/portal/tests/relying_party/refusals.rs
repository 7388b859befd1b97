//! Answers that must sign nobody in, each with a page that a person can do something with.

use serde_json::{Value, json};
use url::Url;

use crate::Stage;
use crate::browser::Page;
use crate::provider::Seal;

const STALE: &str = "Cette connexion n’est plus valable";
const FOREIGN: &str = "Réponse inattendue";
const NOT_VERIFIED: &str = "La connexion n’a pas pu être vérifiée";

/// The same address with one parameter changed or removed.
fn with(address: &Url, name: &str, value: Option<&str>) -> Url {
    let mut pairs: Vec<(String, String)> =
        address.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    let mut changed = address.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

async fn comes_back_with(stage: &Stage, change: impl FnOnce(&Url) -> Url) -> Page {
    let browser = stage.browser();
    let back = stage.provider.approve(&browser.begin().await);
    let page = browser.come_back(&change(&back)).await;
    if !page.status.is_redirection() {
        assert!(!browser.is_signed_in().await);
        assert!(browser.cookie("tilleuls").is_none(), "no session");
    }
    page
}

#[tokio::test]
async fn a_state_is_known_fresh_and_used_once() {
    let stage = Stage::start().await;
    for state in [None, Some(""), Some("made-up"), Some("é<>\"")] {
        let page = comes_back_with(&stage, |back| with(back, "state", state)).await;
        assert_eq!(page.status, 400, "{state:?}");
        page.says(STALE);
    }
    assert_eq!(stage.provider.asked("/token"), 0, "no code is redeemed for a foreign state");

    let browser = stage.browser();
    let back = stage.provider.approve(&browser.begin().await);
    browser.come_back(&back).await;
    let session = browser.cookie("tilleuls").expect("a session");
    // A used answer leads its own session to the client space; anybody else reads that it is over.
    assert_eq!(browser.come_back(&back).await.location(), "/espace");
    assert_eq!(browser.come_back(&with(&back, "state", Some("made-up"))).await.location(), "/espace");
    assert_eq!(browser.cookie("tilleuls").as_ref(), Some(&session));
    stage.browser().come_back(&back).await.says(STALE);
    assert_eq!(stage.provider.asked("/token"), 1);

    let back = stage.provider.approve(&stage.browser().begin().await);
    stage.clock.advance(2 * 3_600);
    stage.browser().come_back(&back).await.says(STALE);
}

#[tokio::test]
async fn a_sign_in_ends_in_the_browser_where_it_began() {
    let stage = Stage::start().await;
    let back = stage.provider.approve(&stage.browser().begin().await);
    let victim = stage.browser();
    victim.begin().await;
    victim.come_back(&back).await.says(STALE);
    assert!(!victim.is_signed_in().await);
    assert_eq!(stage.provider.asked("/token"), 0);
}

#[tokio::test]
async fn a_sign_in_that_waited_too_long_is_over() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let back = stage.provider.approve(&browser.begin().await);
    stage.clock.advance(2 * 3_600);
    browser.come_back(&back).await.says(STALE);
}

#[tokio::test]
async fn the_issuer_of_the_answer_is_checked_before_anything_else() {
    let stage = Stage::start().await;
    for iss in [Some("https://evil.example"), Some(""), None] {
        let page = comes_back_with(&stage, |back| with(back, "iss", iss)).await;
        assert_eq!(page.status, 400, "{iss:?}");
        page.says(FOREIGN);
    }
    let slash = format!("{}/", stage.provider.issuer);
    comes_back_with(&stage, |back| with(back, "iss", Some(&slash))).await.says(FOREIGN);
    let error = comes_back_with(&stage, |back| {
        with(
            &with(&with(back, "code", None), "error", Some("access_denied")),
            "iss",
            Some("https://evil.example"),
        )
    });
    error.await.says(FOREIGN);
    assert_eq!(stage.provider.asked("/token"), 0);
}

#[tokio::test]
async fn a_provider_that_never_promised_iss_may_leave_it_out() {
    let stage = Stage::start().await;
    stage.provider.script().promises_iss = false;
    assert_eq!(comes_back_with(&stage, |back| with(back, "iss", None)).await.location(), "/espace");
    comes_back_with(&stage, |back| with(back, "iss", Some("https://evil.example"))).await.says(FOREIGN);
}

#[tokio::test]
async fn the_provider_s_refusal_is_explained_in_our_words() {
    let stage = Stage::start().await;
    for (error, status, text) in [
        ("access_denied", 403, "Connexion annulée"),
        ("login_required", 400, "Il faut vous identifier"),
        ("temporarily_unavailable", 503, "La connexion est momentanément indisponible"),
        ("server_error", 503, "La connexion est momentanément indisponible"),
        ("invalid_scope", 400, "Connexion refusée"),
        ("<script>alert(1)</script>", 400, "Connexion refusée"),
    ] {
        let page = comes_back_with(&stage, |back| {
            with(
                &with(&with(back, "code", None), "error", Some(error)),
                "error_description",
                Some("<script>alert(2)"),
            )
        });
        let page = page.await;
        assert_eq!(page.status, status, "{error}");
        page.says(text);
        page.does_not_say("alert(");
    }
    let page = comes_back_with(&stage, |back| with(back, "code", None)).await;
    assert_eq!(page.status, 400);
}

#[tokio::test]
async fn an_id_token_with_a_wrong_claim_is_refused() {
    let stage = Stage::start().await;
    let now = stage.clock.now();
    let wrong: [Value; 14] = [
        json!({ "nonce": "another-one" }),
        json!({ "nonce": null }),
        json!({ "aud": "rivage" }),
        json!({ "aud": ["tilleuls", "rivage"] }),
        json!({ "aud": null }),
        json!({ "azp": "rivage" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": format!("{}/", stage.provider.issuer) }),
        json!({ "exp": now - 1 }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "iat": now + 3_600 }),
        json!({ "at_hash": "c29tZXRoaW5nLWVsc2U" }),
        json!({ "sub": null }),
    ];
    for changes in wrong {
        stage.provider.script().id_token = changes.clone();
        let page = comes_back_with(&stage, Url::clone).await;
        assert_eq!(page.status, 502, "{changes}");
        page.says(NOT_VERIFIED);
    }
    stage.provider.script().id_token = json!({});
    assert_eq!(
        comes_back_with(&stage, Url::clone).await.location(),
        "/espace",
        "and without a change it is right"
    );
}

#[tokio::test]
async fn an_id_token_with_a_wrong_signature_is_refused() {
    let stage = Stage::start().await;
    for (name, seal) in [
        ("none", Seal::Nothing),
        ("the client secret", Seal::ClientSecret),
        ("a foreign key", Seal::ForeignKey),
        ("a changed claim", Seal::Altered),
    ] {
        stage.provider.script().seal = seal;
        let page = comes_back_with(&stage, Url::clone).await;
        assert_eq!(page.status, 502, "{name}");
        page.says(NOT_VERIFIED);
    }
}

#[tokio::test]
async fn a_missing_id_token_or_somebody_else_s_userinfo_is_refused() {
    let stage = Stage::start().await;
    stage.provider.script().no_id_token = true;
    comes_back_with(&stage, Url::clone).await.says(NOT_VERIFIED);
    stage.provider.script().no_id_token = false;
    stage.provider.script().userinfo_sub = Some("somebody-else".to_owned());
    comes_back_with(&stage, Url::clone).await.says(NOT_VERIFIED);
}

#[tokio::test]
async fn a_refused_code_and_a_failing_token_endpoint_are_told_apart() {
    let stage = Stage::start().await;
    let page = comes_back_with(&stage, |back| with(back, "code", Some("made-up"))).await;
    assert_eq!(page.status, 400);
    page.says(STALE);
    stage.provider.script().token_error = Some((401, "invalid_client"));
    let page = comes_back_with(&stage, Url::clone).await;
    assert_eq!(page.status, 502);
    page.does_not_say("parce que");
}

#[tokio::test]
async fn a_silent_provider_is_said_and_forgiven() {
    let stage = Stage::start().await;
    stage.provider.script().down = true;
    let browser = stage.browser();
    let page = browser.get("/login").await;
    assert_eq!(page.status, 503);
    page.says("La connexion est momentanément indisponible");
    assert_eq!(browser.get("/").await.status, 200);

    stage.provider.script().down = false;
    assert_eq!(browser.get("/login").await.status, 503, "nobody waits for another attempt at once");
    stage.clock.advance(2);
    browser.sign_in(&stage.provider).await;
}

#[tokio::test]
async fn another_issuer_s_metadata_are_refused() {
    let stage = Stage::start().await;
    stage.provider.script().issuer_in_metadata = Some("https://evil.example".to_owned());
    assert_eq!(stage.browser().get("/login").await.status, 503);
}

#[tokio::test]
async fn nothing_that_somebody_sends_breaks_the_portal() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let long = format!("/callback?state={}", "a".repeat(20_000));
    for path in [
        "/callback",
        "/callback?state=a&state=b",
        "/callback?%FF=%FE",
        "/callback?state=%00",
        "/callback?code=a",
        "/initiate-login?iss=a&iss=b",
        "/nowhere",
        "/../../etc/passwd",
        "/logged-out?state=%00",
        "/logged-out?state=x",
        &long,
    ] {
        let status = browser.get(path).await.status;
        assert!(status.is_client_error(), "{path}: {status}");
    }
    for path in ["/logout", "/refresh", "/backchannel-logout"] {
        assert_eq!(browser.get(path).await.status, 405, "{path}");
    }
    let many = "/callback?".to_owned() + &(0..60).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    assert_eq!(browser.get(&many).await.status, 400);
}
