//! From the migrations before the baseline to it. In one transaction, so that a process that is killed leaves the database as it was.

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};

use crate::{
    Error, Violation,
    before::{self, BEFORE, NEEDED},
    m0017_baseline::{NAME, TABLES},
    schema::Table,
};

/// Indexes of the migrations before that primary keys replace, or that the baseline defines anew.
const REPLACED: [&str; 6] = [
    "uq_account_email_canonical",
    "uq_attempt_subject_bucket",
    "uq_used_ticket_agency_id_jti",
    "uq_legacy_recipe_agency_id_recipe",
    "uq_client_session_session_id_client_id",
    "uq_used_assertion_client_id_jti",
];

/// Carries a database of the migrations before over to the baseline, and records that it has it. Changes nothing in any other database.
pub(crate) async fn to_baseline(db: &DatabaseConnection) -> Result<(), Error> {
    // SQLite: the write lock before the first read, so that of two processes the second one finds the work done.
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    if !is_before(&applied(db).await?)? {
        return Ok(());
    }
    let tx = db.begin_with_options(options).await?;
    let applied = applied(&tx).await?;
    if !is_before(&applied)? {
        return Ok(());
    }
    for sql in before::missing(applied.len(), tx.get_database_backend()) {
        tx.execute_unprepared(&sql).await?;
    }
    refuse_other_columns(&tx).await?;
    let violations = violations(&tx).await?;
    if !violations.is_empty() {
        return Err(Error::Rows(violations));
    }
    match tx.get_database_backend() {
        DbBackend::Sqlite => rebuild(&tx).await?,
        _ => constrain(&tx).await?,
    }
    tx.execute_unprepared(&format!(
        "INSERT INTO seaql_migrations (version, applied_at) SELECT '{NAME}', max(applied_at) FROM seaql_migrations"
    ))
    .await?;
    tx.execute_unprepared(&format!("DELETE FROM seaql_migrations WHERE version <> '{NAME}'")).await?;
    Ok(tx.commit().await?)
}

/// True if the database has migrations before the baseline and no others, in their order and up to m0008 at least. One that has others too is newer than this
/// program, which the migrator refuses.
fn is_before(applied: &[String]) -> Result<bool, Error> {
    let known = |version: &String| BEFORE.contains(&version.as_str());
    match applied.last() {
        Some(last) if applied.iter().all(known) => {
            let in_order = applied.iter().zip(BEFORE).all(|(version, before)| version == before);
            if in_order && applied.len() >= NEEDED { Ok(true) } else { Err(Error::Between(last.clone())) }
        }
        _ => Ok(false),
    }
}

/// The names of the migrations that the database has, in order.
pub(crate) async fn applied(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let known = match db.get_database_backend() {
        DbBackend::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
        _ => "SELECT relname FROM pg_class WHERE oid = to_regclass('seaql_migrations')",
    };
    if texts(db, known).await?.is_empty() {
        return Ok(Vec::new());
    }
    texts(db, "SELECT version FROM seaql_migrations ORDER BY version").await
}

/// The first column of each row.
async fn texts(db: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// Both databases end with the tables that a new database has, column by column: one that somebody changed by hand would not.
async fn refuse_other_columns(tx: &DatabaseTransaction) -> Result<(), Error> {
    for table in TABLES {
        let name = table.name;
        let sql = match tx.get_database_backend() {
            DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{name}') ORDER BY cid"),
            _ => format!(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass('{name}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            ),
        };
        if texts(tx, &sql).await? != table.column_names() {
            return Err(Error::Columns(name));
        }
    }
    Ok(())
}

/// Rows that a constraint of the baseline would refuse.
async fn violations(tx: &DatabaseTransaction) -> Result<Vec<Violation>, DbErr> {
    let mut found = Vec::new();
    for table in TABLES {
        for constraint in table.constraints() {
            let Some(condition) = constraint.broken_by else { continue };
            let sql = format!("SELECT count(*) FROM {} WHERE {condition}", table.name);
            let row = tx.query_one_raw(Statement::from_string(tx.get_database_backend(), sql)).await?;
            let rows = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
            if rows > 0 {
                found.push(Violation { table: table.name, constraint: constraint.name, rows, condition });
            }
        }
    }
    Ok(found)
}

/// SQLite adds no constraint to a table: each is made anew and filled from the one before.
async fn rebuild(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    let away = |table: &Table| format!("before_{}", table.name);
    for table in TABLES {
        let indexes = format!(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = '{}'",
            table.name
        );
        for index in texts(tx, &indexes).await? {
            tx.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        tx.execute_unprepared(&format!("ALTER TABLE {} RENAME TO {}", table.name, away(table))).await?;
    }
    // A row's parents are in tables before its own.
    for table in TABLES {
        tx.execute_unprepared(&table.create(DbBackend::Sqlite)).await?;
        let columns = table.column_names().join(", ");
        tx.execute_unprepared(&format!(
            "INSERT INTO {} ({columns}) SELECT {columns} FROM {}",
            table.name,
            away(table)
        ))
        .await?;
        tx.execute_unprepared(&format!("DROP TABLE {}", away(table))).await?;
        for index in table.create_indexes(DbBackend::Sqlite) {
            tx.execute_unprepared(&index).await?;
        }
    }
    Ok(())
}

/// PostgreSQL keeps its tables, and what others were granted on them.
async fn constrain(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    for index in REPLACED {
        tx.execute_unprepared(&format!("DROP INDEX {index}")).await?;
    }
    for table in TABLES {
        let sql =
            format!("SELECT conname::text FROM pg_constraint WHERE conrelid = to_regclass('{}')", table.name);
        let known = texts(tx, &sql).await?;
        for constraint in table.constraints().iter().filter(|constraint| !known.contains(&constraint.name)) {
            let (name, definition) = (&constraint.name, &constraint.definition);
            tx.execute_unprepared(&format!("ALTER TABLE {} ADD CONSTRAINT {name} {definition}", table.name))
                .await?;
        }
        let sql = format!(
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = '{}'",
            table.name
        );
        let known = texts(tx, &sql).await?;
        for (index, create) in table.indexes.iter().zip(table.create_indexes(DbBackend::Postgres)) {
            if !known.iter().any(|known| known == index.name) {
                tx.execute_unprepared(&create).await?;
            }
        }
    }
    Ok(())
}
