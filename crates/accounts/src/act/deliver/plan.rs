//! The plan of a delivery: what it would do, and whether the guards hold. Nothing of the file is stored.

use std::{
    collections::BTreeMap,
    io::{Read, Seek, Write},
};

use agencies::{Agencies, Agency, Directory, Pattern};
use kernel::{Done, Fault, Tx};
use legacy::{ImportReport, hash::Verifier, row::Rows};
use tokio::task::JoinHandle;

use super::{
    BATCH,
    compare::{Compared, compare},
    leave::PAGE,
    read::{BadKind, Candidate, Household, Judged, Reading, Rejected, looked},
    stopped,
};
use crate::{
    Accounts, DeliveryId, DeliveryState, HashKind, PlanReport, ReadColumn, Reason, Sample, SampleKind,
    Source,
    delivery::{
        alike::{RowSample, SampledRow},
        guards::{broken, count_off_pattern},
        report::{MOST_KINDS, add_reason, general, masked, share},
        shapes::Shapes,
    },
    store::{DeliveryRow, deliveries, identities, proven},
};

/// A plan in the making, a batch at a time. While a batch is compared with the database the next one is read.
pub struct Planner<'a, R, F> {
    accounts: &'a Accounts,
    reading: Reading<'a, R, F>,
    source: Source,
    complete: bool,
    /// The agency's deliveries when the plan was begun.
    base: Option<String>,
    pattern: Option<Pattern>,
    /// The rules by which identifiers are looked for at other agencies.
    directories: Vec<Directory>,
    comparing: Option<JoinHandle<Result<Compared, Fault>>>,
    found: Found,
}

/// The findings so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) report: PlanReport,
    /// Bad rows and warnings, as an import tells them.
    pub(super) rows: ImportReport,
    shapes: Shapes,
    kinds: BTreeMap<String, u64>,
    sample: RowSample,
    pub(super) rejected: Vec<Rejected>,
    /// The last bad row, until it is known where the next row begins.
    pending: Option<(u64, String)>,
}

impl Accounts {
    /// Begins the plan of a delivery. `scratch`: an empty file of its own, for eight bytes a row. `complete`: the file has all of the agency's clients.
    pub fn plan<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        rows: Rows<R>,
        scratch: F,
        (source, complete): (Source, bool),
    ) -> Planner<'a, R, F> {
        let mut found = Found::default();
        found.report.charset.clone_from(&source.charset);
        found.report.notes.clone_from(&source.notes);
        let common = rows.renamed().iter().filter(|named| named.common);
        found.report.notes.extend(common.map(ToString::to_string));
        found.report.columns = rows.renamed().iter().map(ReadColumn::of).collect();
        Planner {
            accounts: self,
            reading: Reading::new(&self.context, agency, rows, scratch, complete),
            source,
            complete,
            base: None,
            pattern: agency.import.pattern(),
            directories: vec![agency.directory.clone()],
            comparing: None,
            found,
        }
    }
}

impl<'a, R: Read + Seek, F: Read + Write + Seek> Planner<'a, R, F> {
    /// Names all agencies, so that rows of another one are found where its directory has other rules than this agency's.
    #[must_use]
    pub fn among(mut self, agencies: &Agencies) -> Self {
        self.know(agencies);
        self
    }

    pub(super) fn know(&mut self, agencies: &Agencies) {
        for agency in agencies.iter() {
            if !self.directories.iter().any(|known| known.has_rules_of(&agency.directory)) {
                self.directories.push(agency.directory.clone());
            }
        }
    }

