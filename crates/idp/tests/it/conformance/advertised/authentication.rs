use http::Method;
use serde_json::json;
use testbed::{Bed, apply, both};

use super::{advertised, basic};
use crate::conformance::{
    checks::{text, token},
    client_key::ClientKey,
    op::{FIRST, ISSUER, Op, Registered, SECRET, portal},
    robot::{Page, encoded},
    suite::{Suite, Tokens},
};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client by another method than the suite's two.
fn keys(method: &str, key: Option<&ClientKey>) -> String {
    let plain = portal(&FIRST, "");
    let plain = plain.replace("\"client_secret_basic\"", &format!("\"{method}\""));
    let secret = "client_secret_file = \"suite\"\n";
    let exempt = plain.lines().find(|line| line.starts_with("pkce_exempt")).unwrap();
    match (method, key) {
        ("none", _) => plain.replace(secret, "").replace(exempt, ""),
        ("private_key_jwt", Some(key)) => format!("{}jwks = [{}]\n", plain.replace(secret, ""), key.toml()),
        _ => plain,
    }
}

/// One call by an endpoint's client, proved by an assertion, or by the bare `client_id` of a public one.
async fn call(suite: &Suite, path: &str, key: Option<&ClientKey>, fields: &[(&str, &str)]) -> Page {
    let mut fields: Vec<(&str, &str)> = fields.to_vec();
    let assertion = key.map(|key| assertion(suite, key, &format!("{ISSUER}/token")));
    match &assertion {
        Some(text) => fields.extend([("client_assertion_type", ASSERTION), ("client_assertion", text)]),
        None => fields.push(("client_id", FIRST.id)),
    }
    suite.call(Method::POST, path, Some(encoded(&fields)), &[]).await
}

/// OIDC Core §9, as the suite makes it: `aud` is the token endpoint, `nbf` is there, a minute long.
fn assertion(suite: &Suite, key: &ClientKey, audience: &str) -> String {
    let now = suite.op.now();
    let jti = &suite.op.random()[..20];
    key.signed(&json!({
        "iss": FIRST.id, "sub": FIRST.id, "aud": audience, "jti": jti, "iat": now, "nbf": now, "exp": now + 60,
    }))
}

/// The way to tokens of a client that has this key; a public one proves itself by PKCE.
async fn redeemed(suite: &mut Suite, key: Option<&ClientKey>) -> Tokens {
    suite.fresh_browser();
    let verifier = suite.op.random();
    let mut asked = suite.request();
    let mut fields = vec![("grant_type", "authorization_code"), ("redirect_uri", FIRST.callback)];
    if key.is_none() {
        let challenge = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            kernel::sha256(verifier.as_bytes()),
        );
        asked = asked.with("code_challenge", &challenge).with("code_challenge_method", "S256");
        fields.push(("code_verifier", &verifier));
    }
    let code = suite.authorize(asked).await;
    fields.push(("code", &code.code));
    let reply = call(suite, "/token", key, &fields).await;
    let tokens = suite.tokens(&code.asked, &reply).await;
    suite.userinfo(&tokens).await;
    tokens
}

/// Introspection and revocation take the same proof (RFC 7662 §2.1, RFC 7009 §2.1); a public client cannot introspect, and is not said to.
async fn works_elsewhere(suite: &Suite, key: Option<&ClientKey>, tokens: &Tokens) {
    let fields = [("token", tokens.access())];
    let told = call(suite, "/introspect", key, &fields).await;
    match key {
        Some(_) => assert_eq!(told.json()["active"], true),
        None => assert_eq!(token::failure(&told), "invalid_client"),
    }
    assert_eq!(call(suite, "/revoke", key, &fields).await.status, 200);
    assert!(!suite.opens(tokens.access()).await);
}

/// OIDC Core §9, RFC 8705 §2: client_secret_basic and client_secret_post are the suite's own clients (`oidcc-server`,
/// `oidcc-server-client-secret-post`).
#[apply(both!)]
#[tokio::test]
async fn token_endpoint_auth_methods_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let methods = advertised(&suite, "token_endpoint_auth_methods_supported").await;
    assert_eq!(methods, advertised(&suite, "revocation_endpoint_auth_methods_supported").await);
    let introspecting = advertised(&suite, "introspection_endpoint_auth_methods_supported").await;
    assert!(methods.iter().all(|m| m == "none" || introspecting.contains(m)) && methods.len() == 5);
    assert!(!introspecting.iter().any(|m| m == "none"));
    for method in ["client_secret_jwt", "private_key_jwt", "none"] {
        assert!(methods.iter().any(|m| m == method), "{method}");
        let key = match method {
            "client_secret_jwt" => Some(ClientKey::shared(SECRET)),
            "private_key_jwt" => Some(ClientKey::new("ES256")),
            _ => None,
        };
        suite.op.reconfigure(&keys(method, key.as_ref())).await;
        let tokens = redeemed(&mut suite, key.as_ref()).await;
        works_elsewhere(&suite, key.as_ref(), &tokens).await;
    }
    for method in ["tls_client_auth", "self_signed_tls_client_auth", "client_secret"] {
        assert_eq!(Op::refused(&keys(method, None)), ["portal.token_endpoint_auth_method"]);
    }
}

