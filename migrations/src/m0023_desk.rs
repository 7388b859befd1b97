//! Columns for help on the telephone: a mail names whom it is written to and what for, and keeps the answer of the server that took it. An account that
//! staff close says why, and how long it is kept.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0023_desk"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let id = if db.get_database_backend() == DbBackend::Sqlite { "uuid_text" } else { "uuid" };
        // `person` is an account or a move, and no reference: the outbox knows neither. Messages of before name nobody.
        for column in [
            &*format!("person {id}"),
            "topic text",
            "agency text",
            // The domain of the address.
            "host text",
            "answer text",
        ] {
            db.execute_unprepared(&format!("ALTER TABLE outbox ADD COLUMN {column}")).await?;
        }
        let time = if db.get_database_backend() == DbBackend::Sqlite { "integer" } else { "bigint" };
        for column in ["closed_why text".to_owned(), format!("kept_until {time}")] {
            db.execute_unprepared(&format!("ALTER TABLE account ADD COLUMN {column}")).await?;
        }
        db.execute_unprepared("CREATE INDEX ix_outbox_person ON outbox (person) WHERE person IS NOT NULL")
            .await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
