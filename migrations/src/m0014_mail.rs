use sea_orm_migration::prelude::*;

use crate::column::{text_null, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Whom a letter is for, whose row learns that an address is refused, why a letter is dead, and when it came back. One statement for each
        // column: SQLite adds one at a time.
        for mut column in
            [text_null("destination"), text_null("about"), text_null("dead_why"), time_null("bounced_at")]
        {
            manager.alter_table(Table::alter().table("outbox").add_column(&mut column).take()).await?;
        }
        // When the address that waits for its confirmation was refused by its server.
        for table in ["enrolment", "email_change"] {
            let mut refused_at = time_null("refused_at");
            manager.alter_table(Table::alter().table(table).add_column(&mut refused_at).take()).await?;
        }
        Ok(())
    }
}
