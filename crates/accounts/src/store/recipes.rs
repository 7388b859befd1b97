//! The costly recipes of an agency's old hashes.

use kernel::{Fault, Read, Tx};
use legacy::{CostlyRecipes, hash::Recipe};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use super::table::legacy_recipe::{ActiveModel, Column, Entity};

/// Returns the recipes that are known of an agency.
pub(crate) async fn of(db: &impl Read, agency: &str) -> Result<CostlyRecipes, Fault> {
    let rows = Entity::find().filter(Column::AgencyId.eq(agency)).all(db.connection()).await?;
    Ok(CostlyRecipes::new(rows.iter().map(|row| row.recipe.as_str())))
}

/// Stores a recipe of an agency, unless it is known.
pub(crate) async fn insert(tx: &Tx, agency: &str, recipe: &Recipe) -> Result<(), Fault> {
    let row = ActiveModel { agency_id: Set(agency.to_owned()), recipe: Set(recipe.to_text()) };
    Entity::insert(row)
        .on_conflict(OnConflict::columns([Column::AgencyId, Column::Recipe]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}
