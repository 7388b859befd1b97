use testbed::{apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

/// SPEC J1: "The page is headed "Mon compte immobilier" and carries the agency's name and look", with the labels that people know.
#[apply(both!)]
#[tokio::test]
async fn the_sign_in_page_is_the_agencys_with_the_labels_that_people_know(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    for words in [
        "Mon compte immobilier",
        "Agence des Tilleuls",
        "Adresse email",
        "Mot de passe",
        "Mot de passe oublié ?",
        "Garder ma session active",
        "Connexion",
        "Besoin d'aide pour se connecter ?",
        "Vous avez encore vos anciens identifiants ?",
    ] {
        marie.screen.says(words);
    }
    assert!(marie.screen.body.contains("<h1>Mon compte immobilier</h1>"));
    marie.screen.says_not("Cabinet Rivage");
    marie.open("/look/tilleuls.css").await;
    assert!(marie.screen.body.contains("#1f6f54"), "{}", marie.screen.body);
    let mut mary = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut mary, &[("ui_locales", "en")]).await;
    assert!(mary.screen.body.contains("<html lang=\"en\">"));
}

/// SPEC J1: "Right credentials → back at the portal, signed in. A second portal in the same browser signs in without a question (SSO)"; SPEC J13: a pairwise
/// `sub` per agency, and the client references of this agency only.
#[apply(both!)]
#[tokio::test]
async fn right_credentials_lead_back_and_the_second_portal_asks_nothing(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    let (tilleuls, rivage) = (Portal::new(&world, "tilleuls"), Portal::new(&world, "rivage"));
    let mut marie = world.visitor();
    tilleuls.send(&mut marie, &[]).await;
    marie.sign_in(" Marie@Exemple.TEST", PASSWORD).await;
    let first = tilleuls.receive(&marie).await;
    assert_eq!(first.userinfo["email"], "marie@exemple.test");
    assert_eq!(first.userinfo["client_refs"], serde_json::json!(["CT-1"]));
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1 + 1, "the earlier day's and this one");
    tilleuls.send(&mut marie, &[]).await;
    assert_eq!(tilleuls.receive(&marie).await.claims["sub"], first.claims["sub"], "without a question");
    // Not linked there: said, offered to attach, not let in (SPEC J13).
    rivage.send(&mut marie, &[]).await;
    marie.screen.says("Votre compte n'est pas encore rattaché à Cabinet Rivage").says("marie@exemple.test");
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", "marie@exemple.test")]).await;
    marie.submit("/link", &[]).await;
    let second = rivage.receive(&marie).await;
    assert_ne!(second.claims["sub"], first.claims["sub"]);
    assert_eq!(second.userinfo["client_refs"], serde_json::json!(["CT-1"]));
    tilleuls.send(&mut marie, &[]).await;
    tilleuls.receive(&marie).await;
}

/// SPEC J1: "Signing in straight at the provider (no portal) lands on a page with the person's agencies, one click to each."
#[apply(both!)]
#[tokio::test]
async fn the_front_door_shows_ones_agencies(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    let mut marie = world.visitor();
    marie.open("/").await.says("Mon compte immobilier");
    marie.sign_in("marie@exemple.test", PASSWORD).await;
    assert_eq!(marie.screen.path(), "/");
    marie.screen.says("Bonjour Marie Durand").says("Agence des Tilleuls").says_not("Cabinet Rivage");
    assert!(marie.screen.links().contains(&"https://tilleuls.test/".to_owned()));
}

/// SPEC J9: the help page of the agency: the steps, what to do when the mail does not come, "and at last the agency's phone, email and opening hours".
#[apply(both!)]
#[tokio::test]
async fn help_ends_with_the_agencys_phone_and_hours(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "rivage").send(&mut marie, &[]).await;
    let help = marie.screen.links().into_iter().find(|l| l.ends_with("/help")).unwrap();
    marie.open(&help).await;
    for words in [
        "Passer de vos anciens identifiants à votre compte",
        "Le message n'arrive pas",
        "« Indésirables » ou « Spam »",
        "Après 5 mots de passe invalides, le compte se bloque",
        "L'ancien identifiant est refusé",
        "Pour joindre Cabinet Rivage",
    ] {
        marie.screen.says(words);
    }
    let text = marie.screen.text();
    let end =
        text.split("Pour joindre Cabinet Rivage").nth(1).unwrap().split("à votre écoute").next().unwrap();
    for words in ["02 97 00 00 02", "accueil@rivage.test", "du lundi au vendredi, de 9 h à 18 h"] {
        assert!(end.contains(words), "{end}");
    }
    assert_eq!(world.count("enrolment", "1 = 1").await, 0);
}

