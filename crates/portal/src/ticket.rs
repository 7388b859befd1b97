//! Migration tickets: the portal vouches to the provider for a client that it has just recognised.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;

use crate::config::{Config, Ticket};
use crate::random;
use crate::records::LegacyLogin;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    /// The old identifier.
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
    /// A proposal: nobody has confirmed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    jti: String,
    iat: i64,
    exp: i64,
}

/// Issues a ticket for the holder of `identifier`, valid once and for at most five minutes.
pub(crate) fn issue(
    config: &Config,
    ticket: &Ticket,
    identifier: &str,
    login: &LegacyLogin,
    now: i64,
) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = Claims {
        iss: ticket.issuer.as_deref().unwrap_or(&config.client_id),
        aud: &config.issuer,
        sub: identifier,
        client_ref: login.client_ref.as_deref(),
        email: login.email.as_deref(),
        name: login.name.as_deref(),
        jti: random::token(),
        iat: now,
        exp: now + i64::from(ticket.lifetime_seconds),
    };
    encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(ticket.key.expose().as_bytes()))
}
