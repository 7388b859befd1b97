//! The words by which staff find an identity at the desk: of names in agencies' files, and of further references.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{OnDelete::Cascade, Table, index, reference};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0024_terms"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        let backend = db.get_database_backend();
        db.execute_unprepared(&IDENTITY_TERM.create(backend)).await?;
        for index in IDENTITY_TERM.create_indexes(backend) {
            db.execute_unprepared(&index).await?;
        }
        db.execute_unprepared("ALTER TABLE legacy_identity ADD COLUMN terms_of text").await?;
        // Identities whose terms wait for the worker, whichever version of a node wrote them.
        db.execute_unprepared(
            "CREATE INDEX ix_legacy_identity_terms ON legacy_identity (agency_id, id) \
             WHERE terms_of IS NULL OR terms_of <> coalesce(name, '') || '|' || coalesce(further_refs, '')",
        )
        .await?;
        db.execute_unprepared(
            "CREATE INDEX ix_legacy_identity_client_ref ON legacy_identity (agency_id, client_ref)",
        )
        .await?;
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A term of an identity: `n` and a word of its name without accents and capitals, or `r` and a further reference. Terms are compared byte by byte on both
/// databases, for a search takes those that begin alike.
const IDENTITY_TERM: Table = Table {
    name: "identity_term",
    columns: "
        agency_id text NOT NULL,
        term WORD NOT NULL,
        legacy_identity_id UUID NOT NULL,
    ",
    key: "agency_id, term, legacy_identity_id",
    checks: &[],
    references: &[reference("legacy_identity_id", "legacy_identity", Cascade)],
    indexes: &[index("ix_identity_term_legacy_identity_id", "legacy_identity_id, term")],
};
