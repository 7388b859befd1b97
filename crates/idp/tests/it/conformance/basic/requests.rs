use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::conformance::{
    checks::{response, token},
    op::ISSUER,
    robot::{Page, addresses},
    suite::{Asked, Plan, Suite},
};

/// RFC 6749 §4.1.2.1 without §3.1.1's parameter: the client learns it, where it asked for its answers.
pub async fn oidcc_response_type_missing(suite: &mut Suite) {
    let error = suite.refused(suite.request().with("response_type", "")).await;
    assert!(matches!(error.as_str(), "invalid_request" | "unsupported_response_type"), "{error}");
}

/// OIDC Core §3.1.2.1: for `code` a nonce is optional; none sent, none in the ID token.
pub async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(suite: &mut Suite) {
    let tokens = suite.happy(suite.request().with("nonce", "")).await;
    assert!(!tokens.claims.contains_key("nonce"));
}

/// RFC 6749 §3.3: scope is a set; and no parameter has its place.
pub async fn oidcc_alternate_happy_flow(suite: &mut Suite) {
    let mut asked = suite.request().with("scope", "phone email address profile openid");
    asked.fields.reverse();
    suite.happy(asked).await;
}

/// OIDC Core §3.1.2.1: none of these is ever an error.
async fn harmless(suite: &mut Suite, name: &str, value: &str) {
    suite.happy(suite.request().with(name, value)).await;
    suite.again(suite.request().with(name, value)).await;
}

pub async fn oidcc_display_page(suite: &mut Suite) {
    harmless(suite, "display", "page").await;
}

pub async fn oidcc_display_popup(suite: &mut Suite) {
    harmless(suite, "display", "popup").await;
}

pub async fn oidcc_ui_locales(suite: &mut Suite) {
    harmless(suite, "ui_locales", "se").await;
}

pub async fn oidcc_claims_locales(suite: &mut Suite) {
    harmless(suite, "claims_locales", "se").await;
}

pub async fn oidcc_login_hint(suite: &mut Suite) {
    harmless(suite, "login_hint", "buffy@suite.test").await;
}

/// RFC 6749 §3.1
pub async fn oidcc_ensure_request_with_unknown_parameter_succeeds(suite: &mut Suite) {
    harmless(suite, "extra", "foobar").await;
}

/// A page of ours that goes nowhere (PROTOCOL "Modules of those plans": those that a person looks at): no redirect, no form, no address of another host.
pub fn dead_end(page: &Page, says: &str) {
    assert_eq!(page.status, 400, "{}", page.text());
    assert!(page.headers.get("location").is_none() && page.headers.get("refresh").is_none());
    for address in addresses(page) {
        let to = page.url.join(&address).unwrap();
        assert_eq!(to.origin().ascii_serialization(), ISSUER, "the page leads to {address}");
    }
    assert!(!page.body.contains("suite.test") && !page.body.contains("http-equiv"), "{}", page.body);
    assert!(page.text().contains(says), "{}", page.text());
}

/// OIDC Core §3.1.2.1, RFC 6749 §3.1.2.4: an address that is not registered, byte for byte, is never followed.
pub async fn oidcc_ensure_registered_redirect_uri(suite: &mut Suite) {
    let asked = suite.request();
    let other = format!("{}/{}", asked.client.callback, &suite.op.random()[..10]);
    let page = suite.send(&asked.clone().with("redirect_uri", &other)).await.page();
    dead_end(&page, "Adresse de retour inconnue");
    // Nor does the one registered address stand in for it.
    let page = suite.send(&asked.with("redirect_uri", "")).await.page();
    dead_end(&page, "Adresse de retour inconnue");
}

