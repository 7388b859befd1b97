use testbed::{apply, both};
use testkit::encoded;

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, World},
};

const MARIE: &str = "marie@exemple.test";

/// SPEC J10: "From a portal or the provider; one sign-out reaches every portal (RP-initiated, back-channel…)".
#[apply(both!)]
#[tokio::test]
async fn one_sign_out_reaches_every_portal(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    let arrived = portal.receive(&marie).await;
    let hint = [
        ("id_token_hint", arrived.id_token.as_str()),
        ("post_logout_redirect_uri", "https://tilleuls.test/out"),
    ];
    marie.open(&format!("/end-session?{}", encoded(&hint))).await;
    assert_eq!(marie.screen.left_to.as_deref(), Some("https://tilleuls.test/out"));
    let told = world.logouts().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, "https://tilleuls.test/backchannel");
    assert_eq!((&told[0].1["sub"], &told[0].1["sid"]), (&arrived.claims["sub"], &arrived.claims["sid"]));
    assert_eq!(told[0].1["aud"], "tilleuls");
    portal.send(&mut marie, &[("prompt", "none")]).await;
    assert!(portal.back(&marie).contains(&("error".into(), "login_required".into())));
    portal.send(&mut marie, &[]).await;
    marie.screen.says("Mot de passe oublié ?");
}

/// SPEC J10: the provider's own sign-out asks, ends the session, and tells the portals.
#[apply(both!)]
#[tokio::test]
async fn the_providers_own_sign_out_asks_and_tells_the_portals(world: World) {
    world.moved("tilleuls", "100", MARIE).await;
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[]).await;
    marie.sign_in(MARIE, PASSWORD).await;
    portal.receive(&marie).await;
    marie.open("/sign-out").await.says("Voulez-vous vous déconnecter ?");
    assert!(world.logouts().await.is_empty(), "asking changes nothing");
    let kept = marie.cookies();
    marie.submit("/sign-out", &[]).await.says("Vous êtes déconnecté");
    assert_eq!(world.logouts().await.len(), 1);
    assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "the earlier day's alone");
    // The cookie is gone; a copy of it opens nothing either.
    assert!(marie.cookies().iter().all(|c| c.name() != "mc_session"));
    marie.set_cookies(kept);
    marie.open("/").await.says("Mot de passe oublié ?");
}
