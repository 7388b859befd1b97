use axum_extra::extract::cookie::Cookie;
use http::Method;
use testbed::{apply, both};
use testkit::encoded;

use crate::journeys::{
    portal::Portal,
    routes::{Route, routes},
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

/// Routes to which clients post, without a browser's cookies or from another site; each authenticates its caller in another way.
const NO_FORMS: [&str; 6] = ["/token", "/userinfo", "/introspect", "/revoke", "/authorize", "/end-session"];

/// The fields that a person would have filled in, of whichever form.
const TYPED: &str = "email=marie@exemple.test&identifier=101&password=Vieux-Secret+2&agency=rivage&accept=on&version=2026-11&language=fr&sha256=00&sure=on&code=000000&name=Autre&session=x&current=x";

/// The routes that take a form of ours.
async fn forms(world: &World) -> Vec<Route> {
    let mut forms = routes(world).await;
    forms.retain(|route| route.takes(&Method::POST) && !NO_FORMS.contains(&route.path.as_str()));
    forms
}

/// SECURITY #42, #43, PEOPLE U-30: each form of the router, without a token, with another browser's, from another site, in another encoding: refused, and
/// nothing is written. As a GET it changes nothing of anybody's.
#[apply(both!)]
#[tokio::test]
async fn a_form_that_is_not_this_browsers_changes_nothing(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "rivage");
    let (mut marie, mut thief) = (world.visitor(), world.visitor());
    portal.send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    marie.old_credentials("100", "Vieux-Secret 1").await;
    let own = marie.screen.field("csrf").unwrap();
    portal.send(&mut thief, &[]).await;
    let theirs = thief.screen.field("csrf").unwrap();
    assert_ne!(own, theirs);
    let with = |csrf: &str| format!("{TYPED}&csrf={csrf}");
    let people =
        async || (world.people().await, world.count("interaction", "enrolment_id IS NOT NULL").await);
    let before = people().await;
    for to in forms(&world).await.iter().map(|route| route.address(&hub, "")) {
        let rows = world.rows().await;
        for (why, body, headers, status) in [
            ("no token", TYPED.to_owned(), &[][..], 403),
            ("an empty one", with(""), &[], 403),
            ("an empty one, and no origin", with(""), &[("origin", "null")], 403),
            ("another browser's", with(&theirs), &[("sec-fetch-site", "same-origin")], 403),
            ("one that is cut", with(&own[..own.len() - 1]), &[], 403),
            ("another site", with(&own), &[("sec-fetch-site", "cross-site")], 403),
            ("a sibling host", with(&own), &[("sec-fetch-site", "same-site")], 403),
            ("another origin", with(&own), &[("origin", "https://evil.test")], 403),
            ("a frame", with(&own), &[("origin", "null"), ("sec-fetch-site", "cross-site")], 403),
            ("no form", with(&own), &[("content-type", "text/plain")], 400),
        ] {
            // To her there is no desk, whatever the form; those of staff are in `desk::walls`.
            let status = if to.starts_with("/desk/") { 404 } else { status };
            let kept = marie.cookies();
            let answer = marie.once(Method::POST, &to, Some(body.into_bytes()), headers).await;
            assert_eq!(answer.status.as_u16(), status, "{to}: {why}");
            marie.set_cookies(kept);
        }
        assert_eq!(world.rows().await, rows, "{}: {to}", world.bed.name);
        let kept = marie.cookies();
        let got = marie.once(Method::GET, &format!("{to}?{}", with(&own)), None, &[]).await;
        assert!(got.status.as_u16() < 500, "{to}: {}", got.status);
        marie.set_cookies(kept);
        assert_eq!(people().await, before, "{}: {to}", world.bed.name);
    }
    marie.submit("/notice", &[]).await.says("Étape 2 sur 6");
}

