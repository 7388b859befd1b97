//! Keys at a client's `jwks_uri`, over https from a server that somebody else wrote: read within the limits of SECURITY D4 and not beyond.

use std::fs;

use serde_json::{Value, json};
use testbed::Bed;

use crate::{
    place::{MAIL_FOLDER, Place, certificate, free_port},
    python,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_keys_are_read_over_https_within_limits() {
    let place = Place::new(Bed::sqlite().await, MAIL_FOLDER);
    let [pem, key] = certificate(place.folder.path(), "jwks");
    let port = free_port();
    let outbound = "[outbound]\nallow = [\"localhost\"]\nextra_ca = \"jwks.pem\"\n";
    let config = fs::read_to_string(place.path("moncompte.toml")).unwrap() + outbound;
    fs::write(place.path("moncompte.toml"), config).unwrap();
    let mut agency = fs::read_to_string(place.path("agencies/exemple.toml")).unwrap();
    for client in ["jwks", "huge", "elsewhere", "gone", "private"] {
        // Not named in outbound.allow.
        let host = if client == "private" { "127.0.0.1" } else { "localhost" };
        agency += &format!(
            "[[portal]]\nclient_id = \"{client}\"\nredirect_uris = [\"https://{client}.exemple.test/\"]\n\
             token_endpoint_auth_method = \"private_key_jwt\"\njwks_uri = \"https://{host}:{port}/{client}\"\n"
        );
    }
    fs::write(place.path("agencies/exemple.toml"), agency).unwrap();
    let running = place.serve().await;

    let mut client = python::script("client_keys.py");
    client.args([&place.issuer(), &port.to_string()]).args([pem, key]);
    let out = tokio::task::spawn_blocking(move || client.output().unwrap()).await.unwrap();
    assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stderr), running.said());
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    // A client that proves itself hears of its code; any other hears `invalid_client` alone.
    let said = [
        ["jwks", "invalid_grant"],
        ["jwks", "invalid_grant"],
        ["huge", "invalid_client"],
        ["elsewhere", "invalid_client"],
        ["gone", "invalid_client"],
        ["private", "invalid_client"],
    ];
    assert_eq!(told["said"], json!(said), "{}", running.said());
    assert_eq!(told["read"], json!({ "/jwks": 1, "/huge": 1, "/elsewhere": 1, "/gone": 1 }));
    for why in ["longer than 64 KiB", "answered 302", "answered 404", "127.0.0.1 is a private address"] {
        assert!(running.said().contains(why), "{why}: {}", running.said());
    }
}
