use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};
use testbed::{apply, both};

use crate::journeys::{
    portal::Portal,
    world::{PASSWORD, SECRET, World},
};

fn ticket(claims: &Value, agency: &str) -> String {
    let key = EncodingKey::from_secret(format!("{SECRET} {agency}.ticket").as_bytes());
    encode(&Header::default(), claims, &key).unwrap()
}

fn said(world: &World, jti: &str) -> Value {
    let now = world.bed.context.now();
    json!({
        "iss": "tilleuls", "aud": world.issuer(), "sub": "100", "jti": jti, "iat": now, "exp": now + 120,
        "email": "marie@exemple.test", "name": "Marie Durand", "client_ref": "CT-1",
    })
}

/// SPEC J2: old credentials given "at the portal, which hands over a signed, single-use migration ticket".
#[apply(both!)]
#[tokio::test]
async fn a_ticket_begins_the_move_where_the_portal_left_off(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let mut marie = world.visitor();
    portal.send(&mut marie, &[("migration_ticket", &ticket(&said(&world, "1"), "tilleuls"))]).await;
    marie.screen.says("Étape 1 sur 6").says("Bonjour Marie Durand");
    marie.up_to_mail("marie@exemple.test", PASSWORD).await;
    let link = world.mail_to("marie@exemple.test", "confirm").await.link.unwrap();
    marie.open(&link).await;
    marie.submit("/confirm", &[("email", "marie@exemple.test"), ("password", PASSWORD)]).await;
    marie.submit("/terms", &[("accept", "on")]).await.says("Vous êtes maintenant connecté");
    let on = marie.screen.links().into_iter().find(|l| l.starts_with("/authorize/")).unwrap();
    marie.open(&on).await;
    assert_eq!(portal.receive(&marie).await.userinfo["client_refs"], json!(["CT-1"]));
    // After the move a ticket gets what the old identifier gets (SPEC J4), in a browser that is not signed in.
    let mut other = world.visitor();
    portal.send(&mut other, &[("migration_ticket", &ticket(&said(&world, "2"), "tilleuls"))]).await;
    other.screen.says("Cet identifiant ne peut plus être utilisé").says_not("marie@");
}

/// SPEC J2, SECURITY A5: replayed, expired, another agency's, not for us, without its parts: said, nothing begun, and the sign-in page is there.
#[apply(both!)]
#[tokio::test]
async fn a_ticket_that_does_not_hold_is_said_and_loses_nothing(world: World) {
    let portal = Portal::new(&world, "tilleuls");
    let good = ticket(&said(&world, "once"), "tilleuls");
    portal.send(&mut world.visitor(), &[("migration_ticket", &good)]).await;
    assert_eq!(world.count("enrolment", "1 = 1").await, 1);
    let now = world.bed.context.now();
    let with = |jti: &str, name: &str, value: Value| {
        let mut claims = said(&world, jti);
        claims[name] = value;
        ticket(&claims, "tilleuls")
    };
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    for (why, bad) in [
        ("replayed", good.clone()),
        ("expired", with("a", "exp", json!(now - 120))),
        ("lives too long", with("b", "exp", json!(now + 86_400))),
        ("another agency's key", ticket(&said(&world, "c"), "rivage")),
        ("another agency's name", with("d", "iss", json!("rivage"))),
        ("for another provider", with("e", "aud", json!("https://other.test"))),
        ("nobody", with("f", "sub", json!(""))),
        ("unsigned", unsigned),
        ("no JWT", "garbage".to_owned()),
    ] {
        let before = world.people().await;
        let mut marie = world.visitor();
        portal.send(&mut marie, &[("migration_ticket", &bad)]).await;
        assert!(marie.screen.text().contains("Rien n'est perdu"), "{why}: {}", marie.screen.text());
        assert_eq!(world.people().await, before, "{why}");
        marie.old_credentials("100", "Vieux-Secret 1").await.says("Étape 1 sur 6");
    }
}
