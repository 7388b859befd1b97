//! A portal that asks for more than an old session: by `acr_values`, by an essential `acr`, by `prompt=login` (RFC 9470).

use http::StatusCode;
use oidc::acr::{Acr, FRESH_PASSWORD_AGE};
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{World, part, text},
};

fn essential(acr: Acr) -> String {
    format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{}"}}}}}}"#, acr.as_str())
}

/// RFC 9470 §4, §5, §6.2; OIDC Core §3.1.2.1 acr_values
#[apply(both!)]
#[tokio::test]
async fn a_stronger_sign_in_is_asked_for_and_told(world: World) {
    let (fresh, plain) = (Acr::FreshPassword.as_str(), Acr::Password.as_str());
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let told = |tokens: &serde_json::Value| {
        [text(tokens, "id_token"), text(tokens, "access_token")].map(|token| part(token, 1)["acr"].clone())
    };
    assert_eq!(told(&browser.tokens(&[("acr_values", fresh)]).await), [fresh, fresh]);
    world.bed.clock.advance(FRESH_PASSWORD_AGE + 1);
    assert_eq!(told(&browser.tokens(&[("acr_values", plain)]).await), [plain, plain]);
    // Not asked for, not told.
    assert_eq!(part(text(&browser.tokens(&[]).await, "id_token"), 1).get("acr"), None);
    let both = format!("{fresh} {plain}");
    for wish in [fresh, &both] {
        let page = browser.authorize(&[("acr_values", wish)]).await;
        assert_eq!(page.status, StatusCode::OK, "the sign-in page");
        assert!(page.body.contains("name=\"password\""));
    }
    // Silently, a wish is met as far as it goes.
    let silently = browser.tokens(&[("acr_values", &both), ("prompt", "none")]).await;
    assert_eq!(told(&silently), [plain, plain]);
}

/// OIDC Core §5.5.1.1
#[apply(both!)]
#[tokio::test]
async fn an_essential_acr_is_met_or_the_answer_is_an_error(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let wish = essential(Acr::FreshPassword);
    let tokens = browser.tokens(&[("claims", &wish), ("prompt", "none")]).await;
    assert_eq!(part(text(&tokens, "id_token"), 1)["acr"], Acr::FreshPassword.as_str());
    world.bed.clock.advance(FRESH_PASSWORD_AGE + 1);
    let back = browser.authorize(&[("claims", &wish), ("prompt", "none")]).await.returned();
    assert_eq!(back.get("error"), Some("login_required"));
    let strange = wish.replace(Acr::FreshPassword.as_str(), "gold");
    let back = browser.authorize(&[("claims", &strange)]).await.returned();
    assert_eq!(back.get("error"), Some("unmet_authentication_requirements"));
}

/// SECURITY #14: the sign-in that `prompt=login` wants is one that was made for it, even within the second.
#[apply(both!)]
#[tokio::test]
async fn a_sign_in_of_the_same_second_was_not_made_for_the_request(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let page = browser.authorize(&[("prompt", "login")]).await;
    assert_eq!(page.status, StatusCode::OK, "the sign-in page, not {}", page.header("location"));
}
