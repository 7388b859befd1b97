//! The rotation of refresh tokens.

use accounts::SessionId;
use kernel::{Done, Fault, Token, Tx, Unix};
use oidc::{
    claims::Access,
    client::Client,
    token::{self, RedeemDecision, RefreshAttempt, RefreshRecord, Refreshed, Rotated},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, sea_query::Expr,
};
use serde_json::Value;

use super::{
    EndpointError, Grants,
    exchange::invalid_grant,
    table::{refresh_token, token_grant},
};

/// The number of seconds for which a sealed child is kept: the time in which its parent may be sent again, and an allowance for clocks and for the worker.
const SEALED: i64 = token::RETRY_WINDOW + 50;

/// A presented refresh token, with its stored state.
struct Known {
    row: refresh_token::Model,
    grant: token_grant::Model,
    /// The token that replaced it, if that is unused and can be given once more.
    child: Option<Token>,
}

impl Grants {
    /// Rotates a refresh token (RFC 6749 §6, RFC 9700 §4.14.2). The reuse of a rotated token revokes its whole family, unless its own client
    /// sends it once more at once: then it gets the same child (SECURITY D16).
    #[tracing::instrument(skip_all)]
    pub(super) async fn refresh(
        &self,
        text: &str,
        attempt: &RefreshAttempt<'_>,
    ) -> Result<Value, EndpointError> {
        let unknown = || invalid_grant("the token is not known");
        let presented = Token::parse(text).ok_or_else(unknown)?;
        let known = self.known(&presented).await?.ok_or_else(unknown)?;
        match self.refreshed(&presented, known, attempt).await? {
            Some(answer) => Ok(answer),
            // Another request with the same token was faster: decide again by its result.
            None => {
                let known = self.known(&presented).await?.ok_or_else(unknown)?;
                let grant = known.grant.clone();
                match self.refreshed(&presented, known, attempt).await? {
                    Some(answer) => Ok(answer),
                    None => self.refresh_reused(&grant).await,
                }
            }
        }
    }

    /// Returns the tokens; `None` if the token was used meanwhile.
    async fn refreshed(
        &self,
        presented: &Token,
        known: Known,
        attempt: &RefreshAttempt<'_>,
    ) -> Result<Option<Value>, EndpointError> {
        let Known { row, grant, child } = known;
        let rotated = row.used_at.map(|at| Rotated { at, child_unused: child.is_some() });
        let record = RefreshRecord {
            client_id: grant.client_id.clone(),
            scope: grant.scope()?,
            resources: grant.resources(),
            expires_at: row.expires_at,
            family_ends_at: row.family_ends_at,
            rotated,
            revoked: grant.revoked_at.is_some(),
            session_over: self.session_over(&grant, attempt.client).await?,
        };
        let Refreshed { scope, resources } = match token::refresh(&record, attempt) {
            RedeemDecision::Give(given) => given,
            RedeemDecision::Refuse(error) => return Err(error.into()),
            RedeemDecision::Reuse => return self.refresh_reused(&grant).await.map(Some),
        };
        let client = attempt.client;
        let changed = || invalid_grant("the account has changed since");
        let person = self.person(&grant, client).await?.ok_or_else(changed)?;
        let access = Access { scope: &scope, resources: &resources };
        // No nonce, since there is no new authorization request (OIDC Core §12.2).
        let issued = self.issue(&grant, client, &person, access, None).await?;
        if rotated.is_some() {
            return Ok(Some(issued.with(child.as_ref())));
        }
        let next = self.context.token();
        let now = self.context.now();
        let child = refresh_token::Model {
            hash: next.digest().into_string(),
            grant_id: grant.id,
            created_at: now,
            expires_at: now + self.settings.refresh_idle,
            family_ends_at: row.family_ends_at,
            used_at: None,
            parent: Some(row.hash.clone()),
            sealed: Some(self.context.seal(&purpose(presented), next.text().as_bytes())),
        };
        if !self.rotate(&row.hash, child).await? {
            return Ok(None);
        }
        Ok(Some(issued.with(Some(&next))))
    }

    /// Finds the token, its grant, and the child that it may still give.
    async fn known(&self, presented: &Token) -> Result<Option<Known>, Fault> {
        let Some((row, grant)) = self.by_hash(presented).await? else { return Ok(None) };
        let child = match row.used_at {
            Some(_) => self.unused_child(presented, &row).await?,
            None => None,
        };
        Ok(Some(Known { row, grant, child }))
    }