/// Each algorithm that is advertised signs an assertion; others do not, at any of the three endpoints.
#[apply(both!)]
#[tokio::test]
async fn token_endpoint_auth_signing_alg_values_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let algs = advertised(&suite, "token_endpoint_auth_signing_alg_values_supported").await;
    for endpoint in ["introspection", "revocation"] {
        let same =
            advertised(&suite, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported")).await;
        assert_eq!(algs, same);
    }
    let mut seen = Vec::new();
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        let key = ClientKey::new(alg);
        suite.op.reconfigure(&keys("private_key_jwt", Some(&key))).await;
        let tokens = redeemed(&mut suite, Some(&key)).await;
        works_elsewhere(&suite, Some(&key), &tokens).await;
        seen.push(alg);
    }
    // The client whose key is for EdDSA now: neither its secret nor no signature at all is its key (RFC 8725 §3.1).
    let unsigned = assertion(&suite, &ClientKey::shared(SECRET), &format!("{ISSUER}/token"));
    let claims = unsigned.split('.').nth(1).unwrap();
    let none = format!("eyJhbGciOiJub25lIn0.{claims}.");
    for wrong in [&unsigned, &none] {
        let fields = [("client_assertion_type", ASSERTION), ("client_assertion", wrong)];
        let body = encoded(&[&fields[..], &[("grant_type", "authorization_code"), ("code", "x")]].concat());
        let reply = suite.call(Method::POST, "/token", Some(body), &[]).await;
        assert_eq!(token::failure(&reply), "invalid_client");
    }
    seen.push("HS256");
    suite.op.reconfigure(&keys("client_secret_jwt", None)).await;
    redeemed(&mut suite, Some(&ClientKey::shared(SECRET))).await;
    seen.sort_unstable();
    let mut algs: Vec<_> = algs.iter().map(String::as_str).collect();
    algs.sort_unstable();
    assert_eq!(seen, algs, "what works is what is advertised");
}

/// oidcc-ensure-client-assertion-with-iss-aud-succeeds (OIDC Core §9; PROTOCOL 4.8): the issuer is an audience too; the JWT is good once.
#[apply(both!)]
#[tokio::test]
async fn an_assertion_may_be_for_the_issuer(bed: Bed) {
    let suite = basic(bed).await;
    let key = ClientKey::new("ES256");
    suite.op.reconfigure(&keys("private_key_jwt", Some(&key))).await;
    for (audience, error) in [
        (ISSUER.to_owned(), "invalid_grant"),
        (format!("{ISSUER}/token"), "invalid_grant"),
        (format!("{ISSUER}/"), "invalid_client"),
        (format!("{ISSUER}/userinfo"), "invalid_client"),
    ] {
        let text = assertion(&suite, &key, &audience);
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "x"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", &text),
        ];
        let once = suite.call(Method::POST, "/token", Some(encoded(&fields)), &[]).await;
        assert_eq!(token::failure(&once), error, "{audience}");
        let twice = suite.call(Method::POST, "/token", Some(encoded(&fields)), &[]).await;
        assert_eq!(token::failure(&twice), "invalid_client");
        text::description(twice.json()["error_description"].as_str().unwrap());
    }
}

/// The method that is registered and no other (PROTOCOL 4.8): the suite's clients change places.
#[apply(both!)]
#[tokio::test]
async fn a_client_proves_itself_by_its_own_method(bed: Bed) {
    let suite = basic(bed).await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for client in [&FIRST, &crate::conformance::op::SECOND] {
        let right = suite.token(client, &fields).await;
        assert_eq!((right.status.as_u16(), token::failure(&right).as_str()), (400, "invalid_grant"));
        let other = Registered { post: !client.post, ..*client };
        let wrong = suite.token(&other, &fields).await;
        assert_eq!((wrong.status.as_u16(), token::failure(&wrong).as_str()), (401, "invalid_client"));
    }
}