    /// Reads the next batch and compares it; returns the number of rows read, 0 at the end.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the files.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        let db = &self.accounts.context.db;
        if self.base.is_none() {
            // Else the older spelling of an identifier would be one that left, and the same typed today a new one.
            self.accounts.refold(self.reading.agency).await?;
            let agency = &self.reading.agency.id;
            // The id of nobody: all of the agency's deliveries count.
            self.base = Some(deliveries::base(db, agency, DeliveryId(uuid::Uuid::nil())).await?);
            self.found.report.existing = identities::count_present(db, agency).await?;
        }
        let mut taken = Vec::with_capacity(BATCH);
        let mut read = 0;
        while read < BATCH {
            let Some(judged) = self.reading.next()? else { break };
            read += 1;
            self.found.report.rows += 1;
            match judged {
                Judged::Taken(candidate) => taken.push(self.found.take(self.pattern.as_ref(), *candidate)),
                Judged::Double(line) => {
                    self.found.settle(Some(line));
                    self.found.report.doubles += 1;
                }
                Judged::Household(further) => self.found.add_household(further),
                Judged::Bad(bad, kind) => {
                    self.found.settle(Some(bad.line));
                    self.found.report.contradictory += u64::from(kind == BadKind::Contradictory);
                    self.found.report.add_bad(&bad);
                    self.found.pending = Some((bad.line, bad.reason.clone()));
                    self.found.rows.bad.push(bad);
                }
            }
        }
        self.compared().await?;
        if !taken.is_empty() {
            let (context, agency) = (self.accounts.context.clone(), self.reading.agency.id.clone());
            self.comparing = Some(tokio::spawn(async move { compare(&context, &agency, taken).await }));
        }
        Ok(read)
    }

    /// Returns the rows that were left out since the last call.
    pub fn take_rejected(&mut self) -> Vec<Rejected> {
        std::mem::take(&mut self.found.rejected)
    }

    async fn compared(&mut self) -> Result<(), Fault> {
        let Some(comparing) = self.comparing.take() else { return Ok(()) };
        let batch = comparing.await.map_err(stopped)??;
        let report = &mut self.found.report;
        report.added += batch.added;
        report.updated += batch.updated;
        report.unchanged += batch.unchanged;
        report.moved += batch.moved;
        report.corrected += batch.corrected;
        report.back += batch.back;
        report.matched += batch.matched;
        report.kept_hashes += batch.kept_hash;
        // These people have one after all.
        report.no_hash -= batch.kept_hash;
        report.no_address_no_hash -= batch.kept_hash_no_address;
        for (sum, more) in [
            (&mut report.changes.email, batch.changes.email),
            (&mut report.changes.hash, batch.changes.hash),
            (&mut report.changes.hash_gone, batch.changes.hash_gone),
            (&mut report.changes.reference, batch.changes.reference),
            (&mut report.changes.name, batch.changes.name),
            (&mut report.changes.profile, batch.changes.profile),
        ] {
            *sum += more;
        }
        batch.samples.into_iter().for_each(|sample| report.add_sample(sample));
        Ok(())
    }

    /// Ends the plan when all is read: judges the guards and, with `keep`, stores the plan; returns its id, if so, and what it found.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the files.
    pub async fn finish(
        mut self,
        keep: bool,
    ) -> Result<(Option<DeliveryId>, PlanReport, Vec<Rejected>), Fault> {
        let id = self.conclude(keep).await?;
        Ok((id, self.found.report, self.found.rejected))
    }

    /// As [`Self::finish`], with what an import goes on with.
    pub(super) async fn into_parts(
        mut self,
        keep: bool,
    ) -> Result<(Option<DeliveryId>, Reading<'a, R, F>, Found, Source), Fault> {
        let id = self.conclude(keep).await?;
        Ok((id, self.reading, self.found, self.source))
    }

    async fn conclude(&mut self, keep: bool) -> Result<Option<DeliveryId>, Fault> {
        self.compared().await?;
        self.found.settle(None);
        self.find_shared_references()?;
        let (db, agency) = (&self.accounts.context.db, self.reading.agency);
        self.count_gone().await?;
        let found = &mut self.found;
        let report = &mut found.report;
        report.notes.extend(self.reading.date_note().map(str::to_owned));
        let shapes = std::mem::take(&mut found.shapes);
        if !agency.directory.leading_zeros_ignored {
            report.lengths = shapes.lengths_without_zeros();
        }
        report.shapes = shapes.most();
        let last = deliveries::last(db, &agency.id).await?;
        let last = last.map(|last| serde_json::from_str::<PlanReport>(&last.report)).transpose()?;
        // Where zeros at the beginning mean nothing, none can be lost.
        let last = last.filter(|_| !agency.directory.leading_zeros_ignored);
        report.compare_shapes(last.as_ref().map(|last| last.shapes.as_slice()));
        let proven = proven::of(db, &agency.id).await?;
        report.hash_kinds = (std::mem::take(&mut found.kinds).into_iter())
            .map(|(kind, count)| HashKind { proven: proven.contains(&kind), kind, count })
            .collect();
        if !self.source.sha256.is_empty() {
            report.same_file = deliveries::elsewhere(db, &agency.id, &self.source.sha256).await?;
        }
        let others = deliveries::other_agencies(db, &agency.id).await?;
        let forms = found.sample.forms(&self.directories);
        let prints = (found.sample.fingerprints(), found.sample.secrets());
        let same = identities::alike(db, others, forms, prints).await?;
        if let Some(alike) = found.sample.most_alike(same) {
            report.other_agency = Some((alike.agency, share(alike.rows, alike.of)));
            report.other_agency_rows = alike.rows;
        }
        report.warnings = found.rows.warnings.iter().map(Into::into).collect();
        report.broken = broken(&agency.import, self.complete, report);
        if !keep {
            return Ok(None);
        }
        self.store().await.map(Some)
    }

    async fn store(&mut self) -> Result<DeliveryId, Fault> {
        let context = &self.accounts.context;
        let (id, now) = (context.id::<DeliveryId>(), context.now());
        let row = DeliveryRow {
            id,
            agency_id: self.reading.agency.id.clone(),
            state: DeliveryState::Planned,
            complete: self.complete,
            file: self.source.file.clone(),
            sha256: self.source.sha256.clone(),
            base: self.base.clone().unwrap_or_default(),
            report: serde_json::to_string(&self.found.report)?,
            forced: "[]".into(),
            // Only a node of an earlier version reads it.
            sketch: Vec::new(),
            planned_at: now,
            planned_by: self.source.by.clone(),
            applied_at: None,
            applied_by: None,
            undone_at: None,
            undone_by: None,
            changed_at: now,
            place: None,
        };
        context.db.write(async |tx: &Tx| Ok(Done::Commit(deliveries::insert(tx, row).await?))).await?;
        Ok(id)
    }

    /// Counts whom the file does not have. A complete one is compared with each identity; of another one the difference is told.
    async fn count_gone(&mut self) -> Result<(), Fault> {
        let report = &mut self.found.report;
        let Some(seen) = &self.reading.seen else {
            report.gone = report.existing.saturating_sub(report.matched);
            return Ok(());
        };
        let context = &self.accounts.context;
        let (now, mut after) = (context.now(), String::new());
        loop {
            let page = identities::page(&context.db, &self.reading.agency.id, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.canonical);
            for gone in seen.missing(page, now) {
                report.gone += 1;
                report.gone_moved += u64::from(gone.moved);
                let identifier = masked(&gone.canonical);
                report.add_sample(Sample { kind: SampleKind::Gone, identifier, line: None, columns: vec![] });
            }
        }
    }

    /// Finds references that several rows have, and the first lines of them. Where a row has none of its own, its identifier is none either.
    fn find_shared_references(&mut self) -> Result<(), Fault> {
        let Some(references) = self.reading.references.take() else { return Ok(()) };
        let shared = references.finish().map_err(looked)?;
        if shared.is_empty() {
            return Ok(());
        }
        // Rows of one identifier are one person.
        let mut people: Vec<(String, String)> = Vec::new();
        let mut lines = Vec::new();
        let report = &mut self.found.report;
        self.reading.look_again(|row| {
            let person = (row.client_ref.clone(), row.identifier.clone());
            if row.client_ref != row.identifier
                && shared.contains(&row.client_ref)
                && !people.contains(&person)
            {
                people.push(person);
                lines.push(row.line);
                report.add_sample(Sample {
                    kind: SampleKind::Shared,
                    identifier: masked(&row.identifier),
                    line: Some(row.line),
                    columns: vec![],
                });
            }
            lines.len() < 5
        })?;
        let reason =
            "several identifiers have one reference: these people see the same at the portal".to_owned();
        self.found.report.shared_references = Some(Reason { reason, count: shared.len() as u64, lines });
        Ok(())
    }
}

