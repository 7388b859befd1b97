//! The module of oidcc-config (PROTOCOL 4.1). `advertised` tests that each advertised value works.

use std::collections::BTreeSet;

use http::Method;
use serde_json::Value;
use url::Url;

use super::{
    checks::{claims::language, keys},
    op::ISSUER,
    suite::Suite,
};

/// The type of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// An https address below the issuer.
    Endpoint,
    /// An https address anywhere.
    Address,
    /// A list of different texts, never empty.
    Texts,
    /// true or false.
    Flag,
    /// An object.
    Object,
    /// The issuer itself.
    Issuer,
}

use Kind::{Address, Endpoint, Flag, Issuer, Object, Texts};

/// Every member that a reader may know: OIDC Discovery §3, RFC 8414 §2, RFC 8628 §4, RFC 8705 §3.3 and §5, RFC 9101 §10.5, RFC 9126 §5, RFC 9207 §3,
/// RFC 9396 §10, RFC 9449 §5.1, RFC 9701 §7, RFC 9728 §4, JARM §4, RP-Initiated Logout §2.1, Back-Channel Logout §2.1, Front-Channel
/// Logout §3, Session Management §3.3, Initiating User Registration §6.
const KNOWN: &[(&str, Kind)] = &[
    ("issuer", Issuer),
    ("authorization_endpoint", Endpoint),
    ("token_endpoint", Endpoint),
    ("userinfo_endpoint", Endpoint),
    ("jwks_uri", Endpoint),
    ("registration_endpoint", Endpoint),
    ("introspection_endpoint", Endpoint),
    ("revocation_endpoint", Endpoint),
    ("end_session_endpoint", Endpoint),
    ("check_session_iframe", Endpoint),
    ("device_authorization_endpoint", Endpoint),
    ("pushed_authorization_request_endpoint", Endpoint),
    ("scopes_supported", Texts),
    ("response_types_supported", Texts),
    ("response_modes_supported", Texts),
    ("grant_types_supported", Texts),
    ("acr_values_supported", Texts),
    ("subject_types_supported", Texts),
    ("id_token_signing_alg_values_supported", Texts),
    ("id_token_encryption_alg_values_supported", Texts),
    ("id_token_encryption_enc_values_supported", Texts),
    ("userinfo_signing_alg_values_supported", Texts),
    ("userinfo_encryption_alg_values_supported", Texts),
    ("userinfo_encryption_enc_values_supported", Texts),
    ("request_object_signing_alg_values_supported", Texts),
    ("request_object_encryption_alg_values_supported", Texts),
    ("request_object_encryption_enc_values_supported", Texts),
    ("token_endpoint_auth_methods_supported", Texts),
    ("token_endpoint_auth_signing_alg_values_supported", Texts),
    ("introspection_endpoint_auth_methods_supported", Texts),
    ("introspection_endpoint_auth_signing_alg_values_supported", Texts),
    ("revocation_endpoint_auth_methods_supported", Texts),
    ("revocation_endpoint_auth_signing_alg_values_supported", Texts),
    ("introspection_signing_alg_values_supported", Texts),
    ("introspection_encryption_alg_values_supported", Texts),
    ("introspection_encryption_enc_values_supported", Texts),
    ("authorization_signing_alg_values_supported", Texts),
    ("authorization_encryption_alg_values_supported", Texts),
    ("authorization_encryption_enc_values_supported", Texts),
    ("dpop_signing_alg_values_supported", Texts),
    ("code_challenge_methods_supported", Texts),
    ("authorization_details_types_supported", Texts),
    ("protected_resources", Texts),
    ("prompt_values_supported", Texts),
    ("display_values_supported", Texts),
    ("claim_types_supported", Texts),
    ("claims_supported", Texts),
    ("claims_locales_supported", Texts),
    ("ui_locales_supported", Texts),
    ("service_documentation", Address),
    ("op_policy_uri", Address),
    ("op_tos_uri", Address),
    ("claims_parameter_supported", Flag),
    ("request_parameter_supported", Flag),
    ("request_uri_parameter_supported", Flag),
    ("require_request_uri_registration", Flag),
    ("require_pushed_authorization_requests", Flag),
    ("require_signed_request_object", Flag),
    ("authorization_response_iss_parameter_supported", Flag),
    ("tls_client_certificate_bound_access_tokens", Flag),
    ("backchannel_logout_supported", Flag),
    ("backchannel_logout_session_supported", Flag),
    ("frontchannel_logout_supported", Flag),
    ("frontchannel_logout_session_supported", Flag),
    ("mtls_endpoint_aliases", Object),
];

/// Required members: OIDC Discovery §3 REQUIRED and RECOMMENDED, and those whose absence the plans warn about.
const WANTED: &[&str] = &[
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "scopes_supported",
    "response_types_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "claims_supported",
    "token_endpoint_auth_methods_supported",
    "code_challenge_methods_supported",
];

