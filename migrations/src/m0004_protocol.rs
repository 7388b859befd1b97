use sea_orm_migration::prelude::*;

use crate::column::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Added with a default, so that a node of the release before may go on writing these tables.
        let mut resources = text("resources").default("").take();
        let grant = Table::alter().table("token_grant").add_column(&mut resources).take();
        manager.alter_table(grant).await?;
        let mut before = uuid_null("session_before");
        manager.alter_table(Table::alter().table("interaction").add_column(&mut before).take()).await
    }
}
