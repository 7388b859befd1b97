//! Clients (relying parties) as plain data. The agency's file is read elsewhere and checked by [`crate::registration`].

mod metadata;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    Scope, claims,
    jwt::{Alg, Key},
};

pub use metadata::{ApplicationType, AuthMethod, GrantType, Pkce, ResponseMode, SubjectType};

/// A relying party as its owner registered it.
#[derive(Clone)]
pub struct Client {
    /// `client_id`.
    pub client_id: String,
    /// The id of the agency that owns it.
    pub owner: String,
    /// Pairwise `sub` is the same within a sector; the owner's id unless set (OIDC Core §8.1).
    pub sector: String,
    /// Exact redirect addresses.
    pub redirect_uris: Vec<String>,
    /// Exact addresses for the return after a sign-out (OIDC RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// Web or native.
    pub application_type: ApplicationType,
    /// The authentication method.
    pub token_endpoint_auth_method: AuthMethod,
    /// Its secrets: two while one is being replaced.
    pub secrets: Vec<Secret>,
    /// Public keys for `private_key_jwt`.
    pub keys: Vec<Key>,
    /// The address from which its public keys are read instead (SECURITY D4: an administrator wrote it).
    pub jwks_uri: Option<String>,
    /// The algorithm of its assertions, for keys that name none; `None` if any algorithm of its keys is accepted.
    pub token_endpoint_auth_signing_alg: Option<Alg>,
    /// The requirement of PKCE.
    pub pkce: Pkce,
    /// The scope values that it may get.
    pub scopes: Scope,
    /// Claims that it does not get although one of its scopes releases them.
    pub withheld: &'static [&'static str],
    /// The protected resources that its access tokens may be for, compared byte for byte (RFC 8707).
    pub resources: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<GrantType>,
    /// The response modes that it may ask for (SECURITY #11).
    pub response_modes: Vec<ResponseMode>,
    /// The signing algorithm of its ID tokens and logout tokens.
    pub id_token_signed_response_alg: Alg,
    /// The signing algorithm of its userinfo responses; plain JSON if `None` (OIDC Core §5.3.2).
    pub userinfo_signed_response_alg: Option<Alg>,
    /// Pairwise or public.
    pub subject_type: SubjectType,
    /// OIDC Back-Channel Logout §2.2.
    pub backchannel_logout_uri: Option<String>,
    /// True if logout tokens must carry `sid`; ours always do.
    pub backchannel_logout_session_required: bool,
    /// OIDC Front-Channel Logout §2.
    pub frontchannel_logout_uri: Option<String>,
    /// True if `iss` and `sid` must be in the query.
    pub frontchannel_logout_session_required: bool,
    /// The address to which the provider sends a person who starts at the provider (OIDC Core §4).
    pub initiate_login_uri: Option<String>,
    /// The `max_age` of requests without one.
    pub default_max_age: Option<i64>,
    /// Exact origins whose scripts may read the responses of the endpoints that it calls (SECURITY #16).
    pub cors_origins: Vec<String>,
}

/// A secret of a client. It has no Debug, for it may hold the secret itself.
#[derive(Clone)]
pub struct Secret {
    /// Its SHA-256. Secrets are random and long, so a fast hash suffices.
    pub hash: [u8; 32],
    /// The secret itself, only for `client_secret_jwt`, which no hash can check (OIDC Core §9).
    pub key: Option<Key>,
    /// The time from which it is not accepted any more, in Unix seconds.
    pub ends_at: Option<i64>,
}

impl Secret {
    /// Returns the hash that is stored of a secret.
    pub fn hash_of(secret: &str) -> [u8; 32] {
        Sha256::digest(secret.as_bytes()).into()
    }

    /// Keeps the hash alone.
    pub fn hashed(secret: &str) -> Self {
        Self { hash: Self::hash_of(secret), key: None, ends_at: None }
    }

    /// Keeps the secret itself, for `client_secret_jwt`.
    ///
    /// # Errors
    /// It is too short to be a key.
    pub fn shared(secret: &str) -> Result<Self, crate::jwt::KeyRefused> {
        Ok(Self { key: Some(Key::shared(secret.as_bytes())?), ..Self::hashed(secret) })
    }

