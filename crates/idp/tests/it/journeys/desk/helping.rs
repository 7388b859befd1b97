//! The help of staff for a person, and what the person reads of it.

use testbed::{apply, both};

use super::{LEA, MARIE, NADIA, at_desk, fails, find, signed_in, staffed};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const REASON: [(&str, &str); 1] = [("reason", "a appelé, se souvient du mot de passe")];

/// SPEC J14
#[apply(both!)]
#[tokio::test]
async fn staff_find_a_client_unlock_the_account_and_its_owner_reads_of_it(world: World) {
    staffed(&world).await;
    fails(&world, MARIE, 5).await;
    world.mails().await;
    let mut lea = at_desk(&world, LEA).await;
    lea.submit("/search", &[("by", "name"), ("typed", " ")]).await.says("Écrivez un nom");
    lea.submit("/search", &[("by", "name"), ("typed", "dupont")])
        .await
        .says("L'agence ne connaît personne ainsi");
    lea.submit("/search", &[("by", "reference"), ("typed", "CT-1")]).await.says("CT-1").says("M••• D•••");
    lea.screen.says_not("Marie");
    lea.submit("/search", &[("by", "name"), ("typed", "DURAND mar")]).await.says("Marie Durand").says("•••1");
    lea.screen.says_not("CT-1");
    assert_eq!(lea.screen.path(), "/desk/tilleuls", "no address carries a name");
    assert_eq!(world.count("staff_look", "1 = 1").await, 0);
    find(&mut lea, "/desk/tilleuls", "name", "durand").await;
    lea.screen.says("Le compte est bloqué depuis aujourd'hui").says("m•••••@e•••.test").says("CT-1");
    lea.screen.says_not(MARIE);
    lea.submit("/unlock", &[("reason", "")]).await.says("Rien n'a été fait").says("Dites pourquoi");
    lea.submit("/unlock", &[("reason", "marie@exemple.test a appelé")])
        .await
        .says("ne doit pas contenir d'adresse");
    assert_eq!(world.count("evidence", "kind = 'account unlocked'").await, 0);
    lea.submit("/unlock", &REASON).await.says("le compte est débloqué").says("Tout est en ordre");
    let person = lea.screen.path().to_owned();
    lea.open(&person).await.says_not("le compte est débloqué");
    assert!(!lea.screen.asks("/unlock"), "nothing is counted any more");
    let by = "kind = 'account unlocked' AND body LIKE '%\"by\":\"lea of tilleuls (%\"role\":\"desk\"%\"agency\":\"tilleuls\"%'";
    assert_eq!(world.count("evidence", by).await, 1);
    assert_eq!(world.mail_to(MARIE, "unlocked").await.agency.as_deref(), Some("tilleuls"));
    let mut marie = signed_in(&world, MARIE).await;
    marie.open("/").await.says("Qui a consulté mon dossier");
    marie.open("/account/looks").await.says("Agence des Tilleuls").says("Accueil").says("Compte débloqué");
    marie.screen.says_not("lea of");
    let mut paul = world.visitor();
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    paul.open("/").await;
    paul.sign_in("paul@exemple.test", PASSWORD).await;
    paul.open("/account/looks").await.says("Personne n'a consulté votre dossier");
}

#[apply(both!)]
#[tokio::test]
async fn a_code_is_shown_once_and_works(world: World) {
    staffed(&world).await;
    let mut lea = at_desk(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "102").await;
    lea.screen.says("L'accès n'a pas encore changé");
    let person = lea.screen.path().to_owned();
    lea.submit("/code", &[("reason", "venue à l'accueil")]).await.says("Votre code d'activation").says("102");
    assert_eq!(lea.screen.path(), format!("{person}/code"));
    let code = lea.screen.texts(".handed").remove(0);
    let sheet = lea.screen.path().to_owned();
    lea.open(&sheet).await.says("Le code a été affiché une fois").says_not(&code);
    assert_eq!(lea.screen.path(), person);
    let mut jeanne = world.visitor();
    jeanne.open("/activate?agency=tilleuls&identifier=102").await;
    jeanne.submit("/legacy", &[("identifier", "102"), ("activation", &code)]).await;
    assert!(jeanne.screen.asks("notice"), "{}: {}", world.bed.name, jeanne.screen.text());
}

