//! The rules for a client's registration (OIDC Registration §2, RFC 8252, RFC 9700 §2.1). They run when an agency's file is loaded: a client
//! with an error never reaches the protocol.

use url::{Host, Url};

use crate::{
    client::{ApplicationType, AuthMethod, Client, GrantType, Pkce},
    jwt::Alg,
};

/// An error in a registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegistrationError {
    /// The metadata field.
    pub field: &'static str,
    /// The error, and its remedy.
    pub reason: String,
}

/// Checks all rules; the client may be used if the list is empty.
pub fn check(client: &Client) -> Vec<RegistrationError> {
    let mut errors = Vec::new();
    let mut report = |field, reason: String| errors.push(RegistrationError { field, reason });
    let id = &client.client_id;
    if id.is_empty()
        || id.len() > 100
        || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
    {
        report("client_id", "use up to 100 letters, digits and - . _ ~".into());
    }
    if client.redirect_uris.is_empty() {
        report("redirect_uris", "name at least one address".into());
    }
    for uri in &client.redirect_uris {
        if let Err(reason) = redirect_address(uri, client.application_type) {
            report("redirect_uris", format!("{}: {reason}", short(uri)));
        }
    }
    for uri in &client.post_logout_redirect_uris {
        if let Err(reason) = redirect_address(uri, client.application_type) {
            report("post_logout_redirect_uris", format!("{}: {reason}", short(uri)));
        }
    }
    for (field, uri) in [
        ("backchannel_logout_uri", &client.backchannel_logout_uri),
        ("frontchannel_logout_uri", &client.frontchannel_logout_uri),
        ("initiate_login_uri", &client.initiate_login_uri),
    ] {
        if let Some(Err(reason)) = uri.as_deref().map(|uri| redirect_address(uri, ApplicationType::Web)) {
            report(field, reason.into());
        }
    }
    for origin in &client.cors_origins {
        let exact = Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
        if !exact || redirect_address(origin, ApplicationType::Web).is_err() {
            let reason = "write an exact origin, such as https://app.example: no path, no slash at the end";
            report("cors_origins", format!("{}: {reason}", short(origin)));
        }
    }
    for resource in &client.resources {
        // An absolute URI without a fragment (RFC 8707 §2).
        let absolute = Url::parse(resource).is_ok() && resource.bytes().all(|b| b.is_ascii_graphic());
        if !absolute || resource.contains('#') || resource.len() > 2048 {
            let reason = "write an absolute URI without a fragment, such as https://api.agence.fr/";
            report("resources", format!("{}: {reason}", short(resource)));
        }
    }
    for (field, reason) in authentication(client) {
        report(field, reason.into());
    }
    if !client.scopes.contains("openid") {
        report("scope", "it must contain openid".into());
    }
    if let Some(unknown) = client.scopes.iter().find(|s| !crate::Scope::KNOWN.contains(s)) {
        report(
            "scope",
            format!("{} is not known: choose among {}", short(unknown), crate::Scope::KNOWN.join(", ")),
        );
    }
    if !client.may(GrantType::AuthorizationCode) {
        report("grant_types", "it must contain authorization_code".into());
    }
    if client.response_modes.is_empty() {
        report("response_modes", "name at least query".into());
    }
    for (field, alg) in [
        ("id_token_signed_response_alg", Some(client.id_token_signed_response_alg)),
        ("userinfo_signed_response_alg", client.userinfo_signed_response_alg),
    ] {
        if alg.is_some_and(|alg| !Alg::SIGNING.contains(&alg)) {
            report(field, "choose RS256, PS256, ES256 or EdDSA".into());
        }
    }
    errors
}