    /// Returns true if it is accepted at a time.
    pub fn holds(&self, now: i64) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    /// Returns the first digits of its SHA-256, which tell one secret from another.
    pub fn mark(&self) -> String {
        self.hash[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Client {
    /// Returns a confidential web client with the defaults, without addresses and secret.
    pub fn new(client_id: impl Into<String>, owner: impl Into<String>) -> Self {
        let owner = owner.into();
        Self {
            client_id: client_id.into(),
            sector: owner.clone(),
            owner,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            application_type: ApplicationType::Web,
            token_endpoint_auth_method: AuthMethod::SecretBasic,
            secrets: Vec::new(),
            keys: Vec::new(),
            jwks_uri: None,
            token_endpoint_auth_signing_alg: None,
            pkce: Pkce::Required,
            scopes: Scope::DEFAULT.iter().copied().collect(),
            withheld: claims::NOT_BY_DEFAULT,
            resources: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            response_modes: vec![ResponseMode::Query],
            id_token_signed_response_alg: Alg::RS256,
            userinfo_signed_response_alg: None,
            subject_type: SubjectType::Pairwise,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            initiate_login_uri: None,
            default_max_age: None,
            cors_origins: Vec::new(),
        }
    }

    /// Returns true if `presented` is one of its secrets at a time. Compares the hashes of all of them in constant time (SECURITY #26).
    pub fn knows_secret(&self, presented: &str, now: i64) -> bool {
        let presented = Secret::hash_of(presented);
        let mut known = subtle::Choice::from(0);
        for secret in &self.secrets {
            known |= secret.hash.ct_eq(&presented) & u8::from(secret.holds(now)).into();
        }
        known.into()
    }

    /// Returns the secret that `presented` is. For a caller that has proved itself: it takes another time for each secret.
    pub fn secret_of(&self, presented: &str) -> Option<&Secret> {
        let presented = Secret::hash_of(presented);
        self.secrets.iter().find(|secret| secret.hash == presented)
    }

    /// Returns the keys that check `client_secret_jwt` at a time (OIDC Core §9).
    pub fn secret_keys(&self, now: i64) -> Vec<Key> {
        self.secrets
            .iter()
            .filter(|secret| secret.holds(now))
            .filter_map(|secret| secret.key.clone())
            .collect()
    }

    /// Returns true if the client's file allows it a claim about a person, however it asks (SECURITY D11): one of its scopes releases the claim, and the
    /// claim is not withheld. An agency's own references go to each of its clients.
    pub fn is_allowed(&self, claim: &str) -> bool {
        let released = || {
            let by = claims::BY_SCOPE.iter().find(|(_, names)| names.contains(&claim));
            by.is_some_and(|(scope, _)| self.scopes.contains(scope))
        };
        claim == claims::CLIENT_REFS || (released() && !self.withheld.contains(&claim))
    }

    /// Returns true if it may use `grant`.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Returns true if `uri` is, byte for byte, one of the registered redirect addresses. A native client may use any port on a loopback
    /// address given as an IP literal (RFC 8252 §7.3, SECURITY #2).
    pub fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered == uri)
            || (self.application_type == ApplicationType::Native
                && without_loopback_port(uri).is_some_and(|uri| {
                    self.redirect_uris.iter().any(|r| without_loopback_port(r) == Some(uri))
                }))
    }

    /// Returns true if `uri` is, byte for byte, one of the registered addresses for the return after a sign-out. An address without a path equals the one with
    /// `/` (RFC 3986 §6.2.3).
    pub fn returns_to(&self, uri: &str) -> bool {
        let uri = without_root(uri);
        self.post_logout_redirect_uris.iter().any(|registered| without_root(registered) == uri)
    }
}

/// Returns `https://host` for `https://host/`, and any other address unchanged.
fn without_root(uri: &str) -> &str {
    let host = uri.strip_suffix('/').filter(|rest| {
        let host = rest.strip_prefix("https://").or_else(|| rest.strip_prefix("http://"));
        host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '\\', '@']))
    });
    host.unwrap_or(uri)
}

