//! A third-party client library signs in from the discovery URL alone: Authlib, which knows nothing of us (SPEC J13).

use serde_json::{Value, json};
use testbed::Bed;

use crate::{
    person::{Mover, Person},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place},
    python,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authlib_signs_in_from_the_discovery_url_alone() {
    for bed in Bed::both().await {
        let place = Place::new(bed, MAIL_FOLDER);
        let mover = Mover::number(1);
        place.people([mover.row()]);
        let running = place.serve().await;
        Person::new(&place.issuer()).moves(&mover, &place).await;

        let mut portal = python::script("relying_party.py");
        portal.args([&place.issuer(), "exemple", CLIENT_SECRET, CALLBACK, &mover.email, &mover.new]);
        let out = portal.output().unwrap();
        assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stderr), running.said());
        let learnt: Value = serde_json::from_slice(&out.stdout).unwrap();
        let (claims, userinfo) = (&learnt["claims"], &learnt["userinfo"]);
        assert_eq!((&userinfo["email"], &userinfo["email_verified"]), (&json!(mover.email), &json!(true)));
        assert_eq!(userinfo["client_refs"], json!([format!("REF-{}", mover.identifier)]));
        assert_eq!(claims["aud"], json!("exemple"));
        // Pairwise: neither the address nor the identifier.
        let sub = claims["sub"].as_str().unwrap();
        assert!(!sub.contains(&mover.identifier) && !sub.contains('@') && sub.len() >= 16, "{sub}");
        assert_eq!(learnt["second"], json!([400, "invalid_grant"]));
    }
}
