//! The schema, one file a change, SQLite and PostgreSQL from one source. A migration never changes once released: names are written
//! out here and owe nothing to the entities.

use sea_orm_migration::prelude::*;

mod m0001_ground;
mod m0002_people;
mod m0003_grants;
mod m0004_protocol;
mod m0005_one_reset_link;
mod m0006_lock_notice;
mod m0007_my_account;
mod m0008_mail_code;
mod m0009_own_agency;
mod m0011_doors;
mod m0012_refresh_again;
mod m0014_mail;
mod m0016_left_behind;

/// All changes, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_ground::Migration),
            Box::new(m0002_people::Migration),
            Box::new(m0003_grants::Migration),
            Box::new(m0004_protocol::Migration),
            Box::new(m0005_one_reset_link::Migration),
            Box::new(m0006_lock_notice::Migration),
            Box::new(m0007_my_account::Migration),
            Box::new(m0008_mail_code::Migration),
            Box::new(m0009_own_agency::Migration),
            Box::new(m0011_doors::Migration),
            Box::new(m0012_refresh_again::Migration),
            Box::new(m0014_mail::Migration),
            Box::new(m0016_left_behind::Migration),
        ]
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// The database's.
pub async fn up(db: &sea_orm_migration::sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    Migrator::up(db, None).await
}

/// Short words for columns: every table here is written with these.
mod column {
    use sea_orm_migration::prelude::*;

    pub(crate) fn id() -> ColumnDef {
        ColumnDef::new("id").uuid().not_null().primary_key().take()
    }
    pub(crate) fn uuid(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).uuid().not_null().take()
    }
    pub(crate) fn uuid_null(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).uuid().null().take()
    }
    pub(crate) fn text(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).text().not_null().take()
    }
    pub(crate) fn text_null(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).text().null().take()
    }
    /// Seconds since 1970.
    pub(crate) fn time(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().not_null().take()
    }
    pub(crate) fn time_null(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).big_integer().null().take()
    }
    pub(crate) fn count(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).integer().not_null().default(0).take()
    }
    pub(crate) fn flag(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).boolean().not_null().default(false).take()
    }
    pub(crate) fn bytes(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().not_null().take()
    }
    pub(crate) fn bytes_null(name: &'static str) -> ColumnDef {
        ColumnDef::new(name).blob().null().take()
    }
}

async fn table(
    manager: &SchemaManager<'_>,
    name: &'static str,
    columns: Vec<ColumnDef>,
) -> Result<(), DbErr> {
    let mut table = Table::create();
    table.table(name);
    for mut column in columns {
        table.col(&mut column);
    }
    manager.create_table(table).await
}

async fn index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
    unique: bool,
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.table(table).name(format!("{}_{}_{}", if unique { "uq" } else { "ix" }, table, columns.join("_")));
    for column in columns {
        index.col(*column);
    }
    if unique {
        index.unique();
    }
    manager.create_index(index).await
}