impl Found {
    /// Notes where the last bad row ends.
    fn settle(&mut self, until: Option<u64>) {
        if let Some((line, reason)) = self.pending.take() {
            self.rejected.push(Rejected { line, until, reason });
        }
    }

    /// Counts a further row of an identity.
    fn add_household(&mut self, further: Household) {
        self.settle(Some(further.line));
        self.report.households += 1;
        add_reason(&mut self.report.household_reasons, &general(&further.reason), further.line);
        self.report.add_sample(Sample {
            kind: SampleKind::Household,
            identifier: masked(&further.identifier),
            line: Some(further.line),
            columns: further.differences.into_iter().map(str::to_owned).collect(),
        });
    }

    /// Counts a row that is taken.
    fn take(&mut self, pattern: Option<&Pattern>, mut candidate: Candidate) -> Candidate {
        self.settle(Some(candidate.line));
        let report = &mut self.report;
        let (no_address, no_hash) = (candidate.email.is_none(), candidate.verifier.is_none());
        report.no_address += u64::from(no_address);
        report.no_hash += u64::from(no_hash);
        report.no_address_no_hash += u64::from(no_address && no_hash);
        report.unreadable_hashes += u64::from(candidate.unreadable);
        self.shapes.add(&candidate.identifier);
        if let Some(number) = candidate.likeness {
            let secret = candidate.salted.then(|| candidate.secret_fingerprint.clone());
            self.sample.add(
                number,
                SampledRow {
                    identifier: candidate.identifier.clone(),
                    fingerprint: candidate.fingerprint.clone(),
                    secret,
                },
            );
        }
        if let Some(recipe) = candidate.verifier.as_ref().map(Verifier::recipe) {
            // Each row may have a recipe of its own.
            let full = self.kinds.len() >= MOST_KINDS;
            let name = Some(recipe.name()).filter(|name| !full || self.kinds.contains_key(name));
            *self.kinds.entry(name.unwrap_or_else(|| "other kinds".into())).or_default() += 1;
        }
        if pattern.is_some_and(|pattern| !pattern.is_match(&candidate.identifier)) {
            count_off_pattern(&mut self.report, candidate.line);
        }
        self.rows.add_warnings(candidate.line, std::mem::take(&mut candidate.warnings));
        candidate
    }
}
