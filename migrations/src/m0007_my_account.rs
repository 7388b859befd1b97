use sea_orm_migration::prelude::*;

use crate::{column::*, index, table};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // When its owner last changed what portals are told: the claim `updated_at`.
        let mut changed_at = time_null("changed_at");
        manager.alter_table(Table::alter().table("account").add_column(&mut changed_at).take()).await?;

        // An address that is to take the place of another, and one that has: its owner before has the last word for some days.
        table(
            manager,
            "email_change",
            vec![
                id(),
                uuid("account_id"),
                text("from_email"),
                text("from_canonical"),
                text("to_email"),
                text("to_canonical"),
                text("confirm_hash"),
                text("undo_hash"),
                time("created_at"),
                time("expires_at"),
                time_null("confirmed_at"),
                // Cancelled, replaced by a newer wish, or taken back.
                time_null("ended_at"),
            ],
        )
        .await?;
        index(manager, "email_change", &["confirm_hash"], true).await?;
        index(manager, "email_change", &["undo_hash"], true).await?;
        index(manager, "email_change", &["account_id", "created_at"], false).await?;
        // At most one wish of an account that may still be confirmed (SECURITY #75). A partial index: both databases have it, the builder does not.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE UNIQUE INDEX uq_email_change_live ON email_change (account_id) \
                 WHERE confirmed_at IS NULL AND ended_at IS NULL",
            )
            .await?;
        Ok(())
    }
}
