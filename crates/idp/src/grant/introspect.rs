use oidc::{Code, Error, Params, client::AuthMethod};
use serde_json::{Value, json};

use super::{EndpointError, Grants, caller::Call};

impl Grants {
    /// Returns what a token is worth now (RFC 7662). A client learns that of its own tokens only; anything else is not active, in one shape
    /// (SECURITY #28).
    ///
    /// # Errors
    /// [`EndpointError`]
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
                // As its file is now: a refresh gives no more (SECURITY I15).
                let scope = grant.scope()?.intersect(&client.scopes).to_string();
                return Ok(json!({
                    "active": true, "iss": issuer, "client_id": grant.client_id, "sub": sub, "scope": scope,
                    "iat": row.created_at, "exp": end,
                }));
            }
        }
        Ok(json!({ "active": false }))
    }

    /// Gives a token back (RFC 7009): the whole grant ends. Somebody else's token and nonsense are answered alike and change nothing.
    ///
    /// # Errors
    /// [`EndpointError`]
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
