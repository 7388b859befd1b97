use accounts::{HashCost, Rules};
use testbed::{Bed, apply, both};
use testkit::Visitor;

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

/// Signs in on the mailed link.
async fn confirm(visitor: &mut Visitor, link: &str, email: &str, password: &str) {
    visitor.open(link).await.says("Confirmez votre adresse");
    visitor.submit("/confirm", &[("email", email), ("password", password)]).await;
}

/// SPEC J2: the whole move, step by step; "From this moment, in one transaction, the account exists, the legacy identity is linked and disabled, the
/// acceptance is recorded."
#[apply(both!)]
#[tokio::test]
async fn a_first_move_from_the_old_credentials_to_the_portal(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.screen.says("Étape 1 sur 6").says("Votre accès change").says("Bonjour Marie Durand");
    marie.screen.says("Pour mieux protéger vos données personnelles").says("Étape suivante");
    marie.submit("/notice", &[]).await.says("Étape 2 sur 6").says("Continuer");
    assert_eq!(marie.screen.field("email").as_deref(), Some(MARIE), "the agency's address is filled in");
    marie.submit("/email", &[]).await.says("Étape 3 sur 6").says("avoir 12 caractères au moins");
    marie.submit("/password", &[("password", PASSWORD)]).await;
    marie.screen.says("Étape 4 sur 6").says("Regardez vos messages").says(MARIE);
    assert_eq!(world.count("account", "1 = 1").await, 0, "nobody has an account on an unconfirmed address");
    let mail = world.mail_to(MARIE, "confirm").await;
    assert_eq!((mail.agency.as_deref(), mail.locale.as_str()), (Some("tilleuls"), "fr"));
    confirm(&mut marie, &mail.link.unwrap(), MARIE, PASSWORD).await;
    marie
        .screen
        .says("Étape 6 sur 6")
        .says("Article 1. Objet. 2026-11")
        .says(MARIE)
        .says("Agence des Tilleuls");
    marie.screen.says("J'ai lu et j'accepte les présentes conditions").says("Imprimer");
    assert_eq!(world.count("account", "1 = 1").await, 0);
    // Not ticked: said, and nothing recorded.
    marie.submit("/terms", &[]).await.says("La case n'est pas cochée");
    assert_eq!(world.count("acceptance", "1 = 1").await, 0);
    marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    assert_eq!(world.count("account", "email = 'marie@exemple.test'").await, 1);
    assert_eq!(world.count("link", "client_ref = 'CT-1'").await, 1);
    assert_eq!(world.count("legacy_identity", "moved_at IS NOT NULL AND verifier_kind = 'none'").await, 1);
    assert_eq!(
        world.count("acceptance", "version = '2026-11' AND language = 'fr' AND ip_short <> ''").await,
        1
    );
    let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    marie.open(&on).await;
    let arrived = portal.receive(&marie).await;
    assert_eq!(arrived.userinfo["client_refs"], serde_json::json!(["CT-1"]));
    assert_eq!(arrived.userinfo["email_verified"], true);
    world.mail_to(MARIE, "welcome").await;
}

