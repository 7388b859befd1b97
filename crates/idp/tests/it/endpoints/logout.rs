use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{AtClient as _, Visitor, asking, provider},
    world::{World, form, text},
};

const BACK: (&str, &str) = ("post_logout_redirect_uri", "https://rp.example/out");

pub fn field(body: &str, name: &str) -> String {
    let at = body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no field {name}: {body}"));
    let value = body[at..].split("value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

/// oidcc-rp-initiated-logout, -no-state
#[apply(both!)]
#[tokio::test]
async fn a_client_signs_its_person_out_and_gets_them_back(world: World) {
    let router = provider(&world);
    for (state, to) in [("a b", "https://rp.example/out?state=a+b"), ("", "https://rp.example/out")] {
        let mut browser = Visitor::signed_in(&world, &router).await;
        let tokens = browser.tokens(&[]).await;
        let mut fields = vec![("id_token_hint", text(&tokens, "id_token")), BACK];
        fields.extend((!state.is_empty()).then_some(("state", state)));
        let reply = browser.get(&format!("/end-session?{}", form(&fields)), &[]).await;
        assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, to));
        assert!(browser.cookie_value("__Host-mc_session").is_none());
        let back = browser.authorize(&[("prompt", "none")]).await.returned();
        assert_eq!(back.get("error"), Some("login_required"));
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 0);
    assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 2);
}

/// Values of `Sec-Fetch-Site` and `Origin` for another site's form: of today's browsers, of older ones, and of none.
const ELSEWHERE: [&[(&str, &str)]; 4] = [
    &[("sec-fetch-site", "cross-site"), ("origin", "https://rp.example")],
    &[("origin", "https://rp.example")],
    &[("sec-fetch-site", "same-site"), ("origin", "null")],
    &[],
];

/// The same in a form that a portal posts: our cookie does not come along (SameSite=Lax), so the browser is sent on to where it does.
#[apply(both!)]
#[tokio::test]
async fn a_portals_form_signs_out_over_an_address_of_ours(world: World) {
    let router = provider(&world);
    for headers in ELSEWHERE {
        let mut browser = Visitor::signed_in(&world, &router).await;
        let tokens = browser.tokens(&[]).await;
        let fields = [("id_token_hint", text(&tokens, "id_token")), BACK, ("state", "a&b")];
        let reply = Visitor::new(&router).post("/end-session?ui_locales=fr", headers, &fields).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{headers:?}");
        assert!(reply.headers.get("set-cookie").is_none(), "{headers:?}");
        let reply = browser.get(reply.header("location"), &[]).await;
        assert_eq!(reply.header("location"), "https://rp.example/out?state=a%26b");
        let back = browser.authorize(&[("prompt", "none")]).await.returned();
        assert_eq!(back.get("error"), Some("login_required"), "{} {headers:?}", world.bed.name);
    }
}

/// SECURITY #42, #44: another site's form ends nothing without a question, and sets nothing: not the cookie that it wipes, nor one in the place of
/// another, whatever the answer is.
#[apply(both!)]
#[tokio::test]
async fn another_sites_form_ends_nothing_and_sets_nothing(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    let tokens = browser.tokens(&[]).await;
    let stale = text(&tokens, "id_token").to_owned();
    let mut victim = Visitor::signed_in(&world, &router).await;
    victim.tokens(&[]).await;
    let long = "x".repeat(20_000);
    let asked = asking(&[]);
    let asked_long = asking(&[("login_hint", &long)]);
    let forms: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("/end-session", vec![]),
        ("/end-session", vec![("id_token_hint", &stale), BACK]),
        ("/end-session", vec![("id_token_hint", &long)]),
        ("/end-session", vec![("state", "1"), ("state", "2")]),
        ("/end-session", vec![("csrf", "guessed")]),
        ("/authorize", asked.clone()),
        ("/authorize", asked_long),
        ("/authorize", vec![("client_id", "nobody")]),
        ("/sign-out", vec![]),
        ("/account/sessions/end-others", vec![("csrf", "guessed")]),
        ("/reset", vec![("password", "girafe tambour lampion")]),
        ("/?hl=en", vec![]),
        ("/nowhere", vec![]),
    ];
    for headers in ELSEWHERE {
        for (path, fields) in &forms {
            let reply = Visitor::new(&router).post(path, headers, fields).await;
            let what = format!("{} {path} {headers:?}: {}", world.bed.name, reply.status);
            assert!(!reply.status.is_server_error(), "{what}");
            assert!(reply.headers.get("set-cookie").is_none(), "{what}");
            if *path == "/end-session" && reply.status == StatusCode::SEE_OTHER {
                let page = victim.get(reply.header("location"), &[]).await;
                assert_eq!(page.status, StatusCode::OK, "{what}: the question");
            }
        }
    }
    assert!(victim.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());
    assert!(browser.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());
    assert_eq!(world.count("session", "ended_at IS NOT NULL").await, 0, "{}", world.bed.name);
}

