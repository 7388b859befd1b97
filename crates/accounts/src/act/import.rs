//! The import of an agency's identities.

use std::{
    collections::HashMap,
    io::{self, Read, Seek, Write},
};

use agencies::Agency;
use kernel::{Context, Digest, Done, Fault, MacKey, Password, Tx, Unix};
use legacy::{
    CostlyRecipes, Duplicates, ImportReport, MailAddress,
    hash::{Recipe, Verifier},
    row::{BadRow, Oddity, Row, Rows, Warning},
};
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::{
    Accounts,
    store::{
        identities::{self, Existing, Imported, InsertStatement},
        recipes,
    },
    verifier,
};

/// The number of rows in one transaction.
const BATCH: usize = 2000;

/// An import under way, a batch at a time, so that its caller can show how far it is. While a batch is written the next one is read.
/// Its memory does not depend on how many rows there are, but for those that are left out.
pub struct Importer<'a, R, F> {
    accounts: &'a Accounts,
    agency: &'a Agency,
    rows: Rows<R>,
    dry: bool,
    duplicates: Lookup<F>,
    fingerprints: MacKey,
    writing: Option<JoinHandle<Result<Wrote, Fault>>>,
    next: Expected,
    report: ImportReport,
}

/// The identifiers that come twice: known after the first pass through the file.
enum Lookup<F> {
    /// Before the first pass: the file that it writes to.
    Unknown(F),
    Known(Duplicates),
    /// The first pass failed.
    Lost,
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

impl Accounts {
    /// Begins an import. `scratch`: an empty file of its own, for eight bytes a row; `dry`: nothing is written.
    pub fn import<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        rows: Rows<R>,
        scratch: F,
        dry: bool,
    ) -> Importer<'a, R, F> {
        Importer {
            accounts: self,
            agency,
            rows,
            dry,
            duplicates: Lookup::Unknown(scratch),
            fingerprints: self.context.keys.mac_key("import row"),
            writing: None,
            next: Expected { exist: dry, statement: None },
            report: ImportReport::default(),
        }
    }
}

/// A row that is ready to be stored.
struct Ready {
    row: Imported,
    /// The class of its recipe, where that is a costly one.
    recipe: Option<Recipe>,
}

