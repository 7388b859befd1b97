use std::collections::BTreeSet;

use oidc::jwt::Alg;
use serde_json::Value;

use crate::grant::world::{World, all, opens, part, text};

fn kids(set: &Value) -> BTreeSet<String> {
    set["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap().to_owned()).collect()
}

/// SECURITY #36, I22; PROTOCOL 4.2: the next key is known everywhere before it signs, the old one for as long as its tokens live.
#[tokio::test]
async fn a_rotation_goes_through_next_current_and_retired() {
    for world in World::both().await {
        let session = world.sign_in().await;
        let old = kids(&world.a.jwks().await.unwrap());
        assert_eq!(
            (old.len(), &old),
            (1, &kids(&world.b.jwks().await.unwrap())),
            "two nodes make one first key"
        );
        let signed_by =
            |answer: &Value| part(text(answer, "id_token"), 0)["kid"].as_str().unwrap().to_owned();
        world.a.rotate_keys().await.unwrap();
        let both = kids(&world.a.jwks().await.unwrap());
        assert!(both.len() == 2 && both.is_superset(&old));
        assert!(old.contains(&signed_by(&world.tokens(&session).await)), "the next key does not sign yet");
        world.bed.clock.advance(61);
        assert_eq!(kids(&world.b.jwks().await.unwrap()), both, "the second node picks it up by itself");
        world.bed.clock.advance(86_400 - 62);
        let last = world.tokens(&session).await;
        assert!(old.contains(&signed_by(&last)));
        world.bed.clock.advance(2);
        let first = world.tokens(&session).await;
        assert!(!old.contains(&signed_by(&first)) && both.contains(&signed_by(&first)));
        assert_eq!(kids(&world.a.jwks().await.unwrap()), both, "the old one is still published");
        assert!(opens(&world.b, text(&last, "access_token")).await);
        world.bed.clock.advance(2 * 86_400);
        assert_eq!(kids(&world.b.jwks().await.unwrap()).len(), 1, "{}", world.bed.name);
    }
}

#[tokio::test]
async fn an_old_key_gets_a_successor_by_age() {
    for world in World::both().await {
        world.a.ensure_keys().await.unwrap();
        assert_eq!(kids(&world.a.jwks().await.unwrap()).len(), 1);
        world.bed.clock.advance(90 * 86_400);
        world.a.ensure_keys().await.unwrap();
        world.b.ensure_keys().await.unwrap();
        assert_eq!(kids(&world.a.jwks().await.unwrap()).len(), 2, "{}", world.bed.name);
    }
}

/// SECURITY #38; PROTOCOL 4.2: kid on every key, nothing private, 3072 bits.
#[tokio::test]
async fn each_client_gets_its_algorithm() {
    for world in World::both().await {
        let session = world.sign_in().await;
        for alg in Alg::SIGNING.iter().copied() {
            world.agencies.store(all(|c| c.id_token_signed_response_alg = alg).into());
            world.a.ensure_keys().await.unwrap();
            let tokens = world.tokens(&session).await;
            assert_eq!(part(text(&tokens, "id_token"), 0)["alg"], alg.as_str());
            assert!(opens(&world.a, text(&tokens, "access_token")).await, "{alg:?}");
        }
        let set = world.a.jwks().await.unwrap();
        for key in set["keys"].as_array().unwrap() {
            for private in ["d", "p", "q", "k"] {
                assert!(key.get(private).is_none());
            }
            assert_eq!(key["use"], "sig");
            if key["kty"] == "RSA" {
                assert_eq!(key["n"].as_str().unwrap().len(), 512);
            }
        }
        let metadata = world.a.metadata().await.unwrap();
        assert_eq!(metadata["id_token_signing_alg_values_supported"].as_array().unwrap().len(), 4);
    }
}