/// Returns `(host, rest)` of `http://127.0.0.1[:port]rest`, without the port; `None` for any other address.
fn without_loopback_port(uri: &str) -> Option<(&'static str, &str)> {
    for host in ["http://127.0.0.1", "http://[::1]"] {
        let Some(rest) = uri.strip_prefix(host) else {
            continue;
        };
        let rest = match rest.strip_prefix(':') {
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                if !(1..=5).contains(&digits) || rest[..digits].parse::<u16>().is_err() {
                    return None;
                }
                &rest[digits..]
            }
            None => rest,
        };
        return (rest.is_empty() || rest.starts_with('/')).then_some((host, rest));
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn web() -> Client {
        let mut client = Client::new("rp", "tilleuls");
        client.redirect_uris = vec!["https://rp.example/cb".into(), "http://127.0.0.1:7000/cb".into()];
        client
    }

    /// SECURITY #1
    #[test]
    fn only_the_registered_bytes_are_a_redirect_address() {
        assert!(web().redirects_to("https://rp.example/cb"));
        for uri in [
            "https://rp.example/cb/",
            "https://rp.example/cb?",
            "https://rp.example/cb#",
            "https://rp.example/CB",
            "HTTPS://rp.example/cb",
            "https://RP.example/cb",
            "https://rp.example:443/cb",
            "https://rp.example./cb",
            "https://rp.example.evil.com/cb",
            "https://rp.example@evil.com/cb",
            "https://rp.example@x@evil.com/cb",
            "https://rp.example/cb/../cb",
            "https://rp.example/x/..;/cb",
            "https://rp.example/%63b",
            "https://rp.example//cb",
            "https://rp.example\\cb",
            "https://rp.example/cb\t",
            " https://rp.example/cb",
            "https://rp.example/cb?x=1",
            "http://rp.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "//rp.example/cb",
            "/cb",
            "",
            "https://rp.example\u{ff0e}evil/cb",
            "https://user@rp.example/cb",
        ] {
            assert!(!web().redirects_to(uri), "{uri:?}");
        }
    }

    proptest! {
        /// SECURITY #1: the accepted set is the exact bytes.
        #[test]
        fn one_changed_byte_is_another_address(at in 0usize..21, to in any::<char>()) {
            let registered = "https://rp.example/cb";
            let changed: String = registered.chars().enumerate().map(|(i, c)| if i == at { to } else { c }).collect();
            prop_assert_eq!(web().redirects_to(&changed), changed == registered);
        }

        /// RFC 8252 §7.3, SECURITY #2
        #[test]
        fn a_native_client_may_choose_its_loopback_port(port in 1u16..) {
            let mut native = web();
            native.application_type = ApplicationType::Native;
            let uri = format!("http://127.0.0.1:{port}/cb");
            prop_assert!(native.redirects_to(&uri));
            prop_assert_eq!(web().redirects_to(&uri), port == 7000);
        }
    }

    /// SECURITY #2
    #[test]
    fn the_loopback_rule_is_for_literal_addresses_only() {
        let mut native = web();
        native.application_type = ApplicationType::Native;
        for uri in [
            "http://localhost:1/cb",
            "http://127.0.0.1@evil/cb",
            "http://127.0.0.1.evil/cb",
            "http://127.0.0.1:1@evil/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:1/other",
            "http://[::1]:1/cb",
            "https://127.0.0.1:1/cb",
            "http://127.0.0.1:1/cb?x",
            "http://127.0.0.1:000001/cb",
        ] {
            assert!(!native.redirects_to(uri), "{uri}");
        }
    }

    /// SECURITY #26
    #[test]
    fn each_of_two_secrets_is_known_and_no_other() {
        let mut client = web();
        assert!(!client.knows_secret("", 0));
        client.secrets = vec![Secret { ends_at: Some(100), ..Secret::hashed("one") }, Secret::hashed("two")];
        assert!(client.knows_secret("one", 99) && client.knows_secret("two", 99));
        assert!(!client.knows_secret("one", 100) && client.knows_secret("two", 100));
        assert!(!client.knows_secret("", 0) && !client.knows_secret("three", 0));
    }
}
