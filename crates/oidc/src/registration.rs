//! What a client's registration may say (RFC 7591 §2, OIDC Registration §2, RFC 9700 §2.1, SECURITY #100). The agency's file and, later,
//! dynamic registration ask the same function.

use url::{Host, Url};

use crate::{
    client::{ApplicationType, AuthMethod, Client, GrantType, Pkce, SubjectType},
    jwt::Alg,
};

/// One thing that is wrong, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// The field of [`Client`], named as in its registration, e.g. `redirect_uris`.
    pub field: &'static str,
    /// One sentence for whoever writes the file.
    pub mend: String,
}

fn problem(field: &'static str, mend: impl Into<String>) -> Problem {
    Problem { field, mend: mend.into() }
}

/// Everything that is wrong with a registration; empty when it may be used.
pub fn check(client: &Client) -> Vec<Problem> {
    let mut found = Vec::new();
    if client.client_id.is_empty() || client.client_id.len() > 128 || !client.client_id.bytes().all(is_id_byte) {
        found.push(problem("client_id", "give it 1 to 128 letters, digits, '-', '_', '.' or '~'"));
    }
    if client.redirect_uris.is_empty() {
        found.push(problem("redirect_uris", "name at least one address to which people are sent back"));
    }
    for (field, list) in
        [("redirect_uris", &client.redirect_uris), ("post_logout_redirect_uris", &client.post_logout_redirect_uris)]
    {
        found.extend(list.iter().filter_map(|uri| redirect_problem(uri, client.application_type)).map(|m| problem(field, m)));
        for (i, uri) in list.iter().enumerate() {
            if list[..i].contains(uri) {
                found.push(problem(field, format!("{uri} is there twice: name it once")));
            }
        }
    }
    for (field, uri) in [
        ("backchannel_logout_uri", &client.backchannel_logout_uri),
        ("frontchannel_logout_uri", &client.frontchannel_logout_uri),
        ("initiate_login_uri", &client.initiate_login_uri),
    ] {
        found.extend(uri.as_deref().and_then(web_problem).map(|m| problem(field, m)));
    }
    found.extend(authentication(client));
    if !client.scopes.contains("openid") {
        found.push(problem("scopes", "add openid: without it nobody can sign in"));
    }
    if !client.may(GrantType::AuthorizationCode) {
        found.push(problem("grant_types", "add authorization_code: without it nobody can sign in"));
    }
    if client.response_modes.is_empty() {
        found.push(problem("response_modes", "name at least one of query, fragment, form_post"));
    }
    if client.subject_type == SubjectType::Pairwise && client.sector.is_empty() {
        found.push(problem("sector", "name the sector, or leave the key out"));
    }
    if client.default_max_age.is_some_and(|age| age < 0) {
        found.push(problem("default_max_age", "give it in seconds, 0 or more"));
    }
    found
}

fn is_id_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.~".contains(&b)
}

/// How the client proves itself, and that it can (SECURITY #5, #25, #100).
fn authentication(client: &Client) -> Vec<Problem> {
    let mut found = Vec::new();
    let has_secret = !client.secret_hashes.is_empty();
    match client.token_endpoint_auth_method {
        AuthMethod::None => {
            if has_secret || !client.keys.is_empty() {
                found.push(problem(
                    "token_endpoint_auth_method",
                    "a public client has no secret and no key: take them out, or name the method that uses them",
                ));
            }
            if client.pkce == Pkce::Exempt {
                found.push(problem("pkce", "a public client cannot do without PKCE: take the exemption out"));
            }
        }
        AuthMethod::SecretBasic | AuthMethod::SecretPost if !has_secret => {
            found.push(problem("client_secret", "give it a secret of at least 32 random characters, or its hash"));
        }
        AuthMethod::PrivateKeyJwt if client.keys.is_empty() => {
            found.push(problem("jwks", "give at least one public key for private_key_jwt"));
        }
        AuthMethod::SecretBasic | AuthMethod::SecretPost | AuthMethod::PrivateKeyJwt => {}
    }
    if client.keys.iter().any(|key| key.alg() == Alg::HS256) {
        found.push(problem("jwks", "only public keys may be there"));
    }
    for (field, alg) in [
        ("id_token_signed_response_alg", Some(client.id_token_signed_response_alg)),
        ("userinfo_signed_response_alg", client.userinfo_signed_response_alg),
    ] {
        if alg.is_some_and(|alg| !Alg::SIGNING.contains(&alg)) {
            found.push(problem(field, "choose one of RS256, PS256, ES256, EdDSA"));
        }
    }
    found
}

/// What is wrong with an address to which people are sent; it must be written exactly as it will be compared.
pub fn redirect_problem(uri: &str, kind: ApplicationType) -> Option<String> {
    if let Some(mend) = syntax_problem(uri) {
        return Some(mend);
    }
    let url = Url::parse(uri).ok()?;
    match (url.scheme(), kind) {
        ("https", _) => web_problem(uri),
        ("http", _) if is_loopback(&url) => None,
        ("http", _) => Some(format!("{uri}: use https (http is for localhost, 127.0.0.1 and [::1] only)")),
        // RFC 8252 §7.1: a reversed domain name, so that no other program claims it; this also keeps javascript: and data: out.
        (scheme, ApplicationType::Native) if scheme.contains('.') => None,
        _ => Some(format!("{uri}: begin it with https://")),
    }
}

