//! The dear recipes of an agency's old hashes. A check of an old password runs all of them, whoever is meant: an identifier that nobody has takes
//! as long as any other, however dear the hashes of that agency are (SECURITY #60).

use kernel::{Db, Fault, Tx};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict,
};

use super::{
    hash::{Recipe, Verifier},
    stored::Stored,
};
use crate::{Accounts, table::legacy_recipe as row};

/// Recipes that one check runs: the dearest.
const RUN: usize = 4;
/// Recipes that are kept of an agency. Tools that choose their costs at random would make one a row.
const KEPT: usize = 16;

/// The recipes to keep of an import.
pub(super) fn class_of(verifier: Option<&Verifier>) -> Option<String> {
    verifier.and_then(|verifier| verifier.recipe().class()).map(|class| class.to_text())
}

/// Keeps recipes that an import brought.
pub(super) async fn keep<'a>(
    tx: &Tx,
    agency: &str,
    classes: impl Iterator<Item = &'a str>,
) -> Result<(), Fault> {
    let classes: std::collections::BTreeSet<&str> = classes.collect();
    for class in classes.into_iter().take(KEPT) {
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

/// What is known of an agency's recipes.
pub(super) struct Dear {
    /// The dearest first.
    classes: Vec<Recipe>,
    known: usize,
}

impl Dear {
    /// The recipes that a check runs beside `own`.
    pub(super) fn beside(&self, own: Option<&Recipe>) -> Vec<Recipe> {
        let own = own.and_then(Recipe::class);
        self.classes.iter().filter(|class| Some(*class) != own.as_ref()).cloned().collect()
    }
}

impl Accounts {
    /// The dear recipes of an agency.
    pub(super) async fn dear_recipes(&self, agency: &str) -> Result<Dear, Fault> {
        let db = self.context.db.reader();
        let rows = row::Entity::find().filter(row::Column::AgencyId.eq(agency)).all(db).await?;
        let mut classes: Vec<Recipe> =
            rows.iter().filter_map(|row| Recipe::parse(&row.recipe).ok()).collect();
        classes.sort_by_key(|class| std::cmp::Reverse(class.work()));
        classes.truncate(RUN);
        Ok(Dear { classes, known: rows.len() })
    }

    /// Keeps the recipe of a hash that an older version imported.
    pub(super) async fn learn_recipe(&self, agency: &str, dear: &Dear, stored: &Stored) -> Result<(), Fault> {
        let Some(class) = stored.recipe().and_then(Recipe::class) else { return Ok(()) };
        if dear.classes.contains(&class) || dear.known >= KEPT {
            return Ok(());
        }
        let db: &Db = &self.context.db;
        let tx = db.begin().await?;
        add(tx.conn(), agency, &class.to_text()).await?;
        tx.commit().await
    }
}
