//! The token endpoint, and the redemption of a code.

use kernel::{Done, Token};
use oidc::{
    Code, Error,
    claims::Access,
    client::Client,
    token::{self, CodeAttempt, CodeRecord, Redeem, RedeemDecision, RefreshAttempt, TokenRequest},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr};
use serde_json::Value;

use super::{
    EndpointError, Grants,
    caller::Call,
    table::{code, refresh_token, token_grant},
};

pub(super) fn invalid_grant(why: &'static str) -> Error {
    Error::new(Code::InvalidGrant, why)
}

impl Grants {
    /// The token endpoint (RFC 6749 §3.2).
    ///
    /// # Errors
    /// [`EndpointError`]
    pub async fn token(&self, call: Call<'_>) -> Result<Value, EndpointError> {
        let (params, client) = self.caller(call).await?;
        let request = TokenRequest::read(&params, &client)?;
        let (client, resources, now) = (&client, &request.resources, self.context.now());
        match &request.redeem {
            Redeem::Code { code, redirect_uri, verifier } => {
                let (redirect_uri, verifier) = (redirect_uri.as_deref(), verifier.as_deref());
                self.redeem(code, &CodeAttempt { client, redirect_uri, verifier, resources, now }).await
            }
            Redeem::Refresh { token, scope } => {
                let scope = scope.as_ref();
                self.refresh(token, &RefreshAttempt { client, scope, resources, now }).await
            }
        }
    }

    #[tracing::instrument(skip_all)]
    async fn redeem(&self, text: &str, attempt: &CodeAttempt<'_>) -> Result<Value, EndpointError> {
        let unknown = || invalid_grant("the code is not known");
        let token = Token::parse(text).ok_or_else(unknown)?;
        let found = code::Entity::find_by_id(token.digest().as_str())
            .find_also_related(token_grant::Entity)
            .one(self.context.db.reader())
            .await?;
        let Some((row, Some(grant))) = found else {
            return Err(unknown().into());
        };
        let record = CodeRecord {
            client_id: row.client_id.clone(),
            redirect_uri: row.redirect_uri.clone(),
            code_challenge: row.code_challenge.clone(),
            resources: grant.resources(),
            expires_at: row.expires_at,
            used: row.used_at.is_some(),
            revoked: grant.revoked_at.is_some(),
        };
        match token::exchange(&record, attempt) {
            RedeemDecision::Give(resources) => self.give(attempt.client, &row, &grant, &resources).await,
            RedeemDecision::Refuse(error) => Err(error.into()),
            RedeemDecision::Reuse => self.code_reused(&grant).await,
        }
    }

    async fn give(
        &self,
        client: &Client,
        row: &code::Model,
        grant: &token_grant::Model,
        resources: &[String],
    ) -> Result<Value, EndpointError> {
        let changed = || invalid_grant("the account has changed since");
        let person = self.person(grant, client).await?.ok_or_else(changed)?;
        let scope = grant.scope()?.intersect(&client.scopes);
        let access = Access { scope: &scope, resources };
        // Signed before the transaction, so that none is open meanwhile.
        let issued = self.issue(grant, client, &person, access, row.nonce.as_deref()).await?;
        let now = self.context.now();
        let refresh = Self::gives_refresh(client).then(|| self.context.token());
        let redeem = code::Entity::update_many()
            .col_expr(code::Column::UsedAt, Expr::value(now))
            .filter(code::Column::Hash.eq(&row.hash))
            .filter(code::Column::UsedAt.is_null());
        let first = refresh.as_ref().map(|token| refresh_token::Model {
            hash: token.digest().into_string(),
            grant_id: grant.id,
            created_at: now,
            expires_at: now + self.settings.refresh_idle,
            family_ends_at: now + self.settings.refresh_most,
            used_at: None,
            parent: None,
            sealed: None,
        });
        let is_redeemed = self
            .context
            .db
            .write(async |tx| {
                if redeem.exec(tx.conn()).await?.rows_affected != 1 {
                    return Ok(Done::RollBack(false));
                }
                if let Some(row) = first {
                    refresh_token::Entity::insert(row.into_active_model().reset_all())
                        .exec_without_returning(tx.conn())
                        .await?;
                }
                Ok(Done::Commit(true))
            })
            .await?;
        if is_redeemed { Ok(issued.with(refresh.as_ref())) } else { self.code_reused(grant).await }
    }

    /// Revokes every token that the code gave (RFC 6749 §4.1.2).
    async fn code_reused(&self, grant: &token_grant::Model) -> Result<Value, EndpointError> {
        self.reused(grant, "code_reuse").await?;
        Err(invalid_grant("the code has been used").into())
    }
}
