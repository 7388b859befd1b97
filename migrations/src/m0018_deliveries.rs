//! Deliveries of agencies: what was planned, applied and undone, and what rows were before. An identity names the delivery that brought it, and since when a
//! complete delivery misses it; a link says until when it holds.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

use crate::schema::{
    OnDelete::{Cascade, Restrict},
    Table, check, index, reference, unique,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0018_deliveries"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for column in COLUMNS {
            db.execute_unprepared(&add(column, db.get_database_backend())).await?;
        }
        for table in [DELIVERY, DELIVERY_CHANGE, PROVEN_HASH] {
            db.execute_unprepared(&table.create(db.get_database_backend())).await?;
            for index in table.create_indexes(db.get_database_backend()) {
                db.execute_unprepared(&index).await?;
            }
        }
        db.execute_unprepared(
            "CREATE INDEX ix_link_ends_at ON link (ends_at) WHERE ends_at IS NOT NULL AND ended_at IS NULL",
        )
        .await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// New columns: the table and the definition. None of them is a reference: an import would look for the same delivery a million times.
const COLUMNS: [&str; 5] = [
    "legacy_identity secret_fingerprint text",
    "legacy_identity delivery_id UUID",
    "legacy_identity left_at TIME",
    "link ends_at TIME",
    "link ended_at TIME",
];

fn add(column: &str, backend: DbBackend) -> String {
    let (table, definition) = column.split_once(' ').unwrap_or((column, ""));
    let types = match backend {
        DbBackend::Sqlite => [(" UUID", " uuid_text"), (" TIME", " integer")],
        _ => [(" UUID", " uuid"), (" TIME", " bigint")],
    };
    let definition =
        types.iter().fold(definition.to_owned(), |text, (word, native)| text.replace(word, native));
    format!("ALTER TABLE {table} ADD COLUMN {definition}")
}

/// A file of an agency. `base` is the newest change of the agency's identities by a delivery when it was planned; `report` and `forced` are JSON; `sketch`
/// holds keyed hashes of some of its rows, to recognise them at another agency. `place` is its place in the order in which the agency's deliveries were applied.
const DELIVERY: Table = Table {
    name: "delivery",
    columns: "
        id UUID NOT NULL,
        agency_id text NOT NULL,
        state text NOT NULL,
        complete boolean NOT NULL DEFAULT FALSE,
        file text NOT NULL,
        sha256 text NOT NULL,
        base text NOT NULL,
        report text NOT NULL,
        forced text NOT NULL DEFAULT '[]',
        sketch BYTES NOT NULL,
        planned_at TIME NOT NULL,
        planned_by text NOT NULL,
        applied_at TIME,
        applied_by text,
        undone_at TIME,
        undone_by text,
        changed_at TIME NOT NULL,
        place TIME,
    ",
    key: "id",
    checks: &[
        check("ck_delivery_state", "state IN ('planned', 'applying', 'applied', 'undoing', 'undone')"),
        check(
            "ck_delivery_applied_at",
            "applied_at IS NOT NULL OR state IN ('planned', 'applying', 'undoing', 'undone')",
        ),
        check("ck_delivery_undone_at", "(undone_at IS NOT NULL) = (state = 'undone')"),
    ],
    references: &[],
    indexes: &[
        index("ix_delivery_agency_id_changed_at", "agency_id, changed_at"),
        // At most one delivery of an agency is at work (SECURITY I25).
        unique("uq_delivery_busy", "agency_id").only("state IN ('applying', 'undoing')"),
    ],
};

/// The rows that a delivery changed, as they were before, sealed, for thirty days.
const DELIVERY_CHANGE: Table = Table {
    name: "delivery_change",
    columns: "
        delivery_id UUID NOT NULL,
        legacy_identity_id UUID NOT NULL,
        row_before BYTES NOT NULL,
    ",
    key: "delivery_id, legacy_identity_id",
    checks: &[],
    references: &[
        reference("delivery_id", "delivery", Cascade),
        reference("legacy_identity_id", "legacy_identity", Restrict),
    ],
    indexes: &[index("ix_delivery_change_legacy_identity_id", "legacy_identity_id")],
};

/// Kinds of old hashes of which one was right at a sign-in.
const PROVEN_HASH: Table = Table {
    name: "proven_hash",
    columns: "
        agency_id text NOT NULL,
        kind text NOT NULL,
        proven_at TIME NOT NULL,
    ",
    key: "agency_id, kind",
    checks: &[],
    references: &[],
    indexes: &[],
};
