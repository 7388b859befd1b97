//! Single use of codes and refresh tokens over two nodes (SECURITY #18, #21, #22; B1, B2; I1 to I4).

use base64::{Engine, engine::general_purpose::STANDARD};
use testbed::{Bed, apply, both};
use testkit::VERIFIER;

use super::{BURST, Nodes, Shot, form, rounds};
use crate::place::{CALLBACK, CLIENT_SECRET};

pub(super) fn client() -> String {
    format!("authorization: Basic {}\r\n", STANDARD.encode(format!("exemple:{CLIENT_SECRET}")))
}

pub(super) fn redeeming(code: &str, verifier: &str) -> String {
    form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", verifier),
    ])
}

pub(super) fn refreshing(token: &str) -> String {
    form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// Returns the tokens of the one successful answer; all others must be `invalid_grant`.
fn winner(shots: &[Shot], context: &str) -> serde_json::Value {
    let (won, lost): (Vec<_>, Vec<_>) = shots.iter().partition(|shot| shot.status == 200);
    assert_eq!(won.len(), 1, "{context}");
    for shot in lost {
        assert_eq!(
            (shot.status, &shot.json()["error"]),
            (400, &"invalid_grant".into()),
            "{context}: {}",
            shot.head
        );
    }
    won[0].json()
}

pub(super) fn text<'a>(tokens: &'a serde_json::Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

impl Nodes {
    pub(super) async fn code(&self) -> String {
        self.person.asked_by_portal().await.code().expect("signed in")
    }

    pub(super) async fn opens(&self, node: usize, tokens: &serde_json::Value) -> bool {
        let bearer = format!("authorization: Bearer {}\r\n", text(tokens, "access_token"));
        let shot = self.post(node, "/userinfo", &bearer, "").await;
        assert!(matches!(shot.status, 200 | 401), "{}", shot.head);
        shot.status == 200
    }

    pub(super) async fn refreshes(&self, node: usize, token: &str) -> Shot {
        self.post(node, "/token", &client(), &refreshing(token)).await
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_comes_many_times_at_once_gives_tokens_once_and_they_die(bed: Bed) {
    let nodes = Nodes::on(bed).await;
    for round in 0..rounds() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let (code, before) = (nodes.code().await, nodes.count("refresh_token").await);
        let shots = nodes.burst("/token", &client(), vec![redeeming(&code, VERIFIER); BURST]).await;
        let tokens = winner(&shots, &context);
        assert_eq!(nodes.count("refresh_token").await, before + 1, "{context}");
        // The other redemptions show that the code has leaked: its tokens are revoked on both nodes.
        assert!(!nodes.opens(0, &tokens).await && !nodes.opens(1, &tokens).await, "{context}");
        assert_eq!(nodes.refreshes(1, text(&tokens, "refresh_token")).await.status, 400, "{context}");
    }
    let dead = "token_grant WHERE revoked_why = 'code_reuse'";
    assert_eq!(nodes.count(dead).await, i64::try_from(rounds()).unwrap());
}

/// SECURITY D7: a redemption without the verifier neither uses up the code nor revokes its grant.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_redemptions_around_the_right_one_take_nothing_from_it(bed: Bed) {
    let nodes = Nodes::on(bed).await;
    for round in 0..rounds() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let code = nodes.code().await;
        let mut bodies = vec![redeeming(&code, &"x".repeat(43)); BURST];
        bodies[round * 7 % BURST] = redeeming(&code, VERIFIER);
        let tokens = winner(&nodes.burst("/token", &client(), bodies).await, &context);
        assert!(nodes.opens(0, &tokens).await && nodes.opens(1, &tokens).await, "{context}");
    }
    assert_eq!(nodes.count("token_grant WHERE revoked_why = 'code_reuse'").await, 0);
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_has_one_child_and_a_family_that_is_dead_stays_dead(bed: Bed) {
    let mut nodes = Nodes::on(bed).await;
    let mut last = None;
    for round in 0..rounds() {
        let context = format!("{} round {round}", nodes.place.bed.name);
        let code = nodes.code().await;
        let first = nodes.post(round % 2, "/token", &client(), &redeeming(&code, VERIFIER)).await.json();
        let before = nodes.count("refresh_token").await;
        let token = text(&first, "refresh_token");
        let shots = nodes.burst("/token", &client(), vec![refreshing(token); BURST]).await;
        // Requests of its own client at once each get the same child (SECURITY D16).
        let second = shots[0].json();
        for shot in &shots {
            assert_eq!(shot.status, 200, "{context}: {} {}", shot.head, shot.body);
            assert_eq!(shot.json()["refresh_token"], second["refresh_token"], "{context}");
        }
        assert_eq!(nodes.count("refresh_token").await, before + 1, "one child: {context}");
        assert!(nodes.opens(0, &second).await, "{context}");
        // The child is used, and then the parent comes again on the other node.
        let third = nodes.refreshes(0, text(&second, "refresh_token")).await;
        assert_eq!(third.status, 200, "{context}: {}", third.body);
        assert_eq!(nodes.refreshes(1, token).await.status, 400, "{context}");
        assert!(!nodes.opens(0, &first).await && !nodes.opens(1, &third.json()).await, "{context}");
        let living = text(&third.json(), "refresh_token").to_owned();
        assert_eq!(nodes.refreshes(0, &living).await.status, 400, "{context}");
        last = Some((first, second));
    }
    // SECURITY #22: a restart forgets nothing of it.
    nodes.kill();
    nodes.start().await;
    let (first, second) = last.unwrap();
    for (node, tokens) in [(0, &first), (1, &first), (0, &second), (1, &second)] {
        assert_eq!(nodes.refreshes(node, text(tokens, "refresh_token")).await.status, 400);
        assert!(!nodes.opens(node, tokens).await);
    }
}
