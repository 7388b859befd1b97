use sea_orm_migration::prelude::*;

use crate::{column::*, index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(
            manager,
            "interaction",
            vec![
                id(),
                text("browser_hash"),
                text_null("client_id"),
                text_null("agency_id"),
                text("request"),
                uuid_null("enrolment_id"),
                time("created_at"),
                time("expires_at"),
                time_null("completed_at"),
            ],
        )
        .await?;
        index(manager, "interaction", &["expires_at"], false).await?;

        table(
            manager,
            "token_grant",
            vec![
                id(),
                uuid("account_id"),
                text("client_id"),
                uuid("session_id"),
                text("sid"),
                text("scope"),
                text("claims"),
                text_null("acr"),
                time("auth_time"),
                count("auth_epoch"),
                time("created_at"),
                time_null("revoked_at"),
                text_null("revoked_why"),
            ],
        )
        .await?;
        index(manager, "token_grant", &["account_id"], false).await?;
        index(manager, "token_grant", &["session_id"], false).await?;

        table(
            manager,
            "code",
            vec![
                text("hash").primary_key().take(),
                uuid("grant_id"),
                text("client_id"),
                text("redirect_uri"),
                text_null("code_challenge"),
                text_null("nonce"),
                time("expires_at"),
                time_null("used_at"),
            ],
        )
        .await?;
        index(manager, "code", &["grant_id"], true).await?;
        index(manager, "code", &["expires_at"], false).await?;

        table(
            manager,
            "refresh_token",
            vec![
                text("hash").primary_key().take(),
                uuid("grant_id"),
                time("created_at"),
                time("expires_at"),
                time("family_ends_at"),
                time_null("used_at"),
            ],
        )
        .await?;
        // At most one living token in a family (SECURITY I3). A partial index: both databases have it, the builder does not.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX uq_refresh_token_live ON refresh_token (grant_id) WHERE used_at IS NULL",
            )
            .await?;

        table(
            manager,
            "signing_key",
            vec![
                text("kid").primary_key().take(),
                text("alg"),
                count("generation"),
                bytes("sealed"),
                text("jwk"),
                time("created_at"),
                time("active_from"),
            ],
        )
        .await?;
        // Two nodes that make a key at once make one: the second insert does nothing.
        index(manager, "signing_key", &["alg", "generation"], true).await?;

        table(
            manager,
            "client_session",
            vec![
                uuid("session_id"),
                text("client_id"),
                uuid("account_id"),
                text("sid"),
                text("sub"),
                time("first_at"),
                time_null("ended_at"),
            ],
        )
        .await?;
        index(manager, "client_session", &["session_id", "client_id"], true).await?;
        index(manager, "client_session", &["sid"], false).await?;

        // Client assertions seen (SECURITY I18).
        table(manager, "used_assertion", vec![text("client_id"), text("jti"), time("expires_at")]).await?;
        index(manager, "used_assertion", &["client_id", "jti"], true).await
    }
}