/// A request that is too long for an address is carried on in a form of ours, which brings the cookies.
#[apply(both!)]
#[tokio::test]
async fn what_is_too_long_for_an_address_goes_on_as_a_form_of_ours(world: World) {
    let router = provider(&world);
    let mut browser = Visitor::signed_in(&world, &router).await;
    let tokens = browser.tokens(&[]).await;
    let long = "x".repeat(9_000);
    let hint = text(&tokens, "id_token");
    let out = [("id_token_hint", hint), BACK, ("logout_hint", &long)];
    let again = asking(&[("login_hint", &long), ("prompt", "none")]);
    let (elsewhere, here) = ([("sec-fetch-site", "cross-site")], [("sec-fetch-site", "same-origin")]);
    for (path, fields, to) in [
        ("/authorize", &again[..], "https://rp.example/cb?code="),
        ("/end-session", &out, "https://rp.example/out"),
    ] {
        let page = Visitor::new(&router).post(path, &elsewhere, fields).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.headers.get("set-cookie").is_none(), "{path}");
        let plain = page.body.replace("&#x2f;", "/");
        assert!(plain.contains(&format!("action=\"{path}\"")), "{path}: {plain}");
        for (name, value) in fields {
            assert!(plain.contains(&format!("name=\"{name}\"")) && plain.contains(value), "{path} {name}");
        }
        // Its form may end wherever the client's answer leads (SECURITY D15).
        assert!(!page.header("content-security-policy").contains("form-action"), "{path}");
        let reply = browser.post(path, &here, fields).await;
        let reply = browser.follow(reply).await;
        assert!(reply.onward().starts_with(to), "{path}: {} {}", reply.status, reply.body);
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 0, "{}", world.bed.name);
}