/// OIDC Core §3.1.2.1: the endpoint takes POST as well, and a person who is signed in need not sign in again for it.
pub async fn oidcc_ensure_post_request_succeeds(suite: &mut Suite) {
    let address = format!("{ISSUER}/authorize");
    let asked = suite.request();
    let seen = suite.robot.post_from_elsewhere(&address, &asked.fields).await;
    let seen = suite.sign_in(seen).await;
    response::success(suite.plan, &asked, &seen.client());
    let asked = suite.request();
    let seen = suite.robot.post_from_elsewhere(&address, &asked.fields).await;
    response::success(suite.plan, &asked, &seen.client());
}

/// RFC 7515 appendix A.5: a request object without a signature.
fn unsigned(asked: &Asked) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut object = json!({ "iss": asked.client.id, "aud": ISSUER });
    for (name, value) in &asked.fields {
        object[name] = json!(value);
    }
    format!("{}.{}.", part(json!({ "alg": "none" })), part(object))
}

/// `request` is refused by its own code and not passed over (OIDC Core §6.1). As the suite sends it: outside stands only what must (client_id, response_type, scope and
/// the redirect address); `state`, `nonce` and `response_mode` stand in the object alone, and the answer is held to them.
pub async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(suite: &mut Suite) {
    let document = suite.document().await;
    assert_eq!(document["request_parameter_supported"], false);
    assert!(document.get("request_object_signing_alg_values_supported").is_none());
    let inside = suite.request();
    let mut sent = inside.clone().with("request", &unsigned(&inside));
    for name in ["state", "nonce", "response_mode"] {
        sent = sent.with(name, "");
    }
    let seen = suite.send(&sent).await;
    assert_eq!(response::failure(suite.plan, &inside, &seen.client()), "request_not_supported");
    // What stands in both is taken from inside.
    let other = sent.with("state", "outside");
    let seen = suite.send(&other).await;
    assert_eq!(response::failure(suite.plan, &inside, &seen.client()), "request_not_supported");
}

/// The same of `request_uri` (OIDC Core §6.2). Left out of the document, `request_uri_parameter_supported` would mean true (Discovery §3).
pub async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(suite: &mut Suite) {
    assert_eq!(suite.document().await["request_uri_parameter_supported"], false);
    let uri = "https://suite.test/requests/1#hash";
    let error = suite.refused(suite.request().with("request_uri", uri)).await;
    assert_eq!(error, "request_uri_not_supported");
}

/// OIDC Core §6.1: the object's redirect_uri would win, but objects are not read. So a bad address beside it is a page, and a bad one in it
/// is never followed.
pub async fn oidcc_ensure_request_object_with_redirect_uri(suite: &mut Suite) {
    let asked = suite.request();
    let object = unsigned(&asked);
    let bad = "https://suite.test/other";
    let page = suite.send(&asked.clone().with("redirect_uri", bad).with("request", &object)).await.page();
    dead_end(&page, "Adresse de retour inconnue");
    let object = unsigned(&asked.clone().with("redirect_uri", bad));
    assert_eq!(suite.refused(asked.with("request", &object)).await, "request_not_supported");
}

/// RFC 7636 §4: also for a client that may do without; then its verifier is wanted, and the right one.
pub async fn oidcc_ensure_request_with_valid_pkce_succeeds(suite: &mut Suite) {
    let verifier = suite.op.random();
    let challenge = URL_SAFE_NO_PAD.encode(kernel::sha256(verifier.as_bytes()));
    let asked = suite.request().with("code_challenge", &challenge).with("code_challenge_method", "S256");
    let code = suite.authorize(asked).await;
    for wrong in [vec![], vec![("code_verifier", suite.op.random())]] {
        let more: Vec<_> = wrong.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(token::failure(&suite.exchange(&code, &more).await), "invalid_grant");
    }
    let reply = suite.exchange(&code, &[("code_verifier", &verifier)]).await;
    let tokens = suite.tokens(&code.asked, &reply).await;
    suite.userinfo(&tokens).await;
    assert!(matches!(suite.plan, Plan::Basic | Plan::FormPost));
}
