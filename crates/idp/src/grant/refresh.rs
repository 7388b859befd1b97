use kernel::{Fault, Token};
use oidc::{
    claims::Access,
    token::{self, RefreshAttempt, RefreshRecord, Refreshed, Verdict},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr};

use super::{
    Grants,
    exchange::{Answer, invalid_grant},
    table::{refresh_token, token_grant},
};

impl Grants {
    /// Rotates a refresh token (RFC 6749 §6, RFC 9700 §4.14.2). A token that was rotated before takes its whole family with it.
    pub(super) async fn refresh(&self, text: &str, attempt: &RefreshAttempt<'_>) -> Result<Answer, Fault> {
        let unknown = || Ok(Err(invalid_grant("the token is not known")));
        let Some((row, grant)) = self.refresh_row(text).await? else { return unknown() };
        let record = RefreshRecord {
            client_id: grant.client_id.clone(),
            scope: grant.scope()?,
            resources: grant.resources(),
            expires_at: row.expires_at,
            family_ends_at: row.family_ends_at,
            used: row.used_at.is_some(),
            revoked: grant.revoked_at.is_some(),
        };
        let Refreshed { scope, resources } = match token::refresh(&record, attempt) {
            Verdict::Give(given) => given,
            Verdict::Refuse(error) => return Ok(Err(error)),
            Verdict::Reuse => return self.refresh_reused(&grant).await,
        };
        let Some(account) = self.owner(&grant).await? else {
            return Ok(Err(invalid_grant("the account has changed since")));
        };
        let client = attempt.client;
        let person = self.person(account, client).await?;
        let access = Access { scope: &scope, resources: &resources };
        // No nonce: nothing was asked for anew (OIDC Core §12.2).
        let issued = self.issue(&grant, client, &person, access, None).await?;
        let next = self.ground.token();
        let now = self.ground.now();
        let tx = self.ground.db.begin().await?;
        let rotated = refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
            .filter(refresh_token::Column::Hash.eq(&row.hash))
            .filter(refresh_token::Column::UsedAt.is_null())
            .exec(tx.conn())
            .await?;
        if rotated.rows_affected != 1 {
            drop(tx);
            return self.refresh_reused(&grant).await;
        }
        let child = refresh_token::Model {
            hash: next.digest().into_string(),
            grant_id: grant.id,
            created_at: now,
            expires_at: now + self.settings.refresh_idle,
            family_ends_at: row.family_ends_at,
            used_at: None,
        };
        refresh_token::Entity::insert(child.into_active_model().reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        tx.commit().await?;
        Ok(Ok(issued.with(Some(&next))))
    }

    pub(super) async fn refresh_row(
        &self,
        text: &str,
    ) -> Result<Option<(refresh_token::Model, token_grant::Model)>, Fault> {
        let Some(token) = Token::parse(text) else { return Ok(None) };
        let db = self.ground.db.reader();
        let Some(row) = refresh_token::Entity::find_by_id(token.digest().as_str()).one(db).await? else {
            return Ok(None);
        };
        let grant = token_grant::Entity::find_by_id(row.grant_id).one(db).await?;
        Ok(grant.map(|grant| (row, grant)))
    }

    async fn refresh_reused(&self, grant: &token_grant::Model) -> Result<Answer, Fault> {
        self.revoke_grant(grant.id, "refresh_reuse").await?;
        Ok(Err(invalid_grant("the token has been used")))
    }
}
