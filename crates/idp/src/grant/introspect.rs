//! Introspection and revocation of tokens.

use oidc::{Code, Error, Params, client::AuthMethod};
use serde_json::{Value, json};

use super::{EndpointError, Grants, caller::Call};

impl Grants {
    /// Returns the state of a token (RFC 7662). A client learns it for its own tokens only; any other text gets the same inactive answer
    /// (SECURITY #28).
    ///
    /// # Errors
    /// [`EndpointError`]
    #[tracing::instrument(skip_all, fields(client))]
    pub async fn introspect(&self, call: Call<'_>) -> Result<Value, EndpointError> {
        let (params, client) = self.caller(call).await?;
        if client.token_endpoint_auth_method == AuthMethod::None {
            return Err(Error::new(Code::InvalidClient, "a public client cannot introspect").into());
        }
        let token = token(&params)?;
        if let Some(bearer) =
            self.bearer(token, None).await?.filter(|b| b.client.client_id == client.client_id)
        {
            let mut told = bearer.claims;
            told.remove(oidc::claims::GRANT);
            told.insert("active".into(), json!(true));
            told.insert("token_type".into(), json!("Bearer"));
            told.insert("scope".into(), json!(bearer.scope.to_string()));
            return Ok(Value::Object(told));
        }
        if let Some((row, grant)) =
            self.refresh_row(token).await?.filter(|(_, g)| g.client_id == client.client_id)
        {
            let end = row.expires_at.min(row.family_ends_at);
            let live = row.used_at.is_none() && grant.revoked_at.is_none() && self.context.now() < end;
            if live
                && !self.session_over(&grant, &client).await?
                && self.person(&grant, &client).await?.is_some()
            {
                let sub = self.subject(&client, accounts::AccountId(grant.account_id));
                let issuer = &self.settings.issuer;
                // Bounded by the client's file of today, as at a refresh (SECURITY I15).
                let scope = grant.scope()?.intersect(&client.scopes).to_string();
                return Ok(json!({
                    "active": true, "iss": issuer, "client_id": grant.client_id, "sub": sub, "scope": scope,
                    "iat": row.created_at, "exp": end,
                }));
            }
        }
        Ok(json!({ "active": false }))
    }

    /// Revokes a token (RFC 7009), and its whole grant with it. Another client's token and any other text get the same answer and change nothing.
    ///
    /// # Errors
    /// [`EndpointError`]
    #[tracing::instrument(skip_all, fields(client))]
    pub async fn revoke(&self, call: Call<'_>) -> Result<(), EndpointError> {
        let (params, client) = self.caller(call).await?;
        let token = token(&params)?;
        let grant = match self.refresh_row(token).await? {
            Some((_, grant)) => Some(grant),
            None => self.bearer(token, None).await?.map(|b| b.grant),
        };
        if let Some(grant) = grant.filter(|g| g.client_id == client.client_id && g.revoked_at.is_none()) {
            self.give_back(&grant).await?;
        }
        Ok(())
    }
}

fn token(params: &Params) -> Result<&str, Error> {
    params.get("token").ok_or_else(|| Error::new(Code::InvalidRequest, "token is missing"))
}
