use http::Method;
use oidc::jwt::Alg;
use testbed::{Bed, apply, both};

use super::{advertised, basic};
use crate::conformance::{
    checks::{claims, id_token},
    op::{FIRST, ISSUER, Op, portal},
    suite::{Suite, Tokens},
};

const IN: &str = "id_token_signing_alg_values_supported";
const AT: &str = "userinfo_signing_alg_values_supported";

/// OIDC Core §2, Registration §2: an algorithm is advertised from when the provider has a key for it, and then it signs. What no file can
/// ask for is not advertised.
#[apply(both!)]
#[tokio::test]
async fn id_token_signing_alg_values_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    assert_eq!(advertised(&suite, IN).await, ["RS256"], "what no client wants has no key");
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        let keys = format!("id_token_signed_response_alg = \"{alg}\"");
        suite.op.reconfigure(&portal(&FIRST, &keys)).await;
        assert!(advertised(&suite, IN).await.iter().any(|a| a == alg), "{alg}");
        suite.fresh_browser();
        let tokens = suite.happy(suite.request()).await;
        assert_eq!(tokens.header["alg"], alg);
    }
    let all = advertised(&suite, IN).await;
    for other in ["none", "HS256", "RS384", "RS512", "PS384", "ES384", "ES512", "Ed25519"] {
        assert!(!all.iter().any(|alg| alg == other), "{other}");
        let keys = format!("id_token_signed_response_alg = \"{other}\"");
        assert_eq!(Op::refused(&portal(&FIRST, &keys)), ["portal.id_token_signed_response_alg"]);
    }
}

/// OIDC Core §5.3.2 (PROTOCOL 4.10 "signed userinfo"): `application/jwt`, `iss` and `aud`, no nonce.
#[apply(both!)]
#[tokio::test]
async fn userinfo_signing_alg_values_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    for alg in [Alg::RS256, Alg::PS256, Alg::ES256, Alg::EdDSA] {
        suite.op.change(|client| client.userinfo_signed_response_alg = Some(alg)).await;
        assert!(advertised(&suite, AT).await.iter().any(|a| a == alg.as_str()), "{alg:?}");
        suite.fresh_browser();
        let asked = suite.request().with("scope", "openid email");
        let code = suite.authorize(asked).await;
        let tokens = suite.redeem(&code).await;
        assert_eq!(tokens.header["alg"], "RS256", "the ID token keeps its own");
        signed(&suite, &tokens, alg).await;
    }
}

async fn signed(suite: &Suite, tokens: &Tokens, alg: Alg) {
    let bearer = format!("Bearer {}", tokens.access());
    let reply = suite.call(Method::GET, "/userinfo", None, &[("authorization", &bearer)]).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/jwt"));
    let keys = suite.call(Method::GET, "/jwks", None, &[]).await.json();
    let (header, told) = id_token::signed(&reply.body, &keys);
    assert_eq!(header["alg"], alg.as_str());
    assert_eq!((&told["iss"], &told["aud"]), (&ISSUER.into(), &FIRST.id.into()));
    assert_eq!(told["sub"], tokens.claims["sub"]);
    assert!(told["email"].is_string() && !told.contains_key("nonce"));
    claims::types(&told, suite.op.now());
}