/// The same form, sent again an hour later by the way back or twice by a second click, does one thing.
#[apply(both!)]
#[tokio::test]
async fn a_form_is_done_once(world: World) {
    staffed(&world).await;
    let mut lea = at_desk(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "102").await;
    let (mut twice, code) = (lea.copy(), [("reason", "venue à l'accueil")]);
    lea.submit("/code", &code).await.says("Votre code d'activation");
    world.bed.clock.advance(3000);
    twice.submit("/code", &code).await.says("avait déjà été envoyé").says_not("Votre code d'activation");
    assert_eq!(world.count("evidence", "kind = 'activation code issued'").await, 1);
    // Two clicks at the same moment.
    find(&mut lea, "/desk/tilleuls", "identifier", "102").await;
    let mut other = lea.copy();
    let (_, _) = tokio::join!(lea.submit("/code", &code), other.submit("/code", &code));
    assert_eq!(world.count("evidence", "kind = 'activation code issued'").await, 2);
    for bad in ["", "x"] {
        find(&mut lea, "/desk/tilleuls", "identifier", "102").await;
        let answer = lea.submit("/code", &[("form", bad), ("reason", "x")]).await.status;
        assert_eq!(answer, 400, "{bad:?}");
    }
    assert_eq!(world.count("evidence", "kind = 'activation code issued'").await, 2);
}

#[apply(both!)]
#[tokio::test]
async fn a_mail_is_sent_again_with_a_link_that_works(world: World) {
    staffed(&world).await;
    let mut paul = world.visitor();
    Portal::new(&world, "tilleuls").send(&mut paul, &[]).await;
    paul.old_credentials("101", "Vieux-Secret 2").await;
    paul.up_to_mail("paul@exemple.test", PASSWORD).await;
    world.mails().await;
    let mut lea = at_desk(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "101").await;
    lea.screen.says("il reste à ouvrir le message").says("p•••••@e•••.test");
    let mail = lea.screen.field("mail").unwrap();
    let form = [("mail", &*mail), ("reason", "ne trouve pas le message")];
    lea.submit("/resend", &form).await.says("Attendez");
    world.bed.clock.advance(61);
    lea.submit("/resend", &form).await.says("le message part dans la minute");
    let sent = world.mail_to("paul@exemple.test", "confirm").await;
    let mut phone = world.visitor();
    phone.open(&sent.link.unwrap()).await;
    assert!(phone.screen.asks("/confirm"), "{}", phone.screen.text());
}

#[apply(both!)]
#[tokio::test]
async fn the_vendors_support_closes_and_reopens_and_ends_sessions(world: World) {
    staffed(&world).await;
    let mut marie = signed_in(&world, MARIE).await;
    let mut nadia = at_desk(&world, NADIA).await;
    find(&mut nadia, "/desk/_all", "email", MARIE).await;
    nadia
        .submit("/close", &[("because", ""), ("reason", "sa fille a appelé")])
        .await
        .says("Choisissez dans la liste");
    nadia
        .submit("/close", &[("because", "wish"), ("reason", "sa fille a appelé")])
        .await
        .says("le compte est fermé");
    nadia.screen.says("Elle le souhaite");
    assert!(!nadia.screen.asks("/close"));
    marie.open("/account/name").await;
    assert!(marie.screen.asks("/sign-in"), "her session ended");
    nadia.submit("/reopen", &[("reason", "par erreur")]).await.says("le compte est rouvert");
    let mut marie = signed_in(&world, MARIE).await;
    marie
        .open("/account/looks")
        .await
        .says("L'éditeur du service")
        .says("Compte fermé")
        .says("Compte rouvert");
    nadia
        .submit("/end-sessions", &[("reason", "une connexion qui n'est pas d'elle")])
        .await
        .says("déconnectés");
    marie.open("/account/looks").await;
    assert!(marie.screen.asks("/sign-in"));
}

