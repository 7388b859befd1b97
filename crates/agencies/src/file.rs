use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Contact, Controller, Directory, Look};

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
    /// Colour and logo.
    pub look: Look,
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
    /// `query`, `fragment`, `form_post`.
    pub response_modes: Option<Vec<String>>,
    /// `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub id_token_signed_response_alg: Option<String>,
    /// Public keys of `private_key_jwt`, as JWKs.
    #[serde(default)]
    pub jwks: Vec<serde_json::Value>,
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
