use std::sync::Arc;

use oidc::{client::Client, jwt::Key};

/// A client of an agency.
#[derive(Clone)]
pub struct Portal {
    /// Its registration; shared, since every request reads it.
    pub client: Arc<Client>,
    /// The name that people know.
    pub name: String,
    /// Its start page.
    pub home: Option<String>,
    /// True if accounts without a link at this agency may sign in.
    pub allow_unlinked: bool,
}

impl Portal {
    /// Returns the address that starts a sign-in of this portal (OIDC Core §4): the portal then sends a request with a `state` of its own.
    pub fn sign_in_anew(&self, issuer: &str) -> Option<String> {
        let mut url = url::Url::parse(self.client.initiate_login_uri.as_deref()?).ok()?;
        url.query_pairs_mut().append_pair("iss", issuer);
        Some(url.into())
    }
}

/// A key that verifies an agency's migration tickets. No Debug, for it may be a secret.
#[derive(Clone)]
pub struct TicketKey {
    /// The key.
    pub key: Key,
    /// The time from which it is not accepted any more, in Unix seconds.
    pub ends_at: Option<i64>,
    /// The first digits of the SHA-256 of the secret or of the JWK, which tell one key from another.
    pub mark: String,
}

impl TicketKey {
    /// Returns true if it is accepted at a time.
    pub fn holds(&self, now: i64) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }
}
