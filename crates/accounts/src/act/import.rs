use std::{
    collections::HashMap,
    io::{self, Read, Seek, Write},
};

use agencies::Agency;
use kernel::{Context, Digest, Fault, MacKey, Password, Tx, Unix};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Statement,
    Value,
    sea_query::{Expr, OnConflict, Query},
};
use tokio::task::JoinHandle;
use uuid::Uuid;
use zeroize::Zeroizing;

use legacy::{
    Duplicates, ImportReport, MailAddress,
    hash::Verifier,
    row::{BadRow, Oddity, Row, Rows, Warning},
};

use crate::{
    Accounts, costly,
    table::legacy_identity as identity,
    verifier::{self, Kind},
};

/// Rows in one transaction.
const BATCH: usize = 2000;

/// The columns of a fresh row, in the order of [`Ready::values`]; the others are empty until it moves.
const COLUMNS: [identity::Column; 13] = [
    identity::Column::Id,
    identity::Column::AgencyId,
    identity::Column::Identifier,
    identity::Column::IdentifierCanonical,
    identity::Column::ClientRef,
    identity::Column::Email,
    identity::Column::Name,
    identity::Column::Profile,
    identity::Column::Fingerprint,
    identity::Column::VerifierKind,
    identity::Column::Verifier,
    identity::Column::RecogniserKind,
    identity::Column::ImportedAt,
];

/// An import under way, a batch at a time, so that its caller can show how far it is. While a batch is written the next one is read.
/// What it needs of memory does not depend on how many rows there are, but for those that are left out.
pub struct Importer<'a, R, F> {
    accounts: &'a Accounts,
    agency: &'a Agency,
    rows: Rows<R>,
    dry: bool,
    duplicates: Twinned<F>,
    fingerprints: MacKey,
    writing: Option<JoinHandle<Result<Wrote, Fault>>>,
    next: Expected,
    report: ImportReport,
}

/// The identifiers that come twice: known once the file has been gone through.
enum Twinned<F> {
    Unknown(F),
    Known(Duplicates),
    /// The going through failed.
    Lost,
}

/// What is expected of the next batch, after the one before it.
#[derive(Default)]
struct Expected {
    /// Some rows of it are there already: it is asked which.
    known: bool,
    /// The statement that stores a whole batch of fresh rows. Putting it together costs more than storing them, so it is done once.
    whole: Option<String>,
}

/// What became of a batch.
#[derive(Default)]
struct Wrote {
    added: u64,
    updated: u64,
    unchanged: u64,
    moved: u64,
    next: Expected,
}

impl Accounts {
    /// Begins an import. `beside`: an empty file of its own, for eight bytes a row; `dry`: nothing is written.
    pub fn import<'a, R: Read + Seek, F: Read + Write + Seek>(
        &'a self,
        agency: &'a Agency,
        rows: Rows<R>,
        beside: F,
        dry: bool,
    ) -> Importer<'a, R, F> {
        Importer {
            accounts: self,
            agency,
            rows,
            dry,
            duplicates: Twinned::Unknown(beside),
            fingerprints: self.context.keys.mac_key("import row"),
            writing: None,
            next: Expected { known: dry, whole: None },
            report: ImportReport::default(),
        }
    }
}

/// A row as it is to rest.
struct Ready {
    id: Uuid,
    canonical: String,
    fingerprint: String,
    kind: Kind,
    verifier: Option<Vec<u8>>,
    /// Its recipe, where that is a dear one.
    recipe: Option<String>,
    identifier: String,
    client_ref: String,
    email: Option<String>,
    name: Option<String>,
    profile: String,
}

