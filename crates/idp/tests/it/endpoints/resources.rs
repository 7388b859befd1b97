//! Resource indicators: an access token is for what was asked for and for nothing else (RFC 8707).

use http::StatusCode;
use serde_json::json;
use testbed::{apply, both};
use testkit::Page;

use crate::endpoints::{
    browser::{AtClient as _, Visitor, provider},
    world::{CALLBACK, VERIFIER, World, all, basic, part, text},
};

const API: &str = "https://api.tilleuls.example/";
const OTHER: &str = "https://docs.tilleuls.example/v1";

async fn token(browser: &mut Visitor, fields: &[(&str, &str)]) -> Page {
    browser.post("/token", &[("authorization", &basic("rp"))], fields).await
}

fn redeeming<'a>(code: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
    fields.into_iter().chain([("code_verifier", VERIFIER)]).chain(more.iter().copied()).collect()
}

/// RFC 8707 §2.1, §2.2; RFC 9068 §3, §4; SECURITY #35
#[apply(both!)]
#[tokio::test]
async fn a_token_for_a_resource_opens_that_resource_only(world: World) {
    world.agencies.store(all(|c| c.resources = vec![API.into(), OTHER.into()]).into());
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let asked = [("resource", API), ("resource", OTHER)];
    let code = browser.authorize(&asked).await.returned().get("code").unwrap().to_owned();
    let tokens = token(&mut browser, &redeeming(&code, &[])).await.json();
    let access = text(&tokens, "access_token").to_owned();
    assert_eq!(part(&access, 1)["aud"], json!([API, OTHER]));
    assert_eq!(part(text(&tokens, "id_token"), 1)["aud"], "rp");
    let bearer = format!("Bearer {access}");
    let reply = browser.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!((reply.status, reply.error()), (StatusCode::UNAUTHORIZED, "invalid_token".into()));
    let told = browser.post("/introspect", &[("authorization", &basic("rp"))], &[("token", &access)]).await;
    assert_eq!((&told.json()["active"], &told.json()["aud"]), (&json!(true), &json!([API, OTHER])));

    let refresh = |token: &str, resource: &str| {
        [("grant_type", "refresh_token"), ("refresh_token", token), ("resource", resource)]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
    };
    let fields = refresh(text(&tokens, "refresh_token"), OTHER);
    let fields: Vec<_> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let narrowed = token(&mut browser, &fields).await.json();
    assert_eq!(part(text(&narrowed, "access_token"), 1)["aud"], OTHER);
    // A given-back token for a resource is dead like any other (RFC 7009).
    let body = [("token", text(&narrowed, "access_token"))];
    browser.post("/revoke", &[("authorization", &basic("rp"))], &body).await;
    let told = browser.post("/introspect", &[("authorization", &basic("rp"))], &body).await;
    assert_eq!(told.json(), json!({ "active": false }));
}

/// RFC 8707 §2; SECURITY D7, #23
#[apply(both!)]
#[tokio::test]
async fn a_resource_that_is_not_the_clients_is_an_invalid_target_and_burns_nothing(world: World) {
    world.agencies.store(all(|c| c.resources = vec![API.into(), OTHER.into()]).into());
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    for wrong in ["https://api.rivage.example/", "https://api.tilleuls.example", "x", "https://op.example"] {
        let back = browser.authorize(&[("resource", wrong)]).await.returned();
        assert_eq!((back.get("error"), back.get("code")), (Some("invalid_target"), None), "{wrong}");
    }
    let code = browser.authorize(&[("resource", API)]).await.returned().get("code").unwrap().to_owned();
    let more = token(&mut browser, &redeeming(&code, &[("resource", OTHER)])).await;
    assert_eq!((more.status, more.error()), (StatusCode::BAD_REQUEST, "invalid_target".into()));
    let fine = token(&mut browser, &redeeming(&code, &[("resource", API)])).await;
    assert_eq!(part(text(&fine.json(), "access_token"), 1)["aud"], API);
    // The file no longer names it: what was granted is not given any more.
    world.agencies.store(all(|c| c.resources = vec![OTHER.into()]).into());
    let refresh = fine.json()["refresh_token"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(token(&mut browser, &fields).await.error(), "invalid_target");
    world.agencies.store(all(|c| c.resources = vec![API.into()]).into());
    assert_eq!(token(&mut browser, &fields).await.status, StatusCode::OK, "and the token was not burned");
}
