//! The apply of a plan, a batch a transaction. Whatever is changed is kept as it was, so that it can be taken back; a row that is written already is written no
//! second time, so an apply that stopped goes on from the beginning of the file.

use std::{
    collections::HashMap,
    io::{Read, Seek, Write},
};

use agencies::Agency;
use kernel::{Context, Done, Fault, Tx, Unix};
use legacy::{
    CostlyRecipes, ImportReport,
    hash::{Recipe, Verifier},
    row::Rows,
};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{
    BATCH,
    before::Before,
    leave::PAGE,
    read::{Judged, Reading},
    stopped,
};
use crate::{
    Accounts, Delivery, DeliveryId, DeliveryState, GuardBroken, Source, evidence,
    store::{
        deliveries,
        identities::{self, Existing, Imported, InsertStatement},
        links, recipes,
    },
};

/// Why a plan is not applied.
#[derive(Clone, PartialEq, Debug)]
pub enum ApplyRefused {
    /// There is no such delivery of this agency.
    Unknown,
    /// It is applied, or taken back.
    Over(DeliveryState),
    /// The file is not the one that was planned.
    OtherFile,
    /// Another delivery changed the agency's identities since the plan, or is at work.
    Stale,
    /// Guards do not hold.
    Guards(Vec<GuardBroken>),
}

/// An apply under way, a batch at a time. While a batch is written the next one is read.
pub struct Applier<'a, R, F> {
    accounts: &'a Accounts,
    reading: Reading<'a, R, F>,
    delivery: Delivery,
    writing: Option<JoinHandle<Result<Wrote, Fault>>>,
    next: Expected,
    report: ImportReport,
    /// Identities that left.
    gone: u64,
}

/// The knowledge about the next batch, after the one before it.
#[derive(Default)]
struct Expected {
    /// Some of its rows exist already: the batch asks which.
    exist: bool,
    /// The statement that stored the last batch.
    statement: Option<InsertStatement>,
}

/// The outcome of a batch.
#[derive(Default)]
struct Wrote {
    added: u64,
    updated: u64,
    unchanged: u64,
    moved: u64,
    next: Expected,
}

/// A row that is ready to be stored.
struct Ready {
    row: Imported,
    /// The class of its recipe, where that is a costly one.
    recipe: Option<Recipe>,
}

impl Accounts {
    /// Begins to apply a plan, or goes on with one whose apply stopped. `rows` are of the planned file, `scratch` is an empty file of its own. `force`: the
    /// guards need not hold, and the evidence tells which did not.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn apply<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        id: DeliveryId,
        (rows, scratch): (Rows<R>, F),
        (source, force): (&Source, bool),
    ) -> Result<Result<Applier<'a, R, F>, ApplyRefused>, Fault> {
        Ok(match self.begin_apply(&agency.id, id, source, force).await? {
            Err(refused) => Err(refused),
            Ok(delivery) => {
                let reading = Reading::new(&self.context, agency, rows, scratch, delivery.complete);
                Ok(Applier::new(self, reading, delivery))
            }
        })
    }

    /// Takes a plan into work.
    pub(super) async fn begin_apply(
        &self,
        agency: &str,
        id: DeliveryId,
        source: &Source,
        force: bool,
    ) -> Result<Result<Delivery, ApplyRefused>, Fault> {
        let db = &self.context.db;
        let Some(row) = deliveries::by_id(db, id).await?.filter(|row| row.agency_id == agency) else {
            return Ok(Err(ApplyRefused::Unknown));
        };
        let base = row.base.clone();
        let delivery = Delivery::of(row)?;
        if delivery.sha256 != source.sha256 {
            return Ok(Err(ApplyRefused::OtherFile));
        }
        match delivery.state {
            DeliveryState::Planned => {}
            // It stopped in the middle, after the guards.
            DeliveryState::Applying => return Ok(Ok(delivery)),
            over => return Ok(Err(ApplyRefused::Over(over))),
        }
        let broken = &delivery.report.broken;
        if !force && !broken.is_empty() {
            return Ok(Err(ApplyRefused::Guards(broken.clone())));
        }
        let (forced, now) = (serde_json::to_string(broken)?, self.context.now());
        let begun = db
            .write(async |tx: &Tx| {
                if !deliveries::begin_apply(tx, id, &source.by, &forced, now).await? {
                    return Ok(Done::RollBack(false));
                }
                // From here on no other delivery of the agency can begin.
                if deliveries::base(tx, agency, id).await? != base {
                    return Ok(Done::RollBack(false));
                }
                Ok(Done::Commit(true))
            })
            .await?;
        if begun {
            return Ok(Ok(delivery));
        }
        // Somebody else may have begun this very plan: both go on, to the same end.
        let now = deliveries::by_id(db, id).await?;
        Ok(match now.filter(|row| row.state == DeliveryState::Applying) {
            Some(_) => Ok(delivery),
            None => Err(ApplyRefused::Stale),
        })
    }
}

