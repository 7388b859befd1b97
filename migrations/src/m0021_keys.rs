//! Keys that are replaced: a signing key says since when it is revoked, and a node which keys it has for what is sealed.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0021_keys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let time = if db.get_database_backend() == DbBackend::Sqlite { "integer" } else { "bigint" };
        // `sealing_keys` is JSON, and missing where a node of an earlier version reports.
        for column in
            [format!("signing_key ADD COLUMN revoked_at {time}"), "node ADD COLUMN sealing_keys text".into()]
        {
            db.execute_unprepared(&format!("ALTER TABLE {column}")).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