/// SECURITY #13: an interaction belongs to the browser in which it began. Its address in another browser opens nothing, shows nothing, changes nothing.
#[apply(both!)]
#[tokio::test]
async fn an_interaction_opens_in_its_own_browser_only(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut thief = world.visitor();
    portal.send(&mut thief, &[]).await;
    let hub = thief.screen.path().to_owned();
    thief.old_credentials("100", "Vieux-Secret 1").await;
    thief.up_to_mail(MARIE, PASSWORD).await;
    let before = world.people().await;
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let csrf = marie.screen.field("csrf").unwrap();
    for page in [
        "",
        "/status",
        "/legacy",
        "/notice",
        "/email",
        "/password",
        "/refuse",
        "/connected",
        "/forgot",
        "/help",
    ] {
        marie.open(&format!("{hub}{page}")).await.says("Reprenons dans ce navigateur").says_not("marie@");
        assert_eq!(marie.screen.status.as_u16(), 403);
    }
    for route in forms(&world).await.iter().filter(|route| route.path.starts_with("/authorize/{id}")) {
        let body = format!("{TYPED}&csrf={csrf}").into_bytes();
        marie.send(Method::POST, &route.address(&hub, ""), Some(body), &[]).await;
        assert_eq!(marie.screen.status.as_u16(), 403, "{}", route.path);
    }
    assert_eq!(world.people().await, before);
    marie.open("/authorize/00000000-0000-0000-0000-000000000000").await.says("Reprenons dans ce navigateur");
    // A second cookie of the name, planted by a sibling host, does not choose the browser (SECURITY #41).
    let planted = thief.cookie("mc_browser").value().to_owned();
    marie.add_cookie(Cookie::build(("mc_browser", planted)).path("/authorize").build());
    assert_eq!(marie.open(&hub).await.status.as_u16(), 403);
}

/// SECURITY #66: whatever host a request names, mails, pages and redirects know the issuer alone.
#[apply(both!)]
#[tokio::test]
async fn no_header_of_a_request_gets_into_a_mail_a_page_or_a_redirect(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    let evil = "evil.test";
    marie.extra = vec![
        ("host", evil),
        ("x-forwarded-host", evil),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=evil.test;proto=https"),
        ("x-original-url", "https://evil.test/"),
        ("referer", "https://evil.test/"),
    ];
    portal.send(&mut marie, &[]).await;
    assert!(!marie.screen.body.contains(evil));
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    assert!(!marie.screen.body.contains(evil));
    portal.send(&mut marie, &[]).await;
    marie.old_credentials("101", "Vieux-Secret 2").await;
    marie.up_to_mail("paul@exemple.test", PASSWORD).await;
    let mails = world.mails().await;
    assert_eq!(mails.len(), 2);
    for mail in mails {
        assert!(!mail.raw.contains(evil) && mail.link.unwrap().starts_with(world.issuer()));
    }
    marie.open("/sign-out").await;
    assert!(!marie.screen.body.contains(evil));
    let metadata = marie.open("/.well-known/openid-configuration").await;
    assert!(!metadata.body.contains(evil) && metadata.body.contains(world.issuer()));
}

