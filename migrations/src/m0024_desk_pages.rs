//! The pages of the desk: who looked at a person and what was done for them, forms that were used, and the page to which a visitor comes back after the password.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{Table, check, index, unique};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0024_desk_pages"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let backend = db.get_database_backend();
        for table in [&STAFF_LOOK, &USED_FORM] {
            db.execute_unprepared(&table.create(backend)).await?;
            for index in table.create_indexes(backend) {
                db.execute_unprepared(&index).await?;
            }
        }
        db.execute_unprepared("ALTER TABLE interaction ADD COLUMN back text").await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A look of staff at a person within an hour. `person` is an account or an identity, and no reference: it outlives neither. `staff` is the name that the evidence
/// has; `agency` is empty for operators and the vendor's staff. `done` lists what was done, each once.
const STAFF_LOOK: Table = Table {
    name: "staff_look",
    columns: "
        id UUID NOT NULL,
        person UUID NOT NULL,
        staff text NOT NULL,
        role text NOT NULL,
        agency text NOT NULL,
        hour TIME NOT NULL,
        at TIME NOT NULL,
        done text NOT NULL,
    ",
    key: "id",
    checks: &[check("ck_staff_look_hour", "hour <= at AND at < hour + 3600")],
    references: &[],
    indexes: &[
        unique("ux_staff_look_person", "person, staff, agency, hour"),
        index("ix_staff_look_staff", "staff, at"),
        index("ix_staff_look_at", "at"),
    ],
};

/// A form of the desk that was sent: the same one sent again does nothing.
const USED_FORM: Table = Table {
    name: "used_form",
    columns: "
        id UUID NOT NULL,
        at TIME NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[],
    indexes: &[index("ix_used_form_at", "at")],
};
