use oidc::Scope;

use crate::grant::world::{World, all, ask, basic, call, form, node, opens, part, redeem, refresh, text};

/// SECURITY #20, I4; PROTOCOL 4.9
#[tokio::test]
async fn a_rotated_token_that_comes_back_ends_the_family() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let first = world.tokens(&session).await;
        let r1 = text(&first, "refresh_token");
        world.bed.clock.advance(1);
        let second = refresh(&world.a, r1).await.unwrap();
        let r2 = text(&second, "refresh_token");
        assert_ne!(r1, r2);
        let (before, after) = (part(text(&first, "id_token"), 1), part(text(&second, "id_token"), 1));
        for same in ["iss", "sub", "aud", "azp", "auth_time", "sid"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        assert_ne!(before["iat"], after["iat"]);
        assert!(after.get("nonce").is_none());
        assert_eq!(refresh(&world.b, r1).await.unwrap_err().code().as_str(), "invalid_grant");
        assert!(refresh(&world.a, r2).await.is_err(), "{}", world.bed.name);
        assert!(!opens(&world.a, text(&second, "access_token")).await);
        // Once, whatever comes back afterwards (I21).
        assert!(refresh(&world.b, r1).await.is_err());
        let told = "kind = 'grant revoked' AND body LIKE '%refresh_reuse%'";
        assert_eq!(world.count("evidence", told).await, 1, "{}", world.bed.name);
    }
}

/// SECURITY #21, I3, recipe B2
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_rotations_at_once_at_most_one_has_a_child() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let first = world.tokens(&session).await;
        let tasks: Vec<_> = (0..32)
            .map(|i| {
                let node = if i % 2 == 0 { &world.a } else { &world.b }.clone();
                let token = text(&first, "refresh_token").to_owned();
                tokio::spawn(async move { refresh(&node, &token).await })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            won.extend(task.await.unwrap().ok());
        }
        assert_eq!(won.len(), 1, "{}", world.bed.name);
        assert_eq!(world.count("refresh_token", "used_at IS NULL").await, 1);
        assert_eq!(world.count("refresh_token", "1 = 1").await, 2);
        assert!(refresh(&world.a, text(&won[0], "refresh_token")).await.is_err());
        assert!(!opens(&world.b, text(&won[0], "access_token")).await);
        assert_eq!(world.count("token_grant", "revoked_why = 'refresh_reuse'").await, 1);
    }
}

/// SECURITY #24
#[tokio::test]
async fn a_family_ends_idle_or_old() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let day = 86_400;
        let idle = world.tokens(&session).await;
        world.bed.clock.advance(30 * day);
        assert!(refresh(&world.a, text(&idle, "refresh_token")).await.is_err());
        let mut token = text(&world.tokens(&session).await, "refresh_token").to_owned();
        for _ in 0..8 {
            world.bed.clock.advance(20 * day);
            token = text(&refresh(&world.a, &token).await.unwrap(), "refresh_token").to_owned();
        }
        world.bed.clock.advance(20 * day);
        assert!(refresh(&world.a, &token).await.is_err(), "180 days have passed");
    }
}

/// SECURITY #23, I15
#[tokio::test]
async fn scope_never_grows() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let first = world.tokens(&session).await;
        assert_eq!(first["scope"], "openid profile email offline_access");
        let fields =
            |token, scope| [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        let r1 = text(&first, "refresh_token");
        let more = ask(&world.a, "rp", &fields(r1, "openid phone")).await.unwrap_err();
        assert_eq!(more.code().as_str(), "invalid_scope");
        let less = ask(&world.a, "rp", &fields(r1, "openid")).await.unwrap();
        assert_eq!(less["scope"], "openid");
        world.agencies.store(all(|c| c.scopes = Scope::parse("openid email").unwrap()).into());
        let shrunk = refresh(&world.b, text(&less, "refresh_token")).await.unwrap();
        assert_eq!(shrunk["scope"], "openid email");
    }
}

/// SECURITY #19, #30
#[tokio::test]
async fn a_token_is_worth_nothing_to_others_or_after_its_person_or_client_is_gone() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let first = world.tokens(&session).await;
        let (r1, access) = (text(&first, "refresh_token"), text(&first, "access_token"));
        let fields = [("grant_type", "refresh_token"), ("refresh_token", r1)];
        assert_eq!(ask(&world.a, "other", &fields).await.unwrap_err().code().as_str(), "invalid_grant");
        assert!(opens(&world.a, access).await, "another client's try changes nothing");
        world.agencies.store(agencies::Agencies::default().into());
        assert!(!opens(&world.a, access).await);
        assert_eq!(refresh(&world.a, r1).await.unwrap_err().code().as_str(), "invalid_client");
        world.agencies.store(all(|_| {}).into());
        world.reset_password().await;
        assert!(!opens(&world.a, access).await);
        assert!(refresh(&world.a, r1).await.is_err());
    }
}

/// SECURITY #22, I4: what was revoked, rotated or used is so for nodes that start afterwards too: nothing of it is in anybody's memory.
#[tokio::test]
async fn what_was_over_before_a_restart_is_over_after_it() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let (revoked, reused) = (world.tokens(&session).await, world.tokens(&session).await);
        let body = form(&[("token", text(&revoked, "access_token"))]);
        world.a.revoke(call(Some(&basic("rp")), &body)).await.unwrap().unwrap();
        let child = refresh(&world.a, text(&reused, "refresh_token")).await.unwrap();
        assert!(refresh(&world.b, text(&reused, "refresh_token")).await.is_err());
        let (rotated, code) = (world.tokens(&session).await, world.code(&session).await);
        let living = refresh(&world.a, text(&rotated, "refresh_token")).await.unwrap();
        redeem(&world.b, &code).await.unwrap();
        // Two nodes that remember nothing, with a clock that stands at the restart and then an hour before it.
        for back in [0, -3600] {
            world.bed.clock.advance(back);
            let fresh = node(&world.bed.second_node().await, &world.agencies).await;
            for dead in [&revoked, &reused, &child] {
                assert!(refresh(&fresh, text(dead, "refresh_token")).await.is_err(), "{}", world.bed.name);
                assert!(!opens(&fresh, text(dead, "access_token")).await);
            }
            assert_eq!(redeem(&fresh, &code).await.unwrap_err().code().as_str(), "invalid_grant");
        }
        let fresh = node(&world.bed.second_node().await, &world.agencies).await;
        // The rotated one gives it away to the new node, and its living child dies.
        assert!(refresh(&fresh, text(&rotated, "refresh_token")).await.is_err());
        assert!(refresh(&fresh, text(&living, "refresh_token")).await.is_err());
        assert_eq!(world.count("token_grant", "revoked_at IS NULL").await, 0, "{}", world.bed.name);
    }
}

/// SECURITY I24, #113: what a grant gave is forgotten no later than the grant, also where its code was redeemed at the last moment.
#[tokio::test]
async fn a_grant_is_remembered_until_its_last_token_is_not() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let code = world.code(&session).await;
        world.bed.clock.advance(59);
        redeem(&world.a, &code).await.unwrap();
        world.bed.clock.advance(181 * 86_400 - 58);
        world.a.purge().await.unwrap();
        assert_eq!(world.count("refresh_token", "1 = 1").await, world.count("token_grant", "1 = 1").await);
        world.bed.clock.advance(60);
        world.a.purge().await.unwrap();
        assert_eq!(world.count("refresh_token", "1 = 1").await, 0, "{}", world.bed.name);
        assert_eq!(world.count("token_grant", "1 = 1").await, 0);
    }
}
