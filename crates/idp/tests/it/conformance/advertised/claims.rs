use std::collections::BTreeSet;

use oidc::client::SubjectType;
use serde_json::{Map, Value, json};
use testbed::{Bed, Database, OnDatabase, apply, both};

use super::{advertised, basic};
use crate::conformance::{
    checks::claims::SCOPES,
    op::{FIRST, SECOND},
    suite::Suite,
};

/// OIDC Core §5.4, §11; RFC 6749 §3.3: each is granted, and what is not known is left out of what is granted. What each opens is in the
/// `oidcc-scope-` modules.
#[apply(both!)]
#[tokio::test]
async fn scopes_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let scopes = advertised(&suite, "scopes_supported").await;
    let asked = suite.request().with("scope", &format!("{} unheard-of", scopes.join(" ")));
    let tokens = suite.happy(asked).await;
    assert_eq!(tokens.answer["scope"], scopes.join(" "));
    for (scope, _) in SCOPES {
        assert!(scopes.iter().any(|s| s == scope), "{scope}");
    }
}

/// Asks for everything that there is: scopes, a nonce, a level.
async fn everything(suite: &mut Suite) -> (Map<String, Value>, Map<String, Value>) {
    let scopes = advertised(suite, "scopes_supported").await.join(" ");
    let levels = advertised(suite, "acr_values_supported").await.join(" ");
    let asked = suite.request().with("scope", &scopes).with("acr_values", &levels);
    let code = suite.authorize(asked).await;
    let tokens = suite.redeem(&code).await;
    let told = suite.userinfo(&tokens).await;
    (tokens.claims, told)
}

/// OIDC Discovery §3 claims_supported: each can be had, and what can be had is there.
#[apply(both!)]
#[tokio::test]
async fn claims_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let supported: BTreeSet<String> = advertised(&suite, "claims_supported").await.into_iter().collect();
    let (id_token, userinfo) = everything(&mut suite).await;
    let told: BTreeSet<String> = id_token.keys().chain(userinfo.keys()).cloned().collect();
    assert_eq!(told, supported);
}

/// OIDC Core §5.5 claims_parameter_supported: every claim about the person, where it was asked for and nowhere else; also one that nobody
/// has heard of. The checks of ID token and userinfo see to "nowhere else".
#[apply(both!)]
#[tokio::test]
async fn claims_parameter_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    assert_eq!(suite.document().await["claims_parameter_supported"], true);
    let names: Vec<&str> = SCOPES.iter().flat_map(|(_, names)| *names).copied().collect();
    let supported = advertised(&suite, "claims_supported").await;
    assert!(names.iter().all(|name| supported.iter().any(|s| s == name)));
    let wish = |names: &[&str]| -> Value {
        let each = |name: &&str| ((*name).to_owned(), json!({ "essential": true }));
        Value::Object(names.iter().map(each).chain([("shoe_size".to_owned(), Value::Null)]).collect())
    };
    let (here, there) = names.split_at(names.len() / 2);
    for (in_token, at_userinfo) in [(here, there), (there, here)] {
        suite.fresh_browser();
        let claims = json!({ "id_token": wish(in_token), "userinfo": wish(at_userinfo) }).to_string();
        let asked = suite.request().with("claims", &claims);
        let code = suite.authorize(asked).await;
        let tokens = suite.redeem(&code).await;
        for name in in_token {
            assert!(tokens.claims.contains_key(*name), "{name} is missing from the ID token");
        }
        assert!(!tokens.claims.contains_key("shoe_size"));
        assert!(tokens.claims.keys().all(|name| !at_userinfo.contains(&name.as_str())));
    }
}

/// OIDC Core §5.5.1.1: an essential `acr` is met, or the request fails; a voluntary one that cannot be met is not.
#[apply(both!)]
#[tokio::test]
async fn acr_values_supported(bed: Bed) {
    let mut suite = basic(bed).await;
    let levels = advertised(&suite, "acr_values_supported").await;
    for level in &levels {
        for claim in
            [json!({ "essential": true, "value": level }), json!({ "essential": true, "values": levels })]
        {
            let claims = json!({ "id_token": { "acr": claim } }).to_string();
            suite.fresh_browser();
            let code = suite.authorize(suite.request().with("claims", &claims)).await;
            let tokens = suite.redeem(&code).await;
            assert!(levels.iter().any(|l| tokens.claims["acr"] == *l), "{claims}");
        }
    }
    let unmet = |essential: bool| json!({ "id_token": { "acr": { "essential": essential, "value": "1" } } });
    let error = suite.refused(suite.request().with("claims", &unmet(true).to_string())).await;
    assert_eq!(error, "unmet_authentication_requirements");
    let tokens = suite.again(suite.request().with("claims", &unmet(false).to_string())).await;
    assert_ne!(tokens.claims.get("acr"), Some(&json!("1")), "a level that was not reached is not told");
}

/// OIDC Core §8: a pairwise client and a public one know the same person by two names; two of a kind at one agency by one (§8.1).
#[apply(both!)]
#[tokio::test]
async fn subject_types_supported(database: Database) {
    for (public, same) in [(&[][..], true), (&[FIRST.id][..], false), (&[FIRST.id, SECOND.id][..], true)] {
        let mut suite = basic(Bed::on(database).await).await;
        for kind in SubjectType::ALL {
            let listed = advertised(&suite, "subject_types_supported").await;
            assert!(listed.iter().any(|name| name == kind.as_str()));
        }
        // For good, before anybody signs in: a `sub` never changes (SECURITY I11).
        suite
            .op
            .change(|client| {
                if public.contains(&client.client_id.as_str()) {
                    client.subject_type = SubjectType::Public;
                }
            })
            .await;
        let first = suite.happy(suite.request()).await;
        let second = suite.again(suite.request_of(&SECOND)).await;
        assert_eq!(first.claims["sub"] == second.claims["sub"], same, "{public:?}");
    }
}