impl<R: Read + Seek, F: Read + Write + Seek> Importer<'_, R, F> {
    /// Reads the next batch and writes it, or goes on writing it until the next call; answers the rows read, 0 at the end, when all is written.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of the file beside: what was written stays, and a second import goes on from existing.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        let mut ready = Vec::with_capacity(BATCH);
        let mut read = 0;
        let mut duplicates = self.looked_through()?;
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
        self.duplicates = Twinned::Known(duplicates);
        self.written().await?;
        if !ready.is_empty() {
            let (context, agency) = (self.accounts.context.clone(), self.agency.id.clone());
            let (dry, next) = (self.dry, std::mem::take(&mut self.next));
            self.writing = Some(tokio::spawn(async move { write(&context, agency, ready, dry, next).await }));
        }
        Ok(read)
    }

    /// The identifiers that come twice; the first time the file is gone through for them.
    fn looked_through(&mut self) -> Result<Duplicates, Fault> {
        let looked = |error: io::Error| {
            Fault::Broken(format!("to tell identifiers that come twice, the file is read twice: {error}"))
        };
        match std::mem::replace(&mut self.duplicates, Twinned::Lost) {
            Twinned::Known(duplicates) => Ok(duplicates),
            Twinned::Unknown(beside) => {
                let duplicates = {
                    let canonical = |identifier: &str| self.agency.directory.canonical(identifier);
                    Duplicates::find(&mut self.rows, canonical, beside)
                }
                .map_err(looked)?;
                self.rows.rewind().map_err(looked)?;
                Ok(duplicates)
            }
            Twinned::Lost => Err(looked(io::ErrorKind::UnexpectedEof.into())),
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

    /// What it did.
    pub fn report(self) -> ImportReport {
        self.report
    }
}

/// The row, and its identifier in the form under which it is looked for.
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

/// The hash of nothing opens nothing, whatever reads it later: an account that was never opened in the old system (SECURITY D12).
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
    let recipe = costly::class_of(row.verifier.as_ref());
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
    Ok(Ready {
        id,
        canonical,
        fingerprint,
        kind,
        verifier,
        recipe,
        identifier,
        client_ref,
        email,
        name,
        profile,
    })
}

impl Ready {
    /// In the order of [`COLUMNS`].
    fn values(&self, agency: &str, now: Unix) -> [Value; COLUMNS.len()] {
        [
            self.id.into(),
            agency.into(),
            self.identifier.clone().into(),
            self.canonical.clone().into(),
            self.client_ref.clone().into(),
            self.email.clone().into(),
            self.name.clone().into(),
            self.profile.clone().into(),
            self.fingerprint.clone().into(),
            self.kind.as_str().into(),
            self.verifier.clone().into(),
            Kind::None.as_str().into(),
            now.into(),
        ]
    }
}

/// Writes a batch: all of it or nothing.
async fn write(
    context: &Context,
    agency: String,
    ready: Vec<Ready>,
    dry: bool,
    Expected { known: expected, mut whole }: Expected,
) -> Result<Wrote, Fault> {
    let now = context.now();
    let tx = context.db.begin().await?;
    let mut wrote = Wrote::default();
    let mut known = if expected { look_up(&tx, &agency, &ready).await? } else { HashMap::new() };
    if !dry {
        let fresh: Vec<&Ready> = ready.iter().filter(|r| !known.contains_key(&r.canonical)).collect();
        let (asked, stored) = (fresh.len(), insert(&tx, &agency, &fresh, now, &mut whole).await?);
        if stored < asked {
            // Some were existing, or came from their portal meanwhile: those of ours have our ids.
            known = look_up(&tx, &agency, &ready).await?;
        }
    }
    for row in &ready {
        match known.get(&row.canonical) {
            None => wrote.added += 1,
            Some(existing) if existing.id == row.id => wrote.added += 1,
            Some(existing) if existing.moved => {
                wrote.moved += 1;
                if !dry && existing.fingerprint != row.fingerprint {
                    correct(&tx, existing.id, row, now).await?;
                }
            }
            Some(existing) if existing.fingerprint == row.fingerprint => wrote.unchanged += 1,
            Some(existing) => {
                wrote.updated += 1;
                if !dry {
                    update(&tx, existing.id, row, now).await?;
                }
            }
        }
    }
    if !dry {
        costly::keep(&tx, &agency, ready.iter().filter_map(|row| row.recipe.as_deref())).await?;
    }
    wrote.next = Expected { known: dry || wrote.added < ready.len() as u64, whole };
    if !dry {
        tx.commit().await?;
    }
    Ok(wrote)
}

