use crate::conformance::{op::SECOND, suite::Suite};

/// The codes that stand for "a page would have to be shown" (OIDC Core §3.1.2.6).
pub const NEEDS_A_PAGE: &[&str] =
    &["login_required", "interaction_required", "account_selection_required", "consent_required"];

/// OIDC Core §3.1: the whole way, and what every answer of it must be.
pub async fn oidcc_server(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    assert_eq!(tokens.header["alg"], "RS256", "OIDC Core §15.1, without another algorithm registered");
    assert_eq!(tokens.answer["scope"], "openid");
}

/// OIDC Core §3.1.2.1 prompt=login: the page again, and a later `auth_time`.
pub async fn oidcc_prompt_login(suite: &mut Suite) {
    let first = suite.happy(suite.request()).await;
    suite.op.wait(1);
    let second = suite.happy(suite.request().with("prompt", "login")).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert!(second.auth_time() > first.auth_time());
}

/// OIDC Core §3.1.2.1 prompt=none, §3.1.2.6
pub async fn oidcc_prompt_none_not_logged_in(suite: &mut Suite) {
    let state: String = [suite.op.random(), suite.op.random(), suite.op.random()].concat();
    let asked = suite.request().with("prompt", "none").with("state", &state[..128]);
    let error = suite.refused(asked).await;
    assert!(NEEDS_A_PAGE.contains(&error.as_str()), "{error}");
}

/// The same with a session: nothing is shown, and nothing of the sign-in has changed.
pub async fn oidcc_prompt_none_logged_in(suite: &mut Suite) {
    let first = suite.happy(suite.request()).await;
    suite.op.wait(1);
    let second = suite.again(suite.request().with("prompt", "none")).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert_eq!(first.auth_time(), second.auth_time());
}

/// OIDC Core §3.1.2.1 max_age: too long ago, so the page again; `auth_time` is there, later, and recent.
pub async fn oidcc_max_age_1(suite: &mut Suite) {
    let first = suite.happy(suite.request()).await;
    suite.op.wait(2);
    let second = suite.happy(suite.request().with("max_age", "1")).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert!(second.auth_time() > first.auth_time());
    assert!(suite.op.now() - second.auth_time() <= 1);
}

/// Not too long ago: nothing is shown; `auth_time` is there both times, the same.
pub async fn oidcc_max_age_10000(suite: &mut Suite) {
    let first = suite.happy(suite.request().with("max_age", "15000")).await;
    suite.op.wait(1);
    let second = suite.again(suite.request().with("max_age", "10000")).await;
    assert_eq!(first.claims["sub"], second.claims["sub"]);
    assert_eq!(first.auth_time(), second.auth_time());
}

/// OIDC Core §3.1.2.1 id_token_hint: our own token, also when it has long expired.
pub async fn oidcc_id_token_hint(suite: &mut Suite) {
    let first = suite.happy(suite.request()).await;
    for later in [1, 3600] {
        suite.op.wait(later);
        let asked = suite.request().with("prompt", "none").with("id_token_hint", &first.id_token);
        let again = suite.again(asked).await;
        assert_eq!(first.claims["sub"], again.claims["sub"]);
    }
}

/// OIDC Core §3.1.2.1 acr_values: all that are advertised; the ID token says which was met. Values that nobody knows do no harm.
pub async fn oidcc_ensure_request_with_acr_values_succeeds(suite: &mut Suite) {
    let document = suite.document().await;
    let values: Vec<_> =
        document["acr_values_supported"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
    let tokens = suite.happy(suite.request().with("acr_values", &values.join(" "))).await;
    assert!(values.contains(&tokens.claims["acr"].as_str().expect("acr is there")));
    suite.again(suite.request().with("acr_values", "1 2")).await;
}

/// OIDC Core §9: the other registration, by client_secret_post. Its redirect address has a query, which stays as it is.
pub async fn oidcc_server_client_secret_post(suite: &mut Suite) {
    suite.happy(suite.request_of(&SECOND)).await;
}