    /// Returns a token with its grant.
    async fn by_hash(
        &self,
        token: &Token,
    ) -> Result<Option<(refresh_token::Model, token_grant::Model)>, Fault> {
        let found = refresh_token::Entity::find_by_id(token.digest().into_string())
            .find_also_related(token_grant::Entity)
            .one(self.context.db.reader())
            .await?;
        Ok(found.and_then(|(row, grant)| Some((row, grant?))))
    }

    /// Puts `child` into the place of the token with this hash, by one conditional statement whose count is the permission to do so (SECURITY I3); false
    /// where that was used before.
    async fn rotate(&self, parent: &str, child: refresh_token::Model) -> Result<bool, Fault> {
        self.context
            .db
            .write(async |tx: &Tx| {
                let used = refresh_token::Entity::update_many()
                    .col_expr(refresh_token::Column::UsedAt, Expr::value(child.created_at))
                    // Whoever uses a token has it: its parent gives it to nobody any more.
                    .col_expr(refresh_token::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
                    .filter(refresh_token::Column::Hash.eq(parent))
                    .filter(refresh_token::Column::UsedAt.is_null())
                    .exec(tx.conn())
                    .await?;
                if used.rows_affected != 1 {
                    // Whoever asks next looks at what the other one left.
                    return Ok(Done::RollBack(false));
                }
                let child = child.into_active_model().reset_all();
                refresh_token::Entity::insert(child).exec_without_returning(tx.conn()).await?;
                Ok(Done::Commit(true))
            })
            .await
    }

    async fn unused_child(
        &self,
        presented: &Token,
        parent: &refresh_token::Model,
    ) -> Result<Option<Token>, Fault> {
        let child = refresh_token::Entity::find()
            .filter(refresh_token::Column::GrantId.eq(parent.grant_id))
            .filter(refresh_token::Column::UsedAt.is_null())
            .filter(refresh_token::Column::Parent.eq(&parent.hash))
            .one(self.context.db.reader())
            .await?;
        let Some(sealed) = child.and_then(|child| child.sealed) else { return Ok(None) };
        // A child that does not open, because the key was replaced, counts as none.
        let Ok(plain) = self.context.keys.open(&purpose(presented), &sealed) else { return Ok(None) };
        Ok(std::str::from_utf8(&plain).ok().and_then(Token::parse))
    }

    /// Returns true if the grant depends on a session that has ended or expired (OIDC Core §11). With `offline_access` it depends on none, and costs no
    /// statement.
    pub(super) async fn session_over(
        &self,
        grant: &token_grant::Model,
        client: &Client,
    ) -> Result<bool, Fault> {
        if token::is_offline(&grant.scope()?, client) {
            return Ok(false);
        }
        Ok(!self.accounts.session_lives(SessionId(grant.session_id)).await?)
    }

    pub(super) async fn refresh_row(
        &self,
        text: &str,
    ) -> Result<Option<(refresh_token::Model, token_grant::Model)>, Fault> {
        let Some(token) = Token::parse(text) else { return Ok(None) };
        self.by_hash(&token).await
    }

    async fn refresh_reused(&self, grant: &token_grant::Model) -> Result<Value, EndpointError> {
        self.reused(grant, "refresh_reuse").await?;
        Err(invalid_grant("the token has been used").into())
    }

    /// Counts the children that are sealed with another key than the newest. Nobody can seal them anew, for that takes their parents: they are forgotten within
    /// a minute.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn children_of_older_keys(&self) -> Result<u64, Fault> {
        let sealed: Vec<Option<Vec<u8>>> = refresh_token::Entity::find()
            .select_only()
            .column(refresh_token::Column::Sealed)
            .filter(refresh_token::Column::Sealed.is_not_null())
            .into_tuple()
            .all(self.context.db.reader())
            .await?;
        let older = sealed.iter().flatten().filter(|sealed| !self.context.keys.is_newest(sealed));
        Ok(older.count() as u64)
    }

    /// Deletes the sealed texts of children that may no longer be given again. A used token lost its own when it was used.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_children(&self) -> Result<(), Fault> {
        let before: Unix = self.context.now() - SEALED;
        refresh_token::Entity::update_many()
            .col_expr(refresh_token::Column::Sealed, Expr::value(Option::<Vec<u8>>::None))
            .filter(refresh_token::Column::Sealed.is_not_null())
            .filter(refresh_token::Column::CreatedAt.lt(before))
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }
}

/// Returns the purpose for which a child is sealed. It contains the parent's text, which is stored nowhere, so a copy of the database opens no child, even with
/// the key (SECURITY #124).
fn purpose(parent: &Token) -> String {
    format!("refresh child of {}", parent.text())
}
