use idp::grant::{BACKCHANNEL_LOGOUT, EndSession};
use kernel::outbox;

use crate::grant::world::{ISSUER, World, form, opens, part, refresh, somebody, text};

/// SPEC J10, PROTOCOL 4.14: one sign-out, every client told, in one transaction.
#[tokio::test]
async fn one_sign_out_reaches_every_client() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let tokens = world.tokens(&session).await;
        world.authorize("other", &session, &[]).await;
        let id = part(text(&tokens, "id_token"), 1);
        let raw = form(&[
            ("id_token_hint", text(&tokens, "id_token")),
            ("post_logout_redirect_uri", "https://rp.example/out"),
            ("state", "a b"),
        ]);
        // The hint is old by then: expiry is not looked at.
        world.bed.clock.advance(3600);
        let EndSession::Done(after) = world.a.end_session(&[&raw], Some(&session), false).await.unwrap()
        else {
            panic!()
        };
        assert_eq!(after.as_deref(), Some("https://rp.example/out?state=a+b"));
        assert_eq!(world.count("session", "ended_at IS NOT NULL").await, 1);
        let letters = outbox::lease(&world.bed.ground.db, world.bed.ground.now(), 10).await.unwrap();
        assert_eq!(letters.len(), 2, "{}", world.bed.name);
        let mut uris = Vec::new();
        for letter in &letters {
            assert_eq!(letter.kind, BACKCHANNEL_LOGOUT);
            let call = world.b.logout_call(letter).await.unwrap().unwrap();
            let (header, claims) = (part(&call.logout_token, 0), part(&call.logout_token, 1));
            assert_eq!((&header["typ"], &claims["iss"]), (&"logout+jwt".into(), &ISSUER.into()));
            if claims["aud"] == "rp" {
                assert_eq!((&claims["sub"], &claims["sid"]), (&id["sub"], &id["sid"]));
            }
            uris.push(call.uri);
        }
        uris.sort();
        assert_eq!(uris, ["https://other.example/logout", "https://rp.example/logout"]);
        let EndSession::Done(_) = world.a.end_session(&[&raw], None, false).await.unwrap() else { panic!() };
        assert_eq!(outbox::lease(&world.bed.ground.db, world.bed.ground.now(), 10).await.unwrap().len(), 0);
    }
}

/// SECURITY #44, #45
#[tokio::test]
async fn a_stranger_cannot_sign_anybody_out_or_send_them_anywhere() {
    for world in World::both().await {
        let (mine, theirs) = (world.sign_in().await, world.sign_in().await);
        let (own, foreign) = (world.tokens(&mine).await, world.tokens(&theirs).await);
        let hint = |answer: &serde_json::Value| form(&[("id_token_hint", text(answer, "id_token"))]);
        let back = "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fout";
        let evil = "post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F";
        for raw in [String::new(), back.into(), hint(&foreign)] {
            let answer = world.a.end_session(&[&raw], Some(&mine), false).await.unwrap();
            assert!(matches!(answer, EndSession::Confirm { .. }), "{raw}");
        }
        let access = form(&[("id_token_hint", text(&own, "access_token"))]);
        let broken = hint(&own).replacen("eyJ", "eyK", 1);
        for raw in [format!("{}&{evil}", hint(&own)), access, broken, "state=1&state=2".into()] {
            let answer = world.a.end_session(&[&raw], Some(&mine), true).await.unwrap();
            assert!(matches!(answer, EndSession::Refused(_)), "{raw}");
        }
        assert_eq!(world.count("session", "ended_at IS NULL").await, 2);
        // The person's yes ends their own session, and an address without a hint is not followed.
        let answer = world.a.end_session(&[back], Some(&mine), true).await.unwrap();
        assert!(matches!(answer, EndSession::Done(None)));
        assert_eq!(world.count("session", "ended_at IS NULL").await, 1, "{}", world.bed.name);
        // A form that a portal posts brings no cookie: its hint says which session is meant.
        let raw = hint(&foreign);
        assert!(matches!(world.a.end_session(&[&raw], None, false).await.unwrap(), EndSession::Done(None)));
        assert_eq!(world.count("session", "ended_at IS NULL").await, 0);
    }
}

