//! The old identifiers, and the migration ticket that they give.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;
use url::Url;

use crate::provider::parameters;
use crate::{CLIENT_ID, Stage, TICKET_KEY};

const DOOR: &str = "/anciens-identifiants";

/// The claims of a ticket, after its signature.
fn claims(ticket: &str) -> Value {
    let mut rules = Validation::new(Algorithm::HS256);
    rules.validate_exp = false;
    rules.validate_aud = false;
    decode::<Value>(ticket, &DecodingKey::from_secret(TICKET_KEY.as_bytes()), &rules)
        .expect("our signature")
        .claims
}

fn names(claims: &Value) -> HashSet<&str> {
    claims.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn right_identifiers_earn_a_ticket_and_an_ordinary_sign_in() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get("/").await.says("Se connecter avec mes anciens identifiants");
    browser.get(DOOR).await.says("Mes anciens identifiants");
    let page = browser.post(DOOR, &[("identifiant", " tm-1042 "), ("mot_de_passe", "passe-ancienne")]).await;
    let authorization = Url::parse(&page.location()).expect("an address");
    let asked = parameters(&authorization);

    let ticket = claims(&asked["migration_ticket"]);
    assert_eq!(
        names(&ticket),
        HashSet::from(["iss", "aud", "sub", "client_ref", "email", "name", "jti", "iat", "exp"])
    );
    assert_eq!(ticket["iss"], CLIENT_ID);
    assert_eq!(ticket["aud"], stage.provider.issuer);
    assert_eq!(ticket["sub"], "tm-1042");
    assert_eq!(ticket["client_ref"], "C-1042");
    assert_eq!(ticket["email"], "claire@example.org");
    assert_eq!(ticket["name"], "Claire Martin");
    assert_eq!(ticket["iat"], stage.clock.now());
    assert_eq!(ticket["exp"], stage.clock.now() + 300);
    assert!(ticket["jti"].as_str().expect("text").len() >= 22, "128 bits");

    // From here on it is a sign-in like any other.
    let back = stage.provider.approve(&authorization);
    assert_eq!(browser.come_back(&back).await.location(), "/espace");
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn a_ticket_says_only_what_the_agency_knows_and_never_repeats() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    let mut ids = HashSet::new();
    for _ in 0..3 {
        browser.get(DOOR).await;
        let page = browser.post(DOOR, &[("identifiant", "tm-7"), ("mot_de_passe", "seul")]).await;
        let ticket =
            claims(&parameters(&Url::parse(&page.location()).expect("an address"))["migration_ticket"]);
        assert_eq!(names(&ticket), HashSet::from(["iss", "aud", "sub", "jti", "iat", "exp"]));
        assert!(ids.insert(ticket["jti"].to_string()));
    }
}

#[tokio::test]
async fn wrong_identifiers_are_refused_in_one_way() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get(DOOR).await;
    for (identifier, password) in [
        ("tm-1042", "faux"),
        ("inconnu", "passe-ancienne"),
        ("TM-1042", "passe-ancienne"),
        ("tm-1042", "selpasse-ancienne"),
    ] {
        let page = browser.post(DOOR, &[("identifiant", identifier), ("mot_de_passe", password)]).await;
        assert_eq!(page.status, 422);
        page.says("Identifiant ou mot de passe incorrect");
        page.does_not_say(password);
    }
    let page = browser.post(DOOR, &[("identifiant", "\"><script>"), ("mot_de_passe", "")]).await;
    assert_eq!(page.status, 422);
    page.says("Il manque quelque chose");
    page.does_not_say("\"><script>");
}

#[tokio::test]
async fn guessing_has_to_wait() {
    let stage = Stage::start().await;
    let browser = stage.browser();
    browser.get(DOOR).await;
    for identifier in ["tm-1042", "inconnu"] {
        for _ in 0..10 {
            assert_eq!(
                browser.post(DOOR, &[("identifiant", identifier), ("mot_de_passe", "faux")]).await.status,
                422
            );
        }
        let page =
            browser.post(DOOR, &[("identifiant", identifier), ("mot_de_passe", "passe-ancienne")]).await;
        assert_eq!(page.status, 429);
        page.says("Trop d’essais");
    }
    assert!(
        browser
            .post(DOOR, &[("identifiant", "tm-7"), ("mot_de_passe", "seul")])
            .await
            .status
            .is_redirection()
    );
    stage.clock.advance(15 * 60);
    let page = browser.post(DOOR, &[("identifiant", "tm-1042"), ("mot_de_passe", "passe-ancienne")]).await;
    assert!(page.status.is_redirection());
}

#[tokio::test]
async fn the_form_must_be_ours() {
    let stage = Stage::start().await;
    let fields = [("identifiant", "tm-1042"), ("mot_de_passe", "passe-ancienne")];
    assert_eq!(stage.browser().post_bare(DOOR, &fields).await.status, 403);
    let other = stage.browser();
    let csrf = other.get(DOOR).await.csrf();
    let browser = stage.browser();
    browser.get(DOOR).await;
    let page = browser.post_bare(DOOR, &[("csrf", &csrf), fields[0], fields[1]]).await;
    assert_eq!(page.status, 403);
    page.says("Le formulaire n’est plus valable");
    page.does_not_say("passe-ancienne");
}

#[tokio::test]
async fn a_silent_provider_is_said_here_too() {
    let stage = Stage::start().await;
    stage.provider.script().down = true;
    let browser = stage.browser();
    browser.get(DOOR).await;
    let page = browser.post(DOOR, &[("identifiant", "tm-1042"), ("mot_de_passe", "passe-ancienne")]).await;
    assert_eq!(page.status, 503);
}
