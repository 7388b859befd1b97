use kernel::{Fault, Token};
use oidc::{
    claims::Access,
    token::{self, RefreshAttempt, RefreshRecord, Refreshed, Verdict},
};

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
        let client = attempt.client;
        let Some(person) = self.person(&grant, client).await? else {
            return Ok(Err(invalid_grant("the account has changed since")));
        };
        let access = Access { scope: &scope, resources: &resources };
        // No nonce: nothing was asked for anew (OIDC Core §12.2).
        let issued = self.issue(&grant, client, &person, access, None).await?;
        let next = self.ground.token();
        let now = self.ground.now();
        let child = refresh_token::Model {
            hash: next.digest().into_string(),
            grant_id: grant.id,
            created_at: now,
            expires_at: now + self.settings.refresh_idle,
            family_ends_at: row.family_ends_at,
            used_at: None,
        };
        if !self.together.rotate(row.hash, child).await? {
            return self.refresh_reused(&grant).await;
        }
        Ok(Ok(issued.with(Some(&next))))
    }

    pub(super) async fn refresh_row(
        &self,
        text: &str,
    ) -> Result<Option<(refresh_token::Model, token_grant::Model)>, Fault> {
        let Some(token) = Token::parse(text) else { return Ok(None) };
        self.together.refresh(token.digest().into_string()).await
    }

    async fn refresh_reused(&self, grant: &token_grant::Model) -> Result<Answer, Fault> {
        self.reused(grant, "refresh_reuse").await?;
        Ok(Err(invalid_grant("the token has been used")))
    }
}