/// SECURITY #44: whoever has an ID token of somebody's, from a log or an old machine, ends their session nowhere but in their own browser.
#[apply(both!)]
#[tokio::test]
async fn an_id_token_ends_no_session_from_another_browser(world: World) {
    let router = provider(&world);
    let mut owner = Visitor::signed_in(&world, &router).await;
    let tokens = owner.tokens(&[]).await;
    let hint = text(&tokens, "id_token").to_owned();
    let fields = [("id_token_hint", &*hint), BACK];
    // Nobody is signed in there, so there is nothing to end and nothing to ask.
    for reply in [
        Visitor::new(&router).get(&format!("/end-session?{}", form(&fields)), &[]).await,
        Visitor::new(&router).post("/end-session", &[("sec-fetch-site", "same-origin")], &fields).await,
    ] {
        assert_eq!((reply.status, reply.header("location")), (StatusCode::SEE_OTHER, BACK.1));
    }
    // In a browser with another session, it is a question about that one.
    let mut other = Visitor::signed_in(&world, &router).await;
    let page = other.get(&format!("/end-session?{}", form(&fields)), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(world.count("session", "ended_at IS NULL").await, 2, "{}", world.bed.name);
    assert!(owner.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());
    let csrf = field(&page.body, "csrf");
    let yes = [&fields[..], &[("csrf", &csrf)]].concat();
    let reply = other.post("/end-session", &[("sec-fetch-site", "same-origin")], &yes).await;
    assert_eq!(reply.onward(), BACK.1);
    assert!(owner.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
}

/// FINDING R4, S9: what cannot be read of a request takes no sign-out from who signs out, and a page says that a session is closed only where one closed.
#[apply(both!)]
#[tokio::test]
async fn a_sign_out_ends_what_is_here_and_says_what_ended(world: World) {
    let router = provider(&world);
    for odd in ["state=a%0Ab", "id_token_hint=HINT", "state=x&state=y", "unknown=%00"] {
        let mut browser = Visitor::signed_in(&world, &router).await;
        let hint = text(&browser.tokens(&[]).await, "id_token").to_owned();
        let query = format!("id_token_hint={hint}&{}", odd.replace("HINT", &hint));
        // Somebody else's browser, and one without cookies: the session lives on, and no page says otherwise.
        let mut stranger = Visitor::new(&router);
        let elsewhere = stranger.get(&format!("/end-session?{query}"), &[]).await;
        let elsewhere = stranger.follow(elsewhere).await;
        assert!(elsewhere.body.contains("Vous n'êtes pas connecté"), "{odd}");
        assert!(browser.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());

        let reply = browser.get(&format!("/end-session?{query}"), &[]).await;
        assert_eq!(
            (reply.status, reply.header("location")),
            (StatusCode::SEE_OTHER, "/sign-out"),
            "{} {odd}",
            world.bed.name
        );
        let done = browser.follow(reply).await;
        assert!(done.body.contains("Vous êtes déconnecté"), "{odd}");
        let back = browser.authorize(&[("prompt", "none")]).await.returned();
        assert_eq!(back.get("error"), Some("login_required"), "{odd}");
        let again = browser.get("/sign-out", &[]).await;
        assert!(!again.body.contains("Votre session est fermée"), "{odd}");
    }
}

/// oidcc-rp-initiated-logout-no-params, -no-id-token-hint, -only-state; SECURITY #42, #44
#[apply(both!)]
#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_their_yes_is_theirs(world: World) {
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

/// oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, -query-added-…, -modified-id-token-hint, -bad-id-token-hint; SECURITY #45: nobody is sent
/// there, and nobody stays signed in on a shared machine for a portal's slip.
#[apply(both!)]
#[tokio::test]
async fn nobody_is_sent_where_no_client_registered(world: World) {
    let router = provider(&world);
    for (forge, uri) in [
        ("", "https://rp.example/out?x=1"),
        ("", "https://rp.example/out/"),
        ("", "https://evil.example/"),
        ("unsigned", BACK.1),
        ("cut", BACK.1),
        ("access token", BACK.1),
    ] {
        let mut browser = Visitor::signed_in(&world, &router).await;
        let tokens = browser.tokens(&[]).await;
        let hint = text(&tokens, "id_token").to_owned();
        let hint = match forge {
            "unsigned" => format!("eyJhbGciOiJub25lIn0.{}.", hint.split('.').nth(1).unwrap()),
            "cut" => hint[..hint.len() - 4].to_owned(),
            "access token" => text(&tokens, "access_token").to_owned(),
            _ => hint,
        };
        let query = form(&[("id_token_hint", &hint), ("post_logout_redirect_uri", uri)]);
        let mut reply = browser.get(&format!("/end-session?{query}"), &[]).await;
        if forge.is_empty() {
            assert_eq!(
                (reply.status, reply.header("location")),
                (StatusCode::SEE_OTHER, "/sign-out"),
                "{uri}"
            );
        } else {
            // A hint that does not hold is none: the person is asked, and nothing has ended.
            assert_eq!(reply.status, StatusCode::OK, "{forge}");
            assert!(reply.headers.get("location").is_none(), "{forge}");
            assert!(browser.authorize(&[("prompt", "none")]).await.returned().get("code").is_some());
            let csrf = field(&reply.body, "csrf");
            let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", uri), ("csrf", &csrf)];
            reply = browser.post("/end-session", &[("sec-fetch-site", "same-origin")], &fields).await;
            assert_eq!(
                (reply.status, reply.header("location")),
                (StatusCode::SEE_OTHER, "/sign-out"),
                "{forge}"
            );
        }
        let done = browser.follow(reply).await;
        assert!(done.body.contains("Vous êtes déconnecté") && !done.body.contains("evil"), "{uri}");
        let back = browser.authorize(&[("prompt", "none")]).await.returned();
        assert_eq!(back.get("error"), Some("login_required"), "{} {forge} {uri}", world.bed.name);
    }
}
