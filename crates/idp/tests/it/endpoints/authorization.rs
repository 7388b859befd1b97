use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, asking, provider},
    world::{CALLBACK, ISSUER, World, all, form, part, text},
};

/// oidcc-server: SSO without a question, code in the query, state verbatim, iss always.
#[apply(both!)]
#[tokio::test]
async fn a_signed_in_person_comes_back_with_a_code(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let state = format!("a b&c=\u{e9}\"<{}", "x".repeat(128));
    let back = browser.authorize(&[("state", &state)]).await.returned();
    assert_eq!(back.get("state"), Some(state.as_str()));
    assert_eq!(back.get("code").map(str::len), Some(43));
    let back = browser.authorize(&[("state", "")]).await.returned();
    assert_eq!(back.get("state"), None);
    // oidcc-ensure-post-request-succeeds: without the cookie of another site's form it would be the sign-in page.
    let reply = browser.post("/authorize", &[("origin", "https://rp.example")], &asking(&[])).await;
    assert!(browser.follow(reply).await.returned().get("code").is_some());
}

/// oidcc-prompt-none-not-logged-in, oidcc-prompt-none-logged-in, oidcc-id-token-hint, SECURITY #14
#[apply(both!)]
#[tokio::test]
async fn prompt_none_shows_no_page(world: World) {
    let router = provider(&world);
    let back = Visitor::new(&router).authorize(&[("prompt", "none")]).await.returned();
    assert_eq!((back.get("error"), back.get("state")), (Some("login_required"), Some("s")));
    for (length, error) in [(4096, "login_required"), (4097, "invalid_request")] {
        let state = "x".repeat(length);
        let back = Visitor::new(&router).authorize(&[("prompt", "none"), ("state", &state)]).await.returned();
        assert_eq!((back.get("error"), back.get("state")), (Some(error), Some(&*state)), "FINDING R3, R12");
    }
    let mut browser = Visitor::signed_in(&world, &router).await;
    let first = browser.tokens(&[]).await;
    world.bed.clock.advance(1);
    let hint = text(&first, "id_token").to_owned();
    let second = browser.tokens(&[("prompt", "none"), ("id_token_hint", &hint)]).await;
    let (first, second) = (part(text(&first, "id_token"), 1), part(text(&second, "id_token"), 1));
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
    world.reset_password().await;
    let back = browser.authorize(&[("prompt", "none")]).await.returned();
    assert_eq!(back.get("error"), Some("login_required"));
}

/// oidcc-prompt-login, oidcc-max-age-1, oidcc-max-age-10000, and parameters that must not hurt
#[apply(both!)]
#[tokio::test]
async fn a_person_is_asked_only_when_that_is_wanted(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    world.bed.clock.advance(2);
    for more in [("prompt", "login"), ("max_age", "1"), ("prompt", "select_account")] {
        assert_eq!(browser.authorize(&[more]).await.status, StatusCode::OK, "{more:?}");
    }
    for more in [
        ("max_age", "10000"),
        ("prompt", "consent"),
        ("extra", "foobar"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "x@example.org"),
        ("acr_values", "1 2"),
        ("scope", "email openid unknown"),
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
        ("nonce", ""),
    ] {
        let back = browser.authorize(&[more]).await.returned();
        assert!(back.get("code").is_some(), "{more:?}: {:?}", back.get("error"));
    }
}

/// SECURITY #3, #7, #8, #11; oidcc-response-type-missing, oidcc-unsigned-request-object-…
#[apply(both!)]
#[tokio::test]
async fn what_is_wrong_with_a_request_goes_back_to_the_client(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let long = "n".repeat(513);
    for (more, code) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", "code id_token"), "unsupported_response_type"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", "http://169.254.169.254/"), "request_uri_not_supported"),
        (("registration", "{}"), "registration_not_supported"),
        (("prompt", "none login"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("claims", "[]"), "invalid_request"),
        (("nonce", long.as_str()), "invalid_request"),
        (("id_token_hint", "eyJhbGciOiJub25lIn0.e30."), "invalid_request"),
        (("response_mode", "web_message"), "invalid_request"),
    ] {
        let back = browser.authorize(&[more]).await.returned();
        assert_eq!(back.get("error"), Some(code), "{more:?}");
        assert_eq!((back.get("state"), back.get("iss"), back.get("code")), (Some("s"), Some(ISSUER), None));
    }
}