pub async fn oidcc_discovery_endpoint_verification(suite: &mut Suite) {
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let reply = suite.call(Method::GET, path, None, &[]).await;
        assert_eq!(reply.status, 200);
        let document = reply.json();
        well_formed(&document);
        values(&document);
        assert_eq!(document, suite.document().await, "one document, whichever address (RFC 8414 §5)");
    }
    let reply = suite.call(Method::GET, "/jwks", None, &[]).await;
    assert_eq!(reply.status, 200);
    keys::check(&reply.json());
}

/// Types, and nothing that readers do not know (`ValidateServerMetadataAgainstSchema`, `CheckForUnexpectedParametersInServerMetadata`).
fn well_formed(document: &Value) {
    for name in WANTED {
        assert!(document.get(name).is_some(), "{name} is missing");
    }
    for (name, value) in document.as_object().unwrap() {
        let kind = KNOWN.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        match kind.unwrap_or_else(|| panic!("{name} is not registered anywhere")) {
            Endpoint => {
                let uri = value.as_str().unwrap_or_else(|| panic!("{name}: {value}"));
                address(name, uri);
                assert!(uri.starts_with(&format!("{ISSUER}/")), "{name}: {uri}");
            }
            Address => address(name, value.as_str().unwrap_or_else(|| panic!("{name}: {value}"))),
            Texts => {
                let texts = texts(document, name);
                assert!(!texts.is_empty(), "{name} is empty");
                assert_eq!(
                    texts.iter().collect::<BTreeSet<_>>().len(),
                    texts.len(),
                    "{name}: one is there twice"
                );
            }
            Flag => assert!(value.is_boolean(), "{name}: {value}"),
            Object => assert!(value.is_object(), "{name}: {value}"),
            Issuer => {
                // §3, §4.3: an https address without query and fragment, the prefix of where the document lies, byte for byte.
                assert_eq!(value, ISSUER);
                address(name, ISSUER);
                assert!(!ISSUER.contains(['?', '#']));
            }
        }
    }
}

fn address(name: &str, uri: &str) {
    let parsed = Url::parse(uri).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(parsed.scheme() == "https" && parsed.fragment().is_none(), "{name}: {uri}");
}

/// The texts of a list.
#[track_caller]
pub fn texts(document: &Value, name: &str) -> Vec<String> {
    let list = document[name].as_array().unwrap_or_else(|| panic!("{name}: {}", document[name]));
    list.iter().map(|v| v.as_str().unwrap_or_else(|| panic!("{name}: {v}")).to_owned()).collect()
}

/// Values that the lists must and must not hold.
fn values(document: &Value) {
    let list = |name: &str| texts(document, name);
    let holds = |name: &str, value: &str| assert!(list(name).iter().any(|v| v == value), "{name}: {value}");
    holds("response_types_supported", "code");
    holds("grant_types_supported", "authorization_code");
    holds("id_token_signing_alg_values_supported", "RS256");
    holds("userinfo_signing_alg_values_supported", "RS256");
    holds("token_endpoint_auth_methods_supported", "client_secret_basic");
    holds("token_endpoint_auth_methods_supported", "client_secret_post");
    holds("scopes_supported", "openid");
    holds("scopes_supported", "offline_access");
    holds("code_challenge_methods_supported", "S256");
    assert!(list("subject_types_supported").iter().all(|t| matches!(t.as_str(), "public" | "pairwise")));
    for scope in list("scopes_supported") {
        assert!(
            scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)),
            "RFC 6749 §3.3: {scope}"
        );
    }
    for name in ["ui_locales_supported", "claims_locales_supported"] {
        if document.get(name).is_some() {
            list(name).iter().for_each(|tag| language(tag));
        }
    }
    // No `none`, and RS256 wherever algorithms are listed (PROTOCOL pitfall 3).
    let algs = document.as_object().unwrap().keys().filter(|n| n.ends_with("signing_alg_values_supported"));
    for name in algs {
        assert!(!list(name).iter().any(|alg| alg == "none"), "{name}");
        holds(name, "RS256");
    }
    // RFC 8414 §2: where a method signs, there MUST be the list of what it may sign with.
    for endpoint in ["token", "introspection", "revocation"] {
        let methods = list(&format!("{endpoint}_endpoint_auth_methods_supported"));
        if methods.iter().any(|method| method.ends_with("_jwt")) {
            holds(&format!("{endpoint}_endpoint_auth_signing_alg_values_supported"), "RS256");
        }
    }
    // Absent, the last of these means true (OIDC Discovery §3). No object is processed: none may be promised.
    for name in ["request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(document[name], false, "{name}");
    }
    assert_eq!(document["authorization_response_iss_parameter_supported"], true, "RFC 9207 §3");
}
