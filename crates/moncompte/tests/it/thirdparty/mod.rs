//! Clients that others wrote: given the issuer and their own registration, they sign a person in, refresh, read userinfo and
//! sign out (SPEC J13).
//!
//! The scripts beside this file are the portals. Each prints `open <address>` to send the browser somewhere, reads the address where the
//! browser ended, and prints what it has `learnt` at the end. The person at the browser is the [`Person`] of all tests.

mod apache;
mod pgbouncer;

use std::fs;

use serde_json::{Value, json};
use testbed::{Bed, apply, both};

use crate::{
    node,
    person::{Person, Persona},
    place::{CALLBACK, CLIENT_SECRET, MAIL_FOLDER, Place, Running},
    python,
};

/// The portal's `post_logout_redirect_uri` in every place.
const BYE: &str = "https://espace.exemple.test/bye";

#[apply(both!)]
#[tokio::test]
async fn authlib_signs_in_refreshes_and_signs_out(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let mut portal = python::script("thirdparty/authlib_portal.py");
    portal.args([&place.issuer(), "exemple", CALLBACK, CLIENT_SECRET]);
    let (_provider, mover) = opened(&place).await;
    let learnt = visit(&place, &mover, Running::start(portal)).await;
    judge(&learnt, &place, "exemple", &mover);
}

#[apply(both!)]
#[tokio::test]
async fn openid_client_signs_in_refreshes_and_signs_out(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let Some(mut portal) = node::portal(&place, "openid_client.mjs") else { return };
    let proof = "token_endpoint_auth_method = \"client_secret_post\"\n\
                     client_secret_file = \"secrets/exemple.client\"";
    register(&place, "node", CALLBACK, BYE, proof);
    portal.args([&place.issuer(), "node", CALLBACK, CLIENT_SECRET]);
    let (_provider, mover) = opened(&place).await;
    let learnt = visit(&place, &mover, Running::start(portal)).await;
    judge(&learnt, &place, "node", &mover);
}

#[apply(both!)]
#[tokio::test]
async fn oauth4webapi_signs_in_by_its_own_key_refreshes_and_signs_out(bed: Bed) {
    let place = Place::new(bed, MAIL_FOLDER);
    let Some(mut portal) = node::portal(&place, "oauth4webapi.mjs") else { return };
    portal.args([&place.issuer(), "node", CALLBACK]);
    let mut portal = Running::start(portal);
    let line = portal.line(0).await;
    let jwk: toml::Table = serde_json::from_str(line.strip_prefix("key ").expect(&line)).unwrap();
    let keys = toml::Value::Array(vec![jwk.into()]);
    let proof = format!("token_endpoint_auth_method = \"private_key_jwt\"\njwks = {keys}");
    register(&place, "node", CALLBACK, BYE, &proof);
    let (_provider, mover) = opened(&place).await;
    portal.tell("registered");
    let learnt = visit(&place, &mover, portal).await;
    judge(&learnt, &place, "node", &mover);
}

/// Registers one more client of the agency, beside the one of every place.
fn register(place: &Place, client_id: &str, callback: &str, bye: &str, more: &str) {
    let file = place.path("agencies/exemple.toml");
    let text = fs::read_to_string(&file).unwrap();
    let section = format!(
        "\n[[portal]]\nclient_id = \"{client_id}\"\nredirect_uris = [\"{callback}\"]\n\
         post_logout_redirect_uris = [\"{bye}\"]\n\
         scopes = [\"openid\", \"profile\", \"email\", \"offline_access\"]\n{more}\n"
    );
    fs::write(file, text + &section).unwrap();
}

/// Runs the provider, and moves somebody to it.
async fn opened(place: &Place) -> (Running, Persona) {
    let mover = Persona::number(1);
    place.people([mover.row()]);
    let provider = place.serve().await;
    Person::new(&place.issuer()).moves(&mover, place).await;
    (provider, mover)
}

/// Runs the script with a browser whose person is not signed in yet; returns what it has learnt.
async fn visit(place: &Place, who: &Persona, mut portal: Running) -> Value {
    let person = Person::new(&place.issuer());
    for nth in 0.. {
        let line = portal.line(nth).await;
        match line.split_once(' ') {
            Some(("open", address)) => {
                let page = person.sent_to(address, who).await;
                portal.tell(page.address().as_str());
            }
            Some(("learnt", all)) => return serde_json::from_str(all).unwrap(),
            // Other output, or a warning of the interpreter.
            _ => {}
        }
    }
    unreachable!("a script that has ended is a panic")
}

fn judge(learnt: &Value, place: &Place, client_id: &str, mover: &Persona) {
    let (claims, userinfo, refreshed) = (&learnt["claims"], &learnt["userinfo"], &learnt["refreshed"]);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(place.issuer()), &json!(client_id)));
    assert_eq!((&userinfo["email"], &userinfo["email_verified"]), (&json!(mover.email), &json!(true)));
    assert_eq!(userinfo["client_refs"], json!([format!("REF-{}", mover.identifier)]));
    // Neither the address nor the old identifier.
    let sub = claims["sub"].as_str().unwrap();
    assert!(!sub.contains(&mover.identifier) && !sub.contains('@') && sub.len() >= 16, "{sub}");
    assert_eq!(userinfo["sub"], sub);
    // OIDC Core §12.2: another token, the same person and the same sign-in.
    assert_eq!((&refreshed["rotated"], &refreshed["userinfo"]), (&json!(true), userinfo));
    for name in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert!(!claims[name].is_null(), "{name}");
        assert_eq!(refreshed["claims"][name], claims[name], "{name}");
    }
    // SECURITY D16: a refresh that is sent twice gives one child.
    assert_eq!(learnt["sent_twice"], true);
    // RFC 9700 §4.14.2: reuse of a refresh token revokes its family; RFC 6749 §4.1.2: reuse of a code revokes its tokens.
    assert_eq!(
        (&learnt["old_refresh_token"], &learnt["its_family"]),
        (&json!("invalid_grant"), &json!("invalid_grant"))
    );
    assert_eq!(
        (&learnt["code_again"], &learnt["its_tokens"]),
        (&json!("invalid_grant"), &json!("invalid_token"))
    );
    assert_eq!(learnt["farewell"], format!("{BYE}?state=farewell"));
    assert_eq!(learnt["silently"], "login_required");
}
