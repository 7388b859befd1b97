use http::StatusCode;
use testbed::{apply, both};

use super::{MARIE, at_home};
use crate::journeys::{portal::Portal, world::World};

/// SPEC J11: "Name". Portals are told at the next sign-in, and nothing that an agency said contradicts it.
#[apply(both!)]
#[tokio::test]
async fn a_person_says_what_to_call_them(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world
            .write(r#"UPDATE legacy_identity SET profile = '{"family_name":"Durand","nickname":"Mimi"}' WHERE moved_at IS NOT NULL"#)
            .await;
    let mut marie = at_home(&world, MARIE).await;
    world.bed.clock.advance(60);
    marie.open("/account/name").await;
    assert_eq!(marie.screen.field("name").as_deref(), Some("Marie Durand"));
    for bad in ["", "   ", &"x".repeat(101), "a\u{7}b"] {
        marie.submit("/name", &[("name", bad)]).await.says("Ce nom ne convient pas");
    }
    marie.submit("/name", &[("name", "  Marie <b>Lévy</b> ")]).await;
    marie.screen.says("Votre nom est enregistré").says("Bonjour Marie <b>Lévy</b>");
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[]).await;
    let told = portal.receive(&marie).await.userinfo;
    assert_eq!(told["name"], "Marie <b>Lévy</b>", "{}", world.bed.name);
    assert_eq!(told["updated_at"], world.bed.context.now());
    assert!(told.get("family_name").is_none(), "{told}");
    assert_eq!(told["nickname"], "Mimi");
}

/// SPEC J11: "language", kept on the account: the pages where somebody is signed in, on any device, and the mails.
#[apply(both!)]
#[tokio::test]
async fn a_language_is_kept_on_the_account(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_home(&world, MARIE).await;
    marie.open("/account/language").await.says("Dans quelle langue");
    marie.submit("/language", &[("language", "de")]).await;
    assert_eq!(marie.screen.status, StatusCode::BAD_REQUEST);
    marie.open("/account/language").await;
    marie.submit("/language", &[("language", "en")]).await.says("Your language is saved").says("Hello Marie");
    // Another device whose browser is French: French to a stranger, English to her.
    let mut phone = world.visitor();
    phone.open("/").await.says("Connexion");
    phone.sign_in(MARIE, crate::journeys::world::PASSWORD).await.says("Hello Marie Durand");
    phone.open("/forgot").await;
    phone.submit("/forgot", &[("email", MARIE)]).await;
    assert_eq!(world.mail_to(MARIE, "reset").await.locale, "en", "{}", world.bed.name);
    // A portal that asks for French gets it.
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut phone, &[("ui_locales", "fr"), ("prompt", "login")]).await;
    phone.screen.says("Connexion");
}

/// The other language is one link away at the foot of every page, without an account: the same page, and from then on in this browser.
#[apply(both!)]
#[tokio::test]
async fn a_language_is_chosen_without_an_account(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut visitor = world.visitor();
    portal.send(&mut visitor, &[("ui_locales", "fr")]).await;
    let hub = visitor.screen.path().to_owned();
    assert!(visitor.screen.links().contains(&"?hl=en".to_owned()));
    visitor.open(&format!("{hub}?hl=en")).await.says("Forgotten your password?");
    assert_eq!(visitor.screen.path(), hub, "back on the same page, and the address is clean");
    let cookie = visitor.cookie("mc_language");
    assert_eq!((cookie.value(), cookie.http_only()), ("en", Some(true)));
    visitor.open("/nowhere").await.says("Page not found");
    portal.send(&mut visitor, &[]).await;
    visitor.screen.says("Forgotten your password?");
    // The page keeps what its address says.
    visitor.open("/attach").await;
    let agency = visitor.screen.links().into_iter().find(|l| l.ends_with("agency=rivage")).unwrap();
    visitor.open(&agency).await.says("Cabinet Rivage");
    let path = visitor.screen.path().to_owned();
    assert!(
        visitor.screen.links().contains(&"?agency=rivage&hl=fr".to_owned()),
        "{:?}",
        visitor.screen.links()
    );
    visitor
        .open(&format!("{path}?agency=rivage&hl=fr"))
        .await
        .says("Cabinet Rivage")
        .says("Vos anciens identifiants");
    // Nowhere else, and nothing but a language (SECURITY #4).
    for (address, to) in [
        ("//evil.test/?hl=en", Some("/")),
        ("/?hl=en&to=//evil.test", Some("/?to=//evil.test")),
        ("/?hl=de", None),
        ("/?hl=en%0d%0aset-cookie:%20x", None),
    ] {
        let url = format!("{}{address}", world.issuer());
        let answer = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .get(url)
            .send()
            .await
            .unwrap();
        let location = answer.headers().get("location").map(|l| l.to_str().unwrap());
        match to {
            Some(to) => assert_eq!(location, Some(to), "{address}"),
            None => {
                assert!(location.is_none_or(|l| l.starts_with("/authorize/")), "{address}: {location:?}")
            }
        }
    }
}
