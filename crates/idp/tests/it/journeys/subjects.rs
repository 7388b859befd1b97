use serde_json::json;
use testbed::{apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const NEW: &str = "nuage violoncelle fourchette";

/// SECURITY #86, I11: a person's `sub` at an agency is theirs from the first day, through everything that happens to the account, and nobody else's.
#[apply(both!)]
#[tokio::test]
async fn a_sub_stays_the_same_whatever_happens_and_is_nobody_elses(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let [tilleuls, rivage] = ["tilleuls", "rivage"].map(|agency| Portal::new(&world, agency));
    let mut marie = world.visitor();
    tilleuls.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    let first = tilleuls.receive(&marie).await;
    let sub = first.claims["sub"].clone();
    // Another agency is attached.
    rivage.send(&mut marie, &[]).await;
    marie.old_credentials_attached("100", "Vieux-Secret 1", MARIE).await;
    let there = rivage.receive(&marie).await.claims["sub"].clone();
    assert_ne!(there, sub, "pairwise: two agencies cannot compare");
    // A second identity of the first agency, the password, the import, a year.
    tilleuls.send(&mut marie, &[]).await;
    assert_eq!(tilleuls.receive(&marie).await.claims["sub"], sub);
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/reset", &[("password", NEW)]).await;
    world.import("tilleuls", "identifier,client_ref,password,email,name\n100,CT-1,Neuf-Secret 1,autre@exemple.test,Marie Martin\n", 0).await;
    world.bed.clock.advance(365 * 86_400);
    let mut again = world.visitor();
    for (portal, expected) in [(&tilleuls, &sub), (&rivage, &there)] {
        portal.send(&mut again, &[]).await;
        if again.screen.left_to.is_none() {
            again.sign_in(MARIE, NEW).await;
        }
        let arrived = portal.receive(&again).await;
        assert_eq!((&arrived.claims["sub"], &arrived.userinfo["sub"]), (expected, expected));
    }
    // Somebody who moves with the same identifier at the other agency is somebody else.
    world.moved("rivage", "101", "paul@exemple.test").await;
    let mut paul = world.visitor();
    rivage.send(&mut paul, &[]).await;
    paul.sign_in("paul@exemple.test", PASSWORD).await;
    let paul = rivage.receive(&paul).await.claims["sub"].clone();
    assert!(![&sub, &there, &json!("")].contains(&&paul));
}

/// SECURITY #47: on a computer that two people use, what one of them left behind never becomes the other's.
#[apply(both!)]
#[tokio::test]
async fn on_a_shared_computer_each_is_who_they_are(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    let portal = Portal::new(&world, "tilleuls");
    let mut shared = world.visitor();
    portal.send(&mut shared, &[]).await;
    shared.sign_in(MARIE, PASSWORD).await;
    let marie = portal.receive(&shared).await;
    let hers = shared.cookie("mc_session");
    // Some of her cookies go; nobody signed out.
    shared.drop_cookie("mc_session");
    portal.send(&mut shared, &[]).await;
    shared.sign_in("paul@exemple.test", PASSWORD).await;
    let paul = portal.receive(&shared).await;
    assert_eq!(
        (&marie.userinfo["email"], &paul.userinfo["email"]),
        (&json!(MARIE), &json!("paul@exemple.test"))
    );
    assert_ne!(marie.claims["sub"], paul.claims["sub"]);
    assert_ne!(marie.claims["sid"], paul.claims["sid"]);
    // Asked for her by name, he is not her.
    portal.send(&mut shared, &[("prompt", "none"), ("id_token_hint", &marie.id_token)]).await;
    let error = portal.back(&shared).into_iter().find(|(name, _)| name == "error").unwrap().1;
    assert_eq!(error, "login_required");
    // Beside his, hers is no session either.
    shared.add_cookie(hers);
    portal.send(&mut shared, &[]).await;
    shared.screen.says("Mot de passe oublié ?");
}

/// SECURITY #40: a token that somebody put into the browser is never the session's, whichever way a session begins.
#[apply(both!)]
#[tokio::test]
async fn no_way_in_takes_over_a_session_token_that_was_there(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let planted = world.bed.context.token().text();
    let portal = Portal::new(&world, "tilleuls");
    let plant = |visitor: &mut Visitor| {
        visitor.drop_cookie("mc_session");
        visitor.add_cookie(
            axum_extra::extract::cookie::Cookie::build(("mc_session", planted.clone())).path("/").build(),
        );
    };
    let mut tokens = vec![planted.clone()];
    // By a password, by a reset, by the end of a move, by attaching.
    let mut marie = world.visitor();
    plant(&mut marie);
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    tokens.push(marie.cookie("mc_session").value().to_owned());
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    plant(&mut marie);
    marie.open(&link).await;
    marie.submit("/reset", &[("password", NEW)]).await;
    tokens.push(marie.cookie("mc_session").value().to_owned());
    let rivage = Portal::new(&world, "rivage");
    plant(&mut marie);
    rivage.send(&mut marie, &[]).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    marie.submit("/link", &[("password", NEW)]).await;
    rivage.receive(&marie).await;
    tokens.push(marie.cookie("mc_session").value().to_owned());
    let mut paul = world.visitor();
    plant(&mut paul);
    portal.send(&mut paul, &[]).await;
    paul.old_credentials("101", "Vieux-Secret 2").await;
    paul.up_to_mail("paul@exemple.test", PASSWORD).await;
    let link = world.mail_to("paul@exemple.test", "confirm").await.link.unwrap();
    paul.open(&link).await;
    paul.submit("/confirm", &[("email", "paul@exemple.test"), ("password", PASSWORD)]).await;
    paul.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    tokens.push(paul.cookie("mc_session").value().to_owned());
    let different: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(different.len(), tokens.len(), "{}", world.bed.name);
    let planted = kernel::Token::parse(&planted).unwrap().digest().into_string();
    assert_eq!(world.count("session", &format!("token_hash = '{planted}'")).await, 0);
}
