//! The metadata document (OIDC Discovery §3, RFC 8414 §2, OIDC Back-Channel Logout §2.1, OIDC Front-Channel Logout §3, RFC 9207 §3). It names only what is
//! supported.

use serde_json::{Value, json};

use crate::{
    Scope,
    acr::Acr,
    claims,
    client::{AuthMethod, GrantType, ResponseMode, SubjectType},
    jwt::Alg,
    pkce,
};

/// Paths of the endpoints, relative to the issuer.
pub mod path {
    /// Authorization endpoint.
    pub const AUTHORIZE: &str = "/authorize";
    /// Token endpoint.
    pub const TOKEN: &str = "/token";
    /// Userinfo endpoint.
    pub const USERINFO: &str = "/userinfo";
    /// JSON Web Key Set.
    pub const JWKS: &str = "/jwks";
    /// RP-initiated logout.
    pub const END_SESSION: &str = "/end-session";
    /// RFC 7662
    pub const INTROSPECT: &str = "/introspect";
    /// RFC 7009
    pub const REVOKE: &str = "/revoke";
}

/// Returns the document. Clients compare `issuer` byte for byte, so it stays as written in the configuration.
pub fn metadata(issuer: &str, algs: &[Alg], ui_locales: &[&str]) -> Value {
    let at = |path: &str| format!("{}{path}", issuer.trim_end_matches('/'));
    let algs: Vec<_> = algs.iter().map(|a| a.as_str()).collect();
    let methods: Vec<_> = AuthMethod::ALL.iter().map(|m| m.as_str()).collect();
    let confidential: Vec<_> = methods.iter().filter(|m| **m != "none").collect();
    let assertion_algs: Vec<_> = Alg::SIGNING.iter().chain(&[Alg::HS256]).map(|a| a.as_str()).collect();
    let modes: Vec<_> = ResponseMode::ALL.iter().map(|m| m.as_str()).collect();
    let mut names = vec![
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "acr",
        "at_hash",
        "azp",
        "sid",
        claims::CLIENT_REFS,
    ];
    names.extend(claims::BY_SCOPE.iter().flat_map(|(_, names)| names.iter()));
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(path::AUTHORIZE),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "jwks_uri": at(path::JWKS),
        "end_session_endpoint": at(path::END_SESSION),
        "introspection_endpoint": at(path::INTROSPECT),
        "revocation_endpoint": at(path::REVOKE),
        "scopes_supported": Scope::KNOWN,
        "response_types_supported": ["code"],
        "response_modes_supported": modes,
        "grant_types_supported": GrantType::ALL.iter().map(|g| g.as_str()).collect::<Vec<_>>(),
        "subject_types_supported": SubjectType::ALL.iter().map(|t| t.as_str()).collect::<Vec<_>>(),
        "id_token_signing_alg_values_supported": algs,
        "userinfo_signing_alg_values_supported": algs,
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": assertion_algs,
        "code_challenge_methods_supported": [pkce::METHOD],
        "acr_values_supported": Acr::ALL.iter().map(|a| a.as_str()).collect::<Vec<_>>(),
        "claim_types_supported": ["normal"],
        "claims_supported": names,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "ui_locales_supported": ui_locales,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PROTOCOL 4.1
    #[test]
    fn the_document_says_what_works() {
        let document = metadata("https://op.example", &[Alg::RS256], &["fr", "en"]);
        assert_eq!(document["issuer"], "https://op.example");
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with("https://op.example/"), "{name}");
            }
            if let Some(list) = value.as_array() {
                assert!(!list.is_empty(), "{name}");
                let texts: std::collections::BTreeSet<_> = list.iter().map(|v| v.as_str().unwrap()).collect();
                assert_eq!(texts.len(), list.len(), "{name}");
            }
            assert!(!value.is_null(), "{name}");
        }
        for (name, value) in [
            ("id_token_signing_alg_values_supported", "RS256"),
            ("scopes_supported", "openid"),
            ("grant_types_supported", "refresh_token"),
            ("code_challenge_methods_supported", "S256"),
        ] {
            assert!(document[name].as_array().unwrap().contains(&json!(value)), "{name}");
        }
        // RFC 8414 §2: required if a method uses signatures.
        for endpoint in ["token", "introspection", "revocation"] {
            let algs = &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
            assert!(algs.as_array().unwrap().contains(&json!("RS256")), "{endpoint}");
        }
        assert!(document["claims_supported"].as_array().unwrap().contains(&json!("acr")));
        // SECURITY #8: the document names nothing that is not implemented.
        assert_eq!(document["grant_types_supported"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert!(
            !document["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&json!("none"))
        );
        assert_eq!(document["request_uri_parameter_supported"], false);
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    }
}
