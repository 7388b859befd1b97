//! The whole schema. docs/adr/0013 explains what each kind of constraint holds, and which columns are no references.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::Table;

mod accounts;
mod grants;
mod kernel;
mod moves;

/// The name under which a database records that it has the baseline.
pub(crate) const NAME: &str = "m0017_baseline";

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        NAME
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for table in TABLES {
            db.execute_unprepared(&table.create(db.get_database_backend())).await?;
            for index in table.create_indexes(db.get_database_backend()) {
                db.execute_unprepared(&index).await?;
            }
        }
        db.execute_unprepared("INSERT INTO evidence_head (id, seq, hash) VALUES (1, 0, '')").await?;
        Ok(())
    }

    /// On SQLite too: a process that is killed leaves no half schema.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Every table, after those that it refers to.
pub(crate) const TABLES: &[Table] = &[
    kernel::META,
    kernel::OUTBOX,
    accounts::ACCOUNT,
    accounts::ATTEMPT,
    accounts::LOCK_NOTICE,
    accounts::DEVICE,
    accounts::SESSION,
    accounts::RECOVERY,
    accounts::EMAIL_CHANGE,
    moves::LEGACY_IDENTITY,
    moves::LEGACY_RECIPE,
    moves::LINK,
    moves::ENROLMENT,
    moves::USED_TICKET,
    accounts::ACCEPTANCE,
    accounts::EVIDENCE,
    accounts::EVIDENCE_HEAD,
    grants::INTERACTION,
    grants::TOKEN_GRANT,
    grants::CODE,
    grants::REFRESH_TOKEN,
    grants::SIGNING_KEY,
    grants::CLIENT_SESSION,
    grants::USED_ASSERTION,
];
