use idp::grant::Userinfo;
use oidc::jwt::Alg;
use testbed::{apply, both};

use crate::grant::world::{
    ISSUER, World, all, answered, ask, basic, call, form, opens, part, redeem, refresh, text,
};

/// OIDC Core §8.1, SPEC J13: pairwise by agency, the same for the portals of one agency and at every sign-in.
#[apply(both!)]
#[tokio::test]
async fn subjects_are_pairwise_by_agency(world: World) {
    let session = world.sign_in().await;
    let agencies = world.agencies.load();
    let sub = |id: &str| world.a.subject(&agencies.portal(id).unwrap().1.client, world.account);
    assert_eq!(sub("rp"), sub("app"));
    assert_ne!(sub("rp"), sub("other"));
    let rp = &agencies.portal("rp").unwrap().1.client;
    assert_eq!(sub("rp"), world.b.subject(rp, world.account), "both nodes have one salt");
    let tokens = world.tokens(&session).await;
    assert_eq!(part(text(&tokens, "id_token"), 1)["sub"], sub("rp"));
    assert_eq!(part(text(&tokens, "access_token"), 1)["sub"], sub("rp"));
    assert!(!sub("rp").contains(&world.account.to_string()[..8]));
}

/// SECURITY #39; PROTOCOL 4.10
#[apply(both!)]
#[tokio::test]
async fn an_id_token_says_what_happened(world: World) {
    let session = world.sign_in().await;
    let nonce = "n".repeat(64);
    world.bed.clock.advance(5);
    let acr = oidc::acr::Acr::Password.as_str();
    let params = world.authorize("rp", &session, &[("nonce", &nonce), ("acr_values", acr)]).await;
    assert_eq!(params.get("state"), Some("s"));
    let tokens = redeem(&world.a, params.get("code").unwrap()).await.unwrap();
    let (header, id) = (part(text(&tokens, "id_token"), 0), part(text(&tokens, "id_token"), 1));
    assert_eq!((&header["typ"], &header["alg"]), (&"JWT".into(), &"RS256".into()));
    assert_eq!((&id["iss"], &id["aud"], &id["azp"]), (&ISSUER.into(), &"rp".into(), &"rp".into()));
    assert_eq!((&id["nonce"], &id["acr"]), (&nonce.into(), &acr.into()));
    assert_eq!(id["auth_time"], session.auth_time);
    assert_eq!(id["at_hash"], oidc::claims::half_hash(Alg::RS256, text(&tokens, "access_token")));
    let header = part(text(&tokens, "access_token"), 0);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &600.into()));
    let again = part(text(&world.tokens(&session).await, "id_token"), 1);
    assert_eq!(again["sid"], id["sid"]);
    let other = part(text(&world.tokens(&world.sign_in().await).await, "id_token"), 1);
    assert_ne!(other["sid"], id["sid"]);
}

/// SPEC J13; PROTOCOL 4.10
#[apply(both!)]
#[tokio::test]
async fn userinfo_tells_the_agency_its_own_references(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let Ok(Userinfo::Json(told)) = answered(world.b.userinfo(text(&tokens, "access_token")).await) else {
        panic!()
    };
    assert_eq!(told["sub"], part(text(&tokens, "id_token"), 1)["sub"]);
    assert_eq!((&told["email"], &told["email_verified"]), (&"Marie@example.org".into(), &true.into()));
    assert_eq!((&told["name"], &told["given_name"]), (&"Marie".into(), &"Marie".into()));
    assert_eq!(told["client_refs"], serde_json::json!(["C42"]));
    assert!(told.get("phone_number").is_none());
    world.agencies.store(all(|c| c.userinfo_signed_response_alg = Some(Alg::RS256)).into());
    let Ok(Userinfo::Jwt(signed)) = answered(world.a.userinfo(text(&tokens, "access_token")).await) else {
        panic!()
    };
    let claims = part(&signed, 1);
    assert_eq!((&claims["iss"], &claims["aud"]), (&ISSUER.into(), &"rp".into()));
    assert!(claims.get("nonce").is_none());
}

/// SECURITY #31, #34: only an access token opens userinfo, and only while it lives.
#[apply(both!)]
#[tokio::test]
async fn nothing_else_passes_for_an_access_token(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let access = text(&tokens, "access_token");
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", access.split('.').nth(1).unwrap());
    let unsigned = access.rsplit_once('.').unwrap().0.to_owned() + ".";
    for token in [
        text(&tokens, "id_token"),
        text(&tokens, "refresh_token"),
        &none,
        &unsigned,
        "",
        "a.b.c",
        &"x".repeat(9000),
    ] {
        assert!(!opens(&world.a, token).await, "{token}");
    }
    assert!(opens(&world.a, access).await);
    world.bed.clock.advance(611);
    assert!(!opens(&world.a, access).await);
}

/// RFC 7662, RFC 7009, SECURITY #28
#[apply(both!)]
#[tokio::test]
async fn introspection_and_revocation_are_for_ones_own_tokens(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let asked = |client: &'static str, token: &str| {
        let (node, body) = (world.a.clone(), form(&[("token", token)]));
        async move { node.introspect(call(Some(&basic(client)), &body)).await.unwrap() }
    };
    for name in ["access_token", "refresh_token"] {
        let told = asked("rp", text(&tokens, name)).await;
        assert_eq!((&told["active"], &told["client_id"]), (&true.into(), &"rp".into()));
        assert!(told.get("grant").is_none());
        assert_eq!(asked("other", text(&tokens, name)).await, serde_json::json!({ "active": false }));
    }
    assert_eq!(asked("rp", "garbage").await, serde_json::json!({ "active": false }));
    assert!(answered(world.a.introspect(call(None, "token=x&client_id=app")).await).is_err());
    let body = form(&[("token", text(&tokens, "refresh_token"))]);
    assert!(world.a.revoke(call(Some(&basic("other")), &body)).await.is_ok());
    assert!(opens(&world.a, text(&tokens, "access_token")).await);
    assert!(world.a.revoke(call(Some(&basic("rp")), &body)).await.is_ok());
    assert!(!opens(&world.b, text(&tokens, "access_token")).await);
    assert!(refresh(&world.b, text(&tokens, "refresh_token")).await.is_err());
    assert_eq!(asked("rp", text(&tokens, "access_token")).await, serde_json::json!({ "active": false }));
}

/// OIDC Core §5.3: userinfo is for tokens with the scope `openid`; one that a refresh narrowed to less (RFC 6749 §6) opens nothing, and tells nobody.
#[apply(both!)]
#[tokio::test]
async fn userinfo_needs_the_scope_openid(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", text(&tokens, "refresh_token")),
        ("scope", "profile email"),
    ];
    let narrowed = ask(&world.a, "rp", &fields).await.unwrap();
    assert_eq!(narrowed["scope"], "profile email");
    for node in [&world.a, &world.b] {
        let Err(error) = answered(node.userinfo(text(&narrowed, "access_token")).await) else {
            panic!("{}: userinfo without openid", world.bed.name)
        };
        assert_eq!(error.code().as_str(), "insufficient_scope");
    }
    assert!(opens(&world.a, text(&tokens, "access_token")).await, "the wider one does");
}
