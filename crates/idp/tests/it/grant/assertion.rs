use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oidc::{Code, authentication::ASSERTION_TYPE, client::AuthMethod};
use serde_json::json;
use testbed::{apply, both};

use crate::grant::world::{ISSUER, World, all, answered, call, form};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// As a client signs: the MAC is made without the code that checks it.
fn signed(claims: &serde_json::Value) -> String {
    use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = sign(&Key::new(HMAC_SHA256, SECRET), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// OIDC Core §9; RFC 7523 §3; SECURITY #27, I18
#[apply(both!)]
#[tokio::test]
async fn an_assertion_by_a_shared_secret_is_good_once_over_all_nodes(world: World) {
    world.agencies.store(Arc::new(all(|client| {
        client.token_endpoint_auth_method = AuthMethod::SecretJwt;
        client.secrets = vec![oidc::client::Secret::shared(std::str::from_utf8(SECRET).unwrap()).unwrap()];
    })));
    let now = world.bed.context.now();
    for (audience, jti) in [(ISSUER.to_owned(), "1"), (format!("{ISSUER}/token"), "2")] {
        let claims =
            json!({ "iss": "rp", "sub": "rp", "aud": audience, "jti": jti, "iat": now, "exp": now + 60 });
        let assertion = signed(&claims);
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("code", "unknown"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &assertion),
        ]);
        let first = answered(world.a.token(call(None, &body)).await).unwrap_err();
        assert_eq!(first.code(), Code::InvalidGrant, "the client is known, the code is not");
        let again = answered(world.b.token(call(None, &body)).await).unwrap_err();
        assert_eq!(again.code(), Code::InvalidClient, "{}", world.bed.name);
    }
}
