//! Keys as a client sees them (PROTOCOL 4.2). How a key comes to be next, current and retired on two nodes, by command and by age, is in
//! `grant::keys`.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;
use testbed::{Bed, apply, both};

use super::{
    checks::keys,
    suite::{Plan, Suite},
};

async fn published(suite: &Suite) -> (BTreeSet<String>, Vec<Value>) {
    let reply = suite.call(Method::GET, "/jwks", None, &[]).await;
    let set = reply.json();
    (keys::check(&set), set["keys"].as_array().unwrap().clone())
}

/// oidcc-server-rotate-keys: a new name and new material, and the old key is still there. And what a client that fetched the set a moment
/// before holds in its hands is enough at every moment: the new key is published for a day before it signs, far longer than an
/// answer may be kept.
#[apply(both!)]
#[tokio::test]
async fn a_rotation_shows_a_new_key_beside_the_old_one(bed: Bed) {
    let mut suite = Suite::on(bed, Plan::Basic).await;
    let (before, old) = published(&suite).await;
    let first = suite.happy(suite.request()).await;
    suite.op.idp.grants.rotate_keys().await.unwrap();
    let (after, all) = published(&suite).await;
    assert!(after.is_superset(&before) && after.len() == before.len() + 1);
    let new: Vec<_> = all.iter().filter(|key| !before.contains(key["kid"].as_str().unwrap())).collect();
    let [new] = new[..] else { panic!("{} new keys", new.len()) };
    assert_eq!((&new["kty"], &new["use"]), (&"RSA".into(), &"sig".into()));
    assert!(old.iter().all(|key| key["n"] != new["n"]), "new material");
    let kept = suite.call(Method::GET, "/jwks", None, &[]).await.header("cache-control").to_owned();
    let kept: i64 = kept.split("max-age=").nth(1).unwrap().parse().unwrap();
    assert!(kept < 86_400, "{kept}");
    suite.op.wait(kept);
    let still = suite.again(suite.request()).await;
    assert_eq!(
        still.header["kid"], first.header["kid"],
        "a key that somebody may not know yet does not sign"
    );
    suite.op.wait(86_400 - kept);
    suite.fresh_browser();
    let next = suite.happy(suite.request()).await;
    assert_eq!(next.header["kid"], new["kid"]);
    // The last token of the old key is checked for as long as it lives.
    assert!(published(&suite).await.0.is_superset(&before));
    // And a hint that it signed is one of ours even when the key is gone.
    suite.op.wait(3 * 86_400);
    assert!(published(&suite).await.0.is_disjoint(&before));
    suite.fresh_browser();
    suite.happy(suite.request()).await;
    let asked = suite.request().with("prompt", "none").with("id_token_hint", &first.id_token);
    suite.again(asked).await;
}
