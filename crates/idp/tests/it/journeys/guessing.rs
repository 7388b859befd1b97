use http::Method;
use testbed::{Bed, apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";
const NOBODY: &str = "irene@exemple.test";
const NEW: &str = "nuage violoncelle fourchette";

async fn at_sign_in(world: &World) -> Visitor {
    let mut someone = world.visitor();
    Portal::new(world, "tilleuls").send(&mut someone, &[]).await;
    someone
}

/// A screen without what differs from one request to the next: status, names of headers, length and words.
fn face(visitor: &Visitor, email: &str) -> (u16, Vec<String>, usize, String) {
    let screen = &visitor.screen;
    let headers = screen.headers.keys().map(|k| k.as_str().to_owned()).collect();
    let id = screen.path().split('/').nth(2).unwrap().to_owned();
    let csrf = screen.field("csrf").unwrap_or_default();
    let body = screen.body.replace(email, "EMAIL").replace(&id, "ID");
    let body = if csrf.is_empty() { body } else { body.replace(&csrf, "CSRF") };
    (screen.status.as_u16(), headers, body.len(), body)
}

/// SPEC J5: the countdown, the lock, the mail; "The same sequence is shown for an address that has no account: nothing on any page, in any header …
/// tells whether an account exists."
#[apply(both!)]
#[tokio::test]
async fn five_wrong_passwords_lock_and_no_page_tells_whether_there_is_an_account(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let (mut known, mut unknown) = (at_sign_in(&world).await, at_sign_in(&world).await);
    for expected in
        ["4 essais", "3 essais", "2 essais", "1 essai ", "Le compte est bloqué", "Le compte est bloqué"]
    {
        for (visitor, email) in [(&mut known, MARIE), (&mut unknown, NOBODY)] {
            visitor.sign_in(email, "une devinette fausse").await.says(expected);
            assert_eq!(visitor.screen.field("email").as_deref(), Some(email));
        }
        assert_eq!(face(&known, MARIE), face(&unknown, NOBODY), "{expected}");
        if expected != "Le compte est bloqué" {
            known.screen.says("Mot de passe invalide");
        }
    }
    known.screen.says("Mot de passe oublié");
    known.sign_in(MARIE, PASSWORD).await.says("Le compte est bloqué").says("pas même le bon");
    let mails = world.mails().await;
    assert_eq!(mails.iter().map(|m| (m.to.as_str(), m.about)).collect::<Vec<_>>(), [(MARIE, "locked")]);
    // The mail's link unlocks.
    let link = mails[0].link.clone().unwrap();
    known.open(&link).await.says(MARIE);
    known.submit("/reset", &[("password", NEW)]).await;
    Portal::new(&world, "tilleuls").receive(&known).await;
    world.mail_to(MARIE, "changed").await;
}

/// SPEC J5: "A browser on which the owner signed in before keeps its own count, so that a stranger cannot lock the owner out of their own device."
/// "Success clears the count."
#[apply(both!)]
#[tokio::test]
async fn a_stranger_cannot_lock_the_owner_out_of_their_own_device(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_sign_in(&world).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    marie.open("/sign-out").await;
    marie.submit("/sign-out", &[]).await.says("Vous êtes déconnecté");
    let mut stranger = at_sign_in(&world).await;
    for _ in 0..5 {
        stranger.sign_in(MARIE, "une devinette fausse").await;
    }
    stranger.screen.says("Le compte est bloqué");
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, "faute de frappe ici").await.says("4 essais");
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    world.bed.clock.advance(1);
    portal.send(&mut marie, &[("prompt", "login")]).await;
    marie.sign_in(MARIE, "faute de frappe ici").await.says("4 essais");
    let mut other = at_sign_in(&world).await;
    other.sign_in(MARIE, PASSWORD).await.says("Le compte est bloqué");
}

/// SECURITY #56: one password over many accounts, and every door that hashes or sends takes from the same few tries.
#[apply(both!)]
#[tokio::test]
async fn one_network_tries_only_so_often_whatever_the_account(bed: Bed) {
    let world = World::throttled(bed, 3).await;
    let mut someone = at_sign_in(&world).await;
    for n in 0..3 {
        someone.sign_in(&format!("p{n}@exemple.test"), "une devinette fausse").await.says("4 essais");
    }
    someone.sign_in("p3@exemple.test", "une devinette fausse").await.says_not("4 essais");
    let forgot = someone.screen.links().into_iter().find(|l| l.ends_with("/forgot")).unwrap();
    someone.old_credentials("100", "faux").await.says_not("4 essais");
    someone.open(&forgot).await;
    someone.submit("/forgot", &[("email", MARIE)]).await.says_not("Si cette adresse a un compte");
    assert_eq!(world.count("attempt", "1 = 1").await, 3, "{}", world.bed.name);
    assert_eq!(world.count("outbox", "1 = 1").await, 0);
}

