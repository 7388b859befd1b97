//! The authentication of clients at their endpoints: one guard in front of every client secret.

use std::{net::IpAddr, sync::Arc};

use kernel::{is_unique_violation, untrusted};
use oidc::{
    Code, Error, Params,
    authentication::{self, Caller, Presented},
    client::{AuthMethod, Client},
    discovery::path,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::{EndpointError, Grants, secret_use::CLIENT_SECRET, table::used_assertion};

/// A client's request, unchecked. No Debug: it holds a secret.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form; the query is never read (SECURITY #25).
    pub body: &'a str,
    /// The network from which it comes, if that is known.
    pub source: Option<IpAddr>,
}

fn too_often() -> Error {
    metrics::counter!("moncompte_throttled_total", "door" => "client").increment(1);
    Error::new(Code::SlowDown, "too many wrong secrets from here: wait for a minute")
}

fn failed() -> Error {
    Error::new(Code::InvalidClient, "client authentication failed")
}

impl Grants {
    /// Authenticates a client by its registered method; returns the parameters and the client. Every request that holds a client's secret is
    /// checked here.
    pub(super) async fn caller(&self, call: Call<'_>) -> Result<(Params, Arc<Client>), EndpointError> {
        let params = Params::parse(&[call.body]).map_err(Error::from)?;
        let presented = Presented::read(call.authorization, &params);
        let name = presented.client_id().unwrap_or_default();
        let (source, now) = (call.source, self.context.now());
        // A client without a secret has nothing to guess: its failures are not counted.
        let client = self.client(name).map(|(_, portal)| portal.client);
        let open = client.as_ref().is_some_and(|c| c.token_endpoint_auth_method == AuthMethod::None);
        let counted = client.as_ref().filter(|_| !open).map(|c| c.client_id.as_str());
        let waits = !open && self.guesses.refuses(source, counted, now);
        if waits && !self.guesses.is_home(source, counted, now) {
            return Err(too_often().into());
        }
        let proved = self.prove(&presented).await;
        match &proved {
            Ok(client) => {
                tracing::Span::current().record("client", &*client.client_id);
                counted.into_iter().for_each(|client| self.guesses.proved(source, client, now));
                if let Some(secret) = presented.secret().and_then(|secret| client.secret_of(secret)) {
                    self.secret_was_used(CLIENT_SECRET, &client.client_id, secret.mark());
                }
            }
            Err(EndpointError::Fault(_)) => {}
            // A wrong secret from the client's own network, while the limit is reached: refused like any other request, and not counted.
            Err(EndpointError::Refused(_)) if waits => return Err(too_often().into()),
            Err(EndpointError::Refused(error)) => {
                let known = if client.is_some() { "yes" } else { "no" };
                metrics::counter!("moncompte_client_failures_total", "known" => known).increment(1);
                if self.guesses.failed(source, counted, now) {
                    tracing::info!(target: "security", client = %untrusted(name), %error, "a client did not prove itself");
                }
            }
        }
        Ok((params, proved?))
    }

    async fn prove(&self, presented: &Presented) -> Result<Arc<Client>, EndpointError> {
        let now = self.context.now();
        let client = presented.client_id().and_then(|id| self.client(id)).map(|(_, portal)| portal.client);
        let keys = match (&client, presented.requested_key()) {
            (Some(client), Some(kid)) => self.client_keys.of(client, kid.as_deref(), now).await,
            _ => Vec::new(),
        };
        let issuer = &*self.settings.issuer;
        let endpoint = format!("{issuer}{}", path::TOKEN);
        let assertion = authentication::authenticate(&Caller {
            presented,
            client: client.as_deref(),
            keys: &keys,
            audiences: &[issuer, &endpoint],
            now,
        })?;
        let client = client.ok_or_else(failed)?;
        if let Some(assertion) = assertion {
            let row = used_assertion::Model {
                client_id: client.client_id.clone(),
                jti: assertion.jti,
                expires_at: assertion.expires_at,
            };
            let row = row.into_active_model().reset_all();
            match used_assertion::Entity::insert(row).exec_without_returning(self.context.db.writer()).await {
                Err(error) if is_unique_violation(&error) => return Err(failed().into()),
                other => other?,
            };
        }
        Ok(client)
    }
}
