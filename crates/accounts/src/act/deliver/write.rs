//! A batch of an apply: the rows that are new are stored, those that differ are kept as they were and changed.

use std::collections::HashMap;

use kernel::{Context, Done, Fault, Tx, Unix};
use legacy::{CostlyRecipes, hash::Recipe};

use super::{apply::taken_back, before::Before};
use crate::{
    DeliveryId, DeliveryState,
    store::{
        deliveries,
        identities::{self, Existing, Imported, InsertStatement, Secret},
        links, recipes,
    },
};

/// The knowledge about the next batch, after the one before it.
#[derive(Default)]
pub(super) struct Expected {
    /// Some of its rows exist already: the batch asks which.
    exist: bool,
    /// The statement that stored the last batch.
    statement: Option<InsertStatement>,
}

/// The outcome of a batch.
#[derive(Default)]
pub(super) struct Wrote {
    pub(super) added: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) moved: u64,
    pub(super) next: Expected,
}

/// A row that is ready to be stored.
pub(super) struct Ready {
    pub(super) row: Imported,
    /// The class of its recipe, where that is a costly one.
    pub(super) recipe: Option<Recipe>,
}

/// Writes a batch: all of it or nothing.
pub(super) async fn write(
    context: &Context,
    (agency, delivery): (String, DeliveryId),
    ready: Vec<Ready>,
    expected: Expected,
) -> Result<Wrote, Fault> {
    let (rows, recipes): (Vec<Imported>, Vec<Option<Recipe>>) =
        ready.into_iter().map(|ready| (ready.row, ready.recipe)).unzip();
    let now = context.now();
    context
        .db
        .write(async |tx: &Tx| {
            if !deliveries::hold(tx, delivery, DeliveryState::Applying).await? {
                return over(tx, delivery, rows.len()).await;
            }
            let wrote = write_rows(tx, context, (&agency, delivery), &rows, expected, now).await?;
            keep_recipes(tx, &agency, &recipes).await?;
            Ok(Done::Commit(wrote))
        })
        .await
}

/// Answers for a batch of a delivery that is not being applied any more: whoever ended the apply wrote these rows too, unless it is being taken back.
async fn over(tx: &Tx, delivery: DeliveryId, rows: usize) -> Result<Done<Wrote>, Fault> {
    let row = deliveries::by_id(tx, delivery).await?;
    match row.filter(|row| row.state == DeliveryState::Applied) {
        Some(_) => Ok(Done::RollBack(Wrote { unchanged: rows as u64, ..Wrote::default() })),
        None => Err(taken_back()),
    }
}

async fn write_rows(
    tx: &Tx,
    context: &Context,
    (agency, delivery): (&str, DeliveryId),
    rows: &[Imported],
    expected: Expected,
    now: Unix,
) -> Result<Wrote, Fault> {
    let canonicals = || rows.iter().map(|row| row.canonical.as_str());
    let mut existing = HashMap::new();
    if expected.exist {
        existing = identities::existing(tx, agency, canonicals()).await?;
    }
    let fresh: Vec<&Imported> = rows.iter().filter(|row| !existing.contains_key(&row.canonical)).collect();
    let (stored, statement) =
        identities::insert_all(tx, (agency, delivery), &fresh, now, expected.statement).await?;
    if stored < fresh.len() {
        // Some existed, or came from their portal meanwhile: those of ours have our ids.
        existing = identities::existing(tx, agency, canonicals()).await?;
    }
    let changed: Vec<(&Imported, &Existing)> = rows
        .iter()
        .filter_map(|row| existing.get(&row.canonical).map(|known| (row, known)))
        .filter(|(row, known)| known.id != row.id && (known.fingerprint != row.fingerprint || known.left))
        .collect();
    if !changed.is_empty() {
        write_changed(tx, context, delivery, &changed, now).await?;
    }
    let mut wrote = Wrote::default();
    for row in rows {
        match outcome(row, existing.get(&row.canonical)) {
            RowOutcome::Added => wrote.added += 1,
            RowOutcome::Updated => wrote.updated += 1,
            RowOutcome::Unchanged => wrote.unchanged += 1,
            RowOutcome::Moved => wrote.moved += 1,
        }
    }
    wrote.next = Expected { exist: fresh.len() < rows.len() || stored < fresh.len(), statement };
    Ok(wrote)
}

/// Keeps rows as they were, and replaces or corrects them.
async fn write_changed(
    tx: &Tx,
    context: &Context,
    delivery: DeliveryId,
    changed: &[(&Imported, &Existing)],
    now: Unix,
) -> Result<(), Fault> {
    let mut before = identities::whole(tx, changed.iter().map(|(_, known)| known.id)).await?;
    let moved = before.values().filter(|row| row.moved_at.is_some()).map(|row| row.id);
    let moved: Vec<_> = moved.collect();
    let mut linked = links::by_identities(tx, moved.into_iter()).await?;
    let mut kept = Vec::with_capacity(changed.len());
    for (row, known) in changed {
        let Some(identity) = before.remove(&known.id) else { continue };
        let link = linked.remove(&known.id);
        let mut renamed = false;
        if identity.moved_at.is_none() {
            let secret = match identity.secret_fingerprint.as_ref() == Some(&row.secret_fingerprint) {
                true => Secret::Same,
                false if row.unreadable && identity.verifier.is_some() => Secret::Kept,
                false => Secret::Replaced,
            };
            identities::update(tx, known.id, row, secret, now).await?;
        } else {
            identities::correct(tx, &identity, row, now).await?;
            if let Some(link) = &link {
                links::set_ref(tx, link.id, &row.client_ref).await?;
                if row.name.is_some() && row.name != identity.name {
                    let (from, to) = (identity.name.as_deref(), row.name.as_deref());
                    renamed = links::rename(tx, link.account_id, from, to, now).await?;
                }
            }
        }
        kept.push((known.id, Before { identity, link, renamed }.seal(context)?));
    }
    deliveries::keep(tx, delivery, kept).await
}

/// Keeps the costly recipes that a batch brought.
async fn keep_recipes(tx: &Tx, agency: &str, recipes: &[Option<Recipe>]) -> Result<(), Fault> {
    let mut kept: Vec<&Recipe> = Vec::new();
    for recipe in recipes.iter().flatten() {
        if kept.len() < CostlyRecipes::MOST && !kept.contains(&recipe) {
            recipes::insert(tx, agency, recipe).await?;
            kept.push(recipe);
        }
    }
    Ok(())
}

/// The outcome of one row.
enum RowOutcome {
    Added,
    Updated,
    Unchanged,
    Moved,
}

/// Decides about a row. One that exists under the row's own id was stored by this batch.
fn outcome(row: &Imported, existing: Option<&Existing>) -> RowOutcome {
    match existing {
        None => RowOutcome::Added,
        Some(known) if known.id == row.id => RowOutcome::Added,
        Some(known) if known.moved => RowOutcome::Moved,
        Some(known) if known.fingerprint == row.fingerprint && !known.left => RowOutcome::Unchanged,
        Some(_) => RowOutcome::Updated,
    }
}
