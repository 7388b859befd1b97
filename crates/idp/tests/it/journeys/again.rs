//! Steps that happen once, sent twice: a double click without scripts, a line that broke before the answer (PEOPLE U-39). Nothing happens twice, and
//! the person is where they would be after the first.

use crate::journeys::{
    portal::Portal,
    visitor::Visitor,
    world::{PASSWORD, World},
};

const OLD: &str = "Vieux-Secret 1";
const MARIE: &str = "marie@exemple.test";
const NEW: &str = "quatre tasses de the vert";

/// SECURITY #80, #85, I10.
#[tokio::test]
async fn the_last_step_sent_again_signs_in_and_ends_nothing_twice() {
    for world in World::both().await {
        let portal = Portal::new(&world, "tilleuls");
        // Somebody else who knows the old credentials, and no more.
        let mut stranger = Visitor::new(&world);
        portal.send(&mut stranger, &[]).await;
        stranger.old_credentials("100", OLD).await;
        let theirs = stranger.screen.path.clone();
        let mut marie = Visitor::new(&world);
        portal.send(&mut marie, &[]).await;
        marie.old_credentials("100", OLD).await;
        marie.up_to_mail(MARIE, PASSWORD).await;
        let link = world.mail_to(MARIE, "confirm").await.link.unwrap();
        marie.open(&link).await;
        marie.submit("/confirm", &[("email", MARIE), ("password", PASSWORD)]).await.says("Étape 6 sur 6");
        let shown = ["version", "language", "sha256"].map(|name| marie.screen.field(name).unwrap());
        marie.submit_in_vain("/terms", &[("accept", "on")]).await;
        // The stranger's browser sends the same, with what it has of its own.
        stranger.open(&format!("{theirs}/forgot")).await;
        let csrf = stranger.screen.field("csrf").unwrap();
        let [version, language, sha256] = &shown;
        let fields = [
            ("csrf", csrf.as_str()),
            ("version", version),
            ("language", language),
            ("sha256", sha256),
            ("accept", "on"),
        ];
        let body = crate::journeys::portal::encoded(fields.iter()).into_bytes();
        let answer = stranger.once(http::Method::POST, &format!("{theirs}/terms"), Some(body), &[]).await;
        assert!(answer.status.is_redirection(), "{}", answer.status);
        stranger.open(&theirs).await.says("Votre compte est prêt").says_not(MARIE);

        marie
            .submit("/terms", &[("accept", "on")])
            .await
            .says("Vous êtes maintenant connecté")
            .says(&shown[2][..8]);
        let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
        marie.open(&on).await;
        portal.receive(&marie).await;
        for table in ["account", "acceptance", "link"] {
            assert_eq!(world.count(table, "1 = 1").await, 1, "{table}, {}", world.bed.name);
        }
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "welcome").count(), 1);
    }
}

/// Each account with its password's hash.
async fn accounts(world: &World) -> Vec<String> {
    world.people().await.into_iter().filter(|line| line.starts_with("account ")).collect()
}

#[tokio::test]
async fn an_agency_attached_again_signs_in() {
    for world in World::both().await {
        world.moved("tilleuls", "100", MARIE).await;
        let portal = Portal::new(&world, "rivage");
        let mut marie = Visitor::new(&world);
        portal.send(&mut marie, &[]).await;
        marie.old_credentials("100", OLD).await;
        marie.submit("/notice", &[]).await;
        marie.submit("/email", &[("email", MARIE)]).await.says("Cette adresse a déjà un compte");
        marie.submit_in_vain("/link", &[("password", PASSWORD)]).await;
        marie.submit("/link", &[("password", PASSWORD)]).await;
        portal.receive(&marie).await;
        assert_eq!(world.count("link", "1 = 1").await, 2);
        assert_eq!(world.count("attempt", "failures > 0").await, 0);
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "attached").count(), 1);
    }
}

/// SECURITY I8: a used link sets no password; with the one it set a moment ago one signs in, with any other it is dead, and later it is dead anyhow.
#[tokio::test]
async fn a_new_password_sent_again_signs_in_and_sets_nothing() {
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
        let mut guess = Visitor::with(marie.client.clone(), &world);
        guess.cookies.clone_from(&marie.cookies);
        guess.screen = marie.screen.clone();
        guess.submit("/reset", &[("password", PASSWORD)]).await.says("Ce lien ne fonctionne plus");
        let mut late = Visitor::with(marie.client.clone(), &world);
        late.cookies.clone_from(&marie.cookies);
        late.screen = marie.screen.clone();
        marie.submit("/reset", &[("password", NEW)]).await;
        portal.receive(&marie).await;
        assert_eq!(accounts(&world).await, set, "{}", world.bed.name);
        world.bed.clock.advance(30);
        late.submit("/reset", &[("password", NEW)]).await.says("Ce lien ne fonctionne plus");
        assert_eq!(world.mails().await.iter().filter(|mail| mail.about == "changed").count(), 1);
    }
}
