use http::{Method, StatusCode};

use crate::conformance::{checks::userinfo, robot::encoded, suite::Suite};

/// OIDC Core §5.3.1
pub async fn oidcc_userinfo_get(suite: &mut Suite) {
    let code = suite.authorize(suite.request()).await;
    let tokens = suite.redeem(&code).await;
    suite.userinfo(&tokens).await;
}

/// RFC 6750 §2.1: the token in the header of a POST.
pub async fn oidcc_userinfo_post_header(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let bearer = format!("Bearer {}", tokens.access());
    for body in [None, Some(String::new())] {
        let reply = suite.call(Method::POST, "/userinfo", body, &[("authorization", &bearer)]).await;
        userinfo::check(&tokens, &reply, suite.op.now());
    }
}

/// RFC 6750 §2.2: the token in a form. In the query it is not read (§2.3, RFC 9700 §4.3.2).
pub async fn oidcc_userinfo_post_body(suite: &mut Suite) {
    let tokens = suite.happy(suite.request()).await;
    let form = encoded(&[("access_token", tokens.access())]);
    let reply = suite.call(Method::POST, "/userinfo", Some(form.clone()), &[]).await;
    userinfo::check(&tokens, &reply, suite.op.now());
    let reply = suite.call(Method::GET, &format!("/userinfo?{form}"), None, &[]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

/// All claims of the scope at userinfo, none of another scope, and none of them in the ID token: [`userinfo::check`] and the ID token's checks
/// hold every request to that (OIDC Core §5.4).
async fn scope(suite: &mut Suite, scope: &str) {
    let tokens = suite.happy(suite.request().with("scope", scope)).await;
    assert_eq!(tokens.answer["scope"], scope);
}

pub async fn oidcc_scope_profile(suite: &mut Suite) {
    scope(suite, "openid profile").await;
}

pub async fn oidcc_scope_email(suite: &mut Suite) {
    scope(suite, "openid email").await;
}

pub async fn oidcc_scope_address(suite: &mut Suite) {
    scope(suite, "openid address").await;
}

pub async fn oidcc_scope_phone(suite: &mut Suite) {
    scope(suite, "openid phone").await;
}

pub async fn oidcc_scope_all(suite: &mut Suite) {
    scope(suite, "openid profile email address phone").await;
}

/// OIDC Core §5.5: `name` where it was asked for, and nowhere else.
pub async fn oidcc_claims_essential(suite: &mut Suite) {
    let claims = r#"{"userinfo":{"name":{"essential":true}}}"#;
    let code = suite.authorize(suite.request().with("claims", claims)).await;
    let tokens = suite.redeem(&code).await;
    let told = suite.userinfo(&tokens).await;
    assert_eq!(told["name"], "Marie Claire Durand");
    assert!(!tokens.claims.contains_key("name"));
}