/// An identity that is existing.
struct Existing {
    id: Uuid,
    fingerprint: String,
    moved: bool,
}

async fn look_up(tx: &Tx, agency: &str, ready: &[Ready]) -> Result<HashMap<String, Existing>, Fault> {
    let canonicals = ready.iter().map(|row| row.canonical.as_str());
    let rows: Vec<(Uuid, String, String, Option<Unix>)> = identity::Entity::find()
        .select_only()
        .columns([
            identity::Column::Id,
            identity::Column::IdentifierCanonical,
            identity::Column::Fingerprint,
            identity::Column::MovedAt,
        ])
        .filter(identity::Column::AgencyId.eq(agency))
        .filter(identity::Column::IdentifierCanonical.is_in(canonicals))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let there = |(id, canonical, fingerprint, moved_at): (_, _, _, Option<_>)| {
        (canonical, Existing { id, fingerprint, moved: moved_at.is_some() })
    };
    Ok(rows.into_iter().map(there).collect())
}

/// Stores rows unless they are there; answers how many it stored.
async fn insert(
    tx: &Tx,
    agency: &str,
    fresh: &[&Ready],
    now: Unix,
    whole: &mut Option<String>,
) -> Result<usize, Fault> {
    if fresh.is_empty() {
        return Ok(0);
    }
    let backend = tx.conn().get_database_backend();
    let text = match whole {
        Some(text) if fresh.len() == BATCH => text.clone(),
        _ => statement(backend, fresh.len()),
    };
    if fresh.len() == BATCH && whole.is_none() {
        *whole = Some(text.clone());
    }
    let values = fresh.iter().flat_map(|row| row.values(agency, now));
    let done = tx.conn().execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// The text that stores so many rows.
fn statement(backend: DbBackend, rows: usize) -> String {
    let mut insert = Query::insert();
    insert.into_table(identity::Entity).columns(COLUMNS).on_conflict(
        OnConflict::columns([identity::Column::AgencyId, identity::Column::IdentifierCanonical])
            .do_nothing()
            .to_owned(),
    );
    for _ in 0..rows {
        // In the place of values that come with each batch.
        insert.values_panic(COLUMNS.map(|_| Expr::value(Value::String(None))));
    }
    backend.build(&insert).sql
}

/// Only while it has not moved: a person who moves during an import stays moved.
async fn update(tx: &Tx, id: Uuid, row: &Ready, now: Unix) -> Result<(), Fault> {
    identity::Entity::update_many()
        .col_expr(identity::Column::Identifier, Expr::value(row.identifier.as_str()))
        .col_expr(identity::Column::ClientRef, Expr::value(row.client_ref.as_str()))
        .col_expr(identity::Column::Email, Expr::value(row.email.clone()))
        .col_expr(identity::Column::Name, Expr::value(row.name.clone()))
        .col_expr(identity::Column::Profile, Expr::value(row.profile.as_str()))
        .col_expr(identity::Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .col_expr(identity::Column::VerifierKind, Expr::value(row.kind.as_str()))
        .col_expr(identity::Column::Verifier, Expr::value(row.verifier.clone()))
        .col_expr(identity::Column::ImportedAt, Expr::value(now))
        .filter(identity::Column::Id.eq(id))
        .filter(identity::Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Only what its agency is told of a person who has moved (SECURITY D11): how they signed in, their reference and their address are past. `imported_at` is the time
/// of the last change of that, for the claim `updated_at`.
async fn correct(tx: &Tx, id: Uuid, row: &Ready, now: Unix) -> Result<(), Fault> {
    let profile = row.profile.as_str();
    let unchanged = Expr::col(identity::Column::Profile).eq(profile);
    let imported_at = Expr::case(unchanged, Expr::col(identity::Column::ImportedAt)).finally(now);
    identity::Entity::update_many()
        .col_expr(identity::Column::ImportedAt, imported_at.into())
        .col_expr(identity::Column::Profile, Expr::value(profile))
        .col_expr(identity::Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .filter(identity::Column::Id.eq(id))
        .filter(identity::Column::MovedAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
