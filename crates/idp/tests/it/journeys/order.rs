use http::Method;
use testbed::{apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

/// Posts a form of a later step from the browser that is at an earlier one.
async fn post(visitor: &mut Visitor, hub: &str, page: &str, fields: &str) {
    visitor.open(&format!("{hub}/forgot")).await;
    let csrf = visitor.screen.field("csrf").unwrap();
    let body = format!("csrf={csrf}&{fields}").into_bytes();
    visitor.send(Method::POST, &format!("{hub}/{page}"), Some(body), &[]).await;
    assert!(visitor.screen.status.is_success() && visitor.screen.left_to.is_none(), "{page}");
}

/// The fields of the terms' form as they would be right.
fn accepted(world: &World) -> String {
    let version = world.idp.accounts.current_terms().unwrap();
    format!("accept=on&version={}&language=fr&sha256={}", version.version, version.editions["fr"].sha256)
}

/// SECURITY #12: whatever is posted before its time, the database stays as it was and the person is shown the step that is theirs.
#[apply(both!)]
#[tokio::test]
async fn a_step_that_is_posted_before_its_time_changes_nothing(world: World) {
    world.moved("rivage", "100", "paul@exemple.test").await;
    let password = format!("password={}", PASSWORD.replace(' ', "+"));
    let terms = accepted(&world);
    let mut marie = world.visitor();
    let portal = Portal::new(&world, "tilleuls");
    portal.send(&mut marie, &[]).await;
    let hub = marie.screen.path().to_owned();
    let steps: [(&str, &str); 7] = [
        ("notice", ""),
        ("email", "email=marie@exemple.test"),
        ("password", &password),
        ("resend", ""),
        ("link", &password),
        ("terms", &terms),
        ("leave", ""),
    ];
    // At which step the person is, and which posts are not for it.
    let early: [(&str, &[&str]); 5] = [
        ("Mot de passe oublié ?", &["notice", "email", "password", "resend", "link", "terms", "leave"]),
        ("Étape 1 sur 6", &["email", "password", "resend", "link", "terms"]),
        ("Étape 2 sur 6", &["notice", "password", "resend", "link", "terms"]),
        ("Étape 3 sur 6", &["notice", "resend", "link", "terms"]),
        ("Étape 4 sur 6", &["notice", "link", "terms"]),
    ];
    for (nth, (here, pages)) in early.into_iter().enumerate() {
        marie.open(&hub).await.says(here);
        let before = world.people().await;
        for (page, fields) in steps.iter().filter(|(page, _)| pages.contains(page)) {
            post(&mut marie, &hub, page, fields).await;
            assert_eq!(world.people().await, before, "{page} at \"{here}\"");
            marie.screen.says(here);
        }
        match nth {
            0 => drop(marie.old_credentials("100", "Vieux-Secret 1").await),
            1 => drop(marie.submit("/notice", &[]).await),
            2 => drop(marie.submit("/email", &[("email", MARIE)]).await),
            3 => drop(marie.submit("/password", &[("password", PASSWORD)]).await),
            _ => {}
        }
    }
    assert_eq!(world.count("account", "1 = 1").await, 1, "Paul's alone");
}

/// SECURITY #12, D10: at "attach to that account", choosing a password is no way round that account's own.
#[apply(both!)]
#[tokio::test]
async fn choosing_a_password_is_no_way_round_the_accounts_own(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut thief = world.visitor();
    Portal::new(&world, "rivage").send(&mut thief, &[]).await;
    let hub = thief.screen.path().to_owned();
    thief.old_credentials("101", "Vieux-Secret 2").await;
    thief.submit("/notice", &[]).await;
    thief.submit("/email", &[("email", MARIE)]).await.says("Mot de passe de ce compte");
    let before = world.people().await;
    let (password, terms) = (format!("password={}", PASSWORD.replace(' ', "+")), accepted(&world));
    for (page, fields) in [("password", password.as_str()), ("resend", ""), ("terms", &terms), ("notice", "")]
    {
        post(&mut thief, &hub, page, fields).await;
        assert_eq!(world.people().await, before, "{page}");
        thief.screen.says("Mot de passe de ce compte");
    }
    assert!(world.mails().await.is_empty());
}

/// SPEC J2: "a half-made enrolment never blocks another person's": who confirms first has the address; the other is led to attach.
#[apply(both!)]
#[tokio::test]
async fn two_moves_with_one_address_make_one_account_for_who_confirms(world: World) {
    let (mut first, mut second) = (world.visitor(), world.visitor());
    for (visitor, agency, identifier, old) in
        [(&mut first, "tilleuls", "101", "Vieux-Secret 2"), (&mut second, "rivage", "100", "Vieux-Secret 1")]
    {
        Portal::new(&world, agency).send(visitor, &[]).await;
        visitor.old_credentials(identifier, old).await;
        visitor
            .up_to_mail(MARIE, if agency == "rivage" { PASSWORD } else { "le mot de quelqu'un d'autre" })
            .await;
    }
    let mails = world.mails().await;
    let link = |agency: &str| {
        mails.iter().find(|m| m.agency.as_deref() == Some(agency)).unwrap().link.clone().unwrap()
    };
    // Marie has the mailbox and knows only her own password: the stranger's link is of no use with it.
    second.open(&link("tilleuls")).await;
    second
        .submit("/confirm", &[("email", MARIE), ("password", PASSWORD)])
        .await
        .says("Mot de passe invalide");
    second.open(&link("rivage")).await;
    second.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await;
    second.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    assert_eq!(world.count("account", "1 = 1").await, 1);
    // The stranger, even on the mailed link, comes to that account's password and no further.
    first.open(&link("tilleuls")).await;
    first.submit("/confirm", &[("email", MARIE), ("password", "le mot de quelqu'un d'autre")]).await;
    first.screen.says("Mot de passe de ce compte");
    assert_eq!((world.count("account", "1=1").await, world.count("link", "1=1").await), (1, 1));
}
