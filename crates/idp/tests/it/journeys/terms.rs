use accounts::TermsLibrary;
use http::Method;
use testbed::{apply, both};
use testkit::{Visitor, encoded};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World, terms},
};

const MARIE: &str = "marie@exemple.test";

fn publish(world: &World, versions: &[(&str, i64, bool)]) {
    let all = versions.iter().map(|(version, at, consent)| terms(version, *at, *consent)).collect();
    world.terms.store(TermsLibrary::new(all).into());
}

/// SPEC J7: "A new version in config asks everybody again at their next sign-in; minor editions can be marked as not needing consent. Each acceptance …
/// gives the person a receipt (on screen, by mail)." SECURITY #14: silence is told that there is somebody to ask.
#[apply(both!)]
#[tokio::test]
async fn a_new_version_asks_again_once_and_a_minor_edition_does_not(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let later = world.bed.context.now() + 3600;
    publish(&world, &[("2026-11", 0, true), ("2026-12", 1, false), ("2027-01", later, true)]);
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    world.bed.clock.advance(3600);
    portal.send(&mut marie, &[]).await;
    marie.screen.says("Article 1. Objet. 2027-01").says(MARIE).says_not("Étape");
    marie.screen.says("Ce texte a changé depuis la version 2026-11 que vous aviez acceptée");
    // Silence is asked for: there is somebody to ask, so the portal hears that.
    portal.send(&mut marie, &[("prompt", "none")]).await;
    let error = portal.back(&marie).into_iter().find(|(n, _)| n == "error").unwrap().1;
    assert_eq!(error, "interaction_required");
    marie.open("/").await.says("Article 1. Objet. 2027-01");
    let refuse = marie.screen.links().into_iter().find(|l| l.ends_with("/refuse")).unwrap();
    marie
        .open(&refuse)
        .await
        .says("Vous n'avez pas accepté les conditions")
        .says("Votre compte existe toujours");
    assert_eq!(world.count("acceptance", "version = '2027-01'").await, 0);
    portal.send(&mut marie, &[]).await;
    let sha = marie.screen.field("sha256").unwrap();
    marie.submit("/terms", &[("accept", "on")]).await.says("Votre accord sur les conditions").says("2027-01");
    let condition = format!(
        "version = '2027-01' AND sha256 = '{sha}' AND agency_id = 'tilleuls' AND language = 'fr' AND user_agent <> ''"
    );
    assert_eq!(world.count("acceptance", &condition).await, 1);
    assert!(world.mail_to(MARIE, "terms").await.raw.contains(&sha));
    // The page of the refusal, from the history: nobody refused what was accepted.
    marie.open(&refuse).await.says_not("Vous n'avez pas accepté");
    portal.send(&mut marie, &[]).await;
    portal.receive(&marie).await;
}

/// SPEC J7, SECURITY #90: "the exact text shown": what was replaced while it was read is shown again, and a hash of one's own is not taken.
#[apply(both!)]
#[tokio::test]
async fn a_text_that_changed_while_it_was_read_is_shown_again(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    publish(&world, &[("2026-12", 1, true)]);
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await.says("Article 1. Objet. 2026-12");
    publish(&world, &[("2026-12", 1, true), ("2026-13", 2, true)]);
    marie.submit("/terms", &[("accept", "on")]).await;
    marie.screen.says("Le texte a changé pendant votre lecture").says("Article 1. Objet. 2026-13");
    assert_eq!(marie.screen.status.as_u16(), 409);
    for forged in [("sha256", "00"), ("version", "2026-12"), ("language", "en"), ("language", "de")] {
        marie.submit("/terms", &[("accept", "on"), forged]).await.says("Le texte a changé");
    }
    assert_eq!(world.count("acceptance", "1 = 1").await, 1);
    // The other language, by the link at the foot of the page.
    let hub = marie.screen.path().to_owned();
    marie.open(&format!("{hub}?hl=en")).await.says("Article 1. Purpose. 2026-13");
    marie.submit("/terms", &[("accept", "on")]).await;
    assert_eq!(world.count("acceptance", "version = '2026-13' AND language = 'en'").await, 1);
    // Twice is once.
    let body =
        format!("csrf={}&accept=on&version=2026-13&language=en&sha256=00", csrf(&mut marie, &hub).await);
    marie.send(Method::POST, &format!("{hub}/terms"), Some(body.into_bytes()), &[]).await;
    assert_eq!(world.count("acceptance", "version = '2026-13'").await, 1);
}

