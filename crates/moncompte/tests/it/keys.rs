//! Signing keys by command (SPEC J12, SECURITY #36).

use std::{collections::BTreeMap, process::Output};

use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::{
    place::{MAIL_FOLDER, Place, eventually, free_port, program, serve},
    races::another,
};

fn keys(place: &Place, what: &str, more: &[&str]) -> Output {
    let mut command = program();
    let out = command.args(["keys", what, "--config"]).arg(place.folder.path()).args(more).output().unwrap();
    assert!(out.status.success(), "{what}: {}", String::from_utf8_lossy(&out.stderr));
    out
}

/// The states of the keys, by key id.
fn states(out: &Output) -> BTreeMap<String, String> {
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    told["keys"].as_array().unwrap().iter().map(|k| (text(k, "kid"), text(k, "state"))).collect()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_and_rotates_the_keys(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let before = states(&keys(&place, "list", &["--json"]));
    assert_eq!(before.values().collect::<Vec<_>>(), ["current"], "{}", place.bed.name);
    let after = states(&keys(&place, "rotate", &["--json"]));
    let (kept, new): (Vec<_>, Vec<_>) = after.iter().partition(|(kid, _)| before.contains_key(*kid));
    assert_eq!(kept.iter().map(|(_, s)| s.as_str()).collect::<Vec<_>>(), ["current"]);
    assert_eq!(new.iter().map(|(_, s)| s.as_str()).collect::<Vec<_>>(), ["next"]);
    assert_eq!(states(&keys(&place, "list", &["--json"])), after, "it is written");
    let shown = String::from_utf8(keys(&place, "list", &[]).stdout).unwrap();
    for (kid, state) in &after {
        assert!(
            shown.lines().any(|l| l.contains(kid) && l.contains(state) && l.contains("RS256")),
            "{shown}"
        );
    }

    let running = place.serve().await;
    let set: Value = reqwest::get(format!("{}/jwks", place.issuer())).await.unwrap().json().await.unwrap();
    let published: Vec<_> =
        set["keys"].as_array().unwrap().iter().map(|k| k["kid"].as_str().unwrap()).collect();
    assert!(after.keys().all(|kid| published.contains(&kid.as_str())), "both are published");
    running.stop().await;
}

/// A stolen key leaves the key set of both nodes while they run, and the command says what portals will see.
#[apply(both!)]
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_key_leaves_every_node(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let port = free_port();
    another(&place, "second", port);
    let nodes = [place.serve().await, serve(&place.path("second"), |_| ()).await];
    let stolen = states(&keys(&place, "list", &["--json"])).into_keys().next().unwrap();
    let published = async |port: u16| {
        let set = reqwest::get(format!("http://localhost:{port}/jwks")).await.unwrap();
        let set: Value = set.json().await.unwrap();
        set["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|k| k["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(published(port).await, std::slice::from_ref(&stolen));
    let said = String::from_utf8(keys(&place, "revoke", &[&stolen, "--by", "marie"]).stdout).unwrap();
    for words in ["is revoked, by marie@", "for 5 minutes", "signs from now on", "read the key set again"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for port in [place.port, port] {
        let new = eventually("another key", async || {
            let now = published(port).await;
            (!now.contains(&stolen)).then_some(now)
        });
        assert_eq!(new.await.len(), 1, "{}", place.bed.name);
    }
    let mut again = program();
    let out = again.args(["keys", "revoke", &stolen, "--config"]).arg(place.folder.path()).output().unwrap();
    assert!(out.status.code() == Some(1) && String::from_utf8_lossy(&out.stderr).contains("was revoked at"));
    let before = states(&keys(&place, "list", &["--json"]));
    let now = states(&keys(&place, "rotate", &["--now", "--json"]));
    let signs = |all: &BTreeMap<String, String>| {
        all.iter().find(|(_, state)| *state == "current").map(|(kid, _)| kid.clone()).unwrap()
    };
    assert_eq!((now[&signs(&before)].as_str(), now[&stolen].as_str()), ("retired", "revoked"));
    let set = eventually("the new key", async || {
        let set = published(port).await;
        set.contains(&signs(&now)).then_some(set)
    });
    assert_eq!(set.await.len(), 2, "the one before stays published");
    for node in nodes {
        node.stop().await;
    }
}
