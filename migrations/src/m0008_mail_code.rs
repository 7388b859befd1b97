use sea_orm_migration::prelude::*;

use crate::column::{count, text_null, time_null};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The code in the newest confirmation mail, for the browser in which the password was chosen: a keyed hash, how often it was tried, and until
        // when it works. One statement for each column: SQLite adds one at a time.
        for mut column in [text_null("code_hash"), count("code_tries"), time_null("code_until")] {
            manager.alter_table(Table::alter().table("enrolment").add_column(&mut column).take()).await?;
        }
        Ok(())
    }
}
