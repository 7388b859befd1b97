//! The provider ends a session (OpenID Connect Back-Channel Logout 1.0).

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::browser::Page;
use crate::provider::SigningKey;
use crate::{CLIENT_SECRET, Stage};

async fn tell(stage: &Stage, token: &str) -> Page {
    let page = stage.browser().post_bare("/backchannel-logout", &[("logout_token", token)]).await;
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.cookies_set().is_empty());
    page
}

#[tokio::test]
async fn a_session_ends_by_its_sid() {
    let stage = Stage::start().await;
    let ended = stage.signed_in().await;
    stage.provider.script().sid = "sid-2".to_owned();
    let other = stage.signed_in().await;
    assert_eq!(tell(&stage, &stage.provider.logout_token(&json!({}))).await.status, 200);
    assert!(!ended.is_signed_in().await);
    assert!(other.is_signed_in().await, "the other browser's session goes on");
}

#[tokio::test]
async fn all_sessions_of_a_person_end_by_the_sub() {
    let stage = Stage::start().await;
    let one = stage.signed_in().await;
    stage.provider.script().sid = "sid-2".to_owned();
    let two = stage.signed_in().await;
    stage.provider.script().sub = "pairwise-other".to_owned();
    let other = stage.signed_in().await;
    let token = stage.provider.logout_token(&json!({ "sid": null, "sub": "pairwise-7f3a" }));
    assert_eq!(tell(&stage, &token).await.status, 200);
    assert!(!one.is_signed_in().await);
    assert!(!two.is_signed_in().await);
    assert!(other.is_signed_in().await);
}

#[tokio::test]
async fn a_session_nobody_has_is_no_error() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    assert_eq!(tell(&stage, &stage.provider.logout_token(&json!({ "sid": "unknown" }))).await.status, 200);
    let foreign = stage.provider.logout_token(&json!({ "sid": "sid-1", "sub": "somebody-else" }));
    assert_eq!(tell(&stage, &foreign).await.status, 200);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_token_works_once() {
    let stage = Stage::start().await;
    let token = stage.provider.logout_token(&json!({}));
    assert_eq!(tell(&stage, &token).await.status, 200);
    let browser = stage.signed_in().await;
    assert_eq!(tell(&stage, &token).await.status, 400);
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_token_with_a_wrong_claim_ends_nothing() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let now = stage.clock.now();
    let event = "http://schemas.openid.net/event/backchannel-logout";
    let wrong: [Value; 21] = [
        json!({ "iss": "https://evil.example" }),
        json!({ "iss": null }),
        json!({ "aud": "rivage" }),
        json!({ "aud": ["tilleuls", "rivage"] }),
        json!({ "aud": null }),
        json!({ "iat": now + 120 }),
        json!({ "iat": now - 3_600 }),
        json!({ "iat": null }),
        json!({ "exp": now - 120 }),
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "jti": null }),
        json!({ "jti": "" }),
        json!({ "events": null }),
        json!({ "events": {} }),
        json!({ "events": [event] }),
        json!({ "events": { event: true } }),
        json!({ "sid": null }),
        json!({ "sid": 7 }),
        json!({ "nonce": "n" }),
        json!({ "nonce": "" }),
    ];
    for changes in wrong {
        let page = tell(&stage, &stage.provider.logout_token(&changes)).await;
        assert_eq!(page.status, 400, "{changes}");
        page.says("invalid_request");
    }
    let mut null_nonce = stage.provider.logout_claims(&json!({ "jti": "null-nonce" }));
    null_nonce["nonce"] = Value::Null;
    let token = stage.provider.script().keys[0].sign("logout+jwt", &null_nonce);
    assert_eq!(tell(&stage, &token).await.status, 400, "a null nonce is a nonce");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn another_kind_of_token_ends_nothing() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let claims = stage.provider.logout_claims(&json!({}));
    for typ in ["JWT", "at+jwt", "id_token", ""] {
        let token = stage.provider.script().keys[0].sign(typ, &claims);
        assert_eq!(tell(&stage, &token).await.status, 400, "{typ:?}");
    }
    assert!(browser.is_signed_in().await);
    for typ in ["Logout+JWT", "application/logout+jwt"] {
        let claims = stage.provider.logout_claims(&json!({ "jti": typ }));
        let token = stage.provider.script().keys[0].sign(typ, &claims);
        assert_eq!(
            tell(&stage, &token).await.status,
            200,
            "{typ:?} is the same media type (RFC 7515 §4.1.9)"
        );
    }
}

#[tokio::test]
async fn a_wrong_signature_ends_nothing() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    let claims = stage.provider.logout_claims(&json!({}));
    let part = |value: Value| {
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, value.to_string())
    };
    let mut by_secret = Header::new(Algorithm::HS256);
    by_secret.typ = Some("logout+jwt".to_owned());
    by_secret.kid = Some("ec-1".to_owned());
    let tokens = [
        String::new(),
        "a.b.c".to_owned(),
        format!("{}.{}.", part(json!({ "alg": "none", "typ": "logout+jwt" })), part(claims.clone())),
        encode(&by_secret, &claims, &EncodingKey::from_secret(CLIENT_SECRET.as_bytes())).expect("a token"),
        SigningKey::ec("ec-1").sign("logout+jwt", &claims),
        SigningKey::rsa("ec-1").sign("logout+jwt", &claims),
        SigningKey::ec("unknown").sign("logout+jwt", &claims),
    ];
    for token in tokens {
        assert_eq!(tell(&stage, &token).await.status, 400, "{token}");
    }
    assert!(browser.is_signed_in().await);
    assert_eq!(
        tell(&stage, &stage.provider.logout_token(&json!({}))).await.status,
        200,
        "a refused token uses nothing up"
    );
}

#[tokio::test]
async fn a_key_published_since_is_found() {
    let stage = Stage::start().await;
    let browser = stage.signed_in().await;
    stage.clock.advance(60);
    stage.provider.script().keys = vec![SigningKey::rsa("rsa-2")];
    assert_eq!(tell(&stage, &stage.provider.logout_token(&json!({}))).await.status, 200);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_request_without_a_token_is_a_bad_request() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    assert_eq!(browser.post_bare("/backchannel-logout", &[]).await.status, 400);
    let token = stage.provider.logout_token(&json!({}));
    let in_address =
        browser.request(reqwest::Method::POST, &format!("/backchannel-logout?logout_token={token}"));
    assert_eq!(browser.send(in_address).await.status, 400);
    let as_json =
        browser.request(reqwest::Method::POST, "/backchannel-logout").json(&json!({ "logout_token": token }));
    assert_eq!(browser.send(as_json).await.status, 400);
}
