use kernel::{Fault, Token, is_unique_violation};
use oidc::{
    Code, Error, Params, Scope,
    client::Client,
    discovery::path,
    token::{self, CodeAttempt, CodeRecord, Presented, TokenRequest, Verdict},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr};
use serde_json::Value;

use super::{
    Grants,
    table::{code, refresh_token, token_grant, used_assertion},
};

/// The body of a token answer, or the error that it is instead.
pub(super) type Answer = Result<Value, Error>;

pub(super) fn invalid_grant(why: &'static str) -> Error {
    Error::new(Code::InvalidGrant, why)
}

impl Grants {
    /// The token endpoint (RFC 6749 §3.2). `body` is the form as it came; the query is never read.
    ///
    /// # Errors
    /// [`Fault`] of the database; whatever a client did is an [`Error`] inside.
    pub async fn token(&self, authorization: Option<&str>, body: &str) -> Result<Answer, Fault> {
        let params = match Params::parse(&[body]) {
            Ok(params) => params,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let client = match self.authenticate(authorization, &params).await? {
            Ok(client) => client,
            Err(error) => return Ok(Err(error)),
        };
        match TokenRequest::read(&params, &client) {
            Ok(TokenRequest::Code { code, redirect_uri, verifier }) => {
                let attempt = CodeAttempt {
                    client_id: &client.client_id,
                    redirect_uri: redirect_uri.as_deref(),
                    verifier: verifier.as_deref(),
                    now: self.ground.now(),
                };
                self.redeem(&client, &code, &attempt).await
            }
            Ok(TokenRequest::Refresh { token, scope }) => self.refresh(&client, &token, scope.as_ref()).await,
            Err(error) => Ok(Err(error)),
        }
    }

    /// Who calls, by the method that the client registered.
    pub(super) async fn authenticate(
        &self,
        authorization: Option<&str>,
        params: &Params,
    ) -> Result<Result<Client, Error>, Fault> {
        let presented = match Presented::read(authorization, params) {
            Ok(presented) => presented,
            Err(error) => return Ok(Err(error)),
        };
        let client = self.client(&presented.client_id).map(|(_, portal)| portal.client);
        let issuer = &self.settings.issuer;
        let endpoint = format!("{issuer}{}", path::TOKEN);
        let proved =
            token::authenticate(&presented, client.as_ref(), &[issuer, &endpoint], self.ground.now());
        let assertion = match proved {
            Ok(assertion) => assertion,
            Err(error) => return Ok(Err(error)),
        };
        let failed = || Error::new(Code::InvalidClient, "client authentication failed");
        let Some(client) = client else { return Ok(Err(failed())) };
        if let Some(assertion) = assertion {
            let row = used_assertion::Model {
                client_id: client.client_id.clone(),
                jti: assertion.jti,
                expires_at: assertion.expires_at,
            };
            let row = row.into_active_model().reset_all();
            match used_assertion::Entity::insert(row).exec_without_returning(self.ground.db.writer()).await {
                Err(error) if is_unique_violation(&error) => return Ok(Err(failed())),
                other => other?,
            };
        }
        Ok(Ok(client))
    }

    async fn redeem(&self, client: &Client, text: &str, attempt: &CodeAttempt<'_>) -> Result<Answer, Fault> {
        let Some(token) = Token::parse(text) else { return Ok(Err(invalid_grant("the code is not known"))) };
        let db = self.ground.db.reader();
        let Some(row) = code::Entity::find_by_id(token.digest().as_str()).one(db).await? else {
            return Ok(Err(invalid_grant("the code is not known")));
        };
        let Some(grant) = token_grant::Entity::find_by_id(row.grant_id).one(db).await? else {
            return Ok(Err(invalid_grant("the code is not known")));
        };
        let record = CodeRecord {
            client_id: row.client_id.clone(),
            redirect_uri: row.redirect_uri.clone(),
            code_challenge: row.code_challenge.clone(),
            expires_at: row.expires_at,
            used: row.used_at.is_some(),
            revoked: grant.revoked_at.is_some(),
        };
        match token::exchange(&record, attempt) {
            Verdict::Give(()) => self.give(client, &row, &grant).await,
            Verdict::Refuse(error) => Ok(Err(error)),
            Verdict::Reuse => self.code_reused(&grant).await,
        }
    }

    async fn give(
        &self,
        client: &Client,
        row: &code::Model,
        grant: &token_grant::Model,
    ) -> Result<Answer, Fault> {
        let Some(account) = self.owner(grant).await? else {
            return Ok(Err(invalid_grant("the account has changed since")));
        };
        let person = self.person(account, client).await?;
        let scope = granted(grant)?.intersect(&client.scopes);
        // Signed before the transaction: none is open while a key works.
        let issued = self.issue(grant, client, &person, &scope, row.nonce.as_deref()).await?;
        let now = self.ground.now();
        let refresh = Self::gives_refresh(client).then(|| self.ground.token());
        let tx = self.ground.db.begin().await?;
        let redeemed = code::Entity::update_many()
            .col_expr(code::Column::UsedAt, Expr::value(now))
            .filter(code::Column::Hash.eq(&row.hash))
            .filter(code::Column::UsedAt.is_null())
            .exec(tx.conn())
            .await?;
        if redeemed.rows_affected != 1 {
            drop(tx);
            return self.code_reused(grant).await;
        }
        if let Some(token) = &refresh {
            let row = refresh_token::Model {
                hash: token.digest().into_string(),
                grant_id: grant.id,
                created_at: now,
                expires_at: now + self.settings.refresh_idle,
                family_ends_at: now + self.settings.refresh_most,
                used_at: None,
            };
            refresh_token::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(tx.conn())
                .await?;
        }
        tx.commit().await?;
        Ok(Ok(issued.with(refresh.as_ref())))
    }

    /// RFC 6749 §4.1.2: all that the code gave is revoked.
    async fn code_reused(&self, grant: &token_grant::Model) -> Result<Answer, Fault> {
        self.revoke_grant(grant.id, "code_reuse").await?;
        Ok(Err(invalid_grant("the code has been used")))
    }
}

pub(super) fn granted(grant: &token_grant::Model) -> Result<Scope, Fault> {
    Scope::parse(&grant.scope).map_err(|_| Fault::Broken("a stored scope cannot be read".into()))
}
