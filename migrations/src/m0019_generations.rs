//! Generations of the configuration, their files, the nodes that serve them, and the last use of each secret that they name.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

use crate::schema::{
    OnDelete::{Cascade, Restrict, SetNull},
    Table, check, index, reference, unique,
};

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0019_generations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for table in [CONFIG_GENERATION, CONFIG_CONTENT, CONFIG_FILE, NODE, SECRET_USE] {
            db.execute_unprepared(&table.create(db.get_database_backend())).await?;
            for index in table.create_indexes(db.get_database_backend()) {
                db.execute_unprepared(&index).await?;
            }
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// An accepted configuration of all agencies, or one on its way to that. `kept` is JSON; `switch_at` is in milliseconds.
const CONFIG_GENERATION: Table = Table {
    name: "config_generation",
    columns: "
        id TIME NOT NULL,
        state text NOT NULL,
        sha256 text NOT NULL,
        made_by text NOT NULL,
        made_at TIME NOT NULL,
        before_id TIME,
        kept text NOT NULL,
        switch_at TIME,
        why text,
    ",
    key: "id",
    checks: &[
        check("ck_config_generation_state", "state IN ('preparing', 'accepted', 'refused')"),
        check("ck_config_generation_switch_at", "(switch_at IS NOT NULL) = (state = 'accepted')"),
        check("ck_config_generation_why", "(why IS NOT NULL) = (state = 'refused')"),
        check("ck_config_generation_before_id", "before_id < id"),
    ],
    references: &[reference("before_id", "config_generation", SetNull)],
    indexes: &[
        index("ix_config_generation_before_id", "before_id"),
        // At most one is being prepared.
        unique("uq_config_generation_preparing", "state").only("state = 'preparing'"),
    ],
};

/// The content of files, by digest. What holds a secret is sealed.
const CONFIG_CONTENT: Table = Table {
    name: "config_content",
    columns: "
        id text NOT NULL,
        sealed boolean NOT NULL,
        content BYTES NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[],
    indexes: &[],
};

/// The files of a generation. `owner` is an agency, or empty for what all share.
const CONFIG_FILE: Table = Table {
    name: "config_file",
    columns: "
        generation_id TIME NOT NULL,
        owner text NOT NULL,
        path text NOT NULL,
        content_id text NOT NULL,
    ",
    key: "generation_id, owner, path",
    checks: &[],
    references: &[
        reference("generation_id", "config_generation", Cascade),
        reference("content_id", "config_content", Restrict),
    ],
    indexes: &[index("ix_config_file_content_id", "content_id")],
};

/// The nodes as they report themselves. Generations are numbers here and no references: a node may report one that was purged meanwhile. `seen_at` is in
/// milliseconds, `settings` is JSON.
const NODE: Table = Table {
    name: "node",
    columns: "
        id text NOT NULL,
        version text NOT NULL,
        seen_at TIME NOT NULL,
        serves TIME NOT NULL,
        prepared TIME NOT NULL,
        failed TIME NOT NULL,
        error text,
        settings text NOT NULL,
    ",
    key: "id",
    checks: &[],
    references: &[],
    indexes: &[],
};

/// The last use of a client's secret or of an agency's ticket key, within a day.
const SECRET_USE: Table = Table {
    name: "secret_use",
    columns: "
        kind text NOT NULL,
        owner text NOT NULL,
        mark text NOT NULL,
        used_at TIME NOT NULL,
    ",
    key: "kind, owner, mark",
    checks: &[check("ck_secret_use_kind", "kind IN ('client secret', 'ticket key')")],
    references: &[],
    indexes: &[],
};