fn authentication(client: &Client) -> Vec<(&'static str, &'static str)> {
    let mut errors = Vec::new();
    let method = client.token_endpoint_auth_method;
    if client.jwks_uri.is_some() && !client.keys.is_empty() {
        errors.push(("jwks_uri", "give either jwks or jwks_uri, not both"));
    }
    if let Some(uri) = &client.jwks_uri {
        if method != AuthMethod::PrivateKeyJwt {
            errors.push(("jwks_uri", "is read for private_key_jwt only: set token_endpoint_auth_method"));
        }
        // The provider itself fetches this address, so even http to the local host would be an attack path (SECURITY D4).
        if !uri.starts_with("https://") {
            errors.push(("jwks_uri", "use https"));
        } else if let Err(reason) = redirect_address(uri, ApplicationType::Web) {
            errors.push(("jwks_uri", reason));
        }
    }
    let fits = match client.token_endpoint_auth_signing_alg {
        None => true,
        Some(Alg::HS256) => method == AuthMethod::SecretJwt,
        Some(alg) => method == AuthMethod::PrivateKeyJwt && client.keys.iter().all(|key| key.alg() == alg),
    };
    if !fits {
        let reason = "is HS256 for client_secret_jwt, and for private_key_jwt what the client's keys are for";
        errors.push(("token_endpoint_auth_signing_alg", reason));
    }
    match method {
        AuthMethod::SecretBasic | AuthMethod::SecretPost if client.secrets.is_empty() => {
            errors.push((
                "client_secret",
                "give the client a secret, or set token_endpoint_auth_method to none",
            ));
        }
        AuthMethod::SecretJwt if client.secrets.iter().all(|secret| secret.key.is_none()) => {
            errors
                .push(("client_secret", "client_secret_jwt needs the secret itself, in client_secret_file"));
        }
        AuthMethod::PrivateKeyJwt if client.keys.is_empty() && client.jwks_uri.is_none() => {
            errors.push(("jwks", "give the client's public keys, in jwks or by jwks_uri"));
        }
        AuthMethod::None if !client.secrets.is_empty() => {
            errors
                .push(("token_endpoint_auth_method", "a public client has no secret: remove one of the two"));
        }
        AuthMethod::None if client.pkce == Pkce::Exempt => {
            errors.push(("pkce", "a public client cannot be exempted from PKCE"));
        }
        _ => {}
    }
    errors
}

/// Checks an address to which a browser may be redirected.
fn redirect_address(uri: &str, application: ApplicationType) -> Result<(), &'static str> {
    if uri.len() > 2048 {
        return Err("is longer than 2048 characters");
    }
    if !uri.bytes().all(|b| b.is_ascii_graphic()) || uri.contains(['\\', '"', '<', '>']) {
        return Err("write it in printable ASCII without spaces, backslashes and quotes");
    }
    if uri.contains('*') {
        return Err("wildcards are not possible: write each address out");
    }
    if uri.contains('#') {
        return Err("remove the fragment");
    }
    let parsed =
        Url::parse(uri).map_err(|_| "write an absolute address, such as https://portal.example/callback")?;
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err("remove the user name");
    }
    match parsed.scheme() {
        "https" if parsed.host().is_some() => Ok(()),
        "http" if parsed.host().is_some_and(is_loopback) => Ok(()),
        "http" => Err("use https; http is for localhost only"),
        // A reversed domain name that the app's maker owns (RFC 8252 §7.1).
        scheme if application == ApplicationType::Native && scheme.contains('.') => Ok(()),
        _ => Err("use https"),
    }
}