/// SECURITY #93: what was accepted in one interaction is no acceptance in another's browser, and in another of one's own it is the same one.
#[apply(both!)]
#[tokio::test]
async fn an_acceptance_that_is_sent_again_elsewhere_is_none(world: World) {
    for (agency, identifier, email) in [("tilleuls", "100", MARIE), ("tilleuls", "101", "paul@exemple.test")]
    {
        world.moved(agency, identifier, email).await;
    }
    publish(&world, &[("2026-12", 1, true)]);
    let portal = Portal::new(&world, "tilleuls");
    let (mut marie, mut paul) = (world.visitor(), world.visitor());
    for (visitor, email) in [(&mut marie, MARIE), (&mut paul, "paul@exemple.test")] {
        portal.send(visitor, &[]).await;
        visitor.sign_in(email, PASSWORD).await.says("2026-12");
    }
    let (address, fields) = marie.screen.form("/terms");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = encoded(&[&fields[..], &[("accept", "on")]].concat()).into_bytes();
    let theirs = paul.screen.path().to_owned();
    let accepted = async || world.count("acceptance", "version = '2026-12'").await;
    // Her form in his browser, at her interaction and at his; his interaction in her browser.
    for (hers, to) in
        [(false, address.clone()), (false, format!("{theirs}/terms")), (true, format!("{theirs}/terms"))]
    {
        let visitor = if hers { &mut marie } else { &mut paul };
        let refused = visitor.once(Method::POST, &to, Some(body.clone()), &[]).await;
        assert_eq!((refused.status.as_u16(), accepted().await), (403, 0), "{to}");
    }
    // A double click, and the same form again in another tab of hers.
    for _ in 0..2 {
        marie.once(Method::POST, &address, Some(body.clone()), &[]).await;
    }
    portal.send(&mut marie, &[("prompt", "login")]).await;
    let other = format!("{}/terms", marie.screen.path());
    marie.once(Method::POST, &other, Some(body), &[]).await;
    assert_eq!(accepted().await, 1, "{}", world.bed.name);
    assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "terms").count(), 1);
}

/// SECURITY #91: the evidence and the receipt say "read to the end" of whom the page's script saw there, and "ticked" of everybody else.
#[apply(both!)]
#[tokio::test]
async fn the_evidence_says_read_to_the_end_only_of_who_was_seen_to(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    for (nth, version, read, method, told) in [
        (1, "2026-12", None, "ticked", "Manière Case cochée"),
        (2, "2027-01", Some("yes"), "ticked", "Manière Case cochée"),
        (
            3,
            "2027-02",
            Some("end"),
            "read to the end, ticked",
            "Manière Fin du texte affichée, puis case cochée",
        ),
    ] {
        world.bed.clock.advance(1);
        publish(&world, &[(version, nth, true)]);
        portal.send(&mut marie, &[]).await;
        // Without a script the field stays as it came.
        assert_eq!(marie.screen.field("read").as_deref(), Some(""));
        let read = read.map(|read| ("read", read));
        let typed: Vec<_> = [("accept", "on")].into_iter().chain(read).collect();
        marie.submit("/terms", &typed).await.says("Votre accord sur les conditions");
        let row = format!("version = '{version}' AND method = '{method}'");
        assert_eq!(world.count("acceptance", &row).await, 1, "{}: {version}", world.bed.name);
        let proof =
            format!("body LIKE '%\"version\":\"{version}\"%' AND body LIKE '%\"method\":\"{method}\"%'");
        assert_eq!(world.count("evidence", &proof).await, 1, "{}: {version}", world.bed.name);
        marie.open("/account/acceptances").await;
        let receipt =
            marie.screen.links().into_iter().find(|l| l.starts_with("/account/acceptances/")).unwrap();
        marie.open(&receipt).await.says(version).says(told);
    }
}

async fn csrf(marie: &mut Visitor, hub: &str) -> String {
    marie.open(&format!("{hub}/forgot")).await;
    marie.screen.field("csrf").unwrap()
}