/// SECURITY #1, #6; oidcc-ensure-registered-redirect-uri: a page with a reference, no redirect, no way out.
#[apply(both!)]
#[tokio::test]
async fn where_the_client_or_the_address_is_not_settled_nobody_is_redirected(world: World) {
    let mut browser = Visitor::signed_in(&world, &provider(&world)).await;
    let mut queries = vec![
        String::new(),
        form(&asking(&[("client_id", "nobody")])),
        form(&asking(&[("client_id", "")])),
        form(&asking(&[("redirect_uri", "")])),
        format!("{}&client_id=rp", form(&asking(&[]))),
        format!("{}&state=other", form(&asking(&[]))),
        format!("{}&redirect_uri%5B%5D=https%3A%2F%2Fevil.example", form(&asking(&[]))),
        form(&asking(&[("state", "a\0b")])),
    ];
    for end in [
        "/",
        "?",
        "?x=1",
        "#",
        "#x",
        "/../cb",
        "/..;/",
        "%2e",
        "@evil.example",
        "\\",
        "\t",
        "\r\n",
        ".",
        ":443",
        "/random",
    ] {
        queries.push(form(&asking(&[("redirect_uri", &format!("{CALLBACK}{end}"))])));
    }
    for uri in [
        "https://rp.example:443/cb",
        "https://RP.example/cb",
        "HTTPS://rp.example/cb",
        "https://rp.example.evil.com/cb",
        "https://rp.example@evil.com/cb",
        "https://x@rp.example/cb",
        "https://evil.com\\@rp.example/cb",
        "//rp.example/cb",
        "javascript:alert(1)//https://rp.example/cb",
        "data:text/html,x",
        "http://rp.example/cb",
        "https://rp.example./cb",
        "https://rp.example/CB",
        "https://rp.example/c%62",
        "http://localhost:1/cb",
        "http://127.0.0.1/cb",
    ] {
        queries.push(form(&asking(&[("redirect_uri", uri)])));
    }
    let before = world.count("interaction", "1 = 1").await;
    for query in queries {
        let reply = browser.get(&format!("/authorize?{query}"), &[]).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(reply.headers.get("location").is_none(), "{query}");
        assert!(!reply.body.contains("evil") && !reply.body.contains("<form"), "{query}");
    }
    assert_eq!(world.count("interaction", "1 = 1").await, before);
}

/// oidcc-formpost-basic; SECURITY #10, #11
#[apply(both!)]
#[tokio::test]
async fn a_form_that_posts_itself_carries_success_and_error(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    let not_allowed = browser.authorize(&[("response_mode", "form_post")]).await.returned();
    assert!(not_allowed.get("error").is_some());
    world.agencies.store(all(|c| c.response_modes.push(oidc::client::ResponseMode::FormPost)).into());
    let evil = "\"></textarea><script>alert(1)</script>";
    for more in [vec![], vec![("scope", "email")]] {
        let mut more = more;
        more.extend([("response_mode", "form_post"), ("state", evil)]);
        let reply = browser.authorize(&more).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(
            reply.body.contains(&format!("action=\"{CALLBACK}\""))
                || reply.body.contains("action=\"https:&#x2f;"),
            "{}",
            reply.body
        );
        assert!(!reply.body.contains("<script>alert"), "{}", reply.body);
        assert!(!reply.header("content-security-policy").contains("form-action"));
        assert_eq!(reply.header("cache-control"), "no-store");
        let name = if more.len() == 2 { "name=\"code\"" } else { "name=\"error\"" };
        assert!(reply.body.contains(name) && reply.body.contains("name=\"iss\""), "{}", reply.body);
    }
}

/// SECURITY #12, #13: the hub's address is worth nothing in another browser.
#[apply(both!)]
#[tokio::test]
async fn an_interaction_belongs_to_one_browser(world: World) {
    let router = provider(&world);
    let mut mine = Visitor::new(&router);
    let reply = mine.get(&format!("/authorize?{}", form(&asking(&[]))), &[]).await;
    let hub = reply.header("location").to_owned();
    let mut other = Visitor::signed_in(&world, &router).await;
    let reply = other.get(&hub, &[]).await;
    let reply = other.follow(reply).await;
    assert!(!reply.header("location").starts_with(CALLBACK) && !reply.body.contains("code="));
    assert_eq!(world.count("code", "1 = 1").await, 0);
    assert_eq!(mine.get(&hub, &[]).await.status, StatusCode::OK);
}
