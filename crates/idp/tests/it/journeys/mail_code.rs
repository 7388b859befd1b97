//! Step 4 of the move by the code in the mail (SPEC J2.4, docs/adr/0010), as its person sees it.

use testbed::{Bed, apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const OLD: &str = "Vieux-Secret 1";
const MARIE: &str = "marie@exemple.test";

async fn at_mail(world: &World, portal: &Portal) -> Visitor {
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    marie
}

/// From "look at your mail" to the page that takes the code.
async fn open_code(visitor: &mut Visitor) {
    let door = visitor.screen.links().into_iter().find(|l| l.ends_with("/code")).expect("a way to the code");
    visitor.open(&door).await.says("Recopiez les huit chiffres").says(MARIE);
}

async fn code(world: &World) -> String {
    world.mail_to(MARIE, "confirm").await.code.expect("a code beside the link")
}

#[apply(both!)]
#[tokio::test]
async fn the_code_takes_the_place_of_the_link_where_the_password_was_chosen(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_mail(&world, &portal).await;
    let code = code(&world).await;
    open_code(&mut marie).await;
    assert!(marie.screen.body.contains(r#"autocomplete="one-time-code""#));
    assert!(marie.screen.body.contains(r#"inputmode="numeric""#));
    // Nothing reloads by itself under somebody who types.
    assert!(!marie.screen.body.contains("http-equiv"));
    marie.submit("/code", &[("code", &code.replace(' ', "-"))]).await.says("Étape 6 sur 6");
    assert_eq!(world.count("account", "1 = 1").await, 0);
    marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    marie.open(&on).await;
    let arrived = portal.receive(&marie).await;
    assert_eq!(arrived.userinfo["email_verified"], true);
    assert_eq!(world.count("account", "email = 'marie@exemple.test'").await, 1);
}

/// Wrong ones are counted down; the fifth leads to another mail, and the page says so again when it is opened again.
#[apply(both!)]
#[tokio::test]
async fn wrong_codes_are_counted_down_and_another_mail_helps(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_mail(&world, &portal).await;
    let hub = marie.screen.path().to_owned();
    let first = code(&world).await;
    open_code(&mut marie).await;
    marie.submit("/code", &[("code", "12 34")]).await.says("Il faut huit chiffres");
    let wrong = if first.starts_with('7') { "1234 5678" } else { "7777 7777" };
    for left in ["Il reste 4 essais", "Il reste 3 essais", "Il reste 2 essais", "Il reste 1 essai."] {
        marie.submit("/code", &[("code", wrong)]).await.says("Ce code n'est pas le bon").says(left);
        // A reload repeats nothing (PEOPLE U-39).
        marie.open(&format!("{hub}/code")).await.says_not("Ce code n'est pas le bon");
    }
    marie.submit("/code", &[("code", wrong)]).await.says("Ce code ne fonctionne plus");
    marie.open(&format!("{hub}/code")).await.says("Ce code ne fonctionne plus").says("Renvoyer le message");
    let typed = marie.screen.form("/resend").0;
    world.bed.clock.advance(61);
    marie.submit("/resend", &[]).await.says("Un nouveau message est parti");
    assert_eq!(typed, format!("{hub}/resend"));
    let second = code(&world).await;
    open_code(&mut marie).await;
    marie.submit("/code", &[("code", &first)]).await.says("Ce code n'est pas le bon");
    marie.submit("/code", &[("code", &second)]).await.says("Étape 6 sur 6");
}

/// SECURITY #80, #12: the same old credentials in another browser, or the address of the page, are no way to the code.
#[apply(both!)]
#[tokio::test]
async fn another_browser_neither_sees_nor_gives_the_code(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let marie = at_mail(&world, &portal).await;
    let code = code(&world).await;
    let mut other = world.visitor();
    portal.send(&mut other, &[]).await;
    other.old_credentials("100", OLD).await.says("Regardez vos messages");
    let hub = other.screen.path().to_owned();
    assert!(other.screen.links().iter().all(|l| !l.ends_with("/code")), "no way to it");
    other.open(&format!("{hub}/code")).await.says("Regardez vos messages");
    let before = world.people().await;
    let (to, mut fields) = other.screen.form("/resend");
    fields.push(("code".into(), code.clone()));
    let body = encoded(&fields);
    let same_site = [("sec-fetch-site", "same-origin")];
    let at = to.replace("/resend", "/code");
    other.send(http::Method::POST, &at, Some(body.clone().into()), &same_site).await;
    other.screen.says("Regardez vos messages");
    // Marie's own page from the other browser: it begins again, and nothing is tried.
    let theirs = format!("{}/code", marie.screen.path());
    let answer = other.send(http::Method::POST, &theirs, Some(body.into()), &same_site).await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(world.people().await, before, "{}: nothing is tried or confirmed", world.bed.name);
}

/// A second click, and two tabs: one confirmation, and each tab goes on.
#[apply(both!)]
#[tokio::test]
async fn the_code_sent_twice_confirms_once_and_both_go_on(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_mail(&world, &portal).await;
    let code = code(&world).await;
    open_code(&mut marie).await;
    let (to, mut fields) = marie.screen.form("/code");
    fields.retain(|(name, _)| name != "code");
    fields.push(("code".into(), code));
    let body = encoded(&fields);
    let same_site = [("sec-fetch-site", "same-origin")];
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let mut tab = marie.copy();
        let (to, body) = (to.clone(), body.clone());
        tabs.spawn(async move {
            tab.send(http::Method::POST, &to, Some(body.into()), &same_site).await.says("Étape 6 sur 6");
        });
    }
    tabs.join_all().await;
    assert_eq!(world.count("enrolment", "stage = 'terms' AND code_tries = 1").await, 1);
}

/// SECURITY #56, #66: tries from one network are bounded like those of passwords.
#[apply(both!)]
#[tokio::test]
async fn codes_from_one_network_are_bounded(bed: Bed) {
    let world = World::throttled(bed, 3).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_mail(&world, &portal).await;
    let code = code(&world).await;
    open_code(&mut marie).await;
    for _ in 0..4 {
        marie.submit("/code", &[("code", "12")]).await;
    }
    marie.submit("/code", &[("code", &code)]).await.says("Trop d'essais");
    assert_eq!(world.count("enrolment", "code_tries = 0 AND confirmed_at IS NULL").await, 1);
}