/// SECURITY #4: nothing that somebody writes into an address sends a browser to a foreign host.
#[apply(both!)]
#[tokio::test]
async fn nothing_written_into_an_address_sends_a_browser_elsewhere(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let good = portal.address(&[]);
    let evil = "https%3A%2F%2Fevil.test%2F";
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    let back = "https%3A%2F%2Ftilleuls.test%2Fcallback";
    let mut addresses = vec![
        good.replace(back, evil),
        good.replace(back, &format!("{back}%2F..%2F{evil}")),
        good.replace(back, "https%3A%2F%2Ftilleuls.test%40evil.test%2Fcallback"),
        good.replace(back, "https%3A%2F%2Ftilleuls.test.evil.test%2Fcallback"),
        good.replace(back, "%2F%2Fevil.test"),
        good.replace(back, "javascript%3Aalert(1)"),
        good.replace("client_id=tilleuls", "client_id=rivage"),
        format!("{good}&redirect_uri={evil}"),
        format!("/end-session?post_logout_redirect_uri={evil}"),
        format!("/end-session?client_id=tilleuls&post_logout_redirect_uri={evil}"),
        "//evil.test/".to_owned().replace("//", "/%2F"),
        format!("/confirm?token={evil}"),
        format!("/reset?token={evil}&next={evil}"),
    ];
    for page in ["/", "/sign-out", "/forgot", "/attach", "/help", "/confirm", "/reset"] {
        for name in ["next", "return_to", "redirect_uri", "url", "continue"] {
            addresses.push(format!("{page}?{name}={evil}"));
        }
    }
    for address in addresses {
        marie.open(&address).await;
        assert_eq!(marie.screen.left_to, None, "{address}");
        assert!(!marie.screen.links().iter().any(|l| l.contains("evil")), "{address}");
    }
}

/// SECURITY #4: there is no field and no parameter that says where to go next, whatever it is called and however it is written.
#[apply(both!)]
#[tokio::test]
async fn no_return_address_from_a_browser_is_followed(world: World) {
    const NAMES: [&str; 9] = [
        "return_to",
        "next",
        "url",
        "continue",
        "redirect",
        "redirect_uri",
        "returnUrl",
        "goto",
        "post_logout_redirect_uri",
    ];
    const ADDRESSES: [&str; 10] = [
        "/\\evil.test",
        "//evil.test",
        "/\t/evil.test",
        "/%09/evil.test",
        "https:evil.test",
        "https:/evil.test",
        "%2F%2Fevil.test",
        "\\\\evil.test",
        "https://evil.test\\@localhost",
        "javascript:location='//evil.test'",
    ];
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    for address in ADDRESSES {
        let fields: Vec<(&str, &str)> = NAMES.map(|name| (name, address)).to_vec();
        let query = encoded(&fields);
        let mut marie = world.visitor();
        for page in
            ["/", "/sign-out", "/forgot", "/attach", "/help", "/legacy", "/confirm", "/reset", "/end-session"]
        {
            marie.open(&format!("{page}?{query}")).await;
            assert_eq!(marie.screen.left_to, None, "{page} {address}");
            assert!(!marie.screen.links().iter().any(|link| link.contains("evil")), "{page} {address}");
        }
        // Through a whole sign-in and a sign-out, with the fields in every form.
        let (to_page, sign_in) = (portal.address(&[]), [("email", MARIE), ("password", PASSWORD)]);
        marie.open(&to_page).await;
        let with = |own: &[(&'static str, &'static str)]| {
            own.iter().copied().chain(fields.iter().copied()).collect::<Vec<_>>()
        };
        marie.submit("/sign-in", &with(&sign_in)).await;
        portal.receive(&marie).await;
        marie.open("/sign-out").await;
        marie.submit("/sign-out", &with(&[])).await;
        assert_eq!(marie.screen.left_to, None, "{address}");
        assert!(!marie.screen.body.contains("evil"), "{address}");
    }
}

/// SECURITY #81: at a portal's door, its agency's people; whatever agency a form names.
#[apply(both!)]
#[tokio::test]
async fn a_form_does_not_choose_the_agency(world: World) {
    let mut paul = world.visitor();
    Portal::new(&world, "rivage").send(&mut paul, &[]).await;
    let door = paul.screen.links().into_iter().find(|l| l.ends_with("/legacy")).unwrap();
    paul.open(&door).await;
    let typed = [("agency", "tilleuls"), ("identifier", "101"), ("password", "Vieux-Secret 2")];
    paul.submit("/legacy", &typed).await;
    let of = async |agency| world.count("enrolment", &format!("agency_id = '{agency}'")).await;
    assert_eq!((of("tilleuls").await, of("rivage").await), (0, 1), "{}", world.bed.name);
}
