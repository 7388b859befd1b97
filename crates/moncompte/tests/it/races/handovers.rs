//! Single use of what a client signs, on two nodes: a migration ticket and a client's assertion (SECURITY #27; I18).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use testbed::{Bed, apply, both};

use super::{BURST, Nodes, asking, form, rounds};
use crate::{
    person::Persona,
    place::{Place, secret_file},
};

const TICKET_KEY: &str = "the key of the tickets, made by openssl";
const CLIENT_KEY: &str = "the secret of a client that signs with it";

/// Signs as portals do, without the code that checks the MAC.
fn signed(claims: &Value, key: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mac = sign(&Key::new(HMAC_SHA256, key.as_bytes()), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// Configures the agency to hand people over, and a second client that signs its assertions.
fn signing(place: &Place) {
    let file = place.path("agencies/exemple.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let more = "[[portal]]\nclient_id = \"signe\"\nclient_secret_file = \"secrets/signe.client\"\n\
                token_endpoint_auth_method = \"client_secret_jwt\"\nredirect_uris = [\"https://signe.exemple.test/\"]\n\n\
                [ticket]\nsecret_file = \"secrets/ticket\"\n";
    std::fs::write(&file, format!("{text}\n{more}")).unwrap();
    // A burst looks like guessing: allow so many failures a minute.
    let config = place.path("moncompte.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("client_failures_per_minute = 100000\n{text}")).unwrap();
    secret_file(&place.path("secrets/signe.client"), CLIENT_KEY);
    secret_file(&place.path("secrets/ticket"), TICKET_KEY);
    place.people((700..700 + rounds()).map(|n| Persona::number(n).row()));
}

/// The provider's current time, in Unix seconds.
fn now() -> u64 {
    #[allow(clippy::disallowed_methods, reason = "what a client signs has the time of day in it")]
    let now = std::time::SystemTime::now();
    now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_ticket_that_comes_many_times_at_once_begins_one_move(bed: Bed) {
    let nodes = Nodes::prepared(bed, async |place| signing(place)).await;
    for round in 0..rounds() {
        let (context, now) = (format!("{} round {round}", nodes.place.bed.name), now());
        let claims = json!({
            "iss": "exemple", "aud": nodes.place.issuer(), "sub": Persona::number(700 + round).identifier,
            "jti": format!("ticket {round}"), "iat": now, "exp": now + 120,
        });
        let path = asking(&[("migration_ticket", &signed(&claims, TICKET_KEY))]);
        let port = nodes.ports[0];
        let get = format!("GET {path} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n");
        let shots = nodes.at_once(vec![get.into_bytes(); BURST]).await;
        assert!(shots.iter().all(|shot| shot.status == 303), "{context}");
        // The late ones read so on the page to which they are redirected.
        let late = shots.iter().filter(|s| s.cookies().iter().any(|cookie| cookie.contains("flash=")));
        assert_eq!(late.count(), BURST - 1, "{context}");
        let rounds = i64::try_from(round).unwrap() + 1;
        assert_eq!(nodes.count("used_ticket").await, rounds, "{context}");
        assert_eq!(nodes.count("enrolment WHERE finished_at IS NULL").await, rounds, "{context}");
        // One more, of the mover's own move.
        assert_eq!(nodes.count("interaction WHERE enrolment_id IS NOT NULL").await, rounds + 1, "{context}");
    }
}

#[apply(both!)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assertion_that_comes_many_times_at_once_proves_its_client_once(bed: Bed) {
    let nodes = Nodes::prepared(bed, async |place| signing(place)).await;
    for round in 0..rounds() {
        let (context, now) = (format!("{} round {round}", nodes.place.bed.name), now());
        let claims = json!({
            "iss": "signe", "sub": "signe", "aud": nodes.place.issuer(),
            "jti": format!("assertion {round}"), "iat": now, "exp": now + 60,
        });
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("code", "unknown"),
            ("redirect_uri", "https://signe.exemple.test/"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &signed(&claims, CLIENT_KEY)),
        ]);
        let mut told: Vec<String> = Vec::new();
        for shot in nodes.burst("/token", "", vec![body; BURST]).await {
            told.push(shot.json()["error"].as_str().unwrap().to_owned());
        }
        // A client that proves itself hears of the code; any other hears `invalid_client` alone.
        assert_eq!(told.iter().filter(|e| *e == "invalid_grant").count(), 1, "{context}: {told:?}");
        assert_eq!(told.iter().filter(|e| *e == "invalid_client").count(), BURST - 1, "{context}: {told:?}");
        assert_eq!(nodes.count("used_assertion").await, i64::try_from(round).unwrap() + 1, "{context}");
    }
}
