//! Invitations of staff: whom a file names and who has no account chooses a password by a mailed link.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{Table, check, index, unique};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0025_staff_invitations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let backend = db.get_database_backend();
        db.execute_unprepared(&STAFF_INVITATION.create(backend)).await?;
        for index in STAFF_INVITATION.create_indexes(backend) {
            db.execute_unprepared(&index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// The newest invitation to an address, in the form for comparison. `agency_id` is empty for the vendor's staff. It is deleted when it is used.
const STAFF_INVITATION: Table = Table {
    name: "staff_invitation",
    columns: "
        email_canonical text NOT NULL,
        id UUID NOT NULL,
        email text NOT NULL,
        agency_id text NOT NULL,
        token_hash text NOT NULL,
        invited_at TIME NOT NULL,
        expires_at TIME NOT NULL,
    ",
    key: "email_canonical",
    checks: &[check("ck_staff_invitation_expires_at", "expires_at > invited_at")],
    references: &[],
    indexes: &[
        unique("uq_staff_invitation_token_hash", "token_hash"),
        index("ix_staff_invitation_expires_at", "expires_at"),
    ],
};
