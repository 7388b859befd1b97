//! Signing keys by command (SPEC J12, SECURITY #36).

use std::{collections::BTreeMap, process::Output};

use serde_json::Value;
use testbed::{Bed, apply, both};

use crate::place::{MAIL_FOLDER, Place, program};

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