/// What is wrong with an address that a browser or this provider calls.
fn web_problem(uri: &str) -> Option<String> {
    if let Some(mend) = syntax_problem(uri) {
        return Some(mend);
    }
    let url = Url::parse(uri).ok()?;
    if !(url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url))) {
        return Some(format!("{uri}: use https (http is for localhost, 127.0.0.1 and [::1] only)"));
    }
    // Browsers will call the normal form: if it is another text, one of the two is a mistake (or a trick).
    let bare_host = uri.splitn(4, '/').nth(3).is_none() && url.as_str().strip_suffix('/') == Some(uri);
    (url.as_str() != uri && !bare_host).then(|| format!("{uri}: write it as {url}"))
}

fn syntax_problem(uri: &str) -> Option<String> {
    if uri.len() > 2000 {
        return Some(format!("{}…: shorten it to 2000 characters", &uri.chars().take(60).collect::<String>()));
    }
    if !uri.bytes().all(|b| b.is_ascii_graphic()) || uri.contains(['\\', '"', '<', '>', '`', '{', '}', '|', '^']) {
        return Some(format!("{}: percent-encode spaces and special characters", uri.escape_default()));
    }
    let Ok(url) = Url::parse(uri) else { return Some(format!("{uri}: write an absolute address, with https://")) };
    if uri.contains('#') {
        return Some(format!("{uri}: take the fragment (# and what follows) out"));
    }
    if uri.contains('*') {
        return Some(format!("{uri}: a wildcard is not possible, name each address"));
    }
    if !url.username().is_empty() || url.password().is_some() || uri.contains("://@") {
        return Some(format!("{uri}: take the user name before @ out"));
    }
    let path_of = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let path = path_of(uri);
    if path.split('/').any(|s| matches!(s.replace("%2e", ".").as_str(), "." | ".." | ".;" | "..;")) {
        return Some(format!("{uri}: write the path without . and .. segments"));
    }
    None
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.octets() == [127, 0, 0, 1],
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(uri: &str) -> Client {
        let mut client = Client::new("rp", "tilleuls");
        client.redirect_uris = vec![uri.into()];
        client.secret_hashes = vec![Client::hash_secret("a secret of thirty-two characters")];
        client
    }

    #[test]
    fn ordinary_registrations_pass() {
        for uri in [
            "https://rp.example/cb", "https://rp.example", "https://rp.example/cb?bar=foo", "https://rp.example:8443/a/b.php",
            "http://localhost:8081/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb", "https://rp.example/%C3%A9",
        ] {
            assert_eq!(check(&client(uri)), vec![], "{uri}");
        }
    }

    /// SECURITY #100
    #[test]
    fn dangerous_addresses_are_refused_with_a_mend() {
        for uri in [
            "", "/cb", "rp.example/cb", "http://rp.example/cb", "https://*.rp.example/cb", "https://rp.example/*",
            "https://rp.example/cb#x", "https://rp.example/cb#", "https://user@rp.example/cb", "https://u:p@rp.example/cb",
            "https://@rp.example/", "javascript:alert(1)", "data:text/html,x", "ftp://rp.example/", "com.example.app:/cb",
            "https://rp.example/a/../b", "https://rp.example/%2e%2e/b", "https://rp.example/..;/b", "https://rp.example\\@evil/",
            "https://rp.example/a b", "https://RP.example/cb", "https://rp.example:443/cb", "https://rp.example/é",
            "http://127.0.0.1.evil.example/cb", "http://localhost.evil.example/cb", "https:rp.example/cb",
        ] {
            let found = check(&client(uri));
            assert!(found.iter().any(|p| p.field == "redirect_uris" && !p.mend.is_empty()), "{uri:?}");
        }
    }

    #[test]
    fn a_native_client_may_have_a_scheme_of_its_own() {
        let mut native = client("com.example.app:/cb");
        native.application_type = ApplicationType::Native;
        assert_eq!(check(&native), vec![]);
        native.redirect_uris = vec!["javascript:alert(1)".into()];
        assert_eq!(check(&native).len(), 1);
    }

    #[test]
    fn a_client_without_a_means_to_prove_itself_is_refused() {
        let mut bare = client("https://rp.example/cb");
        bare.secret_hashes.clear();
        assert_eq!(check(&bare)[0].field, "client_secret");
        bare.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        assert_eq!(check(&bare)[0].field, "jwks");
        bare.token_endpoint_auth_method = AuthMethod::None;
        assert_eq!(check(&bare), vec![]);
        bare.pkce = Pkce::Exempt;
        assert_eq!(check(&bare)[0].field, "pkce");
        bare.redirect_uris.clear();
        assert!(check(&bare).iter().any(|p| p.field == "redirect_uris"));
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(uri in ".*") {
            let _ = check(&client(&uri));
        }

        /// What passes is called by a browser under the very same bytes.
        #[test]
        fn what_passes_is_in_its_normal_form(uri in "https://[a-zA-Z0-9.:@-]{1,12}/[ -~]{0,20}") {
            if redirect_problem(&uri, ApplicationType::Web).is_none() {
                let parsed = Url::parse(&uri).unwrap();
                prop_assert_eq!(parsed.as_str(), &uri);
            }
        }
    }
}
