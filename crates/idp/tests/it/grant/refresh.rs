use oidc::Scope;
use serde_json::Value;
use testbed::{apply, both};

use crate::grant::world::{
    CALLBACK, VERIFIER, World, all, answered, ask, basic, call, form, node, opens, part, redeem, refresh,
    text,
};

/// SECURITY #20, I4; PROTOCOL 4.9
#[apply(both!)]
#[tokio::test]
async fn a_rotated_token_that_comes_back_ends_the_family(world: World) {
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
    world.bed.clock.advance(11);
    assert_eq!(refresh(&world.b, r1).await.unwrap_err().code().as_str(), "invalid_grant");
    assert!(refresh(&world.a, r2).await.is_err(), "{}", world.bed.name);
    assert!(!opens(&world.a, text(&second, "access_token")).await);
    // Once, whatever comes back afterwards (SECURITY I21).
    assert!(refresh(&world.b, r1).await.is_err());
    let told = "kind = 'grant revoked' AND body LIKE '%refresh_reuse%'";
    assert_eq!(world.count("evidence", told).await, 1, "{}", world.bed.name);
}

/// SECURITY D16: two workers of one portal, an answer that got lost. On either node, and no longer than that.
#[apply(both!)]
#[tokio::test]
async fn a_refresh_that_comes_twice_is_given_the_same_child(world: World) {
    let (session, name) = (world.sign_in().await, world.bed.name);
    let first = world.tokens(&session).await;
    let r1 = text(&first, "refresh_token");
    let second = refresh(&world.a, r1).await.unwrap();
    world.bed.clock.advance(10);
    let again = refresh(&world.b, r1).await.unwrap();
    assert_eq!(second["refresh_token"], again["refresh_token"], "{name}");
    assert_ne!(second["access_token"], again["access_token"]);
    for tokens in [&first, &second, &again] {
        assert!(opens(&world.b, text(tokens, "access_token")).await, "{name}");
    }
    // Less is enough the second time, and the child has all of it; more is refused, and ends nothing.
    let fields = |scope| [("grant_type", "refresh_token"), ("refresh_token", r1), ("scope", scope)];
    let less = ask(&world.a, "rp", &fields("openid")).await.unwrap();
    assert_eq!((&less["scope"], &less["refresh_token"]), (&"openid".into(), &again["refresh_token"]));
    let more = ask(&world.a, "rp", &fields("openid phone")).await.unwrap_err();
    assert_eq!(more.code().as_str(), "invalid_scope");
    let other = [("grant_type", "refresh_token"), ("refresh_token", r1)];
    assert_eq!(ask(&world.b, "other", &other).await.unwrap_err().code().as_str(), "invalid_grant");
    assert_eq!(world.count("refresh_token", "1 = 1").await, 2, "{name}: one child");
    let third = refresh(&world.b, text(&again, "refresh_token")).await.unwrap();
    assert_eq!(third["scope"], "openid profile email offline_access");
    assert_eq!(world.count("evidence", "kind = 'grant revoked'").await, 0, "{name}");
    // The child has been used: whoever sends its parent now holds something old.
    assert!(refresh(&world.a, r1).await.is_err());
    assert!(refresh(&world.a, text(&third, "refresh_token")).await.is_err(), "{name}");
}

/// SECURITY D16: a second too late, of a family that was given back, without the sealed child (an older node wrote it, or it was taken away).
#[apply(both!)]
#[tokio::test]
async fn a_refresh_that_comes_again_otherwise_is_reuse(world: World) {
    let (session, name) = (world.sign_in().await, world.bed.name);
    for (late, otherwise) in [(11, ""), (0, "given back"), (0, "no child"), (-11, "")] {
        let first = world.tokens(&session).await;
        let r1 = text(&first, "refresh_token");
        let second = refresh(&world.a, r1).await.unwrap();
        match otherwise {
            "given back" => {
                let body = form(&[("token", text(&second, "access_token"))]);
                world.a.revoke(call(Some(&basic("rp")), &body)).await.unwrap();
            }
            "no child" => {
                world.bed.clock.advance(61);
                world.a.forget_children().await.unwrap();
                world.bed.clock.advance(-61);
                assert_eq!(world.count("refresh_token", "sealed IS NOT NULL").await, 0, "{name}");
            }
            _ => world.bed.clock.advance(late),
        }
        let again = refresh(&world.b, r1).await.unwrap_err();
        assert_eq!(again.code().as_str(), "invalid_grant", "{name} {late} {otherwise}");
        assert!(
            refresh(&world.a, text(&second, "refresh_token")).await.is_err(),
            "{name} {late} {otherwise}"
        );
        assert!(!opens(&world.a, text(&second, "access_token")).await);
    }
    assert_eq!(world.count("token_grant", "revoked_why = 'refresh_reuse'").await, 3, "{name}");
}

