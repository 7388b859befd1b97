//! Codes by which somebody without the old password begins the move: one for an identity, on its letter or from the desk.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{OnDelete::Cascade, Table, index, reference};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0022_activation_codes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        db.execute_unprepared(&ACTIVATION_CODE.create(db.get_database_backend())).await?;
        for index in ACTIVATION_CODE.create_indexes(db.get_database_backend()) {
            db.execute_unprepared(&index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The newest code of an identity. `hash` is keyed, and bound to the identity; `used_at` is when it was right for the first time.
const ACTIVATION_CODE: Table = Table {
    name: "activation_code",
    columns: "
        legacy_identity_id UUID NOT NULL,
        hash text NOT NULL,
        issued_at TIME NOT NULL,
        expires_at TIME NOT NULL,
        used_at TIME,
    ",
    key: "legacy_identity_id",
    checks: &[],
    references: &[reference("legacy_identity_id", "legacy_identity", Cascade)],
    indexes: &[index("ix_activation_code_expires_at", "expires_at")],
};