impl<'a, R: Read + Seek, F: Read + Write + Seek> Applier<'a, R, F> {
    pub(super) fn new(accounts: &'a Accounts, reading: Reading<'a, R, F>, delivery: Delivery) -> Self {
        let (next, report) = (Expected::default(), ImportReport::default());
        Self { accounts, reading, delivery, writing: None, next, report, gone: 0 }
    }

    /// Reads the next batch and writes it, or goes on writing it until the next call; returns the number of rows read, 0 at the end, when all is written.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the files: what was written stays, and the same command goes on from there.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        let mut ready = Vec::with_capacity(BATCH);
        let mut read = 0;
        while read < BATCH {
            let Some(judged) = self.reading.next()? else { break };
            read += 1;
            match judged {
                Judged::Taken(mut candidate) => {
                    let warnings = std::mem::take(&mut candidate.warnings);
                    self.report.add_warnings(candidate.line, warnings);
                    let recipe = candidate.verifier.as_ref().map(Verifier::recipe).and_then(Recipe::class);
                    ready.push(Ready { row: candidate.into_imported(&self.accounts.context)?, recipe });
                }
                Judged::Double(_) => {}
                Judged::Bad(bad, _) => self.report.bad.push(bad),
            }
        }
        self.written().await?;
        if !ready.is_empty() {
            let context = self.accounts.context.clone();
            let (id, agency) = (self.delivery.id, self.delivery.agency.clone());
            let next = std::mem::take(&mut self.next);
            self.writing =
                Some(tokio::spawn(async move { write(&context, (agency, id), ready, next).await }));
        }
        if read == 0 {
            self.leave().await?;
            self.end().await?;
        }
        Ok(read)
    }

    /// Waits for the batch that is being written.
    async fn written(&mut self) -> Result<(), Fault> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let Wrote { added, updated, unchanged, moved, next } = writing.await.map_err(stopped)??;
        self.report.added += added;
        self.report.updated += updated;
        self.report.unchanged += unchanged;
        self.report.moved += moved;
        self.next = next;
        Ok(())
    }

    /// Closes whom a complete file does not have.
    async fn leave(&mut self) -> Result<(), Fault> {
        let Some(seen) = self.reading.seen.take() else { return Ok(()) };
        let (db, agency) = (&self.accounts.context.db, self.reading.agency);
        let mut after = String::new();
        loop {
            let page = identities::page(db, &agency.id, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.canonical);
            let gone = seen.missing(page, self.delivery.planned.0);
            if !gone.is_empty() {
                let closed = self.accounts.close_left(self.delivery.id, agency, gone).await?;
                self.gone += closed.ok_or_else(taken_back)?;
            }
        }
    }

    /// Ends the apply, and tells the evidence of it, once.
    async fn end(&mut self) -> Result<(), Fault> {
        let (context, delivery) = (&self.accounts.context, &self.delivery);
        let (id, now) = (delivery.id, context.now());
        let body = |row: &Delivery| {
            json!({
                "delivery": id, "agency": row.agency, "file": row.file, "sha256": row.sha256,
                "complete": row.complete, "by": row.applied_by(), "rows": row.report.rows,
                "added": row.report.added, "updated": row.report.updated, "corrected": row.report.corrected,
                "gone": if row.complete { row.report.gone } else { 0 }, "forced": row.forced,
            })
        };
        context
            .db
            .write_recorded(async |tx: &Tx| {
                if !deliveries::end_apply(tx, id, now).await? {
                    return Ok(Done::RollBack(()));
                }
                let row = deliveries::by_id(tx, id).await?.map(Delivery::of).transpose()?;
                if let Some(row) = row {
                    evidence::append(tx, context, "delivery applied", None, &body(&row)).await?;
                }
                Ok(Done::Commit(()))
            })
            .await?;
        let ended = deliveries::by_id(&context.db, id).await?;
        if ended.is_none_or(|row| row.state != DeliveryState::Applied) {
            return Err(taken_back());
        }
        Ok(())
    }

    /// Returns what was written, and how many identities left.
    pub fn report(self) -> (ImportReport, u64) {
        (self.report, self.gone)
    }
}

/// Returns the error of an apply that somebody takes back meanwhile.
fn taken_back() -> Fault {
    Fault::Broken("the delivery is being taken back by somebody else".into())
}

/// Writes a batch: all of it or nothing.
async fn write(
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
            let same_secret = identity.secret_fingerprint.as_ref() == Some(&row.secret_fingerprint);
            identities::update(tx, known.id, row, same_secret, now).await?;
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