/// OIDC Back-Channel Logout §2.7
#[tokio::test]
async fn tokens_without_offline_access_end_with_the_session() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let offline = world.tokens(&session).await;
        let online = world.authorize("rp", &session, &[("scope", "openid")]).await;
        let online = crate::grant::world::redeem(&world.a, online.get("code").unwrap()).await.unwrap();
        world.a.sign_out(session.id).await.unwrap();
        assert!(!opens(&world.a, text(&online, "access_token")).await);
        assert!(refresh(&world.a, text(&online, "refresh_token")).await.is_err());
        assert!(refresh(&world.a, text(&offline, "refresh_token")).await.is_ok(), "{}", world.bed.name);
    }
}

/// A password typed again puts a new session in the place of the old one; its portals go along.
#[tokio::test]
async fn a_replaced_session_keeps_its_clients() {
    for world in World::both().await {
        let old = world.sign_in().await;
        let tokens = world.tokens(&old).await;
        let new = world.sign_in().await;
        world.a.session_replaced(&old, &new).await.unwrap();
        let raw = form(&[("id_token_hint", text(&tokens, "id_token"))]);
        let answer = world.a.end_session(&[&raw], Some(&new), false).await.unwrap();
        assert!(matches!(answer, EndSession::Done(None)));
        assert_eq!(outbox::lease(&world.bed.ground.db, world.bed.ground.now(), 10).await.unwrap().len(), 1);
    }
}

/// SECURITY #47: another person signs in where somebody was signed in.
#[tokio::test]
async fn a_session_of_somebody_else_signs_the_first_out_of_their_portals() {
    for world in World::both().await {
        let old = world.sign_in().await;
        world.tokens(&old).await;
        let paul = world.moved("T2,C43", "paul@example.org").await;
        let new = accounts::Session { account: paul, ..world.sign_in().await };
        world.a.session_replaced(&old, &new).await.unwrap();
        assert_eq!(world.count("client_session", "ended_at IS NULL").await, 0, "{}", world.bed.name);
        assert_eq!(world.count("outbox", "kind = 'backchannel_logout'").await, 1);
    }
}

/// SPEC J6: the process that served a reset is killed as soon as it is committed. Another one tells the portals, of what the reset ended and of nothing else.
#[tokio::test]
async fn what_a_reset_ended_is_told_to_the_portals_whoever_dies_after_it() {
    for world in World::both().await {
        let old = world.sign_in().await;
        world.tokens(&old).await;
        world.authorize("other", &old, &[]).await;
        let link = world.reset_link(world.account, None).await;
        let reset = world.accounts.reset(&link, "girafe tambour lampion", None, &somebody()).await.unwrap();
        let accounts::Reset::Done(new, _) = reset else { panic!("not reset") };
        // Begun after it, and before anybody came to tell.
        world.tokens(&new.session).await;
        let ground = &world.bed.ground;
        let letters = outbox::lease(&ground.db, ground.now(), 10).await.unwrap();
        let letter = letters.iter().find(|letter| letter.kind == accounts::SESSIONS_ENDED).unwrap();
        for _ in 0..2 {
            // At least once, so twice is as good.
            world.b.sessions_ended(letter).await.unwrap();
        }
        let calls = outbox::lease(&ground.db, ground.now(), 10).await.unwrap();
        assert_eq!(calls.len(), 2, "{}", world.bed.name);
        assert!(calls.iter().all(|call| call.kind == BACKCHANNEL_LOGOUT));
        assert_eq!(world.count("client_session", "ended_at IS NULL").await, 1, "the new one goes on");
    }
}

/// SECURITY #113: nobody signs out of most sessions.
#[tokio::test]
async fn a_clients_part_in_a_session_that_expired_is_forgotten() {
    for world in World::both().await {
        let old = world.sign_in().await;
        world.tokens(&old).await;
        world.authorize("other", &old, &[]).await;
        world.a.purge().await.unwrap();
        assert_eq!(world.count("client_session", "1 = 1").await, 2);
        // A day after its end.
        world.bed.clock.advance(2 * 86_400 + 1);
        let new = world.sign_in().await;
        world.tokens(&new).await;
        world.a.purge().await.unwrap();
        assert_eq!(world.count("client_session", "1 = 1").await, 1, "{}", world.bed.name);
        assert_eq!(world.count("client_session", "client_id = 'other'").await, 0);
    }
}
