use std::sync::Arc;

use oidc::{client::Client, jwt::Key};

/// One client of an agency.
#[derive(Clone)]
pub struct Portal {
    /// What the protocol knows of it: shared, for it is asked for by every request.
    pub client: Arc<Client>,
    /// What people call it.
    pub name: String,
    /// Where it begins.
    pub home: Option<String>,
    /// Whether somebody whose account has no link at this agency may come in all the same.
    pub allow_unlinked: bool,
}

impl Portal {
    /// Where a sign-in of this portal is begun from elsewhere (OIDC Core §4): it asks with a `state` of its own, and nobody is asked anything twice.
    pub fn sign_in_anew(&self, issuer: &str) -> Option<String> {
        let mut url = url::Url::parse(self.client.initiate_login_uri.as_deref()?).ok()?;
        url.query_pairs_mut().append_pair("iss", issuer);
        Some(url.into())
    }
}

/// What checks an agency's migration tickets. It has no Debug: it may be a secret.
#[derive(Clone)]
pub struct TicketKey(pub Key);