/// SECURITY #124: what lies in the database opens nothing, and not for long.
#[apply(both!)]
#[tokio::test]
async fn a_sealed_child_is_gone_when_it_is_used_or_a_minute_old(world: World) {
    let (session, name) = (world.sign_in().await, world.bed.name);
    let sealed = async || world.count("refresh_token", "sealed IS NOT NULL").await;
    let first = world.tokens(&session).await;
    let second = refresh(&world.a, text(&first, "refresh_token")).await.unwrap();
    assert_eq!(sealed().await, 1, "{name}");
    refresh(&world.a, text(&second, "refresh_token")).await.unwrap();
    assert_eq!(sealed().await, 1, "{name}: the newest alone");
    world.bed.clock.advance(61);
    world.a.purge().await.unwrap();
    assert_eq!(sealed().await, 0, "{name}");
}

/// Redeems, or refreshes, as a client that proves nothing.
async fn as_public(node: &idp::grant::Grants, fields: &[(&str, &str)]) -> Result<Value, oidc::Error> {
    let fields = [fields, &[("client_id", "app")]].concat();
    answered(node.token(call(None, &form(&fields))).await)
}

async fn at_once(world: &World, many: usize, token: &str, public: bool) -> Vec<Result<Value, oidc::Error>> {
    let tasks: Vec<_> = (0..many)
        .map(|i| {
            let node = if i % 2 == 0 { &world.a } else { &world.b }.clone();
            let token = token.to_owned();
            tokio::spawn(async move {
                if !public {
                    return refresh(&node, &token).await;
                }
                as_public(&node, &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.unwrap());
    }
    all
}

/// SECURITY #21, I3, B2, D16
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_refreshes_at_once_all_are_given_the_one_child(world: World) {
    let session = world.sign_in().await;
    let first = world.tokens(&session).await;
    let all = at_once(&world, 64, text(&first, "refresh_token"), false).await;
    let children: std::collections::BTreeSet<_> =
        all.iter().map(|one| text(one.as_ref().unwrap(), "refresh_token")).collect();
    assert_eq!(children.len(), 1, "{}", world.bed.name);
    assert_eq!(world.count("refresh_token", "used_at IS NULL").await, 1);
    assert_eq!(world.count("refresh_token", "1 = 1").await, 2);
    assert!(refresh(&world.a, children.first().unwrap()).await.is_ok(), "{}", world.bed.name);
    assert_eq!(world.count("token_grant", "revoked_at IS NOT NULL").await, 0);
}

/// SECURITY #21, I3, B2: a client that proves nothing has no window (SECURITY D16).
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_rotations_at_once_at_most_one_has_a_child(world: World) {
    let session = world.sign_in().await;
    let code = world.authorize("app", &session, &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.get("code").unwrap()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let first = as_public(&world.a, &fields).await.unwrap();
    let all = at_once(&world, 32, text(&first, "refresh_token"), true).await;
    let won: Vec<_> = all.into_iter().flatten().collect();
    assert_eq!(won.len(), 1, "{}", world.bed.name);
    assert_eq!(world.count("refresh_token", "used_at IS NULL").await, 1);
    assert_eq!(world.count("refresh_token", "1 = 1").await, 2);
    let child = [("grant_type", "refresh_token"), ("refresh_token", text(&won[0], "refresh_token"))];
    assert!(as_public(&world.a, &child).await.is_err());
    assert!(!opens(&world.b, text(&won[0], "access_token")).await);
    assert_eq!(world.count("token_grant", "revoked_why = 'refresh_reuse'").await, 1);
}

/// OIDC Core §11: a token without `offline_access` ends with its session, which may end by itself: unused, or old. Its use of the provider is the
/// person's, not the portal's.
#[apply(both!)]
#[tokio::test]
async fn tokens_without_offline_access_end_when_the_session_does_by_itself(world: World) {
    let hour = 3600;
    for (idle, old) in [(true, false), (false, true)] {
        let session = world.sign_in().await;
        let online = world.authorize("rp", &session, &[("scope", "openid")]).await;
        let online = redeem(&world.a, online.get("code").unwrap()).await.unwrap();
        let offline = world.tokens(&session).await;
        let mut token = text(&online, "refresh_token").to_owned();
        // Seven hours unused; of the other session a day, and it was used all the time.
        for _ in 0..if idle { 7 } else { 23 } {
            world.bed.clock.advance(hour);
            if old {
                let seen = vec![("last_seen_at", world.bed.context.now().into())];
                world.change("session", seen, "ended_at IS NULL").await;
            }
            token = text(&refresh(&world.a, &token).await.unwrap(), "refresh_token").to_owned();
        }
        world.bed.clock.advance(hour);
        let asked = form(&[("token", &token)]);
        let told = world.a.introspect(call(Some(&basic("rp")), &asked)).await.unwrap();
        assert_eq!(told, serde_json::json!({ "active": false }), "{} {idle}", world.bed.name);
        let ended = refresh(&world.b, &token).await.unwrap_err();
        assert_eq!(ended.code().as_str(), "invalid_grant", "{} {idle}", world.bed.name);
        assert!(refresh(&world.b, text(&offline, "refresh_token")).await.is_ok());
    }
}

/// SECURITY #24
#[apply(both!)]
#[tokio::test]
async fn a_family_ends_idle_or_old(world: World) {
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

/// SECURITY #23, I15
#[apply(both!)]
#[tokio::test]
async fn scope_never_grows(world: World) {
    let session = world.sign_in().await;
    let first = world.tokens(&session).await;
    assert_eq!(first["scope"], "openid profile email offline_access");
    let fields = |token, scope| [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
    let r1 = text(&first, "refresh_token");
    let more = ask(&world.a, "rp", &fields(r1, "openid phone")).await.unwrap_err();
    assert_eq!(more.code().as_str(), "invalid_scope");
    let less = ask(&world.a, "rp", &fields(r1, "openid")).await.unwrap();
    assert_eq!(less["scope"], "openid");
    world.agencies.store(all(|c| c.scopes = Scope::parse("openid email").unwrap()).into());
    let shrunk = refresh(&world.b, text(&less, "refresh_token")).await.unwrap();
    assert_eq!(shrunk["scope"], "openid email");
}

/// SECURITY #19, #30
#[apply(both!)]
#[tokio::test]
async fn a_token_is_worth_nothing_to_others_or_after_its_person_or_client_is_gone(world: World) {
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

/// SECURITY #22, I4: what was revoked, rotated or used is so for nodes that start afterwards too: nothing of it is in anybody's memory.
#[apply(both!)]
#[tokio::test]
async fn what_was_over_before_a_restart_is_over_after_it(world: World) {
    let session = world.sign_in().await;
    let (revoked, reused) = (world.tokens(&session).await, world.tokens(&session).await);
    let body = form(&[("token", text(&revoked, "access_token"))]);
    world.a.revoke(call(Some(&basic("rp")), &body)).await.unwrap();
    let child = refresh(&world.a, text(&reused, "refresh_token")).await.unwrap();
    world.bed.clock.advance(11);
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

/// SECURITY I24, #113: what a grant gave is forgotten no later than the grant, also where its code was redeemed at the last moment.
#[apply(both!)]
#[tokio::test]
async fn a_grant_is_remembered_until_its_last_token_is_not(world: World) {
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
