use idp::grant::{Completed, Start};
use oidc::Refusal;
use testbed::{apply, both};

use crate::grant::world::{World, all, returned, text};

/// SECURITY #1, #3, #6: no redirect where client and address are not settled, and nothing is stored.
#[apply(both!)]
#[tokio::test]
async fn what_is_not_settled_is_a_page(world: World) {
    assert!(matches!(world.start("nobody", &[]).await, Start::Refused(Refusal::UnknownClient)));
    let bad = world.start("rp", &[("redirect_uri", "https://rp.example/cb/x")]).await;
    assert!(matches!(bad, Start::Refused(Refusal::UnknownRedirect)));
    let twice = world.a.start(&["client_id=rp&state=1", "state=2"], &world.browser, None).await.unwrap();
    assert!(matches!(twice, Start::Refused(Refusal::Repeated(_))));
    let Start::Answer(answer) = world.start("rp", &[("response_type", "token")]).await else { panic!() };
    let params = returned(&answer);
    assert_eq!((params.get("error"), params.get("state")), (Some("unsupported_response_type"), Some("s")));
    assert_eq!(world.count("interaction", "1 = 1").await, 0, "{}", world.bed.name);
}

/// SECURITY #12, #13
#[apply(both!)]
#[tokio::test]
async fn an_interaction_belongs_to_one_browser_and_ends_once(world: World) {
    let session = world.sign_in().await;
    let Start::Interaction(id) = world.start("rp", &[]).await else { panic!() };
    let stranger = world.bed.context.token();
    assert!(world.a.find(id, &stranger).await.unwrap().is_none());
    let at = world.a.find(id, &world.browser).await.unwrap().unwrap();
    assert_eq!((at.agency_id.as_deref(), at.completed), (Some("tilleuls"), false));
    assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Answer(_)));
    // Once: the client has used its `state`, a moment later and for ever.
    assert!(matches!(world.b.complete(&at, &session).await.unwrap(), Completed::Over));
    world.bed.clock.advance(121);
    assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Over));
    let error = oidc::Error::new(oidc::Code::LoginRequired, "nobody is signed in");
    assert!(matches!(world.b.end_with(&at, &error).await.unwrap(), Completed::Over));
    assert!(world.a.find(id, &world.browser).await.unwrap().unwrap().completed);
    assert_eq!(world.count("code", "1 = 1").await, 1);
    world.bed.clock.advance(3 * 86_400);
    assert!(world.a.find(id, &world.browser).await.unwrap().is_none());
    world.a.purge().await.unwrap();
    assert_eq!(world.count("interaction", "1 = 1").await + world.count("code", "1 = 1").await, 0);
    assert_eq!(world.count("token_grant", "1 = 1").await, 1);
    world.bed.clock.advance(180 * 86_400);
    world.a.purge().await.unwrap();
    assert_eq!(world.count("token_grant", "1 = 1").await, 0);
}

/// SECURITY #12, #13, #49: what a browser carries opens in that browser, under its own id and for a day; its end is stored, and comes once.
#[apply(both!)]
#[tokio::test]
async fn a_carried_interaction_opens_in_its_own_browser_and_ends_once(world: World) {
    let session = world.sign_in().await;
    let begun = world.begin("rp").await;
    let sealed = world.a.seal(&begun).unwrap();
    let (id, browser) = (begun.id, &world.browser);
    assert_eq!(world.count("interaction", "1 = 1").await, 0, "{}", world.bed.name);
    assert!(world.a.open_carried(id, &world.bed.context.token(), &sealed).is_none());
    assert!(world.a.open_carried(world.begin("rp").await.id, browser, &sealed).is_none());
    assert!(world.a.open_carried(id, browser, &sealed[1..]).is_none());
    // Whoever comes with the id alone learns where it began.
    let left = world.b.left_of(id).await.unwrap().unwrap();
    assert_eq!((left.agency_id.as_deref(), left.alive), (Some("tilleuls"), true));
    let at = world.b.open_carried(id, browser, &sealed).unwrap();
    assert_eq!(at.request, begun.request);
    assert!(matches!(world.b.complete(&at, &session).await.unwrap(), Completed::Answer(_)));
    assert!(matches!(world.a.complete(&begun, &session).await.unwrap(), Completed::Over));
    assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Over));
    assert!(world.a.find(id, browser).await.unwrap().unwrap().completed);
    assert_eq!(world.count("code", "1 = 1").await, 1, "{}", world.bed.name);
    world.bed.clock.advance(86_400);
    assert!(world.a.open_carried(id, browser, &sealed).is_none());
}

