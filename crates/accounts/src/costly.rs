//! The recipes of an agency's old hashes, as they are kept.

use kernel::{Db, Fault, Tx};
use legacy::{CostlyRecipes, hash::Verifier};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict,
};

use crate::{Accounts, table::legacy_recipe as row, verifier::Stored};

/// The recipes to keep of an import.
pub(crate) fn class_of(verifier: Option<&Verifier>) -> Option<String> {
    verifier.and_then(|verifier| verifier.recipe().class()).map(|class| class.to_text())
}

/// Keeps recipes that an import brought.
pub(crate) async fn keep<'a>(
    tx: &Tx,
    agency: &str,
    classes: impl Iterator<Item = &'a str>,
) -> Result<(), Fault> {
    let classes: std::collections::BTreeSet<&str> = classes.collect();
    for class in classes.into_iter().take(CostlyRecipes::MOST) {
        add(tx.conn(), agency, class).await?;
    }
    Ok(())
}

async fn add(db: &impl ConnectionTrait, agency: &str, class: &str) -> Result<(), Fault> {
    let kept = row::ActiveModel { agency_id: Set(agency.to_owned()), recipe: Set(class.to_owned()) };
    row::Entity::insert(kept)
        .on_conflict(
            OnConflict::columns([row::Column::AgencyId, row::Column::Recipe]).do_nothing().to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

impl Accounts {
    /// The costly recipes of an agency.
    pub(crate) async fn costly_recipes(&self, agency: &str) -> Result<CostlyRecipes, Fault> {
        let db = self.context.db.reader();
        let rows = row::Entity::find().filter(row::Column::AgencyId.eq(agency)).all(db).await?;
        Ok(CostlyRecipes::new(rows.iter().map(|row| row.recipe.as_str())))
    }

    /// Keeps the recipe of a hash that an older version imported.
    pub(crate) async fn learn_recipe(
        &self,
        agency: &str,
        costly: &CostlyRecipes,
        stored: &Stored,
    ) -> Result<(), Fault> {
        let Some(class) = costly.missing(stored.recipe()) else { return Ok(()) };
        let db: &Db = &self.context.db;
        let tx = db.begin().await?;
        add(tx.conn(), agency, &class.to_text()).await?;
        tx.commit().await
    }
}
