use http::StatusCode;

use crate::endpoints::{
    browser::{Visitor, provider},
    world::{World, form, text},
};

const BACK: (&str, &str) = ("post_logout_redirect_uri", "https://rp.example/out");

pub fn field(body: &str, name: &str) -> String {
    let at = body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {body}"));
    let value = body[at..].split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// oidcc-rp-initiated-logout, -no-state
#[tokio::test]
async fn a_client_signs_its_person_out_and_gets_them_back() {
    for world in World::both().await {
        let router = provider(&world);
        for (state, to) in [("a b", "https://rp.example/out?state=a+b"), ("", "https://rp.example/out")] {
            let mut browser = Visitor::signed_in(&world, &router).await;
            let tokens = browser.tokens(&[]).await;
            let mut fields = vec![("id_token_hint", text(&tokens, "id_token")), BACK];
            fields.extend((!state.is_empty()).then_some(("state", state)));
            let reply = browser.get(&format!("/end-session?{}", form(&fields)), &[]).await;
            assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, to));
            assert!(!browser.cookies.contains_key("__Host-mc_session"));
            let back = browser.authorize(&[("prompt", "none")]).await.returned();
            assert_eq!(back.get("error"), Some("login_required"));
        }
        assert_eq!(world.count("session", "ended_at IS NULL").await, 0);
        assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 2);
    }
}

/// The same in a form that a portal posts: our cookie does not come along, the hint says who is meant.
#[tokio::test]
async fn a_portals_form_signs_out_without_our_cookie() {
    for world in World::both().await {
        let router = provider(&world);
        let mut browser = Visitor::signed_in(&world, &router).await;
        let tokens = browser.tokens(&[]).await;
        let fields = [("id_token_hint", text(&tokens, "id_token")), BACK];
        let reply =
            Visitor::new(&router).post("/end-session", &[("origin", "https://rp.example")], &fields).await;
        assert_eq!(reply.header("location"), "https://rp.example/out");
        let back = browser.authorize(&[("prompt", "none")]).await.returned();
        assert_eq!(back.get("error"), Some("login_required"));
    }
}

/// oidcc-rp-initiated-logout-no-params, -no-id-token-hint, -only-state; SECURITY #42, #44
#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_their_yes_is_theirs() {
    for world in World::both().await {
        let router = provider(&world);
        for fields in [vec![], vec![("state", "s")], vec![BACK, ("state", "s")]] {
            let mut browser = Visitor::signed_in(&world, &router).await;
            browser.tokens(&[]).await;
            let page = browser.get(&format!("/end-session?{}", form(&fields)), &[]).await;
            assert_eq!(page.status, StatusCode::OK);
            let csrf = field(&page.body, "csrf");
            let forged = Visitor::new(&router).post("/end-session", &[], &[("csrf", &csrf)]).await;
            assert_eq!(forged.status, StatusCode::FORBIDDEN);
            let mut answer = fields.clone();
            answer.push(("csrf", &csrf));
            let reply = browser.post("/end-session", &[("sec-fetch-site", "same-origin")], &answer).await;
            assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, "/sign-out"));
            let done = browser.follow(reply).await;
            assert_eq!(done.status, StatusCode::OK);
            assert_eq!(
                browser.authorize(&[("prompt", "none")]).await.returned().get("error"),
                Some("login_required")
            );
        }
    }
}

/// oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-…, -modified-id-token-hint, -bad-id-token-hint; SECURITY #45
#[tokio::test]
async fn nobody_is_sent_where_no_client_registered() {
    for world in World::both().await {
        let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
        let tokens = browser.tokens(&[]).await;
        let hint = text(&tokens, "id_token").to_owned();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap());
        for (hint, uri) in [
            (hint.as_str(), "https://rp.example/out?x=1"),
            (&hint, "https://rp.example/out/"),
            (&hint, "https://evil.example/"),
            (&unsigned, BACK.1),
            (&hint[..hint.len() - 4], BACK.1),
            (text(&tokens, "access_token"), BACK.1),
        ] {
            let query = form(&[("id_token_hint", hint), ("post_logout_redirect_uri", uri)]);
            let reply = browser.get(&format!("/end-session?{query}"), &[]).await;
            assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{uri}");
            assert!(reply.headers.get("location").is_none() && !reply.body.contains("evil"));
        }
        assert!(
            browser.authorize(&[("prompt", "none")]).await.returned().get("code").is_some(),
            "nothing was ended"
        );
    }
}
