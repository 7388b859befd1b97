use std::{collections::BTreeSet, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use idp::grant::{EndpointError, KeyState, Revocation};
use kernel::{Context, Done, Fault, SealKey, SealKeys, Tx, sea_orm::ConnectionTrait};
use oidc::jwt::Alg;
use serde_json::Value;
use testbed::{Bed, Database, OnDatabase, apply, both};

use crate::grant::world::{
    World, all, basic, call, form, generous_node, node, opens, part, redeem, text, try_node, try_redeem,
};

fn kids(set: &str) -> BTreeSet<String> {
    let set: Value = serde_json::from_str(set).unwrap();
    set["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
}

/// SECURITY #36: where there is no key yet, the nodes that start at once end up with one, which both publish.
#[apply(both!)]
#[tokio::test]
async fn the_first_nodes_make_one_key(bed: Bed) {
    let bed = bed.holding(&[idp::grant::INVARIANTS]);
    let agencies = Arc::new(ArcSwap::from_pointee(all(|_| {})));
    let second = bed.second_node().await;
    let (a, b) = tokio::join!(node(&bed.context, &agencies), node(&second, &agencies));
    let made = kids(&a.jwks().await);
    assert_eq!((made.len(), &made), (1, &kids(&b.jwks().await)), "{}", bed.name);
}

/// SECURITY #36, I22; PROTOCOL 4.2: the next key is known everywhere before it signs, the old one for as long as its tokens live.
#[apply(both!)]
#[tokio::test]
async fn a_rotation_goes_through_next_current_and_retired(world: World) {
    let session = world.sign_in().await;
    let old = kids(&world.a.jwks().await);
    assert_eq!((old.len(), &old), (1, &kids(&world.b.jwks().await)), "two nodes have one first key");
    let signed_by = |answer: &Value| part(text(answer, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
    world.a.rotate_keys().await.unwrap();
    let both = kids(&world.a.jwks().await);
    assert!(both.len() == 2 && both.is_superset(&old));
    assert!(old.contains(&signed_by(&world.tokens(&session).await)), "the next key does not sign yet");
    world.bed.clock.advance(61);
    assert_eq!(kids(&world.b.jwks().await), both, "the second node picks it up by itself");
    world.bed.clock.advance(86_400 - 62);
    let last = world.tokens(&session).await;
    assert!(old.contains(&signed_by(&last)));
    world.bed.clock.advance(2);
    let first = world.tokens(&session).await;
    assert!(!old.contains(&signed_by(&first)) && both.contains(&signed_by(&first)));
    assert_eq!(kids(&world.a.jwks().await), both, "the old one is still published");
    assert!(opens(&world.b, text(&last, "access_token")).await);
    world.bed.clock.advance(2 * 86_400);
    assert_eq!(kids(&world.b.jwks().await).len(), 1, "{}", world.bed.name);
}

/// A stolen key: it leaves both nodes, what it signed is refused, and another signs at once, also where one was waiting.
#[apply(both!)]
#[tokio::test]
async fn a_revoked_key_verifies_nothing_and_another_signs_at_once(world: World) {
    let session = world.sign_in().await;
    let signed_by = |answer: &Value| part(text(answer, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
    let tokens = world.tokens(&session).await;
    let stolen = signed_by(&tokens);
    let (access, hint) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    let hints = async || {
        matches!(world.start("rp", &[("id_token_hint", hint)]).await, idp::grant::Start::Interaction(_))
    };
    assert!(opens(&world.b, access).await && hints().await, "{}", world.bed.name);
    let Revocation::Done(done) = world.a.revoke_key(&stolen, "marie@a").await.unwrap() else { panic!() };
    let successor = done.successor.unwrap();
    assert!(matches!(world.a.revoke_key(&stolen, "x").await.unwrap(), Revocation::Already(_)));
    assert!(matches!(world.a.revoke_key("nobody", "x").await.unwrap(), Revocation::Unknown));
    // The worker of every node does this each second.
    world.b.reload_keys().await.unwrap();
    for node in [&world.a, &world.b] {
        assert_eq!(kids(&node.jwks().await), BTreeSet::from([successor.clone()]), "{}", world.bed.name);
        assert!(!opens(node, access).await && !hints().await, "{}", world.bed.name);
    }
    assert_eq!(signed_by(&world.tokens(&session).await), successor);
    assert_eq!(world.count("evidence", "kind = 'signing key revoked' AND body LIKE '%marie@a%'").await, 1);
    // One that waits takes over; one that was revoked while it waited replaces none.
    world.a.rotate_keys().await.unwrap();
    let waiting = kids(&world.a.jwks().await).into_iter().find(|kid| *kid != successor).unwrap();
    assert_eq!(world.a.rotate_keys_now().await.unwrap(), std::slice::from_ref(&waiting));
    assert_eq!(signed_by(&world.tokens(&session).await), waiting);
    world.a.rotate_keys().await.unwrap();
    let next = world.a.keys().await.unwrap().into_iter().find(|key| key.state == KeyState::Next).unwrap();
    let Revocation::Done(done) = world.a.revoke_key(&next.kid, "x").await.unwrap() else { panic!() };
    assert_eq!(done.successor, None);
    world.bed.clock.advance(4 * 86_400);
    let signs = signed_by(&world.tokens(&session).await);
    assert!(signs == waiting && kids(&world.a.jwks().await).contains(&waiting), "{}", world.bed.name);
    world.a.ensure_keys().await.unwrap();
    assert_eq!(signed_by(&world.tokens(&session).await), waiting);
}

/// A node that was away while the sealing key was replaced and a signing key revoked: it cannot open the successor, and trusts the revoked key no longer all the same.
#[apply(both!)]
#[tokio::test]
async fn a_node_without_the_sealing_key_follows_a_revocation(world: World) {
    let context = Context {
        keys: SealKeys::new(SealKey::new([7; 32]), vec![]).into(),
        ..world.bed.second_node().await
    };
    let away = generous_node(&context, &world.agencies, 3600).await;
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let stolen = part(text(&tokens, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
    assert!(opens(&away, text(&tokens, "access_token")).await);
    let (keys, key) = (&world.bed.context.keys, |n| SealKey::new([n; 32]));
    assert!(keys.take(&SealKeys::new(key(9), vec![key(7)])) && keys.seal_with(&key(9).fingerprint()));
    world.a.reseal(&|_| ()).await.unwrap();
    let Revocation::Done(done) = world.a.revoke_key(&stolen, "marie@a").await.unwrap() else { panic!() };
    away.reload_keys().await.unwrap();
    assert_eq!(kids(&away.jwks().await), BTreeSet::from([done.successor.unwrap()]), "{}", world.bed.name);
    assert!(!opens(&away, text(&tokens, "access_token")).await, "{}", world.bed.name);
    let refused = try_redeem(&away, &world.code(&session).await).await;
    assert!(matches!(refused, Err(EndpointError::Fault(Fault::Unavailable(_)))), "it signs with nothing");
    assert_eq!(world.a.keys().await.unwrap().len(), 2, "and makes no key of its own");
    // Its worker reads the file.
    assert!(context.keys.take(&SealKeys::new(key(9), vec![key(7)])));
    away.reload_keys().await.unwrap();
    let again = redeem(&away, &world.code(&session).await).await.unwrap();
    assert!(opens(&world.a, text(&again, "access_token")).await, "{}", world.bed.name);
}

/// Each command's answer names a key that is there, also where nodes replace keys at once.
#[apply(both!)]
#[tokio::test]
async fn keys_that_many_replace_at_once_are_all_there(world: World) {
    let now = || async { world.a.rotate_keys_now().await };
    let (a, b, c, d) = tokio::join!(now(), world.b.rotate_keys_now(), now(), world.b.rotate_keys());
    d.unwrap();
    let there: BTreeSet<String> = world.a.keys().await.unwrap().into_iter().map(|key| key.kid).collect();
    let told: Vec<String> = [a, b, c].into_iter().flatten().flatten().collect();
    assert!(!told.is_empty() && told.iter().all(|kid| there.contains(kid)), "{}: {told:?}", world.bed.name);
}

/// Since the backup any key may have been revoked, and a restored database does not know.
#[apply(both!)]
#[tokio::test]
async fn a_restored_database_trusts_none_of_its_keys(world: World) {
    let session = world.sign_in().await;
    let tokens = world.tokens(&session).await;
    let old = kids(&world.a.jwks().await);
    let keys = world.a.renewed_keys().await.unwrap();
    let ended = world.bed.context.db.write(async |tx: &Tx| {
        world.a.end_before_restore(tx, &keys).await?;
        Ok(Done::Commit(()))
    });
    ended.await.unwrap();
    for node in [&world.a, &world.b] {
        node.reload_keys().await.unwrap();
        let now = kids(&node.jwks().await);
        assert!(now.len() == 1 && now.is_disjoint(&old), "{}: {now:?}", world.bed.name);
        assert!(!opens(node, text(&tokens, "access_token")).await, "{}", world.bed.name);
    }
}

#[apply(both!)]
#[tokio::test]
async fn an_old_key_gets_a_successor_by_age(world: World) {
    world.a.ensure_keys().await.unwrap();
    assert_eq!(kids(&world.a.jwks().await).len(), 1);
    world.bed.clock.advance(90 * 86_400);
    world.a.ensure_keys().await.unwrap();
    world.b.ensure_keys().await.unwrap();
    assert_eq!(kids(&world.a.jwks().await).len(), 2, "{}", world.bed.name);
}

/// SECURITY #38; PROTOCOL 4.2: kid on every key, nothing private, 3072 bits.
#[apply(both!)]
#[tokio::test]
async fn each_client_gets_its_algorithm(world: World) {
    let session = world.sign_in().await;
    for alg in Alg::SIGNING.iter().copied() {
        world.agencies.store(all(|c| c.id_token_signed_response_alg = alg).into());
        world.a.ensure_keys().await.unwrap();
        let tokens = world.tokens(&session).await;
        assert_eq!(part(text(&tokens, "id_token"), 0)["alg"], alg.as_str());
        assert!(opens(&world.a, text(&tokens, "access_token")).await, "{alg:?}");
    }
    let set: Value = serde_json::from_str(&world.a.jwks().await).unwrap();
    for key in set["keys"].as_array().unwrap() {
        for private in ["d", "p", "q", "k"] {
            assert!(key.get(private).is_none());
        }
        assert_eq!(key["use"], "sig");
        if key["kty"] == "RSA" {
            assert_eq!(key["n"].as_str().unwrap().len(), 512);
        }
    }
    let metadata: Value = serde_json::from_str(&world.a.metadata().await).unwrap();
    assert_eq!(metadata["id_token_signing_alg_values_supported"].as_array().unwrap().len(), 4);
}

/// SECURITY #36, I22: a rotation in the middle of many sign-ins over two nodes costs none of them; each token verifies by what either node publishes.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_disturbs_no_sign_in(world: World) {
    let session = world.sign_in().await;
    let mut kinds = BTreeSet::new();
    // Before the overlap has passed, and after.
    for _ in 0..2 {
        let mut codes = Vec::new();
        for _ in 0..32 {
            codes.push(world.code(&session).await);
        }
        let rotating = tokio::spawn({
            let (a, b) = (world.a.clone(), world.b.clone());
            async move { (a.rotate_keys().await.unwrap(), b.rotate_keys().await.unwrap()) }
        });
        let redeeming: Vec<_> = codes
            .into_iter()
            .enumerate()
            .map(|(nth, code)| {
                let node = if nth % 2 == 0 { &world.a } else { &world.b }.clone();
                tokio::spawn(async move { redeem(&node, &code).await })
            })
            .collect();
        let mut signed = Vec::new();
        for task in redeeming {
            signed.push(task.await.unwrap().unwrap());
        }
        rotating.await.unwrap();
        let (a, b) = (kids(&world.a.jwks().await), kids(&world.b.jwks().await));
        for tokens in &signed {
            let kid = part(text(tokens, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
            assert!(a.contains(&kid) && b.contains(&kid), "{}", world.bed.name);
            assert!(
                opens(&world.a, text(tokens, "access_token")).await
                    && opens(&world.b, text(tokens, "access_token")).await
            );
            kinds.insert(kid);
        }
        world.bed.clock.advance(86_400 + 61);
    }
    assert_eq!(kinds.len(), 2, "the second round is signed with another key");
}

/// SECURITY #37: a node with another secret key finds out at its start, and signs nothing.
#[apply(both!)]
#[tokio::test]
async fn a_node_with_another_secret_does_not_start(world: World) {
    world.bed.context.open_keys().await.unwrap();
    let second = world.bed.second_node().await;
    second.open_keys().await.unwrap();
    let before = world.count("signing_key", "1 = 1").await;
    let other = Arc::new(SealKeys::new(SealKey::new([8; 32]), vec![]));
    let stranger = Context { keys: other, ..second };
    assert!(stranger.open_keys().await.is_err(), "{}", world.bed.name);
    let start = try_node(&stranger, &world.agencies).await;
    assert!(start.is_err(), "the keys do not open");
    assert_eq!(world.count("signing_key", "1 = 1").await, before);
    world.bed.context.open_keys().await.expect("and the first node's key is still the one");
}

/// SECURITY #121, #36: a node whose clock is behind the one that made the first key starts, and signs with that key.
#[apply(both!)]
#[tokio::test]
async fn a_clock_that_is_behind_stops_no_node(world: World) {
    world.bed.clock.advance(-90);
    let behind = node(&world.bed.second_node().await, &world.agencies).await;
    let session = world.sign_in().await;
    let code = world.code(&session).await;
    let tokens = redeem(&behind, &code).await.unwrap();
    let kid = part(text(&tokens, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
    assert!(kids(&world.a.jwks().await).contains(&kid), "{}", world.bed.name);
    assert!(opens(&world.b, text(&tokens, "access_token")).await);
    // The next key waits for its time by that clock as well.
    behind.rotate_keys().await.unwrap();
    let again = redeem(&behind, &world.code(&session).await).await.unwrap();
    assert_eq!(part(text(&again, "id_token"), 0)["kid"], kid);
}

/// SECURITY #118: a database that says nothing holds nobody who asks for keys, though it is time to read them again.
#[tokio::test]
async fn keys_are_published_while_the_database_is_silent() {
    // Only there can reading be held up.
    let Some(database) = Database::postgres() else { return };
    let world = World::on(database).await;
    let known = kids(&world.a.jwks().await);
    let other = world.bed.second_node().await.db;
    let silence = other.begin().await.unwrap();
    silence.conn().execute_unprepared("LOCK TABLE signing_key IN ACCESS EXCLUSIVE MODE").await.unwrap();
    world.bed.clock.advance(61);
    let asked = async {
        // The first one tries, and nobody after it for a while.
        for _ in 0..20 {
            assert_eq!(kids(&world.a.jwks().await), known);
        }
    };
    tokio::time::timeout(Duration::from_secs(6), asked).await.expect("keys");
    silence.commit().await.unwrap();
    world.b.rotate_keys().await.unwrap();
    world.bed.clock.advance(6);
    assert_eq!(kids(&world.a.jwks().await).len(), 2, "it reads them again");
}

/// SECURITY #36: a key that has left the key set opens nothing any more, though the token that it signed would live on; as a hint the token that it signed still
/// says whom it was for.
#[apply(both!)]
#[tokio::test]
async fn a_token_of_a_key_that_was_withdrawn_is_worth_nothing(world: World) {
    let month = 30 * 86_400;
    let generous = generous_node(&world.bed.second_node().await, &world.agencies, month).await;
    let session = world.sign_in().await;
    let tokens = redeem(&generous, &world.code(&session).await).await.unwrap();
    let access = text(&tokens, "access_token");
    let old = part(access, 0)["kid"].as_str().unwrap().to_owned();
    world.a.rotate_keys().await.unwrap();
    // Published next, current; the old one is retired as long, then gone.
    world.bed.clock.advance(2 * 86_400 - 60);
    assert!(kids(&generous.jwks().await).contains(&old) && opens(&generous, access).await);
    world.bed.clock.advance(120);
    assert!(!kids(&generous.jwks().await).contains(&old), "{}", world.bed.name);
    assert!(part(access, 1)["exp"].as_i64().unwrap() > world.bed.context.now(), "it would live on");
    let body = form(&[("token", access)]);
    for node in [&generous, &world.a, &world.b] {
        assert!(!opens(node, access).await, "{}", world.bed.name);
        let told = node.introspect(call(Some(&basic("rp")), &body)).await.unwrap();
        assert_eq!(told, serde_json::json!({ "active": false }));
    }
    let hint = [("prompt", "none"), ("id_token_hint", text(&tokens, "id_token"))];
    assert!(matches!(world.start("rp", &hint).await, idp::grant::Start::Interaction(_)));
}
