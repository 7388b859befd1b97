//! The import in one step: a plan that is applied at once if its guards hold.

use std::io::{Read, Seek, Write};

use agencies::{Agencies, Agency};
use kernel::Fault;
use legacy::{ImportReport, row::Rows};

use super::{Applier, ApplyRefused, Planner, Rejected};
use crate::{Accounts, DeliveryId, PlanReport, Source};

/// An import under way, a batch at a time, so that its caller can show how far it is: first all of the file is planned, then it is applied. Its memory does not
/// depend on how many rows there are, but for those that are left out.
pub struct Importer<'a, R, F> {
    accounts: &'a Accounts,
    step: Step<'a, R, F>,
    dry: bool,
    force: bool,
    plan: PlanReport,
    delivery: Option<DeliveryId>,
    rejected: Vec<Rejected>,
    report: ImportReport,
    refused: Option<ApplyRefused>,
}

enum Step<'a, R, F> {
    Plan(Box<Planner<'a, R, F>>),
    Apply(Box<Applier<'a, R, F>>),
    Over,
}

impl Accounts {
    /// Begins an import. `scratch`: an empty file of its own, for eight bytes a row; `dry`: nothing is written.
    pub fn import<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        rows: Rows<R>,
        scratch: F,
        dry: bool,
    ) -> Importer<'a, R, F> {
        self.import_from(agency, rows, scratch, (Source::default(), false)).dry(dry)
    }

    /// As [`Accounts::import`], of a file that is known. `complete`: it has all of the agency's clients.
    pub fn import_from<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        rows: Rows<R>,
        scratch: F,
        source: (Source, bool),
    ) -> Importer<'a, R, F> {
        Importer {
            accounts: self,
            step: Step::Plan(Box::new(self.plan(agency, rows, scratch, source))),
            dry: false,
            force: false,
            plan: PlanReport::default(),
            delivery: None,
            rejected: Vec::new(),
            report: ImportReport::default(),
            refused: None,
        }
    }
}

impl<R: Read + Seek, F: Read + Write + Seek> Importer<'_, R, F> {
    /// Writes nothing.
    #[must_use]
    pub fn dry(mut self, dry: bool) -> Self {
        self.dry = dry;
        self
    }

    /// Goes on although guards do not hold; the evidence tells which.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Names all agencies, as [`Planner::among`].
    #[must_use]
    pub fn among(mut self, agencies: &Agencies) -> Self {
        if let Step::Plan(plan) = &mut self.step {
            plan.know(agencies);
        }
        self
    }

    /// Works on the next batch; returns a number of rows, 0 at the end.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the files: what was written stays, and a second import goes on from there.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        match &mut self.step {
            Step::Plan(plan) => {
                let read = plan.next_batch().await?;
                self.rejected.append(&mut plan.take_rejected());
                if read > 0 {
                    return Ok(read);
                }
                self.planned().await
            }
            Step::Apply(apply) => {
                let read = apply.next_batch().await?;
                if read == 0
                    && let Step::Apply(apply) = std::mem::replace(&mut self.step, Step::Over)
                {
                    let (written, _) = apply.report();
                    let ImportReport { added, updated, unchanged, moved, .. } = written;
                    self.report = ImportReport { added, updated, unchanged, moved, ..self.take_report() };
                }
                Ok(read)
            }
            Step::Over => Ok(0),
        }
    }

    fn take_report(&mut self) -> ImportReport {
        std::mem::take(&mut self.report)
    }

    /// Ends the plan, and begins to apply it.
    async fn planned(&mut self) -> Result<usize, Fault> {
        let Step::Plan(plan) = std::mem::replace(&mut self.step, Step::Over) else { return Ok(0) };
        let (delivery, mut reading, found, source) = plan.into_parts(!self.dry).await?;
        self.rejected.extend(found.rejected);
        let PlanReport { added, updated, unchanged, moved, .. } = found.report;
        self.report = ImportReport { added, updated, unchanged, moved, ..found.rows };
        self.plan = found.report;
        self.delivery = delivery;
        let Some(id) = delivery else {
            if !self.force && !self.plan.broken.is_empty() {
                self.refused = Some(ApplyRefused::Guards(self.plan.broken.clone()));
            }
            return Ok(0);
        };
        match self.accounts.begin_apply(&reading.agency.id, id, &source, self.force).await? {
            Err(refused) => {
                self.refused = Some(refused);
                self.report =
                    ImportReport { added: 0, updated: 0, unchanged: 0, moved: 0, ..self.take_report() };
                Ok(0)
            }
            Ok(delivery) => {
                reading.rewind()?;
                self.step = Step::Apply(Box::new(Applier::new(self.accounts, reading, delivery)));
                Ok(1)
            }
        }
    }

    /// Returns why nothing was imported, or would be, if so.
    pub fn refused(&self) -> Option<&ApplyRefused> {
        self.refused.as_ref()
    }

    /// Returns what the plan found, when all is planned.
    pub fn plan_report(&self) -> &PlanReport {
        &self.plan
    }

    /// Returns the delivery, when it is planned; none if nothing is written.
    pub fn delivery(&self) -> Option<DeliveryId> {
        self.delivery
    }

    /// Returns the rows that were left out since the last call.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.rejected)
    }

    /// Returns what the import did.
    pub fn report(self) -> ImportReport {
        self.report
    }
}
