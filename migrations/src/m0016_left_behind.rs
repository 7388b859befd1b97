use sea_orm_migration::prelude::*;

use crate::{column::time_null, index};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Since when somebody is known to have sent a form in an interaction. Rows of an older node have none, and go an hour after they began.
        let mut went_on_at = time_null("went_on_at");
        manager.alter_table(Table::alter().table("interaction").add_column(&mut went_on_at).take()).await?;
        // For the purge of what strangers leave: interactions that nobody went on with, and counts of attempts. A partial index: both databases have
        // it, the builder does not.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX ix_interaction_left ON interaction (created_at) \
                 WHERE went_on_at IS NULL AND enrolment_id IS NULL AND completed_at IS NULL",
            )
            .await?;
        index(manager, "attempt", &["updated_at"], false).await
    }
}