/// A reload repeats no attempt: the message travels in a cookie, not in a POST.
#[apply(both!)]
#[tokio::test]
async fn a_reload_repeats_no_attempt(world: World) {
    let mut marie = at_sign_in(&world).await;
    marie.sign_in(MARIE, "une devinette fausse").await.says("4 essais");
    let hub = marie.screen.path().to_owned();
    marie.open(&hub).await.says_not("essais");
    assert_eq!(world.count("attempt", "failures = 1").await, 1);
}

/// SPEC J6: "the answer is always the same; if an account exists, a mail brings a single-use link (30 minutes, one at a time). A new password ends
/// every other session and refresh token, unlocks, tells the owner by mail, and continues to the portal where it began."
#[apply(both!)]
#[tokio::test]
async fn a_forgotten_password_is_replaced_by_the_newest_link_once(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut elsewhere = at_sign_in(&world).await;
    elsewhere.sign_in(MARIE, PASSWORD).await;
    portal.receive(&elsewhere).await;

    let (mut marie, mut nobody) = (at_sign_in(&world).await, at_sign_in(&world).await);
    for (visitor, email) in [(&mut marie, MARIE), (&mut nobody, NOBODY)] {
        let forgot = visitor.screen.links().into_iter().find(|l| l.ends_with("/forgot")).unwrap();
        visitor.open(&forgot).await;
        visitor
            .submit("/forgot", &[("email", email)])
            .await
            .says("Si cette adresse a un compte")
            .says("30 minutes");
    }
    assert_eq!(face(&marie, MARIE), face(&nobody, NOBODY));
    let forgot = marie.screen.path().to_owned();
    let older = world.mail_to(MARIE, "reset").await.link.unwrap();
    marie.open(&forgot).await;
    marie.submit("/forgot", &[("email", MARIE)]).await.says("Si cette adresse a un compte");
    assert!(world.mails().await.is_empty(), "pressed twice is one mail");
    world.bed.clock.advance(60);
    marie.open(&forgot).await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1, "nothing to the address without an account");
    let newest = mails[0].link.clone().unwrap();
    assert_eq!(newest, older, "whichever copy arrives works");

    let before = world.people().await;
    marie.once(Method::HEAD, &newest, None, &[]).await;
    marie.open(&newest).await.says("Choisissez un nouveau mot de passe").says(MARIE);
    assert!(!marie.screen.path().contains("token"));
    assert_eq!(world.people().await, before, "opening it changes nothing");
    marie.submit("/reset", &[("password", "court")]).await.says("Il est trop court");
    marie.submit("/reset", &[("password", NEW)]).await;
    portal.receive(&marie).await;
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "every other session ended");
    world.mail_to(MARIE, "changed").await;
    assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 1, "and its portal is told (#76)");
    portal.send(&mut elsewhere, &[]).await;
    elsewhere.screen.says("Mot de passe oublié ?");
    elsewhere.sign_in(MARIE, PASSWORD).await.says("Mot de passe invalide");
    elsewhere.open(&newest).await.says("Ce lien ne fonctionne plus");
}

/// SPEC J6: 30 minutes; "For an address with an unfinished enrolment only, the mail explains how to finish it."
#[apply(both!)]
#[tokio::test]
async fn a_reset_link_is_dead_after_half_an_hour_and_an_unfinished_move_gets_its_own_mail(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = at_sign_in(&world).await;
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", MARIE)]).await;
    let link = world.mail_to(MARIE, "reset").await.link.unwrap();
    world.bed.clock.advance(30 * 60 - 1);
    marie.open(&link).await.says("Choisissez un nouveau mot de passe");
    world.bed.clock.advance(1);
    marie.submit("/reset", &[("password", NEW)]).await.says("Ce lien ne fonctionne plus");
    let mut paul = at_sign_in(&world).await;
    paul.old_credentials("101", "Vieux-Secret 2").await;
    paul.up_to_mail("paul@exemple.test", PASSWORD).await;
    world.mails().await;
    paul.open("/forgot").await;
    paul.submit("/forgot", &[("email", "paul@exemple.test")]).await;
    let link = world.mail_to("paul@exemple.test", "finish").await.link.unwrap();
    paul.open(&link).await;
    paul.submit("/confirm", &[("email", "paul@exemple.test"), ("password", PASSWORD)])
        .await
        .says("Étape 6 sur 6");
}
