//! The schema, for SQLite and PostgreSQL from one source: [`m0017_baseline`] makes it whole, and each later change is a file after it. A migration never
//! changes once released: names are written out here and owe nothing to the entities (docs/adr/0013).

use sea_orm_migration::{prelude::*, sea_orm::DatabaseConnection};

mod before;
mod error;
mod m0017_baseline;
mod m0018_deliveries;
mod m0019_generations;
mod m0020_keys;
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
            Box::new(m0020_keys::Migration),
        ]
    }
}

/// Brings the schema up to date: makes it in an empty database, and carries a database of the migrations before the baseline over to it.
///
/// # Errors
/// [`Error`]: then nothing changed.
pub async fn up(db: &DatabaseConnection) -> Result<(), Error> {
    upgrade::to_baseline(db).await?;
    Ok(Migrator::up(db, None).await?)
}
