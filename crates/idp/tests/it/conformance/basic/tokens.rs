use serde_json::Value;

use crate::conformance::{
    checks::token,
    op::{FIRST, Op, SECOND, portal},
    suite::{Code, Suite, Tokens},
};

/// OIDC Core §15.1, OIDC Registration §2: no algorithm registered means RS256; the header names its key.
pub async fn oidcc_idtoken_signature(suite: &mut Suite) {
    let code = suite.authorize(suite.request()).await;
    let tokens = suite.redeem(&code).await;
    assert_eq!(tokens.header["alg"], "RS256");
    assert!(tokens.header["kid"].is_string());
}

/// OIDC Core §2: `none` only if it is advertised and asked for at registration. It is neither: so the suite passes this module over.
pub async fn oidcc_idtoken_unsigned(suite: &mut Suite) {
    let document = suite.document().await;
    for (name, value) in document.as_object().unwrap().iter().filter(|(n, _)| n.contains("_alg_values")) {
        assert!(!value.as_array().unwrap().contains(&Value::from("none")), "{name}");
    }
    let refused = Op::refused(&portal(&FIRST, "id_token_signed_response_alg = \"none\""));
    assert_eq!(refused, ["portal.id_token_signed_response_alg"]);
}

async fn reused(suite: &mut Suite, after: i64) -> (Code, Tokens) {
    let code = suite.authorize(suite.request()).await;
    let tokens = suite.redeem(&code).await;
    assert!(suite.opens(tokens.access()).await);
    suite.op.wait(after);
    assert_eq!(token::failure(&suite.exchange(&code, &[]).await), "invalid_grant");
    (code, tokens)
}

/// RFC 6749 §4.1.2: a code is used once.
pub async fn oidcc_codereuse(suite: &mut Suite) {
    reused(suite, 0).await;
}

/// RFC 6749 §4.1.2: and whoever tries again ends what it gave. With a refusal that stays one.
pub async fn oidcc_codereuse_30seconds(suite: &mut Suite) {
    let (code, tokens) = reused(suite, 30).await;
    assert!(!suite.opens(tokens.access()).await, "the first use's access token still works");
    assert_eq!(token::failure(&suite.exchange(&code, &[]).await), "invalid_grant");
}

/// RFC 6749 §6, OIDC Core §12: for the first client with `scope`, for the second one without.
pub async fn oidcc_refresh_token(suite: &mut Suite) {
    let document = suite.document().await;
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&"refresh_token".into()));
    let scope = "openid offline_access";
    let asked = suite.request().with("scope", scope).with("prompt", "consent");
    let first = suite.happy(asked).await;
    let renewed = refreshed(suite, &first, &[("scope", scope)]).await;
    // Rotated, the new one is usable (PROTOCOL 4.9).
    refreshed(suite, &renewed, &[]).await;
    let asked = suite.request_of(&SECOND).with("scope", scope).with("prompt", "consent");
    let second = suite.again(asked).await;
    refreshed(suite, &second, &[]).await;
    // Somebody else's token is worth nothing, and nothing has happened to it then.
    let third = suite.again(suite.request_of(&SECOND).with("scope", scope)).await;
    let stolen = [("grant_type", "refresh_token"), ("refresh_token", refresh_token(&third))];
    assert_eq!(token::failure(&suite.token(&FIRST, &stolen).await), "invalid_grant");
    refreshed(suite, &third, &[]).await;
}

fn refresh_token(tokens: &Tokens) -> &str {
    tokens.answer["refresh_token"].as_str().expect("a refresh token")
}

/// New tokens for old ones; a second goes by, so that the times can differ.
async fn refreshed(suite: &mut Suite, was: &Tokens, more: &[(&str, &str)]) -> Tokens {
    suite.op.wait(1);
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token(was))];
    fields.extend(more);
    let reply = suite.token(was.asked.client, &fields).await;
    // Nothing was asked for anew: no nonce (OIDC Core §12.2).
    let is = suite.tokens(&was.asked.clone().with("nonce", ""), &reply).await;
    suite.userinfo(&is).await;
    for same in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(was.claims.get(same), is.claims.get(same), "{same}");
    }
    assert!(is.claims["iat"].as_i64() > was.claims["iat"].as_i64(), "iat is the time of the new token");
    assert_ne!(was.access(), is.access());
    is
}