/// A request that a cookie cannot hold is stored.
#[apply(both!)]
#[tokio::test]
async fn a_request_that_is_too_long_to_be_carried_is_stored(world: World) {
    let mut begun = world.begin("rp").await;
    begun.request.as_mut().unwrap().login_hint = Some("x".repeat(1500));
    assert!(world.a.seal(&begun).is_none());
    world.a.store(&begun).await.unwrap();
    world.a.store(&begun).await.unwrap();
    assert!(world.b.find(begun.id, &world.browser).await.unwrap().is_some(), "{}", world.bed.name);
}

/// OIDC Core §3.1.2.1 id_token_hint; SECURITY #34
#[apply(both!)]
#[tokio::test]
async fn a_hint_names_a_person_only_if_it_is_ours(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    world.bed.clock.advance(3600);
    let hint = text(&tokens, "id_token");
    let Start::Interaction(id) = world.start("rp", &[("id_token_hint", hint)]).await else { panic!() };
    let at = world.a.find(id, &world.browser).await.unwrap().unwrap();
    let agencies = world.agencies.load();
    let rp = &agencies.portal("rp").unwrap().1.client;
    assert_eq!(at.asked().sub, Some(world.a.subject(rp, world.account)));
    for (client, hint) in [("rp", text(&tokens, "access_token")), ("other", hint), ("rp", "a.b.c")] {
        let Start::Answer(answer) = world.start(client, &[("id_token_hint", hint)]).await else {
            panic!("{client}")
        };
        assert_eq!(returned(&answer).get("error"), Some("invalid_request"));
    }
}

#[apply(both!)]
#[tokio::test]
async fn the_provider_has_a_door_of_its_own(world: World) {
    let session = world.sign_in().await;
    let id = world.a.start_home(&world.browser, None).await.unwrap();
    let at = world.a.find(id, &world.browser).await.unwrap().unwrap();
    assert!(at.asked().home && at.request.is_none());
    assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Home));
    world.a.set_agency(&at, "rivage").await.unwrap();
    let enrolment = world.enrolment("T2").await.into();
    world.a.set_enrolment(&at, Some(enrolment)).await.unwrap();
    let at = world.a.find(id, &world.browser).await.unwrap().unwrap();
    assert_eq!((at.agency_id.as_deref(), at.enrolment), (Some("rivage"), Some(enrolment)));
}

/// SECURITY #1, #30: the file is asked again when the code is given, not only when the request came.
#[apply(both!)]
#[tokio::test]
async fn what_left_the_file_meanwhile_gets_no_code(world: World) {
    let session = world.sign_in().await;
    let Start::Interaction(id) = world.start("rp", &[]).await else { panic!() };
    let at = world.a.find(id, &world.browser).await.unwrap().unwrap();
    let elsewhere = all(|client| client.redirect_uris = vec!["https://rp.example/other".into()]);
    for agencies in [elsewhere, agencies::Agencies::default()] {
        world.agencies.store(agencies.into());
        assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Over));
    }
    assert_eq!(world.count("code", "1 = 1").await, 0, "{}", world.bed.name);
    world.agencies.store(all(|_| {}).into());
    assert!(matches!(world.a.complete(&at, &session).await.unwrap(), Completed::Answer(_)));
}
