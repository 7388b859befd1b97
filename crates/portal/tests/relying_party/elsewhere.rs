//! Sign-ins begun elsewhere (OIDC Core §4).

use url::Url;

use crate::Stage;
use crate::provider::parameters;

#[tokio::test]
async fn the_provider_may_begin_a_sign_in() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let issuer = &stage.provider.issuer;
    let page = browser.get(&format!("/initiate-login?iss={issuer}&login_hint=claire%40example.org")).await;
    let authorization = Url::parse(&page.location()).expect("an address");
    assert_eq!(parameters(&authorization)["login_hint"], "claire@example.org");
    let back = stage.provider.approve(&authorization);
    assert_eq!(browser.come_back(&back).await.location(), "/espace");
    let posted = browser.post_bare("/initiate-login", &[("iss", issuer)]).await;
    assert!(posted.location().starts_with(issuer));
}

#[tokio::test]
async fn nobody_else_may() {
    let stage = Stage::start().await;
    let issuer = &stage.provider.issuer;
    for query in [
        String::new(),
        "?iss=".to_owned(),
        "?iss=https%3A%2F%2Fevil.example".to_owned(),
        format!("?iss={issuer}/"),
    ] {
        let page = stage.browser().get(&format!("/initiate-login{query}")).await;
        assert_eq!(page.status, 400, "{query}");
        page.says("Réponse inattendue");
        assert!(page.cookies_set().is_empty());
    }
    assert_eq!(
        stage.provider.asked("/.well-known/openid-configuration"),
        0,
        "and nobody is asked anything for it"
    );
}

#[tokio::test]
async fn it_leads_to_the_client_space_and_nowhere_else() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let issuer = &stage.provider.issuer;
    let page = browser
        .get(&format!("/initiate-login?iss={issuer}&target_link_uri=https%3A%2F%2Fevil.example"))
        .await;
    assert!(!page.location().contains("evil"));
    let back = stage.provider.approve(&Url::parse(&page.location()).expect("an address"));
    assert_eq!(browser.come_back(&back).await.location(), "/espace");
}
