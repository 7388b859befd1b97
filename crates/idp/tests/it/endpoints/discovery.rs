use http::StatusCode;
use testbed::{apply, both};

use crate::endpoints::{
    browser::{Visitor, provider},
    world::{ISSUER, World},
};

/// oidcc-discovery-endpoint-verification; issue: it advertises nothing that does not work.
#[apply(both!)]
#[tokio::test]
async fn every_address_in_the_document_answers(world: World) {
    let mut client = Visitor::new(&provider(&world));
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let reply = client.get(path, &[]).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        let document = reply.json();
        assert_eq!(document["issuer"], ISSUER);
        for (name, value) in document.as_object().unwrap() {
            if !(name.ends_with("_endpoint") || name == "jwks_uri") {
                continue;
            }
            let path = value.as_str().unwrap().strip_prefix(ISSUER).expect("below the issuer");
            let reply = client.get(path, &[]).await;
            assert_ne!(reply.status, StatusCode::NOT_FOUND, "{name}");
            assert!(reply.status.as_u16() < 500, "{name}");
        }
    }
}

/// PROTOCOL 4.2
#[apply(both!)]
#[tokio::test]
async fn the_key_set_is_public_and_holds_nothing_private(world: World) {
    let reply = Visitor::new(&provider(&world)).get("/jwks", &[]).await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let set = reply.json();
    let keys = set["keys"].as_array().unwrap();
    assert!(!keys.is_empty());
    for key in keys {
        assert!(key["kid"].is_string() && key["alg"].is_string());
        assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|name| key.get(name).is_none()));
    }
}
