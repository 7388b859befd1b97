use http::StatusCode;
use testbed::{apply, both};
use testkit::{Visitor, encoded};

use super::{MARIE, PAUL, at_home, at_portal};
use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const HOUR: i64 = 3600;
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

async fn on_the_phone(world: &World) -> Visitor {
    let mut phone = world.visitor();
    phone.extra.push(("user-agent", PHONE));
    let portal = Portal::new(world, "tilleuls");
    portal.send(&mut phone, &[]).await;
    phone.submit("/sign-in", &[("email", MARIE), ("password", PASSWORD), ("keep", "on")]).await;
    portal.receive(&phone).await;
    phone
}

/// SPEC J11: "devices and sessions (end one, end all)". A session that ends from elsewhere is gone here, at its portals and for its tokens.
#[apply(both!)]
#[tokio::test]
async fn a_session_is_ended_from_another_device_and_its_portals_hear_of_it(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut phone = on_the_phone(&world).await;
    world.bed.clock.advance(3 * HOUR);
    let mut marie = at_portal(&world, MARIE, false).await;
    marie.open("/").await.says("Mes appareils");
    let page = marie.open("/account/sessions").await;
    page.says("Cet appareil Navigateur inconnu Utilisé à l'instant")
        .says("Safari sur iPhone Utilisé il y a 3 heures")
        .says("Connecté depuis le 23 novembre 2026")
        .says("Reste connecté après la fermeture du navigateur")
        .says_not("127.0.0");
    // The session that the move left behind is another browser's.
    page.says("Navigateur inconnu Utilisé il y a 3 heures");
    let (_, fields) = page.form("/sessions/end");
    let id = &fields.iter().find(|(name, _)| name == "session").unwrap().1;
    assert_eq!(id.len(), 36);
    world.mails().await;
    assert_eq!(world.count("token_grant", "revoked_at IS NULL").await, 2);
    let phones = phones_session(&marie.screen.body);
    marie
        .submit("/sessions/end", &[("session", &phones)])
        .await
        .says("C'est fait : cet appareil est déconnecté");
    marie.screen.says_not("iPhone");
    let logouts = world.logouts().await;
    assert_eq!(logouts.len(), 1, "{}", world.bed.name);
    assert_eq!(logouts[0].0, "https://tilleuls.test/backchannel");
    assert_eq!(world.count("token_grant", "revoked_at IS NULL").await, 1, "its tokens are dead");
    phone.open("/account/sessions").await.says("Connexion").says_not("Mes appareils");
    marie.open("/account/sessions").await.says("Cet appareil");
}

fn phones_session(body: &str) -> String {
    let (_, after) = body.split_once("iPhone").unwrap();
    after.split_once("name=\"session\" value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// SPEC J11: end all; SECURITY #47: only one's own.
#[apply(both!)]
#[tokio::test]
async fn all_other_sessions_end_and_nobody_elses_does(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    world.moved("tilleuls", "101", PAUL).await;
    let mut paul = at_portal(&world, PAUL, false).await;
    let mut phone = on_the_phone(&world).await;
    let mut marie = at_portal(&world, MARIE, false).await;
    // Paul knows the name of Marie's session, which is no secret.
    marie.open("/account/sessions").await;
    let hers = phones_session(&marie.screen.body);
    paul.open("/account/sessions").await.says_not("iPhone");
    paul.submit("/sessions/end", &[("session", &hers)]).await;
    phone.open("/account/sessions").await.says("Cet appareil Safari sur iPhone");
    world.mails().await;
    marie.open("/account/sessions").await;
    marie.submit("/sessions/end-others", &[]).await.says("tous vos autres appareils sont déconnectés");
    marie.screen.says("Votre compte n'est ouvert sur aucun autre appareil");
    assert_eq!(world.logouts().await.len(), 1, "the phone's portal, and nobody else's");
    phone.open("/account/sessions").await.says("Connexion");
    paul.open("/account/sessions").await.says("Cet appareil");
    marie.open("/account/sessions").await.says("Cet appareil");
    // What is no session ends nothing, and is nobody's fault.
    paul.open("/account/sessions").await;
    for id in ["", "nonsense", "01920000-0000-7000-8000-000000000000"] {
        let (_, mut fields) = paul.screen.form("/sessions/end-others");
        fields.push(("session".into(), id.into()));
        let body = encoded(&fields);
        let answer =
            paul.once(http::Method::POST, "/account/sessions/end", Some(body.into_bytes()), &[]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{id}");
    }
}

/// A device that was lost keeps nothing, `offline_access` included, which an ordinary sign-out leaves (OIDC Back-Channel Logout §2.7).
#[apply(both!)]
#[tokio::test]
async fn what_ends_from_elsewhere_ends_offline_access_too(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    on_the_phone(&world).await;
    let offline = "UPDATE token_grant SET scope = 'openid offline_access'";
    world.write(offline).await;
    let mut marie = at_home(&world, MARIE).await;
    marie.open("/account/sessions").await;
    marie.submit("/sessions/end-others", &[]).await;
    assert_eq!(world.count("token_grant", "revoked_at IS NULL").await, 0, "{}", world.bed.name);
}

/// SECURITY #50: a documented cap, the oldest ended, at its portals too.
#[apply(both!)]
#[tokio::test]
async fn one_account_is_open_in_twenty_browsers_at_most(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut first = at_portal(&world, MARIE, false).await;
    world.mails().await;
    for _ in 0..20 {
        world.bed.clock.advance(1);
        at_home(&world, MARIE).await;
    }
    assert_eq!(world.count("session", "ended_at IS NULL").await, 20, "{}", world.bed.name);
    first.open("/account/sessions").await.says("Connexion");
    assert_eq!(world.logouts().await.len(), 1);
}

/// Nobody who is not signed in sees or does anything.
#[apply(both!)]
#[tokio::test]
async fn the_pages_of_the_account_are_for_who_is_signed_in(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let mut stranger = world.visitor();
    for page in ["/account", "/account/sessions", "/account/sessions/end"] {
        stranger.open(page).await.says("Connexion").says_not(MARIE);
    }
    let (_, fields) = stranger.screen.form("/sign-in");
    let csrf = fields.iter().find(|(name, _)| name == "csrf").unwrap();
    let body = encoded(&[("csrf", &*csrf.1)]);
    stranger.send(http::Method::POST, "/account/sessions/end-others", Some(body.into_bytes()), &[]).await;
    stranger.screen.says("Connexion");
    assert_eq!(world.count("session", "ended_at IS NOT NULL").await, 0);
}
