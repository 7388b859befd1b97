use sea_orm_migration::prelude::*;

use crate::column::{bytes_null, text_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // In whose place a refresh token came, and the token itself, sealed, for as long as its parent may be sent once more (SECURITY D16). An older
        // node writes neither: then a parent that comes again is reuse, as before. One statement for each column: SQLite adds one at a time.
        for mut column in [text_null("parent"), bytes_null("sealed")] {
            manager.alter_table(Table::alter().table("refresh_token").add_column(&mut column).take()).await?;
        }
        // For whoever takes the sealed ones away, a moment later. A partial index: both databases have it, the builder does not.
        manager
            .get_connection()
            .execute_unprepared(
                "CREATE INDEX ix_refresh_token_sealed ON refresh_token (created_at) WHERE sealed IS NOT NULL",
            )
            .await?;
        Ok(())
    }
}
