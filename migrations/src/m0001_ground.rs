use sea_orm_migration::prelude::*;

use crate::{column::*, index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        table(manager, "meta", vec![text("key").primary_key().take(), text("value")]).await?;
        table(
            manager,
            "outbox",
            vec![
                id(),
                text("kind"),
                bytes("payload"),
                time("created_at"),
                time("not_before"),
                time_null("expires_at"),
                count("attempts"),
                time_null("locked_until"),
                time_null("sent_at"),
                time_null("dead_at"),
                text_null("last_error"),
            ],
        )
        .await?;
        index(manager, "outbox", &["sent_at", "dead_at", "not_before"], false).await
    }
}
