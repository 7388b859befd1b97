//! An agency's appearance over HTTP: pages show the values of its file as text, and are small.

use std::{collections::BTreeMap, sync::Arc};

use accounts::{Edition, TermsLibrary, TermsVersion};
use http::{Method, StatusCode};
use scraper::{Html, Selector};
use testbed::{apply, both};
use testkit::{Page, Visitor};

use crate::journeys::{
    portal::Portal,
    world::{LOGO, PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
/// Closes an attribute and a tag, and opens others.
const EVIL: &str = "\"'><b onclick=x>&lt;{{ 7919*7907 }}</title><script>";

/// How often this element is on the page.
fn count(screen: &Page, selector: &str) -> usize {
    Html::parse_document(&screen.body).select(&Selector::parse(selector).unwrap()).count()
}

/// SPEC J1: the sign-in page "carries the agency's name and look"; its own words stand in their places, as text, in both languages.
#[apply(both!)]
#[tokio::test]
async fn an_agency_is_shown_as_its_file_says(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.screen.says("Agence des Tilleuls").says("Bienvenue <b>chez vous</b>.");
    assert_eq!(count(&marie.screen, "b, [onclick]"), 0);
    assert_eq!(count(&marie.screen, "header img[src='/look/tilleuls.svg'][alt='']"), 1);
    let hub = marie.screen.path().to_owned();
    marie.open(&format!("{hub}/help")).await.says("Madame Le Goff vous aide. Téléphone 02 97 00 00 01");
    marie.open(&format!("{hub}?hl=en")).await.says("Welcome <b>home</b>.");
    marie.open(&format!("{hub}?hl=fr")).await;
    marie.old_credentials("100", "Vieux-Secret 1").await.says("Nous vous avons écrit en octobre.");
    let sheet = marie.once(Method::GET, "/look/tilleuls.css", None, &[]).await;
    assert!(sheet.body.starts_with(":root{--accent:#1f6f54;"), "{}", sheet.body);
    assert!(sheet.body.contains("--second:#c26a1b"), "{}", sheet.body);
    // No more is said of an agency that says no more.
    Portal::new(&world, "rivage").send(&mut marie, &[]).await;
    assert_eq!(count(&marie.screen, ".own, header img"), 0);
    let plain = marie.once(Method::GET, "/look/rivage.css", None, &[]).await;
    assert!(plain.body.contains("--second:#234f8f"), "{}", plain.body);
    assert_eq!(
        idp::look(&world.agency("tilleuls"), 0).words.mail.map(|said| said.fr).as_deref(),
        Some("L’équipe des Tilleuls."),
        "what the mails' frame is made of"
    );
}

/// A logo is a picture: opened by itself it runs nothing, and nothing else in the folder is served.
#[apply(both!)]
#[tokio::test]
async fn a_logo_is_served_as_a_picture_and_nothing_more(world: World) {
    let marie = world.visitor();
    let logo = marie.once(Method::GET, "/look/tilleuls.svg", None, &[]).await;
    assert_eq!((logo.status, logo.body.as_str()), (StatusCode::OK, LOGO));
    assert_eq!(logo.header("content-type"), "image/svg+xml");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(
        logo.header("content-security-policy"),
        "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    );
    for other in ["tilleuls.png", "rivage.svg", "tilleuls", "tilleuls.toml", "..%2Fmoncompte.toml", ".svg"] {
        let answer = marie.once(Method::GET, &format!("/look/{other}"), None, &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{other}");
    }
}

/// SECURITY #10: what an address may carry into a page stays text there: `login_hint`, `ui_locales`, `state`, `nonce`, `agency` and `hl`; `state` comes
/// back to the letter.
#[apply(both!)]
#[tokio::test]
async fn what_an_address_carries_stays_text(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let evil: String = url::form_urlencoded::byte_serialize(EVIL.as_bytes()).collect();
    let mut marie = world.visitor();
    let more = [("login_hint", EVIL), ("ui_locales", EVIL), ("claims_locales", EVIL), ("display", EVIL)];
    let address = portal.address(&more).replace("state=the+state", &format!("state={evil}"));
    marie.open(&address.replace("nonce=the+nonce", &format!("nonce={evil}"))).await;
    let inert = |screen: &Page| {
        assert_eq!(screen.status, StatusCode::OK, "{:?} {}", screen.left_to, screen.text());
        assert_eq!(count(screen, "b, [onclick], script:not([src])"), 0, "{}", screen.body);
        assert!(!screen.body.contains("62615533"), "{}", screen.body);
    };
    inert(&marie.screen);
    assert_eq!(marie.screen.field("email").as_deref(), Some(EVIL), "as it was hinted");
    let hub = marie.screen.path().to_owned();
    for page in [format!("{hub}?hl={evil}"), format!("{hub}/legacy?agency={evil}"), format!("{hub}/forgot")] {
        marie.open(&page).await;
        assert_eq!(count(&marie.screen, "b, [onclick], script:not([src])"), 0, "{page}");
    }
    marie.open(&hub).await;
    // What is no address is brought back; then the right one.
    marie.submit("/sign-in", &[("email", EVIL), ("password", EVIL)]).await.says("Indiquez une adresse email");
    inert(&marie.screen);
    marie.submit("/sign-in", &[("email", MARIE), ("password", PASSWORD)]).await;
    let back = url::Url::parse(marie.screen.left_to.as_deref().unwrap_or_default()).unwrap();
    assert_eq!(back.host_str(), Some("tilleuls.test"));
    assert!(back.query_pairs().any(|(name, value)| name == "state" && value == EVIL), "{back}");
}

/// The bytes that a browser fetches for the page on the screen, compressed, and its number of requests.
async fn cost(visitor: &mut Visitor) -> (usize, usize) {
    let page = Html::parse_document(&visitor.screen.body);
    let loads = Selector::parse("link[href], script[src], img[src], iframe[src]").unwrap();
    let mut urls: Vec<String> = page
        .select(&loads)
        .filter_map(|e| e.value().attr("href").or_else(|| e.value().attr("src")))
        .map(str::to_owned)
        .collect();
    urls.sort();
    urls.dedup();
    let mut bytes = visitor.screen.body.len();
    for url in &urls {
        assert!(url.starts_with('/') && !url.starts_with("//"), "nobody else is asked: {url}");
        let file = visitor.once(Method::GET, url, None, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(file.status, StatusCode::OK, "{url}");
        let length: usize = file.header("content-length").parse().unwrap();
        if url.ends_with(".css") && url.starts_with("/assets/") {
            assert_eq!((file.header("content-encoding"), file.header("vary")), ("gzip", "accept-encoding"));
            assert!(length < 12_000, "the style sheet: {length} bytes");
            let refused = [("accept-encoding", "br, gzip;q=0")];
            let whole = visitor.once(Method::GET, url, None, &refused).await;
            assert!(whole.header("content-encoding").is_empty() && whole.body.contains("--accent"));
        }
        bytes += length;
    }
    (bytes, 1 + urls.len())
}

/// SPEC "Faces": the sign-in page and that of the terms, which is the longest, cost less than 30 kB with all that they load, in few requests.
#[apply(both!)]
#[tokio::test]
async fn the_first_page_and_the_longest_are_light(world: World) {
    let editions = ["fr", "en"].map(|language| {
        let file = format!("{}/../../config/terms/2026-11/{language}.md", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(file).unwrap();
        let body = text.splitn(3, "+++").nth(2).unwrap().to_owned();
        (language.to_owned(), Edition::new("Conditions".into(), body))
    });
    let version = TermsVersion {
        version: "2026-11".into(),
        effective: 0,
        consent: true,
        editions: BTreeMap::from(editions),
    };
    world.terms.store(Arc::new(TermsLibrary::new(vec![version])));
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    let (bytes, requests) = cost(&mut marie).await;
    assert!((8_000..20_000).contains(&bytes) && requests <= 6, "{bytes} bytes in {requests} requests");
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
    let (bytes, requests) = cost(&mut marie).await;
    assert!((15_000..30_000).contains(&bytes) && requests <= 6, "{bytes} bytes in {requests} requests");
}
