use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        // Wishes that two nodes served at once may have left two: the newest stays, as the rule was.
        db.execute_unprepared(
            "UPDATE recovery SET superseded_at = created_at WHERE used_at IS NULL AND superseded_at IS NULL AND EXISTS \
             (SELECT 1 FROM recovery newer WHERE newer.account_id = recovery.account_id \
             AND newer.used_at IS NULL AND newer.superseded_at IS NULL \
             AND (newer.created_at > recovery.created_at OR (newer.created_at = recovery.created_at AND newer.id > recovery.id)))",
        )
        .await?;
        // At most one living link of an account (SECURITY I7). A partial index: both databases have it, the builder does not.
        db.execute_unprepared(
            "CREATE UNIQUE INDEX uq_recovery_live ON recovery (account_id) WHERE used_at IS NULL AND superseded_at IS NULL",
        )
        .await?;
        Ok(())
    }
}