/// SPEC J14: by the pages, a link is taken away by the agency's staff, and given to another account by the vendor's support alone.
#[apply(both!)]
#[tokio::test]
async fn a_link_is_taken_away_and_given_at_the_pages(world: World) {
    staffed(&world).await;
    world.moved("tilleuls", "101", "paul@exemple.test").await;
    let mut nadia = at_desk(&world, NADIA).await;
    world.mails().await;
    find(&mut nadia, "/desk/_all", "email", MARIE).await;
    let link = nadia.screen.field("link").unwrap();
    let give =
        |to: &'static str| [("link", link.clone()), ("to", to.into()), ("reason", "le lot de Paul".into())];
    for nobody in ["", "paul", MARIE, "personne@exemple.test"] {
        let fields = give(nobody);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        nadia.submit("/move-link", &fields).await.says("Aucun autre compte ouvert");
    }
    assert_eq!(world.count("evidence", "kind = 'link given'").await, 0);
    let fields = give("paul@exemple.test");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    nadia.submit("/move-link", &fields).await.says("donné à l'autre compte").says("rattaché à aucune agence");
    let sent = world.mails().await;
    let told: Vec<_> = sent.iter().map(|mail| (mail.to.as_str(), mail.about)).collect();
    assert_eq!(told, [(MARIE, "link taken"), ("paul@exemple.test", "link given")]);
    let mut lea = at_desk(&world, LEA).await;
    find(&mut lea, "/desk/tilleuls", "identifier", "100").await;
    let person = lea.screen.path().to_owned();
    assert!(!lea.screen.asks("/move-link"));
    lea.submit("/end-link", &[("link", "x"), ("reason", "n'est pas à lui")])
        .await
        .says("Choisissez dans la liste");
    lea.submit("/end-link", &[("link", &link), ("reason", "n'est pas à lui")])
        .await
        .says("le rattachement est retiré")
        .says("L'accès n'a pas encore changé");
    assert_eq!(lea.screen.path(), person);
    assert!(lea.screen.asks("/code"), "an activation code is next");
    world.mail_to("paul@exemple.test", "link taken").await;
    let mut paul = signed_in(&world, "paul@exemple.test").await;
    paul.open("/account/looks").await.says("Rattachement retiré").says("Rattachement donné");
}

#[apply(both!)]
#[tokio::test]
async fn who_searches_or_looks_too_often_waits(world: World) {
    staffed(&world).await;
    let mut lea = at_desk(&world, LEA).await;
    let mut refused = 0;
    for _ in 0..32 {
        lea.submit("/search", &[("by", "name"), ("typed", "durand")]).await;
        refused += usize::from(lea.screen.text().contains("Beaucoup de recherches"));
    }
    assert!((1..=2).contains(&refused), "{refused}: thirty a minute");
    let people: String = (300..361).map(|n| format!("{n},PL-{n},x{n},,Personne {n}\n")).collect();
    world.import("tilleuls", &format!("identifier,client_ref,password,email,name\n{people}"), 61).await;
    let mut hugo = at_desk(&world, super::HUGO).await;
    hugo.submit("/search", &[("by", "name"), ("typed", "personne")]).await.says("Il y en a d'autres");
    let shown = hugo.screen.links().iter().filter(|link| link.contains("/person/")).count();
    assert_eq!(shown, 20);
    let db = world.bed.context.db.reader();
    let rows = {
        use kernel::sea_orm::{ConnectionTrait, Statement};
        let sql = "SELECT id FROM legacy_identity WHERE client_ref LIKE 'PL-%' ORDER BY identifier";
        db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
    };
    let ids: Vec<uuid::Uuid> = rows.iter().map(|row| row.try_get("", "id").unwrap()).collect();
    for (n, id) in ids.iter().enumerate() {
        let status = hugo.open(&format!("/desk/tilleuls/person/{id}")).await.status.as_u16();
        assert_eq!(status, if n < 60 { 200 } else { 429 }, "{n}");
    }
    assert_eq!(hugo.open(&format!("/desk/tilleuls/person/{}", ids[0])).await.status, 200, "seen before");
    assert_eq!(world.count("staff_look", "1 = 1").await, 60);
}
