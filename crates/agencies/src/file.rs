use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{Contact, Controller, CustomTexts, Directory, ImportRules, Look, StaffSection};

/// `config/agencies/<id>.toml`. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgencyFile {
    /// The name that people know.
    pub name: String,
    /// The city of its office; distinguishes agencies of the same name.
    pub city: Option<String>,
    /// Its state: `rehearsal`, `live`, `paused` or `left`; `live` unless set.
    pub state: Option<String>,
    /// The day from which it is live, paused or has left, such as `2026-12-01`; at once unless set.
    pub since: Option<String>,
    /// The day on which a rehearsal or a pause ends and it is live.
    pub until: Option<String>,
    /// Language of its pages where neither the portal nor the browser asks for one: `fr` or `en`.
    #[serde(default = "french")]
    pub language: String,
    /// The controller of its data.
    pub controller: Controller,
    /// Colours and logo.
    pub look: Look,
    /// Custom texts on its pages and mails.
    #[serde(default)]
    pub words: CustomTexts,
    /// Phone, mail, hours.
    #[serde(default)]
    pub contact: Contact,
    /// The rules of its identifiers.
    #[serde(default)]
    pub directory: Directory,
    /// The guards of its deliveries.
    #[serde(default)]
    pub import: ImportRules,
    /// Its clients; the first one is its portal.
    #[serde(default)]
    pub portal: Vec<PortalSection>,
    /// The keys with which its portal signs migration tickets: `[ticket]`, or `[[ticket]]` for each of several.
    #[serde(default, deserialize_with = "one_or_many")]
    #[schemars(with = "OneOrMany")]
    pub ticket: Vec<TicketSection>,
    /// Its people who help at the desk, on the telephone or at the counter (docs/operate/desk.md).
    #[serde(default)]
    pub staff: Vec<StaffSection>,
}

/// A table, or an array of tables: the shape that editors are told.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "a shape for the schema alone")]
enum OneOrMany {
    One(TicketSection),
    Many(Vec<TicketSection>),
}

/// Reads `[ticket]` as a list of one. The first spelling of a file stays valid.
fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<TicketSection>, D::Error> {
    let sections = match toml::Value::deserialize(from)? {
        toml::Value::Array(all) => all,
        one => vec![one],
    };
    sections
        .into_iter()
        .map(|one| one.try_into().map_err(|e: toml::de::Error| D::Error::custom(e.message())))
        .collect()
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
    /// The name that people know; the agency's name unless set.
    pub name: Option<String>,
    /// Its start page, for people who start at the provider.
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
    /// Secrets with their ends: two while one is being replaced. In place of the two keys above, or beside them.
    #[serde(default)]
    pub client_secrets: Vec<SecretSection>,
    /// Exact redirect addresses.
    pub redirect_uris: Vec<String>,
    /// Exact addresses for the return after a sign-out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// The address to which logout tokens are posted.
    pub backchannel_logout_uri: Option<String>,
    /// The address loaded in a frame at sign-out.
    pub frontchannel_logout_uri: Option<String>,
    /// The address that starts a sign-in from the provider.
    pub initiate_login_uri: Option<String>,
    /// The response modes that it may ask for: `query`, `fragment`, `form_post`; all of them unless set.
    pub response_modes: Option<Vec<String>>,
    /// The signing algorithm of its ID tokens, access tokens and logout tokens: `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub id_token_signed_response_alg: Option<String>,
    /// The signing algorithm of its userinfo responses, which are plain JSON otherwise: `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub userinfo_signed_response_alg: Option<String>,
    /// Public keys of `private_key_jwt`, as JWKs.
    #[serde(default)]
    pub jwks: Vec<serde_json::Value>,
    /// The https address from which the public keys of `private_key_jwt` are read instead.
    pub jwks_uri: Option<String>,
    /// The algorithm of its client assertions, for keys that name none.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Scopes that it may request: `openid`, `profile`, `email`, `address`, `phone`, `offline_access`. Unless set: `openid`, `email`,
    /// and `profile` without birth date and gender.
    pub scopes: Option<Vec<String>>,
    /// `authorization_code`, `refresh_token`; both unless set.
    pub grant_types: Option<Vec<String>>,
    /// `pairwise`: another `sub` at every agency; `public`: the same at all clients of that type.
    pub subject_type: Option<String>,
    /// The maximum age of a sign-in in seconds, for requests without `max_age`; the password is asked for again after it.
    pub default_max_age: Option<i64>,
    /// The protected resources that its access tokens may be for (`resource`), byte for byte: `https://api.agence.fr/`.
    #[serde(default)]
    pub resources: Vec<String>,
    /// The reason why this confidential client may omit PKCE.
    pub pkce_exempt_because: Option<String>,
    /// Exact origins of browser apps that call /token, /userinfo, /revoke and /introspect themselves: `https://app.agence.fr`.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// True if accounts without a link at this agency may sign in.
    #[serde(default)]
    pub allow_unlinked: bool,
}

/// A secret of a client: its hash or a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSection {
    /// The SHA-256 of the secret in hex.
    pub sha256: Option<String>,
    /// A file that holds the secret.
    pub file: Option<String>,
    /// The last day on which it is accepted, such as `2027-01-31`; for ever unless set.
    pub not_after: Option<String>,
}

/// A key that verifies migration tickets: exactly one of the two.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketSection {
    /// A file with a shared secret of 32 characters or more (HS256).
    pub secret_file: Option<String>,
    /// A public key (RS256, PS256, ES256 or EdDSA).
    pub jwk: Option<serde_json::Value>,
    /// The last day on which it is accepted, such as `2027-01-31`; for ever unless set.
    pub not_after: Option<String>,
}
