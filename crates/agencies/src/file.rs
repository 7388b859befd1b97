use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Contact, Controller, Directory, Look, Words};

/// `config/agencies/<id>.toml`. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyFile {
    /// As people know it.
    pub name: String,
    /// Where it is: tells apart agencies of the same name.
    pub city: Option<String>,
    /// Language of its pages where neither the portal nor the browser asks for one: `fr` or `en`.
    #[serde(default = "french")]
    pub language: String,
    /// Who answers for the data.
    pub controller: Controller,
    /// Colours and logo.
    pub look: Look,
    /// What it says in its own words.
    #[serde(default)]
    pub words: Words,
    /// Phone, mail, hours.
    #[serde(default)]
    pub contact: Contact,
    /// The rules of its identifiers.
    #[serde(default)]
    pub directory: Directory,
    /// Its clients; the first one is its portal.
    #[serde(default)]
    pub portal: Vec<PortalSection>,
    /// How its portal signs migration tickets.
    pub ticket: Option<TicketSection>,
}

fn french() -> String {
    "fr".into()
}

/// One client of the agency.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalSection {
    /// `client_id`.
    pub client_id: String,
    /// What people call it; the agency's name unless set.
    pub name: Option<String>,
    /// Where it begins, for people who start at the provider.
    pub home: Option<String>,
    /// `web` or `native`.
    #[serde(default)]
    pub application_type: Option<String>,
    /// `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt` or `none`.
    pub token_endpoint_auth_method: Option<String>,
    /// SHA-256 of the secret in hex; two while one is being replaced.
    #[serde(default)]
    pub client_secret_sha256: Vec<String>,
    /// A file that holds the secret.
    pub client_secret_file: Option<String>,
    /// Exact addresses.
    pub redirect_uris: Vec<String>,
    /// Exact addresses.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Where logout tokens are posted.
    pub backchannel_logout_uri: Option<String>,
    /// Loaded in a frame at sign-out.
    pub frontchannel_logout_uri: Option<String>,
    /// Where a sign-in that begins at the provider is sent.
    pub initiate_login_uri: Option<String>,
    /// How it may have its answers: `query`, `fragment`, `form_post`; all of them unless set.
    pub response_modes: Option<Vec<String>>,
    /// Signs its ID tokens, access tokens and logout tokens: `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub id_token_signed_response_alg: Option<String>,
    /// Signs its userinfo answers, which are plain JSON otherwise: `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub userinfo_signed_response_alg: Option<String>,
    /// Public keys of `private_key_jwt`, as JWKs.
    #[serde(default)]
    pub jwks: Vec<serde_json::Value>,
    /// Where the public keys of `private_key_jwt` are read instead: https.
    pub jwks_uri: Option<String>,
    /// The algorithm of its client assertions, for keys that name none.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// What it may be told and given, of `openid`, `profile`, `email`, `address`, `phone`, `offline_access`. Unless set: `openid`, `email`,
    /// `offline_access`, and `profile` without birth date and gender.
    pub scopes: Option<Vec<String>>,
    /// `authorization_code`, `refresh_token`; both unless set.
    pub grant_types: Option<Vec<String>>,
    /// `pairwise`: another `sub` at every agency; `public`: the same at all clients of that type.
    pub subject_type: Option<String>,
    /// The password is asked for when the last time is longer ago, in seconds, where a request says nothing.
    pub default_max_age: Option<i64>,
    /// Protected resources that its access tokens may be for (`resource`), byte for byte: `https://api.agence.fr/`.
    #[serde(default)]
    pub resources: Vec<String>,
    /// Why this confidential client may do without PKCE.
    pub pkce_exempt_because: Option<String>,
    /// Exact origins of browser apps that call /token, /userinfo, /revoke and /introspect themselves: `https://app.agence.fr`.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Whether somebody whose account has no link at this agency may come in all the same.
    #[serde(default)]
    pub allow_unlinked: bool,
}

/// The key of migration tickets: one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketSection {
    /// A file with a shared secret of 32 characters or more (HS256).
    pub secret_file: Option<String>,
    /// A public key (RS256, PS256, ES256 or EdDSA).
    pub jwk: Option<serde_json::Value>,
}