impl<R: Read + Seek, F: Read + Write + Seek> Importer<'_, R, F> {
    /// Reads the next batch and writes it, or goes on writing it until the next call; returns the number of rows read, 0 at the end, when all is written.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the scratch file: what was written stays, and a second import goes on from there.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        let mut ready = Vec::with_capacity(BATCH);
        let mut read = 0;
        let mut duplicates = self.look_through()?;
        while read < BATCH {
            let Some(next) = self.rows.next() else { break };
            read += 1;
            match next.and_then(|row| admit(self.agency, &mut duplicates, row)) {
                Ok((canonical, mut row)) => {
                    drop_hash_of_nothing(&mut row);
                    self.report.add_warnings(row.line, std::mem::take(&mut row.warnings));
                    ready.push(prepare(&self.accounts.context, &self.fingerprints, (canonical, row))?);
                }
                Err(bad) => self.report.bad.push(bad),
            }
        }
        self.duplicates = Lookup::Known(duplicates);
        self.written().await?;
        if !ready.is_empty() {
            let (context, agency) = (self.accounts.context.clone(), self.agency.id.clone());
            let (dry, next) = (self.dry, std::mem::take(&mut self.next));
            self.writing = Some(tokio::spawn(async move { write(&context, agency, ready, dry, next).await }));
        }
        Ok(read)
    }

    /// Returns the identifiers that come twice; the first time after a pass through the file.
    fn look_through(&mut self) -> Result<Duplicates, Fault> {
        let looked = |error: io::Error| {
            Fault::Broken(format!("to tell identifiers that come twice, the file is read twice: {error}"))
        };
        match std::mem::replace(&mut self.duplicates, Lookup::Lost) {
            Lookup::Known(duplicates) => Ok(duplicates),
            Lookup::Unknown(scratch) => {
                let duplicates = {
                    let canonical = |identifier: &str| self.agency.directory.canonical(identifier);
                    Duplicates::find(&mut self.rows, canonical, scratch)
                }
                .map_err(looked)?;
                self.rows.rewind().map_err(looked)?;
                Ok(duplicates)
            }
            Lookup::Lost => Err(looked(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Waits for the batch that is being written.
    async fn written(&mut self) -> Result<(), Fault> {
        let Some(writing) = self.writing.take() else { return Ok(()) };
        let stopped = |_| Fault::Broken("the import stopped in the middle of a batch".into());
        let Wrote { added, updated, unchanged, moved, next } = writing.await.map_err(stopped)??;
        self.report.added += added;
        self.report.updated += updated;
        self.report.unchanged += unchanged;
        self.report.moved += moved;
        self.next = next;
        Ok(())
    }

    /// Returns what the import did.
    pub fn report(self) -> ImportReport {
        self.report
    }
}

/// Returns the row, and its identifier in the form under which it is looked for.
fn admit(agency: &Agency, duplicates: &mut Duplicates, row: Row) -> Result<(String, Row), BadRow> {
    let line = row.line;
    let bad = |reason: String| BadRow { line, reason };
    let canonical = agency
        .directory
        .canonical(&row.identifier)
        .ok_or_else(|| bad("`identifier` is empty by the rules of this agency's directory".into()))?;
    match duplicates.first_line(&canonical, line) {
        Some(first) => Err(bad(format!("the same identifier as on line {first}"))),
        None => Ok((canonical, row)),
    }
}

/// Drops the hash of nothing, so that it opens nothing, whatever reads it later: an account that was never opened in the old system (SECURITY D12).
fn drop_hash_of_nothing(row: &mut Row) {
    if row.verifier.as_ref().is_some_and(|hash| hash.is_of_nothing(Password::is_blank)) {
        row.verifier = None;
        row.warnings.push(Warning { column: "password_hash", what: Oddity::EmptyPassword });
    }
}

fn prepare(
    context: &Context,
    fingerprints: &MacKey,
    (canonical, row): (String, Row),
) -> Result<Ready, Fault> {
    let (kind, verifier) = verifier::rest(context, row.verifier.as_ref())?;
    let recipe = row.verifier.as_ref().and_then(|verifier| verifier.recipe().class());
    let profile = serde_json::Value::Object(row.profile).to_string();
    let secret = row.verifier.as_ref().map(Verifier::to_text);
    // Keyed, so that it tells nothing of the hash that it covers.
    let parts = [
        row.identifier.as_str(),
        &row.client_ref,
        row.email.as_ref().map_or("", MailAddress::shown),
        row.name.as_deref().unwrap_or_default(),
        &profile,
        secret.as_deref().map_or("", String::as_str),
    ];
    let text = Zeroizing::new(parts.join("\u{1f}"));
    let fingerprint = Digest::of_mac(fingerprints.mac(text.as_bytes())).into_string();
    let email = row.email.map(|e| e.shown().to_owned());
    let Row { identifier, client_ref, name, .. } = row;
    let id = context.id();
    let row =
        Imported { id, canonical, fingerprint, kind, verifier, identifier, client_ref, email, name, profile };
    Ok(Ready { row, recipe })
}

/// Writes a batch: all of it or nothing. `dry`: nothing.
async fn write(
    context: &Context,
    agency: String,
    ready: Vec<Ready>,
    dry: bool,
    expected: Expected,
) -> Result<Wrote, Fault> {
    let (rows, recipes): (Vec<Imported>, Vec<Option<Recipe>>) =
        ready.into_iter().map(|ready| (ready.row, ready.recipe)).unzip();
    let now = context.now();
    context
        .db
        .write(async |tx: &Tx| {
            if dry {
                let existing = identities::existing(tx, &agency, &rows).await?;
                return Ok(Done::RollBack(Wrote::of(
                    &rows,
                    &existing,
                    Expected { exist: true, statement: None },
                )));
            }
            let wrote = write_rows(tx, &agency, &rows, expected, now).await?;
            keep_recipes(tx, &agency, &recipes).await?;
            Ok(Done::Commit(wrote))
        })
        .await
}

async fn write_rows(
    tx: &Tx,
    agency: &str,
    rows: &[Imported],
    expected: Expected,
    now: Unix,
) -> Result<Wrote, Fault> {
    let mut existing = HashMap::new();
    if expected.exist {
        existing = identities::existing(tx, agency, rows).await?;
    }
    let fresh: Vec<&Imported> = rows.iter().filter(|row| !existing.contains_key(&row.canonical)).collect();
    let (stored, statement) = identities::insert_all(tx, agency, &fresh, now, expected.statement).await?;
    if stored < fresh.len() {
        // Some existed, or came from their portal meanwhile: those of ours have our ids.
        existing = identities::existing(tx, agency, rows).await?;
    }
    for row in rows {
        let Some(known) = existing.get(&row.canonical) else { continue };
        match outcome(row, Some(known)) {
            RowOutcome::Updated => identities::update(tx, known.id, row, now).await?,
            RowOutcome::Moved if known.fingerprint != row.fingerprint => {
                identities::correct(tx, known.id, row, now).await?;
            }
            RowOutcome::Added | RowOutcome::Unchanged | RowOutcome::Moved => {}
        }
    }
    let exist = fresh.len() < rows.len() || stored < fresh.len();
    Ok(Wrote::of(rows, &existing, Expected { exist, statement }))
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
        Some(known) if known.fingerprint == row.fingerprint => RowOutcome::Unchanged,
        Some(_) => RowOutcome::Updated,
    }
}

impl Wrote {
    /// Counts the outcomes of a batch.
    fn of(rows: &[Imported], existing: &HashMap<String, Existing>, next: Expected) -> Self {
        let mut wrote = Self { next, ..Self::default() };
        for row in rows {
            match outcome(row, existing.get(&row.canonical)) {
                RowOutcome::Added => wrote.added += 1,
                RowOutcome::Updated => wrote.updated += 1,
                RowOutcome::Unchanged => wrote.unchanged += 1,
                RowOutcome::Moved => wrote.moved += 1,
            }
        }
        wrote
    }
}
