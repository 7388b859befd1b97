//! Field values that are no address or password, and an unfinished move at the sign-in page (SECURITY D12).

use testbed::{Bed, apply, both};
use testkit::Visitor;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

async fn at_sign_in(world: &World) -> Visitor {
    let mut someone = world.visitor();
    Portal::new(world, "tilleuls").send(&mut someone, &[]).await;
    someone
}

/// FINDING W1: each field says what it lacks, nothing is counted, and an old identifier is carried over to its own door.
#[apply(both!)]
#[tokio::test]
async fn an_empty_field_or_an_old_identifier_is_told_and_counts_nowhere(world: World) {
    let hashes = world.idp.accounts.hasher().done();
    let mut marie = at_sign_in(&world).await;
    for _ in 0..6 {
        marie.sign_in("", "").await.says("Indiquez votre adresse email").says("Indiquez votre mot de passe");
        assert!(marie.screen.body.contains(r#"aria-describedby="email-error""#), "{}", marie.screen.body);
        assert!(marie.screen.body.contains(r#"aria-describedby="password-error""#));
        marie.sign_in(MARIE, " \u{a0}").await.says("Indiquez votre mot de passe").says_not("essais");
        assert_eq!(marie.screen.field("email").as_deref(), Some(MARIE));
        marie.sign_in("marie@", "x").await.says("Indiquez une adresse email complète");
        marie.sign_in("00012345", "x").await.says("Est-ce l'identifiant que vous a remis votre agence");
    }
    marie.submit("/legacy", &[]).await.says("Vos anciens identifiants").says_not("Il manque");
    assert_eq!(marie.screen.field("identifier").as_deref(), Some("00012345"));
    assert!(!marie.screen.path().contains("00012345"), "no address carries it");
    for _ in 0..6 {
        marie.submit("/legacy", &[("identifier", ""), ("password", "")]).await;
        marie
            .screen
            .says("Indiquez votre identifiant")
            .says("Indiquez votre mot de passe")
            .says_not("essais");
    }
    marie.open("/forgot").await;
    marie.submit("/forgot", &[("email", "")]).await.says("Indiquez votre adresse email");
    marie.submit("/forgot", &[("email", "C0001")]).await.says("Continuer avec cet identifiant");
    assert_eq!(world.idp.accounts.hasher().done(), hashes, "{}: nothing was hashed", world.bed.name);
    for table in ["attempt", "outbox"] {
        assert_eq!(world.count(table, "1 = 1").await, 0, "{table} on {}", world.bed.name);
    }
    // Nothing of it took from what the network may try.
    let mut other = at_sign_in(&world).await;
    other.sign_in(MARIE, "une devinette fausse").await.says("4 essais");
}

/// The same on the mailed link's page.
#[apply(both!)]
#[tokio::test]
async fn the_page_of_the_mailed_link_counts_no_empty_field(world: World) {
    let mut marie = at_sign_in(&world).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.open(&link).await;
    for _ in 0..6 {
        marie
            .submit("/confirm", &[("email", ""), ("password", "")])
            .await
            .says("Indiquez votre adresse email");
        marie
            .submit("/confirm", &[("email", MARIE), ("password", "")])
            .await
            .says("Indiquez votre mot de passe");
    }
    marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
}

/// FINDING W16: a password that was not checked is reported as such, without a number of attempts left.
#[apply(both!)]
#[tokio::test]
async fn a_password_that_is_too_long_takes_no_attempt_and_says_none(world: World) {
    let mut marie = at_sign_in(&world).await;
    let long = "x".repeat(1025);
    marie.sign_in(MARIE, &long).await.says("Ce mot de passe ne peut pas être vérifié").says_not("essais");
    marie.old_credentials("100", &long).await.says("ne peuvent pas être vérifiés").says_not("essais");
    assert_eq!(world.count("attempt", "1 = 1").await, 0, "{}", world.bed.name);
}

/// FINDING W2: the next day, on another device, with the new address and password, before the mail was read and after.
#[apply(both!)]
#[tokio::test]
async fn who_comes_back_with_the_new_password_goes_on_where_they_stopped(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_sign_in(&world).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.up_to_mail(MARIE, PASSWORD).await.says("Nous venons d'écrire");
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    world.bed.clock.advance(86_400);
    let mut tablet = at_sign_in(&world).await;
    tablet.sign_in(MARIE, "une devinette fausse").await.says("4 essais");
    tablet.sign_in(MARIE, PASSWORD).await.says("Regardez vos messages").says("a déjà été envoyé");
    tablet.screen.says_not("Nous venons d'écrire");
    // The mail on a telephone; then the tablet may end it, for it knows the password.
    let mut phone = world.visitor();
    phone.open(&link).await;
    phone.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
    let mut desk = at_sign_in(&world).await;
    desk.sign_in(MARIE, PASSWORD).await.says("Étape 6 sur 6");
    desk.submit("/terms", &[("accept", "on")]).await;
    let on = desk.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    desk.open(&on).await;
    portal.receive(&desk).await;
    assert_eq!(world.count("account", "1 = 1").await, 1, "{}", world.bed.name);
    let mut later = at_sign_in(&world).await;
    later.sign_in(MARIE, PASSWORD).await;
    portal.receive(&later).await;
}

/// FINDING W2: a move that goes on at the portal of another agency says whose old identifier it ends, and promises no client space that it does not open.
#[apply(both!)]
#[tokio::test]
async fn a_move_that_ends_at_the_portal_of_another_agency_names_its_own(world: World) {
    let mut marie = at_sign_in(&world).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.up_to_mail(MARIE, PASSWORD).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
    let mut tablet = world.visitor();
    Portal::new(&world, "rivage").send(&mut tablet, &[]).await;
    tablet.sign_in(MARIE, PASSWORD).await.says("Étape 6 sur 6");
    assert!(tablet.screen.body.contains("<dd>Agence des Tilleuls</dd>"), "{}", tablet.screen.body);
    tablet.submit("/terms", &[("accept", "on")]).await;
    tablet
        .screen
        .says("L'ancien identifiant Agence des Tilleuls ne sert plus")
        .says_not("Ouvrir mon espace client");
}

/// FINDING S13 and what the page offers meanwhile; FINDING S7: a throttle at each door that judges or hashes.
#[apply(both!)]
#[tokio::test]
async fn each_door_that_hashes_takes_from_the_same_few_tries(bed: Bed) {
    let world = World::throttled(bed, 2).await;
    let mut marie = at_sign_in(&world).await;
    marie.old_credentials("100", "Vieux-Secret 1").await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", MARIE)]).await;
    let hashes = world.idp.accounts.hasher().done();
    marie.submit("/password", &[("password", "azertyuiopqsdf")]).await.says("trop facile à deviner");
    marie.submit("/password", &[("password", PASSWORD)]).await.says("Trop d'essais à la suite");
    assert_eq!(world.idp.accounts.hasher().done(), hashes, "{}", world.bed.name);
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    world.mails().await;
    world
        .idp
        .accounts
        .forgot(
            "paul@exemple.test",
            &accounts::Visitor {
                ip: None,
                user_agent: String::new(),
                device: None,
                locale: "fr".into(),
                origin: accounts::Origin::default(),
            },
        )
        .await
        .unwrap();
    let link = world.mail_to("paul@exemple.test", "reset").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/reset", &[("password", "girafe tambour lampion")]).await.says("Trop d'essais à la suite");
}

/// SECURITY D12, FINDING W1: what was refused before anything was hashed costs a network no try either, at the doors behind the sign-in.
#[apply(both!)]
#[tokio::test]
async fn a_form_without_a_password_costs_no_try_of_the_network(bed: Bed) {
    let world = World::throttled(bed, 2).await;
    world.moved("tilleuls", "100", MARIE).await;
    let mut marie = world.visitor();
    marie.open("/").await;
    marie.sign_in(MARIE, PASSWORD).await;
    let (other, new) = ("autre@exemple.test", "quatre tasses de the vert");
    for blank in ["", " ", "\u{200b}"] {
        marie.open("/account/password").await;
        marie
            .submit("/password", &[("current", blank), ("password", new)])
            .await
            .says("Indiquez votre mot de passe");
        marie.open("/account/email").await;
        marie
            .submit("/email", &[("email", other), ("password", blank)])
            .await
            .says("Indiquez votre mot de passe");
        marie
            .submit("/email", &[("email", "00012345"), ("password", PASSWORD)])
            .await
            .says("n'est pas complète");
    }
    marie.open("/account/password").await;
    let set = marie.submit("/password", &[("current", PASSWORD), ("password", new)]).await;
    set.says("Votre nouveau mot de passe est enregistré");
}