/// SPEC J2.5: "the link, opened on *any* device or browser, asks them to sign in with the new email and password. Opening it … changes nothing";
/// the other browser never learns the address (PEOPLE U-37), and the first browser goes on by itself.
#[apply(both!)]
#[tokio::test]
async fn the_mailed_link_works_in_another_browser_and_the_first_goes_on(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut computer = at_mail(&world, &portal).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    let before = world.people().await;
    for _ in 0..2 {
        let mut scanner = world.visitor();
        scanner.once(http::Method::HEAD, &link, None, &[]).await;
        scanner.open(&link).await.says("Connectez-vous avec votre nouvelle adresse").says_not("marie@");
        assert!(!scanner.screen.path().contains("token"));
    }
    assert_eq!(world.people().await, before, "opening it changes nothing");
    let mut phone = world.visitor();
    phone.open(&link).await;
    phone.submit("/confirm", &[("email", MARIE), ("password", "pas le bon mot")]).await;
    phone.screen.says("Mot de passe invalide").says("4 essais");
    phone.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await;
    phone.screen.says("J'ai lu et j'accepte les présentes conditions");
    // The computer has waited: it is at the terms as well, and ends the move.
    let hub = computer.screen.path().to_owned();
    let status = computer.once(http::Method::GET, &format!("{hub}/status"), None, &[]).await;
    assert_eq!(status.body, r#"{"next":true}"#);
    computer.open(&hub).await.says("Étape 6 sur 6");
    computer.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    computer.open(&hub).await;
    portal.receive(&computer).await;
    // On the phone the move is over: nothing is done twice.
    phone.submit("/terms", &[("accept", "on")]).await.says("Votre compte est prêt");
    assert_eq!((world.count("account", "1=1").await, world.count("acceptance", "1=1").await), (1, 1));
    let mut late = world.visitor();
    late.open(&link).await.says("Votre adresse est confirmée");
}

/// SPEC J2: "a way back": every earlier step is shown again with what was typed, and another address undoes the confirmation (PEOPLE U-09).
#[apply(both!)]
#[tokio::test]
async fn earlier_steps_can_be_gone_back_to_and_the_address_corrected(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = at_mail(&world, &portal).await;
    let hub = marie.screen.path().to_owned();
    marie.open(&format!("{hub}/password")).await.says("Étape 3 sur 6");
    marie.open(&format!("{hub}/notice")).await.says("Étape 1 sur 6");
    marie.open(&format!("{hub}/email")).await.says("Étape 2 sur 6");
    assert_eq!(marie.screen.field("email").as_deref(), Some(MARIE));
    let first = world.mail_to(MARIE, "confirm").await.link.unwrap();
    marie.submit("/email", &[("email", "m.durand@exemple.test")]).await;
    marie.screen.says("L'adresse est corrigée").says("m.durand@exemple.test");
    let second = world.mail_to("m.durand@exemple.test", "confirm").await.link.unwrap();
    assert_ne!(first, second);
    let mut other = world.visitor();
    other.open(&first).await.says("Ce lien ne fonctionne plus");
    confirm(&mut marie, &second, "m.durand@exemple.test", PASSWORD).await;
    // Corrected at the very last step: the new one is to be confirmed as well.
    marie.screen.says("Corriger mon adresse email");
    marie.open(&format!("{hub}/email")).await;
    marie.submit("/email", &[("email", "marie.d@exemple.test")]).await.says("Regardez vos messages");
    let third = world.mail_to("marie.d@exemple.test", "confirm").await.link.unwrap();
    confirm(&mut marie, &third, "marie.d@exemple.test", PASSWORD).await;
    marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    assert_eq!(world.count("account", "email = 'marie.d@exemple.test'").await, 1);
    let told = world.mail_to(MARIE, "address").await;
    assert!(!told.raw.contains("marie.d@"), "the agency's address gets a hint only");
}

/// SPEC J2: "Left half-way, an enrolment is resumed from the portal with the old credentials …, or from the mail."
#[apply(both!)]
#[tokio::test]
async fn a_move_left_half_way_is_taken_up_from_the_portal_and_from_the_mail(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    at_mail(&world, &portal).await;
    let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
    world.bed.clock.advance(3 * 86_400);
    let mut later = world.visitor();
    portal.send(&mut later, &[]).await;
    later.old_credentials("100", OLD).await.says("Étape 4 sur 6").says(MARIE);
    assert_eq!(world.count("enrolment", "1 = 1").await, 1, "the same move");
    later.submit("/resend", &[]).await.says("Un nouveau message est parti");
    assert_eq!(world.mail_to(MARIE, "confirm").await.link.unwrap(), link, "whichever copy arrives works");
    // From the mail, in yet another browser, which has no portal's request: on to the agency's portal.
    let mut phone = world.visitor();
    confirm(&mut phone, &link, MARIE, PASSWORD).await;
    phone.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    let on = phone.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    phone.open(&on).await;
    assert_eq!(phone.screen.left_to.as_deref(), Some("https://tilleuls.test/"));
    // Too old a link is said to be dead; nothing is lost.
    world.moved("rivage", "101", "paul@exemple.test").await;
    let mut paul = world.visitor();
    portal.send(&mut paul, &[]).await;
    paul.old_credentials("102", "Vieux-Secret 3").await;
    paul.up_to_mail("sans@exemple.test", PASSWORD).await;
    let link = world.mail_to("sans@exemple.test", "confirm").await.link.unwrap();
    world.bed.clock.advance(7 * 86_400 + 1);
    paul.open(&link).await.says("Ce lien ne fonctionne plus").says("Rien n'est perdu");
    portal.send(&mut paul, &[]).await;
    paul.old_credentials("102", "Vieux-Secret 3").await.says("Étape 1 sur 6");
}

/// SPEC J2.4: the page re-sends; SECURITY #73: after a minute, and six mails a day.
#[apply(both!)]
#[tokio::test]
async fn mails_are_sent_again_after_a_minute_and_six_times_at_most(world: World) {
    let mut marie = at_mail(&world, &Portal::new(&world, "tilleuls")).await;
    marie
        .submit("/resend", &[])
        .await
        .says("Vous pourrez le renvoyer dans 60 secondes")
        .says_not("est parti");
    assert_eq!(world.mails().await.len(), 1);
    world.bed.clock.advance(59);
    marie.submit("/resend", &[]).await.says("dans 1 seconde").says_not("est parti");
    assert_eq!(world.mails().await.len(), 0);
    for left in (0..5).rev() {
        world.bed.clock.advance(61);
        marie.submit("/resend", &[]).await.says("Un nouveau message est parti");
        if left > 1 {
            marie.screen.says(&format!("Encore {left} envois possibles"));
        }
    }
    marie.screen.says("Nous ne pouvons plus renvoyer de message aujourd'hui");
    assert_eq!(world.mails().await.len(), 5);
    // The button is gone; a page that still had it sends nothing more.
    world.bed.clock.advance(61);
    let hub = marie.screen.path().to_owned();
    marie.open(&format!("{hub}/email")).await;
    let csrf = marie.screen.field("csrf").unwrap();
    let body = format!("csrf={csrf}").into_bytes();
    marie.send(http::Method::POST, &format!("{hub}/resend"), Some(body), &[]).await;
    assert_eq!(world.mails().await.len(), 0);
}

/// SPEC J2.2, J2.3: slips are asked about once, incomplete addresses refused, and weak passwords told why, all with what was typed kept.
#[apply(both!)]
#[tokio::test]
async fn slips_and_weak_passwords_are_said_in_words(world: World) {
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie.submit("/notice", &[]).await;
    marie.submit("/email", &[("email", "marie")]).await.says("Cette adresse n'est pas complète");
    assert_eq!(marie.screen.field("email").as_deref(), Some("marie"));
    marie.submit("/email", &[("email", "marie@gmial.com")]).await;
    marie.screen.says("Est-ce bien votre adresse ?").says("marie@gmail.com");
    assert_eq!(world.count("enrolment", "email IS NOT NULL").await, 0);
    // The last form keeps the address as it was typed.
    marie.submit("/email", &[]).await.says("Étape 3 sur 6").says("marie@gmial.com");
    for (weak, why) in [
        ("court", "Il est trop court : il faut 12 caractères au moins."),
        ("aaaaaaaaaaaaaa", "Il est trop facile à deviner"),
        ("Durand tilleuls 2026", "Il contient votre nom"),
    ] {
        marie
            .submit("/password", &[("password", weak)])
            .await
            .says("Ce mot de passe ne convient pas")
            .says(why);
        assert!(!marie.screen.body.contains(&format!("value=\"{weak}\"")));
    }
    assert_eq!(world.count("enrolment", "password_hash IS NOT NULL").await, 0);
    assert_eq!(world.mails().await.len(), 0);
}

/// PEOPLE F-22: the durations that the notice tells are those of the rules that judge, and nothing is promised that no rule keeps.
#[apply(both!)]
#[tokio::test]
async fn the_notice_tells_what_the_purge_keeps(bed: Bed) {
    const DAY: i64 = 86_400;
    let rules = Rules { answer_floor_millis: 0, confirm_link: 3 * DAY, ..Rules::default() };
    let cost = HashCost { memory: 64, passes: 1, lanes: 1 };
    let world = World::hashing(bed, 100_000, cost, rules).await;
    let mut marie = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut marie, &[]).await;
    marie.old_credentials("100", OLD).await;
    marie
        .screen
        .says("pendant 3 jours, puis il est effacé 30 jours plus tard")
        .says("rien ne le supprime de lui-même")
        .says("effacés au plus 400 jours après")
        .says_not("mois est supprimé");
    for (later, left) in [(33 * DAY - 60, 1), (120, 0)] {
        world.bed.clock.advance(later);
        world.idp.accounts.purge().await.unwrap();
        assert_eq!(world.count("enrolment", "1 = 1").await, left, "{}", world.bed.name);
    }
}
