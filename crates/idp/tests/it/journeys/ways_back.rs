//! The ways back to a portal: by a redirect or by a page that goes on by itself, once; and the pages of a browser that cannot go on.

use std::sync::Arc;

use agencies::Agencies;
use axum_extra::extract::cookie::Cookie;
use http::Method;
use testbed::{apply, both};
use testkit::{Page, Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const OLD: &str = "Vieux-Secret 1";

/// Every portal lets its sign-in be begun from elsewhere (OIDC Core §4).
fn with_ways_in(world: &World) {
    change(world, |id, client| {
        client.initiate_login_uri = Some(format!("https://{id}.test/login?from=provider"));
    });
}

/// Every portal may have its answers posted.
fn that_are_posted_to(world: &World) {
    change(world, |_, client| client.response_modes.push(oidc::client::ResponseMode::FormPost));
}

fn change(world: &World, how: impl Fn(&str, &mut oidc::client::Client)) {
    let agencies = world.idp.agencies.load();
    let all = agencies.iter().map(|agency| {
        let mut agency = (**agency).clone();
        for portal in &mut agency.portals {
            let mut client = (*portal.client).clone();
            how(&agency.id, &mut client);
            portal.client = Arc::new(client);
        }
        agency
    });
    let all = Agencies::new(all.collect()).unwrap_or_else(|problem| panic!("{}", problem.reason));
    world.idp.agencies.store(Arc::new(all));
}

fn way_in(world: &World, agency: &str) -> String {
    let issuer: String = url::form_urlencoded::byte_serialize(world.issuer().as_bytes()).collect();
    format!("https://{agency}.test/login?from=provider&iss={issuer}")
}

/// One request to `/authorize`, and what came back at the client by it alone.
async fn at_once(browser: &mut Visitor, address: &str) -> Vec<(String, String)> {
    let cookies = browser.cookies().len();
    let answer = browser.once(Method::GET, address, None, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (303, ""), "{address}");
    let to = answer.header("location");
    assert!(to.starts_with("https://") && !to.starts_with("https://localhost"), "{address}: {to}");
    assert_eq!(browser.cookies().len(), cookies, "nothing is left in a browser that shows nothing");
    url::Url::parse(to).unwrap().query_pairs().into_owned().collect()
}

fn error(back: &[(String, String)]) -> &str {
    back.iter().find(|(name, _)| name == "error").map_or("none", |(_, error)| error)
}

/// OIDC Core §3.1.2.1: `prompt=none` is answered at the client by the first redirect, whatever is missing: no page, no page of ours on the way, no row.
#[apply(both!)]
#[tokio::test]
async fn silence_is_answered_at_the_client_at_once_and_nothing_is_stored(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    that_are_posted_to(&world);
    let (tilleuls, rivage) = (Portal::new(&world, "tilleuls"), Portal::new(&world, "rivage"));
    let silent = [("prompt", "none")];
    // Without a cookie: a frame whose cookies are kept apart.
    let mut bare = world.visitor();
    assert_eq!(error(&at_once(&mut bare, &tilleuls.address(&silent)).await), "login_required");
    // Another site's form brings none either: over our own address, which brings them where there are some.
    let (_, query) =
        tilleuls.address(&silent).split_once('?').map(|(p, q)| (p.to_owned(), q.to_owned())).unwrap();
    bare.send(Method::POST, "/authorize", Some(query.into_bytes()), &[("sec-fetch-site", "cross-site")])
        .await;
    assert!(bare.screen.left_to.as_deref().unwrap().contains("error=login_required"));
    // In a page that posts itself where the client asks for one.
    let posted = bare
        .once(
            Method::GET,
            &tilleuls.address(&[("prompt", "none"), ("response_mode", "form_post")]),
            None,
            &[],
        )
        .await;
    assert!(posted.status.is_success() && posted.body.contains("login_required"), "{}", posted.text());
    assert_eq!(world.count("interaction", "1 = 1").await, 0, "{}", world.bed.name);

    let mut paul = world.visitor();
    tilleuls.send(&mut paul, &[]).await;
    paul.sign_in("paul@exemple.test", PASSWORD).await;
    let pauls = tilleuls.receive(&paul).await.id_token;
    let mut marie = world.visitor();
    tilleuls.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    tilleuls.receive(&marie).await;
    let before = world.count("interaction", "1 = 1").await;
    // In the very second of the sign-in, and a moment later.
    for seconds in [0, 5] {
        world.bed.clock.advance(seconds);
        let back = at_once(&mut marie, &tilleuls.address(&silent)).await;
        assert!(back.iter().any(|(name, _)| name == "code"), "{back:?}");
        for (more, why) in [
            (("max_age", "0"), "login_required"),
            (("id_token_hint", pauls.as_str()), "login_required"),
            (("migration_ticket", "not.a.ticket"), "none"),
        ] {
            let back = at_once(&mut marie, &tilleuls.address(&[("prompt", "none"), more])).await;
            assert_eq!(error(&back), why, "{more:?} after {seconds} s");
        }
        let back = at_once(&mut marie, &rivage.address(&silent)).await;
        assert_eq!(error(&back), "interaction_required", "not linked");
    }
    world.terms.store(Arc::new(accounts::TermsLibrary::new(vec![
        crate::journeys::world::terms("2026-11", 0, true),
        crate::journeys::world::terms("2026-12", 1, true),
    ])));
    assert_eq!(error(&at_once(&mut marie, &tilleuls.address(&silent)).await), "interaction_required");
    assert_eq!(world.count("interaction", "1 = 1").await, before, "{}", world.bed.name);
}

/// SECURITY D15: after a form the way to a portal is a page that goes on by itself, and by its link; no redirect leaves our host, and no page's policy names
/// another. What a portal sends itself is answered by a redirect.
#[apply(both!)]
#[tokio::test]
async fn after_a_form_a_page_of_ours_goes_on(world: World) {
    that_are_posted_to(&world);
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    assert!(marie.screen.header("content-security-policy").ends_with("form-action 'self'"));
    marie.sign_in(MARIE, PASSWORD).await;
    let code = portal.back(&marie);
    assert!(code.iter().any(|(name, _)| name == "code"));
    let page = &marie.screen;
    assert_eq!((page.status.as_u16(), page.header("location")), (200, ""));
    assert!(page.header("content-security-policy").ends_with("form-action 'self'"));
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    let to = page.goes_on().unwrap();
    assert!(page.links().contains(&to), "the same by a link");
    page.says("Vers votre espace client").says("Continuer");
    // Signed in: by the redirect that answers the portal's own.
    let answer = marie.once(Method::GET, &portal.address(&[]), None, &[]).await;
    assert!(
        answer.status.as_u16() == 303
            && answer.header("location").starts_with("https://tilleuls.test/callback?code=")
    );
    // `state` is the portal's, and whatever it is it stays one.
    let evil = "\"><script>alert(1)</script>'; url=https://evil.test";
    portal.send(&mut marie, &[("prompt", "login")]).await;
    let address = portal.address(&[("prompt", "login")]).replace(
        "state=the+state",
        &format!("state={}", url::form_urlencoded::byte_serialize(evil.as_bytes()).collect::<String>()),
    );
    marie.open(&address).await;
    marie.sign_in(MARIE, PASSWORD).await;
    let to = url::Url::parse(marie.screen.left_to.as_deref().unwrap()).unwrap();
    assert_eq!(to.host_str(), Some("tilleuls.test"));
    assert!(to.query_pairs().any(|(name, value)| name == "state" && value == evil));
    assert!(!marie.screen.body.contains("<script>alert"));
    // Posted: a page whose form is the portal's, and so is what its callback leads to.
    portal.send(&mut marie, &[("prompt", "login"), ("response_mode", "form_post")]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    let policy = marie.screen.header("content-security-policy");
    assert!(marie.screen.body.contains("name=\"code\"") && !policy.contains("form-action"), "{policy}");
    assert!(policy.contains("default-src 'self'"));
}

/// Opened once more, a sign-in that the portal has had is begun anew by the portal, with a `state` of its own; nothing is handed over twice.
#[apply(both!)]
#[tokio::test]
async fn what_a_portal_was_handed_is_never_handed_to_it_again(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    let codes = world.count("code", "1 = 1").await;
    // A portal without such a way: the page that leads to it.
    for _ in 0..2 {
        marie.open(&hub).await.says("Vous êtes connecté").says("Ouvrir mon espace client");
        assert!(marie.screen.links().contains(&"https://tilleuls.test/".to_owned()));
        assert_eq!(marie.screen.left_to, None);
    }
    with_ways_in(&world);
    marie.open(&hub).await;
    assert_eq!(marie.screen.left_to, Some(way_in(&world, "tilleuls")), "{}", world.bed.name);
    // The portal fails and leads back: not round and round.
    marie.open(&hub).await.says("Vous êtes connecté").says("Ouvrir mon espace client");
    assert!(marie.screen.left_to.is_none() && marie.screen.links().contains(&way_in(&world, "tilleuls")));
    for page in ["/terms", "/sign-in", "/connected"] {
        marie.open(&format!("{hub}{page}")).await;
        assert!(!marie.screen.body.contains("callback"), "{page}");
    }
    assert_eq!(world.count("code", "1 = 1").await, codes, "{}", world.bed.name);
    // Signed out, it begins where everybody begins.
    for name in ["mc_session", "mc_flash"] {
        marie.drop_cookie(name);
    }
    marie.open(&hub).await;
    assert_eq!(marie.screen.left_to, Some(way_in(&world, "tilleuls")));
}

/// Errors end an interaction too; two at once end it once.
#[apply(both!)]
#[tokio::test]
async fn two_that_come_at_once_get_one_code(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let codes = |screens: [&Page; 2]| {
        screens.into_iter().filter_map(|s| s.left_to.as_ref()).filter(|to| to.contains("code=")).count()
    };
    let form = |visitor: &Visitor| {
        let (to, mut form) = visitor.screen.form("/sign-in");
        form.retain(|(name, _)| name != "email" && name != "password");
        form.extend([("email".into(), MARIE.to_owned()), ("password".into(), PASSWORD.to_owned())]);
        (to, encoded(&form))
    };
    // The password sent twice: the first one brings the code.
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let (to, typed) = form(&marie);
    let mut twin = marie.copy();
    let (one, other) = tokio::join!(
        marie.send(Method::POST, &to, Some(typed.clone().into()), &[]),
        twin.send(Method::POST, &to, Some(typed.into()), &[])
    );
    assert_eq!(codes([one, other]), 1, "{}", world.bed.name);
    assert_eq!(world.count("code", "1 = 1").await, 1);
    // Once more in a browser that is signed in: then the hub gives the code.
    let mut marie = if marie.cookie_value("mc_session").is_some() { marie } else { twin };
    portal.send(&mut marie, &[("prompt", "login")]).await;
    let hub = marie.screen.path().to_owned();
    let (to, typed) = form(&marie);
    marie.once(Method::POST, &to, Some(typed.into()), &[]).await;
    let mut twin = marie.copy();
    let (one, other) = tokio::join!(marie.open(&hub), twin.open(&hub));
    assert_eq!(codes([one, other]), 1, "{}", world.bed.name);
    assert_eq!(world.count("code", "1 = 1").await, 2);
}

/// A sign-in finished after its portal has forgotten it: the portal begins anew, and nobody is asked again.
#[apply(both!)]
#[tokio::test]
async fn a_sign_in_that_took_too_long_for_its_portal_is_begun_anew_by_it(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    world.bed.clock.advance(3 * 3600);
    marie.sign_in(MARIE, PASSWORD).await.says("Vous êtes connecté").says("Ouvrir mon espace client");
    with_ways_in(&world);
    marie.open("/sign-out").await;
    marie.submit("/sign-out", &[]).await;
    portal.send(&mut marie, &[]).await;
    world.bed.clock.advance(3 * 3600);
    marie.sign_in(MARIE, PASSWORD).await;
    assert_eq!(marie.screen.left_to, Some(way_in(&world, "tilleuls")), "{}", world.bed.name);
    assert_eq!(world.count("code", "1 = 1").await, 0);
    portal.send(&mut marie, &[]).await;
    portal.receive(&marie).await;
    // In time it is answered.
    let mut paul = world.visitor();
    portal.send(&mut paul, &[]).await;
    world.bed.clock.advance(1200);
    paul.sign_in(MARIE, PASSWORD).await;
    portal.receive(&paul).await;
}

/// Cookies refused: said, with what to do, wherever it is met; and neither round and round nor a false reason.
#[apply(both!)]
#[tokio::test]
async fn a_browser_that_refuses_cookies_is_told_so(world: World) {
    const REFUSED: &str = "Votre navigateur refuse les cookies";
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let (hub, csrf) = (marie.screen.path().to_owned(), marie.screen.field("csrf").unwrap());
    let token = world.bed.context.token().text();
    for (method, address) in [
        (Method::GET, portal.address(&[])),
        (Method::GET, "/".into()),
        (Method::GET, "/forgot".into()),
        (Method::GET, hub.clone()),
        (Method::GET, format!("{hub}/legacy")),
        (Method::POST, format!("{hub}/sign-in")),
        (Method::POST, format!("{hub}/legacy")),
        (Method::GET, format!("/confirm?token={token}")),
        (Method::GET, format!("/reset?token={token}")),
        (Method::GET, format!("/new-address?token={token}")),
        (Method::GET, format!("/take-back?token={token}")),
        (Method::POST, "/confirm".into()),
        (Method::POST, "/reset".into()),
    ] {
        let mut address = address;
        let mut method = method;
        let mut shown = None;
        // Each request comes from a browser that kept nothing.
        for _ in 0..6 {
            let bare = marie.another();
            let body = (method == Method::POST)
                .then(|| format!("csrf={csrf}&email=a@b.fr&identifier=1&password=x").into_bytes());
            let screen = bare.once(method.clone(), &address, body, &[]).await;
            method = Method::GET;
            match screen.header("location") {
                "" => {
                    shown = Some(screen);
                    break;
                }
                to => address = to.to_owned(),
            }
        }
        let shown = shown.unwrap_or_else(|| panic!("round and round: {address}"));
        shown.says(REFUSED).says("Autorisez les cookies").says_not("dans un autre navigateur");
        assert_eq!(shown.status.as_u16(), 403, "{address}");
    }
    // The agency is still there, where it is known.
    let bare = marie.another();
    bare.once(Method::GET, &format!("{hub}?cookies=asked"), None, &[])
        .await
        .says("Agence des Tilleuls")
        .says("02 97 00 00 01");
}

/// Too old, gone, cookies cleared or the browser closed: on at the agency's sign-in, and which of them it is. Another browser's is another browser's.
#[apply(both!)]
#[tokio::test]
async fn a_page_that_cannot_go_on_begins_again_at_its_agency(world: World) {
    const OLD_PAGE: &str = "Cette page était restée ouverte longtemps";
    const CLEARED: &str = "ou les cookies de celui-ci ont été effacés";
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let start = marie.screen.clone();
    let hub = start.path().to_owned();
    let kept = marie.cookies();
    let at_its_agency = |visitor: &Visitor, why: &str| {
        visitor.screen.says(why).says("Agence des Tilleuls");
        assert!(visitor.screen.path() != hub && visitor.screen.field("password").is_some());
        assert!(!visitor.screen.text().contains("Reprenons dans ce navigateur"));
    };
    // Cleared.
    marie.set_cookies(Vec::new());
    marie.open(&hub).await;
    at_its_agency(&marie, CLEARED);
    marie.set_cookies(Vec::new());
    marie.screen = start.clone();
    marie.sign_in(MARIE, PASSWORD).await;
    at_its_agency(&marie, CLEARED);
    // Closed: what ends with the browser is gone, the agency is not.
    marie.set_cookies(kept.clone());
    marie.close();
    marie.open(&hub).await;
    at_its_agency(&marie, CLEARED);
    // Another browser, which has an interaction of its own.
    let mut paul = world.visitor();
    portal.send(&mut paul, &[]).await;
    paul.open(&hub).await.says("Reprenons dans ce navigateur").says("Agence des Tilleuls");
    assert!(paul.screen.links().contains(&"https://tilleuls.test/".to_owned()));
    paul.open(&format!("{hub}/status")).await;
    assert_eq!(paul.screen.status.as_u16(), 403);
    // A day later, in the same browser; a form as well as a look.
    marie.set_cookies(kept.clone());
    world.bed.clock.advance(86_401);
    marie.open(&hub).await;
    at_its_agency(&marie, OLD_PAGE);
    marie.screen = start.clone();
    marie.sign_in(MARIE, PASSWORD).await;
    at_its_agency(&marie, OLD_PAGE);
    // Gone, as what never got past its first page is before long: the browser knows where it was.
    world.write("DELETE FROM interaction").await;
    marie.set_cookies(kept.clone());
    marie.open(&hub).await;
    at_its_agency(&marie, OLD_PAGE);
    let status = marie.once(Method::GET, &format!("{hub}/status"), None, &[]).await;
    assert_eq!(status.body, "{\"next\":true}", "a page that waits goes on");
    // Signed in, nobody is asked: the way is the agency's.
    world.moved("tilleuls", "100", MARIE).await;
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    marie.open(&hub).await;
    assert_eq!(marie.screen.left_to.as_deref(), Some("https://tilleuls.test/"), "{}", marie.screen.text());
    // Another agency in another tab is not mixed up with it.
    let mut tabs = world.visitor();
    portal.send(&mut tabs, &[]).await;
    let first = tabs.screen.path().to_owned();
    Portal::new(&world, "rivage").send(&mut tabs, &[]).await;
    world.write("DELETE FROM interaction").await;
    tabs.open(&first).await.says("Agence des Tilleuls").says_not("Cabinet Rivage");
}

/// Mail programs append the text behind a link to it.
#[apply(both!)]
#[tokio::test]
async fn a_mailed_link_works_with_something_behind_it(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = world.visitor();
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    let (page, token) = link.split_once("?token=").unwrap();
    for link in [
        format!("{link}."),
        format!("{link}%3E"),
        format!("{link})"),
        format!("{link}%20"),
        format!("{link}&utm_source=mail"),
        format!("{page}?amp;token={token}"),
        format!("{page}?x=1&amp;token={token}"),
        format!("{page}?token=3D{token}"),
        format!("{page}?token={}=%0D%0A{}", &token[..30], &token[30..]),
        format!("{link}%E2%80%8B,"),
        format!("{link}&token=x"),
        format!("{page}/?token={token}"),
        format!("{}?token={token}", page.replacen("/reset", "//reset", 1)),
    ] {
        marie.open(&link).await.says("Choisissez un nouveau mot de passe");
    }
    for page in ["confirm", "reset", "new-address", "take-back"] {
        let link = format!("/{page}?token={token}.");
        let answer = marie.once(Method::GET, &link, None, &[]).await;
        assert_eq!(answer.header("location"), format!("/{page}"), "the token goes to a cookie, cut: {page}");
        let jar = format!("mc_{}={token};", page.replace('-', "_"));
        let cookies: Vec<_> =
            answer.headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
        assert!(cookies.iter().any(|c| c.starts_with(&jar)), "{page}: {cookies:?}");
    }
    marie
        .open(&format!("{page}?token={}.{}", &token[..30], &token[30..]))
        .await
        .says("Ce lien ne fonctionne plus");
    // FINDING W7: of a link that this browser no longer has nothing is known, so it is not said to be dead.
    let mut other = world.visitor();
    other.open("/?hl=fr").await;
    for page in ["/confirm", "/reset", "/new-address", "/take-back"] {
        other.open(page).await.says("Ouvrez de nouveau le lien du message").says_not("a expiré");
    }
    other.open(&link).await.says("Choisissez un nouveau mot de passe");
}

/// SECURITY #4: no answer leads to an address that a browser reads as another host, whichever slash it begins with.
#[apply(both!)]
#[tokio::test]
async fn a_backslash_is_a_slash(world: World) {
    let mut marie = world.visitor();
    for path in ["/\\evil.test", "/\\/evil.test", "//evil.test", "/\\evil.test/%2f.."] {
        for query in ["?hl=en", "?hl=fr&x=1", ""] {
            let address = format!("{}{path}{query}", world.issuer());
            // Written by hand: a client would mend it.
            let host = world.issuer().strip_prefix("http://").unwrap();
            let request = format!("GET {path}{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            let answer = crate::journeys::lines::said(&world, &request).await;
            for line in answer.lines().filter(|line| line.starts_with("location: ")) {
                assert!(line.starts_with("location: /") && !line.contains("evil"), "{address}: {line}");
            }
            assert!(!answer.contains("href=\"/\\") && !answer.contains("href=\"//"), "{address}");
        }
    }
    marie.open("/?hl=en").await;
    assert!(marie.screen.path().starts_with("/authorize/"), "a good one comes back where it was");
}

/// Fetch, "Cross-Origin-Resource-Policy header": pages and files are ours alone; documents and what clients call are for all.
#[apply(both!)]
#[tokio::test]
async fn every_answer_says_which_sites_may_load_it(world: World) {
    let marie = world.visitor();
    for (path, who) in [
        ("/jwks", "cross-origin"),
        ("/.well-known/openid-configuration", "cross-origin"),
        ("/.well-known/oauth-authorization-server", "cross-origin"),
        ("/userinfo", "cross-origin"),
        ("/token", "cross-origin"),
        ("/revoke", "cross-origin"),
        ("/introspect", "cross-origin"),
        ("/", "same-origin"),
        ("/sign-out", "same-origin"),
        ("/look/tilleuls.css", "same-origin"),
        ("/look/tilleuls.svg", "same-origin"),
        ("/assets/moncompte.css", "same-origin"),
        ("/nowhere", "same-origin"),
        ("/authorize", "same-origin"),
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let answer = marie.once(method.clone(), path, None, &[]).await;
            assert_eq!(answer.header("cross-origin-resource-policy"), who, "{method} {path}");
        }
    }
}

/// A message of one page is sealed for its address: carried to another, it says nothing there.
#[apply(both!)]
#[tokio::test]
async fn a_flash_opens_at_its_own_address_only(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    let (first, before) = (marie.screen.path().to_owned(), marie.cookies());
    portal.send(&mut marie, &[]).await;
    let second = marie.screen.path().to_owned();
    marie.open(&first).await;
    let (to, mut form) = marie.screen.form("/sign-in");
    form.retain(|(name, _)| name != "email" && name != "password");
    form.extend([("email".to_owned(), MARIE.to_owned()), ("password".to_owned(), "faux".to_owned())]);
    let form = encoded(&form);
    marie.once(Method::POST, &to, Some(form.into()), &[]).await;
    let flash = marie.cookie("mc_flash").value().to_owned();
    let at = |path: &str, cookies: &[Cookie<'static>]| {
        let copy = marie.another();
        copy.set_cookies(cookies.to_vec());
        copy.add_cookie(Cookie::build(("mc_flash", flash.clone())).path(path.to_owned()).build());
        copy
    };
    let jar: Vec<_> = marie.cookies().iter().filter(|c| c.name() != "mc_flash").cloned().collect();
    assert!(jar.len() >= before.len());
    let mut there = at(&second, &jar);
    there.open(&second).await.says_not("Mot de passe invalide").says_not(MARIE);
    let mut here = at(&first, &jar);
    here.open(&first).await.says("Mot de passe invalide");
}

/// SECURITY D10: the address is somebody's account by now. Whoever waits for its mail goes on at that account instead of waiting for ever.
#[apply(both!)]
#[tokio::test]
async fn who_waits_for_the_mail_of_an_address_that_was_won_goes_on(world: World) {
    let portal = Portal::new(&world, "rivage");
    let mut waiting = world.visitor();
    portal.send(&mut waiting, &[]).await;
    let hub = waiting.screen.path().to_owned();
    waiting.old_credentials("100", OLD).await;
    waiting.up_to_mail(MARIE, "quatre tasses de the vert").await;
    let status = format!("{hub}/status");
    let now = waiting.once(Method::GET, &status, None, &[]).await;
    assert_eq!(now.body, "{\"next\":false}");
    world.moved("tilleuls", "100", MARIE).await;
    let now = waiting.once(Method::GET, &status, None, &[]).await;
    assert_eq!(now.body, "{\"next\":true}", "{}", world.bed.name);
    waiting.open(&hub).await.says("Cette adresse a déjà un compte");
    waiting.submit("/link", &[("password", PASSWORD)]).await;
    portal.receive(&waiting).await;
    assert_eq!((world.count("account", "1 = 1").await, world.count("link", "1 = 1").await), (1, 2));
}
