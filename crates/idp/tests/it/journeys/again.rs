//! Steps that happen once, sent twice: a double click without scripts, a line that broke before the answer (PEOPLE U-39). Nothing happens twice, and
//! the person reads that it is done.

use crate::journeys::{
    portal::Portal,
    visitor::Visitor,
    world::{PASSWORD, World},
};

const OLD: &str = "Vieux-Secret 1";
const MARIE: &str = "marie@exemple.test";
const NEW: &str = "quatre tasses de the vert";

/// SECURITY #85, I10: who ended the move is signed in by the answer alone. Without it, the page says that the account is there, and knows its address.
#[tokio::test]
async fn the_last_step_sent_again_leads_to_a_sign_in_that_says_that_all_is_well() {
    for world in World::both().await {
        let portal = Portal::new(&world, "tilleuls");
        let mut marie = Visitor::new(&world);
        portal.send(&mut marie, &[]).await;
        marie.old_credentials("100", OLD).await;
        marie.up_to_mail(MARIE, PASSWORD).await;
        let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
        marie.open(&link).await;
        marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
        marie.submit_in_vain("/terms", &[("accept", "on")]).await;
        marie.submit("/terms", &[("accept", "on")]).await.says("Votre compte est prêt");
        assert_eq!(marie.screen.field("email").as_deref(), Some(MARIE));
        marie.submit("/sign-in", &[("password", PASSWORD)]).await;
        portal.receive(&marie).await;
        for table in ["account", "acceptance", "link"] {
            assert_eq!(world.count(table, "1 = 1").await, 1, "{table}, {}", world.bed.name);
        }
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "welcome").count(), 1);
    }
}

/// SPEC J3: the same where an agency is attached.
#[tokio::test]
async fn an_agency_attached_again_leads_to_a_sign_in() {
    for world in World::both().await {
        world.moved("tilleuls", "100", MARIE).await;
        let portal = Portal::new(&world, "rivage");
        let mut marie = Visitor::new(&world);
        portal.send(&mut marie, &[]).await;
        marie.old_credentials("100", OLD).await;
        marie.submit("/notice", &[]).await;
        marie.submit("/email", &[("email", MARIE)]).await.says("Cette adresse a déjà un compte");
        marie.submit_in_vain("/link", &[("password", PASSWORD)]).await;
        marie.submit("/link", &[("password", PASSWORD)]).await.says("Votre compte est prêt");
        marie.sign_in(MARIE, PASSWORD).await;
        portal.receive(&marie).await;
        assert_eq!(world.count("link", "1 = 1").await, 2);
        assert_eq!(world.count("attempt", "failures > 0").await, 0);
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "attached").count(), 1);
    }
}

/// Each account with its password's hash.
async fn accounts(world: &World) -> Vec<String> {
    world.people().await.into_iter().filter(|line| line.starts_with("account ")).collect()
}

/// SECURITY #67 to #69, I8: a used link sets no password and signs nobody in. A moment later it says that the password is set, afterwards that it is dead.
#[tokio::test]
async fn a_new_password_sent_again_is_told_that_it_is_set() {
    for world in World::both().await {
        world.moved("tilleuls", "100", MARIE).await;
        let portal = Portal::new(&world, "tilleuls");
        let mut marie = Visitor::new(&world);
        portal.send(&mut marie, &[]).await;
        let forgot = format!("{}/forgot", marie.screen.path);
        marie.open(&forgot).await;
        marie.submit("/forgot", &[("email", MARIE)]).await;
        let link = world.mail_to(MARIE, "reset").await.link.unwrap();
        marie.open(&link).await;
        marie.submit_in_vain("/reset", &[("password", NEW)]).await;
        let set = accounts(&world).await;
        let mut late = Visitor::with(marie.client.clone(), &world);
        late.cookies.clone_from(&marie.cookies);
        late.screen = marie.screen.clone();
        marie
            .submit("/reset", &[("password", PASSWORD)])
            .await
            .says("Votre nouveau mot de passe est enregistré");
        let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
        marie.open(&on).await;
        marie.sign_in(MARIE, NEW).await;
        portal.receive(&marie).await;
        assert_eq!(accounts(&world).await, set, "{}", world.bed.name);
        world.bed.clock.advance(30);
        late.submit("/reset", &[("password", NEW)]).await.says("Ce lien ne fonctionne plus");
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "changed").count(), 1);
    }
}