/// SPEC J9: "the steps in pictures and words". The pictures are the pages themselves, in the agency's colours, and one that is not there is no fault of
/// ours.
#[apply(both!)]
#[tokio::test]
async fn help_shows_the_real_pages_in_the_agencys_colours(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    let help = format!("{}/help", marie.screen.path());
    let shown: Vec<String> = (marie.open(&help).await.body)
        .split("src=\"/help/")
        .skip(1)
        .map(|rest| format!("/help/{}", rest.split('"').next().unwrap()))
        .collect();
    assert_eq!(shown.len(), 6, "{shown:?}");
    let words =
        ["anciens identifiants", "Votre adresse email", "Choisissez", "Regardez", "Confirmez", "Conditions"];
    for (picture, words) in shown.iter().zip(words) {
        let answer = marie.once(http::Method::GET, picture, None, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (200, "image/svg+xml"),
            "{picture}"
        );
        assert!(answer.body.contains(words) && answer.body.contains("#1f6f54"), "{picture}");
    }
    for path in
        ["fr-0.svg", "fr-7.svg", "de-1.svg", "fr-1-nobody.svg", "fr-1", "-.svg", "fr-1-../x.svg", "fr-.svg"]
    {
        let answer = marie.once(http::Method::GET, &format!("/help/{path}"), None, &[]).await;
        assert_eq!(answer.status.as_u16(), 404, "{path}");
    }
}

/// PEOPLE U-41: a browser that restores its tabs sends their first requests at once, none of them with a cookie; of the cookies in the answers that share
/// a name only the last one stays. Every tab goes on all the same, and nobody else can.
#[apply(both!)]
#[tokio::test]
async fn tabs_opened_at_once_all_go_on(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let (mut jar, mut hubs) = (std::collections::BTreeMap::new(), Vec::new());
    for _ in 0..5 {
        let answer = http.get(format!("{}{}", world.issuer(), portal.address(&[]))).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            jar.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        hubs.push(format!("{}{}", world.issuer(), answer.headers()["location"].to_str().unwrap()));
    }
    let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    for hub in &hubs {
        let here = http.get(hub).header("cookie", &cookies).send().await.unwrap();
        assert_eq!(here.status(), 200, "a tab of this browser");
        let elsewhere = http.get(hub).header("cookie", "mc_browser=another").send().await.unwrap();
        assert_eq!(elsewhere.status(), 403, "another browser (SECURITY #13)");
        let bare = http.get(hub).send().await.unwrap();
        assert_eq!(bare.status(), 303, "whether it keeps cookies is seen first");
        assert!(bare.headers()["location"].to_str().unwrap().ends_with("?cookies=asked"));
    }
}

