use axum_extra::extract::cookie::Cookie;
use http::Method;
use testbed::{apply, both};

use crate::journeys::{
    portal::Portal,
    visitor::Visitor,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

/// The forms of every step, with what a person would have typed.
fn forms() -> Vec<(&'static str, String)> {
    let with = |text: &str| format!("{text}&csrf=");
    vec![
        ("sign-in", with(&format!("email={MARIE}&password={PASSWORD}"))),
        ("switch", with("")),
        ("continue", with("")),
        ("legacy", with("agency=tilleuls&identifier=101&password=Vieux-Secret+2")),
        ("notice", with("")),
        ("email", with("email=thief@exemple.test&sure=on")),
        ("password", with("password=un+tout+autre+mot+de+passe")),
        ("resend", with("")),
        ("link", with(&format!("password={PASSWORD}"))),
        ("leave", with("")),
        ("terms", with("version=2026-11&language=fr&sha256=00&accept=on")),
        ("forgot", with(&format!("email={MARIE}"))),
    ]
}

/// SECURITY #42, #43: no form token, another browser's, another site's page: 403, and nothing changed.
#[apply(both!)]
#[tokio::test]
async fn a_form_that_is_not_this_browsers_changes_nothing(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "rivage");
    let mut marie = Visitor::new(&world);
    portal.send(&mut marie, &[]).await;
    let hub = marie.screen.path.clone();
    marie.old_credentials("100", "Vieux-Secret 1").await;
    let own = marie.screen.field("csrf").unwrap();
    let mut thief = Visitor::new(&world);
    portal.send(&mut thief, &[]).await;
    let theirs = thief.screen.field("csrf").unwrap();
    assert_ne!(own, theirs);
    let before = world.people().await;
    let addresses = forms().into_iter().map(|(page, form)| (format!("{hub}/{page}"), form));
    let outside = ["/confirm", "/reset", "/sign-out"]
        .map(|p| (p.to_owned(), "email=a@b.fr&password=x&csrf=".to_owned()));
    for (address, form) in addresses.chain(outside) {
        let bare = form.replace("&csrf=", "");
        for (why, body, headers) in [
            ("no token", bare, vec![]),
            ("an empty one", form.clone(), vec![]),
            ("another browser's", format!("{form}{theirs}"), vec![]),
            ("another site", format!("{form}{own}"), vec![("sec-fetch-site", "cross-site")]),
            ("a sibling host", format!("{form}{own}"), vec![("sec-fetch-site", "same-site")]),
            ("another origin", format!("{form}{own}"), vec![("origin", "https://evil.test")]),
        ] {
            let kept = marie.cookies.clone();
            let answer = marie.once(Method::POST, &address, Some(body.into_bytes()), &headers).await;
            assert_eq!(answer.status.as_u16(), 403, "{address}: {why}");
            assert_eq!(world.people().await, before, "{address}: {why}");
            marie.cookies = kept;
        }
    }
    marie.submit("/notice", &[]).await.says("Étape 2 sur 6");
}

/// SECURITY #13: an interaction belongs to the browser in which it began. Its address in another browser opens nothing, shows nothing, changes nothing.
#[apply(both!)]
#[tokio::test]
async fn an_interaction_opens_in_its_own_browser_only(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut thief = Visitor::new(&world);
    portal.send(&mut thief, &[]).await;
    let hub = thief.screen.path.clone();
    thief.old_credentials("100", "Vieux-Secret 1").await;
    thief.up_to_mail(MARIE, PASSWORD).await;
    let before = world.people().await;
    let mut marie = Visitor::new(&world);
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
    for (page, form) in forms() {
        let body = format!("{form}{csrf}").into_bytes();
        marie.send(Method::POST, &format!("{hub}/{page}"), Some(body), &[]).await;
        assert_eq!(marie.screen.status.as_u16(), 403, "{page}");
    }
    assert_eq!(world.people().await, before);
    marie.open("/authorize/00000000-0000-0000-0000-000000000000").await.says("Reprenons dans ce navigateur");
    // A second cookie of the name, planted by a sibling host, does not choose the browser (SECURITY #41).
    let planted = thief.cookie("mc_browser").value().to_owned();
    marie.cookies.push(Cookie::build(("mc_browser", planted)).path("/authorize").build());
    assert_eq!(marie.open(&hub).await.status.as_u16(), 403);
}

/// SECURITY #66: whatever host a request names, mails, pages and redirects know the issuer alone.
#[apply(both!)]
#[tokio::test]
async fn no_header_of_a_request_gets_into_a_mail_a_page_or_a_redirect(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = Visitor::new(&world);
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
    let mut marie = Visitor::new(&world);
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
        let query = crate::journeys::portal::encoded(fields.iter());
        let mut marie = Visitor::new(&world);
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
    let mut paul = Visitor::new(&world);
    Portal::new(&world, "rivage").send(&mut paul, &[]).await;
    let door = paul.screen.links().into_iter().find(|l| l.ends_with("/legacy")).unwrap();
    paul.open(&door).await;
    let typed = [("agency", "tilleuls"), ("identifier", "101"), ("password", "Vieux-Secret 2")];
    paul.submit("/legacy", &typed).await;
    let of = async |agency| world.count("enrolment", &format!("agency_id = '{agency}'")).await;
    assert_eq!((of("tilleuls").await, of("rivage").await), (0, 1), "{}", world.bed.name);
}
