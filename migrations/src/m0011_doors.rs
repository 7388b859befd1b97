use sea_orm_migration::prelude::*;

use crate::{
    column::{text, time_null},
    index, table,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A reset link that works is sent again: how often it was, and when last. An older node writes neither: then it was once, when it was made.
        let mut mails = ColumnDef::new("mails").integer().not_null().default(1).take();
        for column in [&mut time_null("mailed_at"), &mut mails] {
            manager.alter_table(Table::alter().table("recovery").add_column(column).take()).await?;
        }
        // When a request for a forgotten password last wrote to an unfinished move, and when its address was last changed: both are counted by the day.
        for mut column in [time_null("finish_mailed_at"), time_null("addressed_at")] {
            manager.alter_table(Table::alter().table("enrolment").add_column(&mut column).take()).await?;
        }
        // The dear recipes of an agency's old hashes, without their salts: what an identifier that nobody has is checked with (SECURITY #60).
        table(manager, "legacy_recipe", vec![text("agency_id"), text("recipe")]).await?;
        index(manager, "legacy_recipe", &["agency_id", "recipe"], true).await
    }
}