fn is_loopback(host: Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Client {
        let mut client = Client::new("rp", "tilleuls");
        client.redirect_uris = vec!["https://rp.example/cb".into()];
        client.secrets = vec![crate::client::Secret::hashed("x")];
        client
    }

    fn fields(client: &Client) -> Vec<&'static str> {
        check(client).into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn an_ordinary_client_has_no_problem() {
        assert_eq!(check(&fine()), []);
    }

    #[test]
    fn addresses_are_checked() {
        let of = |uri: &str, application_type| {
            check(&Client { redirect_uris: vec![uri.into()], application_type, ..fine() }).is_empty()
        };
        for uri in [
            "https://rp.example/cb?x=1",
            "http://localhost:8081/cb",
            "http://127.0.0.1:1/cb",
            "http://[::1]/cb",
        ] {
            assert!(of(uri, ApplicationType::Web), "{uri}");
        }
        for uri in [
            "http://rp.example/cb",
            "https://rp.example/cb#x",
            "https://*.rp.example/cb",
            "https://rp.example/*",
            "/cb",
            "https://u@rp.example/",
            "https://rp.example/a b",
            "javascript:alert(1)",
            "data:text/html,x",
            "com.example:/cb",
            "https://rp.example\\cb",
            "https://é.example/",
            "http://localhost.evil.example/",
            "",
        ] {
            assert!(!of(uri, ApplicationType::Web), "{uri}");
        }
        assert!(of("com.example.app:/cb", ApplicationType::Native));
        assert!(!of("javascript:alert(1)", ApplicationType::Native));
    }

    /// SECURITY #16
    #[test]
    fn only_exact_origins_may_read_answers() {
        let of = |origin: &str| fields(&Client { cors_origins: vec![origin.into()], ..fine() });
        for origin in ["https://app.example", "https://app.example:8443", "http://localhost:3000"] {
            assert_eq!(of(origin), [""; 0], "{origin}");
        }
        for origin in [
            "*",
            "null",
            "",
            "https://app.example/",
            "https://app.example/x",
            "https://APP.example",
            "https://app.example:443",
            "https://*.example",
            "https://u@app.example",
            "http://app.example",
            "app.example",
            "com.example.app:",
        ] {
            assert_eq!(of(origin), ["cors_origins"], "{origin}");
        }
    }

    #[test]
    fn each_field_is_named() {
        assert_eq!(fields(&Client { client_id: "a b".into(), ..fine() }), ["client_id"]);
        assert_eq!(fields(&Client { redirect_uris: vec![], ..fine() }), ["redirect_uris"]);
        assert_eq!(fields(&Client { secrets: vec![], ..fine() }), ["client_secret"]);
        assert_eq!(
            fields(&Client { token_endpoint_auth_method: AuthMethod::None, ..fine() }),
            ["token_endpoint_auth_method"]
        );
        let public = Client { token_endpoint_auth_method: AuthMethod::None, secrets: vec![], ..fine() };
        assert_eq!(fields(&public), [""; 0]);
        assert_eq!(fields(&Client { pkce: Pkce::Exempt, ..public }), ["pkce"]);
        assert_eq!(
            fields(&Client { token_endpoint_auth_method: AuthMethod::PrivateKeyJwt, ..fine() }),
            ["jwks"]
        );
        assert_eq!(
            fields(&Client { token_endpoint_auth_method: AuthMethod::SecretJwt, ..fine() }),
            ["client_secret"],
            "a hash checks no signature"
        );
        let keyed = |uri: &str| Client {
            token_endpoint_auth_method: AuthMethod::PrivateKeyJwt,
            jwks_uri: Some(uri.into()),
            secrets: vec![],
            ..fine()
        };
        assert_eq!(fields(&keyed("https://rp.example/jwks")), [""; 0]);
        for uri in
            ["http://rp.example/jwks", "http://localhost/jwks", "file:///etc/passwd", "https://u@rp.example/"]
        {
            assert_eq!(fields(&keyed(uri)), ["jwks_uri"], "{uri}");
        }
        assert_eq!(
            fields(&Client { jwks_uri: Some("https://rp.example/jwks".into()), ..fine() }),
            ["jwks_uri"],
            "without private_key_jwt nothing would read it"
        );
        let hmac = Client { token_endpoint_auth_signing_alg: Some(Alg::HS256), ..fine() };
        assert_eq!(fields(&hmac), ["token_endpoint_auth_signing_alg"]);
        for resource in ["https://api.example/#x", "api", "", "https://api.example/ x"] {
            assert_eq!(
                fields(&Client { resources: vec![resource.into()], ..fine() }),
                ["resources"],
                "{resource}"
            );
        }
        for resource in ["https://api.example/", "urn:agence:api", "http://10.0.0.1:8000/api?x=1"] {
            assert_eq!(fields(&Client { resources: vec![resource.into()], ..fine() }), [""; 0], "{resource}");
        }
        assert_eq!(fields(&Client { scopes: ["email"].into_iter().collect(), ..fine() }), ["scope"]);
        assert_eq!(fields(&Client { grant_types: vec![], ..fine() }), ["grant_types"]);
        assert_eq!(fields(&Client { response_modes: vec![], ..fine() }), ["response_modes"]);
        let hmac = Client { id_token_signed_response_alg: Alg::HS256, ..fine() };
        assert_eq!(fields(&hmac), ["id_token_signed_response_alg"]);
        let http = Client { backchannel_logout_uri: Some("http://rp.example/".into()), ..fine() };
        assert_eq!(fields(&http), ["backchannel_logout_uri"]);
    }
}
