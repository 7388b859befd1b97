use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{World, all, basic, part, text},
};

/// oidcc-server, oidcc-userinfo-get, -post-header, -post-body, oidcc-scope-profile, -email; SECURITY #29
#[apply(both!)]
#[tokio::test]
async fn a_code_becomes_tokens_and_tokens_open_userinfo(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let code = browser.authorize(&[]).await.returned().get("code").unwrap().to_owned();
    let reply = browser.redeem(&code).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!((reply.header("cache-control"), reply.header("pragma")), ("no-store", "no-cache"));
    assert!(reply.headers.get("access-control-allow-origin").is_none());
    let tokens = reply.json();
    assert_eq!((text(&tokens, "token_type"), &tokens["expires_in"]), ("Bearer", &600.into()));
    let id = part(text(&tokens, "id_token"), 1);
    assert_eq!((&id["nonce"], &id["aud"]), (&"n".into(), &"rp".into()));
    let access = text(&tokens, "access_token").to_owned();
    for scheme in ["Bearer", "bEARER"] {
        let header = format!("{scheme} {access}");
        for reply in [
            browser.get("/userinfo", &[("authorization", &header)]).await,
            browser.post("/userinfo", &[("authorization", &header)], &[]).await,
        ] {
            assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
            let told = reply.json();
            assert_eq!((&told["sub"], &told["email"]), (&id["sub"], &"Marie@example.org".into()));
            assert_eq!((&told["given_name"], &told["client_refs"][0]), (&"Marie".into(), &"C42".into()));
        }
    }
    let reply = browser.post("/userinfo", &[], &[("access_token", &access)]).await;
    assert_eq!(reply.json()["sub"], id["sub"]);
    let header = format!("Bearer {access}");
    let twice = browser.post("/userinfo", &[("authorization", &header)], &[("access_token", &access)]).await;
    assert_eq!((twice.status, twice.error()), (StatusCode::BAD_REQUEST, "invalid_request".into()));
}

/// RFC 6750 §2.3, §3; SECURITY #34
#[apply(both!)]
#[tokio::test]
async fn only_an_access_token_in_its_place_opens_userinfo(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let tokens = browser.tokens(&[]).await;
    let access = text(&tokens, "access_token").to_owned();
    let none = browser.get(&format!("/userinfo?access_token={access}"), &[]).await;
    assert_eq!(
        (none.status, none.header("www-authenticate")),
        (StatusCode::UNAUTHORIZED, "Bearer realm=\"moncompte\"")
    );
    for wrong in [text(&tokens, "id_token"), text(&tokens, "refresh_token"), "x", &access[..access.len() - 2]]
    {
        let reply = browser.get("/userinfo", &[("authorization", &format!("Bearer {wrong}"))]).await;
        assert_eq!((reply.status, reply.error()), (StatusCode::UNAUTHORIZED, "invalid_token".into()));
        assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    world.bed.clock.advance(611);
    let reply = browser.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

/// oidcc-userinfo with userinfo_signed_response_alg (PROTOCOL 4.10)
#[apply(both!)]
#[tokio::test]
async fn a_client_may_have_its_userinfo_signed(world: World) {
    world.agencies.store(all(|c| c.userinfo_signed_response_alg = Some(oidc::jwt::Alg::RS256)).into());
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let tokens = browser.tokens(&[]).await;
    let header = format!("Bearer {}", text(&tokens, "access_token"));
    let reply = browser.get("/userinfo", &[("authorization", &header)]).await;
    assert_eq!(reply.header("content-type"), "application/jwt");
    let (head, told) = (part(&reply.body, 0), part(&reply.body, 1));
    assert_eq!((&head["alg"], &told["aud"], told.get("nonce")), (&"RS256".into(), &"rp".into(), None));
}

/// oidcc-codereuse-30seconds, SECURITY D5; SECURITY #17
#[apply(both!)]
#[tokio::test]
async fn a_second_redemption_ends_what_the_first_gave(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let code = browser.authorize(&[]).await.returned().get("code").unwrap().to_owned();
    let tokens = browser.redeem(&code).await.json();
    world.bed.clock.advance(30);
    let again = browser.redeem(&code).await;
    assert_eq!((again.status, again.error()), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    let header = format!("Bearer {}", text(&tokens, "access_token"));
    assert_eq!(
        browser.get("/userinfo", &[("authorization", &header)]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// oidcc-refresh-token; RFC 6749 §6; SECURITY #19, #20, #39
#[apply(both!)]
#[tokio::test]
async fn a_refresh_token_is_rotated(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let first = browser.tokens(&[]).await;
    world.bed.clock.advance(1);
    let (ours, theirs) = (basic("rp"), basic("other"));
    let fields = |token: &str| {
        vec![
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), token.to_owned()),
        ]
    };
    let old = fields(text(&first, "refresh_token"));
    let old: Vec<_> = old.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let foreign = browser.post("/token", &[("authorization", &theirs)], &old).await;
    assert_eq!((foreign.status, foreign.error()), (StatusCode::BAD_REQUEST, "invalid_grant".into()));
    let reply = browser.post("/token", &[("authorization", &ours)], &old).await;
    assert_eq!((reply.status, reply.header("cache-control")), (StatusCode::OK, "no-store"));
    let second = reply.json();
    let (was, is) = (part(text(&first, "id_token"), 1), part(text(&second, "id_token"), 1));
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(was[same], is[same], "{same}");
    }
    assert_ne!(was["iat"], is["iat"]);
    assert!(is.get("nonce").is_none());
    world.bed.clock.advance(11);
    let reuse = browser.post("/token", &[("authorization", &ours)], &old).await;
    assert_eq!(reuse.error(), "invalid_grant");
    let header = format!("Bearer {}", text(&second, "access_token"));
    assert_eq!(
        browser.get("/userinfo", &[("authorization", &header)]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

/// RFC 7662, RFC 7009, SECURITY #28
#[apply(both!)]
#[tokio::test]
async fn a_client_asks_after_and_gives_back_its_own_tokens_only(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let tokens = browser.tokens(&[]).await;
    let token = [("token", text(&tokens, "access_token"))];
    let (ours, theirs) = (basic("rp"), basic("other"));
    assert_eq!(browser.post("/introspect", &[("authorization", &ours)], &token).await.json()["active"], true);
    assert_eq!(
        browser.post("/introspect", &[("authorization", &theirs)], &token).await.body,
        r#"{"active":false}"#
    );
    assert_eq!(
        browser.post("/introspect", &[("authorization", &theirs)], &[("token", "x")]).await.body,
        r#"{"active":false}"#
    );
    assert_eq!(browser.post("/introspect", &[], &token).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(browser.post("/revoke", &[("authorization", &theirs)], &token).await.status, StatusCode::OK);
    assert_eq!(browser.post("/introspect", &[("authorization", &ours)], &token).await.json()["active"], true);
    assert_eq!(browser.post("/revoke", &[("authorization", &ours)], &token).await.status, StatusCode::OK);
    assert_eq!(
        browser.post("/introspect", &[("authorization", &ours)], &token).await.json()["active"],
        false
    );
}
