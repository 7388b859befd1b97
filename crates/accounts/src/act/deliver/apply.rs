//! The apply of a plan, a batch a transaction. Whatever is changed is kept as it was, so that it can be taken back; a row that is written already is written no
//! second time, so an apply that stopped goes on from the beginning of the file.

use std::io::{Read, Seek, Write};

use agencies::Agency;
use kernel::{Done, Fault, Tx};
use legacy::{
    ImportReport,
    hash::{Recipe, Verifier},
    row::Rows,
};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{
    BATCH,
    leave::PAGE,
    read::{Judged, Reading},
    stopped,
    write::{Expected, Ready, Wrote, write},
};
use crate::{
    Accounts, Delivery, DeliveryId, DeliveryState, GuardBroken, Source, evidence,
    store::{deliveries, identities},
};

/// The number of written rows from which the database's statistics are taken anew.
const STATISTICS_FROM: u64 = 10_000;

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
                deliveries::set_place(tx, id, agency).await?;
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
                Judged::Double(_) | Judged::Household(_) => {}
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
        if self.report.added + self.report.updated >= STATISTICS_FROM
            && let Err(fault) = context.db.take_statistics(&["legacy_identity", "delivery_change"]).await
        {
            tracing::warn!(%fault, "statistics of the tables not taken: the next plan may be slow");
        }
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
pub(super) fn taken_back() -> Fault {
    Fault::Broken("the delivery is being taken back by somebody else".into())
}
