//! The schema, for SQLite and PostgreSQL from one source: [`m0017_baseline`] makes it whole, and each later change is a file after it. A migration never
//! changes once released: names are written out here and owe nothing to the entities (docs/adr/0013).

use sea_orm_migration::{prelude::*, sea_orm::DatabaseConnection};

mod before;
mod error;
mod m0017_baseline;
mod m0018_deliveries;
mod m0019_generations;
mod m0020_further_references;
mod m0021_keys;
mod m0022_activation_codes;
mod m0023_desk;
mod m0024_desk_pages;
mod m0024_terms;
mod m0025_staff_invitations;
mod schema;
mod upgrade;

pub use error::{Error, Violation};

/// All migrations, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0017_baseline::Migration),
            Box::new(m0018_deliveries::Migration),
            Box::new(m0019_generations::Migration),
            Box::new(m0020_further_references::Migration),
            Box::new(m0021_keys::Migration),
            Box::new(m0022_activation_codes::Migration),
            Box::new(m0023_desk::Migration),
            Box::new(m0024_desk_pages::Migration),
            Box::new(m0024_terms::Migration),
            Box::new(m0025_staff_invitations::Migration),
        ]
    }
}

/// Every migration, with what it does in words: the list of `moncompte migrate --plan`.
pub const WORDS: [(&str, &str); 10] = [
    (
        "m0017_baseline",
        "makes every table, or carries a database of the first versions over to them: nodes of such a version stop first",
    ),
    (
        "m0018_deliveries",
        "adds tables for deliveries, and columns to identities and links; an older node goes on beside it",
    ),
    ("m0019_generations", "adds tables for the configuration and its nodes; an older node goes on beside it"),
    ("m0020_further_references", "adds a column to identities; an older node goes on beside it"),
    ("m0021_keys", "adds a column to signing keys and one to nodes; an older node goes on beside it"),
    ("m0022_activation_codes", "adds a table for activation codes; an older node goes on beside it"),
    (
        "m0023_desk",
        "adds columns to messages and accounts, by which staff help people; an older node goes on beside it",
    ),
    (
        "m0024_desk_pages",
        "adds tables for looks at people and for forms of the desk, and a column to interactions; an older node goes on beside it",
    ),
    (
        "m0024_terms",
        "adds a table and indexes by which the desk finds names, and a column to identities; an older node goes on beside it. With a million identities it takes some seconds",
    ),
    ("m0025_staff_invitations", "adds a table for invitations of staff; an older node goes on beside it"),
];

/// Returns the names of the migrations that the database has, in order. Nothing is written.
///
/// # Errors
/// [`Error`] of the database.
pub async fn applied(db: &impl sea_orm_migration::sea_orm::ConnectionTrait) -> Result<Vec<String>, Error> {
    Ok(upgrade::applied(db).await?)
}

/// Returns the names of the migrations that the database lacks, in order. Nothing is written.
///
/// # Errors
/// [`Error`] of the database.
pub async fn pending(
    db: &impl sea_orm_migration::sea_orm::ConnectionTrait,
) -> Result<Vec<&'static str>, Error> {
    let applied = upgrade::applied(db).await?;
    Ok(WORDS.iter().map(|(name, _)| *name).filter(|name| !applied.iter().any(|done| done == name)).collect())
}

/// Brings the schema up to date: makes it in an empty database, and carries a database of the migrations before the baseline over to it.
///
/// # Errors
/// [`Error`]: then nothing changed.
pub async fn up(db: &DatabaseConnection) -> Result<(), Error> {
    upgrade::to_baseline(db).await?;
    Ok(Migrator::up(db, None).await?)
}
