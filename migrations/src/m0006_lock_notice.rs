use sea_orm_migration::prelude::*;

use crate::{
    column::{text, time},
    index, table,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // When the owner of an address was last told of a lock: apart from the count, which a reset clears. The subject is that of `attempt`, for
        // addresses with and without an account alike.
        table(manager, "lock_notice", vec![text("subject").primary_key().take(), time("told_at")]).await?;
        index(manager, "lock_notice", &["told_at"], false).await
    }
}