/// SECURITY #13, #49, PEOPLE U-41: the requests of many tabs in one browser. Each cookie is sent to its own pages alone, so the last tab goes on and so does
/// the first; no cookie and no answer is longer than browsers and proxies take. A request that is too long to be carried is stored.
#[apply(both!)]
#[tokio::test]
async fn many_tabs_with_long_requests_all_go_on(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    let length = |headers: &http::HeaderMap| {
        headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>()
    };
    let carried = |visitor: &Visitor| {
        visitor.cookies().into_iter().filter(|c| c.name().contains("mc_request_")).collect::<Vec<_>>()
    };
    let mut hubs = Vec::new();
    for nth in 0..30 {
        let state = "s".repeat(40 * nth);
        let asked = portal.address(&[]).replace("state=the+state", &format!("state={state}"));
        let answer = marie.once(http::Method::GET, &asked, None, &[]).await;
        assert_eq!(answer.status.as_u16(), 303, "{nth}");
        assert!(length(&answer.headers) < 4000, "{nth}: {}", length(&answer.headers));
        hubs.push(answer.header("location").to_owned());
    }
    let stored = world.count("interaction", "1 = 1").await;
    let cookies = carried(&marie);
    assert!((1..10).contains(&stored), "the longest requests: {stored}");
    assert_eq!(i64::try_from(cookies.len()).unwrap() + stored, 30);
    for cookie in &cookies {
        let path = cookie.path().unwrap();
        assert!(hubs.iter().any(|hub| hub == path), "{path}");
        assert!(cookie.to_string().len() < 4096);
        assert_eq!(cookie.http_only(), Some(true));
    }
    let all: usize = cookies.iter().map(|c| c.stripped().to_string().len()).sum();
    assert!(all > 16 * 1024, "together they would be too long: {all}");
    for hub in &hubs {
        assert_eq!(marie.once(http::Method::GET, hub, None, &[]).await.status.as_u16(), 200, "{hub}");
    }
    // Another browser gets nowhere with the cookie of this one.
    let mut paul = world.visitor();
    portal.send(&mut paul, &[]).await;
    paul.add_cookie(cookies[0].clone());
    assert_eq!(paul.open(&hubs[0]).await.status.as_u16(), 403);

    world.moved("tilleuls", "100", "marie@exemple.test").await;
    marie.open(&hubs[0]).await;
    marie.sign_in("marie@exemple.test", PASSWORD).await;
    assert!(marie.screen.left_to.as_ref().unwrap().starts_with("https://tilleuls.test/callback?"));
    assert_eq!(carried(&marie).len(), cookies.len() - 1, "what was answered is carried no longer");
}

/// A `state` of the greatest length comes back whole, from what is stored.
#[apply(both!)]
#[tokio::test]
async fn a_state_of_the_greatest_length_comes_back(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    let state = "s".repeat(4096);
    let asked = Portal::new(&world, "tilleuls").address(&[]);
    let mut marie = world.visitor();
    marie.open(&asked.replace("state=the+state", &format!("state={state}"))).await;
    assert!(!marie.cookies().iter().any(|c| c.name().contains("mc_request_")));
    assert_eq!(world.count("interaction", "1 = 1").await, 1);
    marie.sign_in("marie@exemple.test", PASSWORD).await;
    assert!(marie.screen.left_to.as_ref().unwrap().contains(&format!("state={state}&")));
}

/// SECURITY #15: after a form the browser goes on with 303 or by a page of ours, neither of which carries the form along; right or wrong, here or at the
/// portal.
#[apply(both!)]
#[tokio::test]
async fn no_redirect_carries_the_password_along(world: World) {
    world.moved("tilleuls", "100", "marie@exemple.test").await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    for password in ["une devinette", PASSWORD] {
        portal.send(&mut marie, &[]).await;
        let (action, fields) = marie.screen.form("/sign-in");
        let csrf = fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
        let form = [("csrf", &*csrf), ("email", "marie@exemple.test"), ("password", password)];
        let body = encoded(&form).into_bytes();
        let mut answer = marie.once(http::Method::POST, &action, Some(body), &[]).await;
        let mut hops = 0;
        while answer.status.is_redirection() {
            assert_eq!(answer.status, 303, "{}: {}", world.bed.name, answer.path());
            let to = answer.header("location").to_owned();
            assert!(!to.contains("password") && !to.contains("brouette"), "{to}");
            if !to.starts_with('/') {
                break;
            }
            answer = marie.once(http::Method::GET, &to, None, &[]).await;
            hops += 1;
        }
        let to = answer.goes_on().unwrap_or_default();
        assert!(hops > 0 || !to.is_empty());
        assert!(!to.contains("password") && !to.contains("brouette"), "{to}");
        assert_eq!(to.starts_with("https://tilleuls.test/callback?"), password == PASSWORD, "{to}");
    }
    // The old door, too.
    let mut paul = world.visitor();
    portal.send(&mut paul, &[]).await;
    let door = paul.screen.links().into_iter().find(|link| link.ends_with("/legacy")).unwrap();
    paul.open(&door).await;
    let (action, fields) = paul.screen.form("/legacy");
    let csrf = fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    let form = [("csrf", &*csrf), ("identifier", "101"), ("password", "Vieux-Secret 2")];
    let body = encoded(&form).into_bytes();
    assert_eq!(paul.once(http::Method::POST, &action, Some(body), &[]).await.status, 303);
}
