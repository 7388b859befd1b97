use std::{
    collections::{HashMap, HashSet},
    io::Read,
};

use agencies::Agency;
use kernel::{Digest, Fault};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict};
use uuid::Uuid;

use super::{
    row::{BadRow, Row, Rows},
    stored::{self, Kind},
};
use crate::{Accounts, Email, table::legacy_identity as identity};

/// Rows in one transaction.
const BATCH: usize = 1000;

/// What an import did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Identities that were not there.
    pub added: u64,
    /// That were there and differ.
    pub updated: u64,
    /// That were there just so.
    pub unchanged: u64,
    /// That have moved: never touched (SECURITY #83).
    pub moved: u64,
    /// Rows that were left out.
    pub bad: Vec<BadRow>,
}

/// An import under way, a batch at a time, so that its caller can show how far it is.
pub struct Importer<'a, R> {
    accounts: &'a Accounts,
    agency: &'a Agency,
    rows: Rows<R>,
    dry: bool,
    seen: HashMap<String, u64>,
    report: ImportReport,
}

impl Accounts {
    /// Begins an import. `dry`: nothing is written.
    pub fn import<'a, R: Read>(&'a self, agency: &'a Agency, rows: Rows<R>, dry: bool) -> Importer<'a, R> {
        Importer { accounts: self, agency, rows, dry, seen: HashMap::new(), report: ImportReport::default() }
    }
}

struct Ready {
    canonical: String,
    fingerprint: String,
    row: Row,
}

impl<R: Read> Importer<'_, R> {
    /// Reads and writes the next batch; answers the rows read, 0 at the end.
    ///
    /// # Errors
    /// [`Fault`] of the database: what was written stays, and a second import goes on from there.
    pub async fn next_batch(&mut self) -> Result<usize, Fault> {
        let mut ready = Vec::with_capacity(BATCH);
        let mut read = 0;
        while read < BATCH {
            let Some(next) = self.rows.next() else { break };
            read += 1;
            match next.and_then(|row| self.admit(row)) {
                Ok(row) => ready.push(row),
                Err(bad) => self.report.bad.push(bad),
            }
        }
        if !ready.is_empty() {
            self.write(ready).await?;
        }
        Ok(read)
    }

    /// What it did so far.
    pub fn report(self) -> ImportReport {
        self.report
    }

    fn admit(&mut self, row: Row) -> Result<Ready, BadRow> {
        let line = row.line;
        let bad = |reason: String| BadRow { line, reason };
        let canonical = self
            .agency
            .directory
            .canonical(&row.identifier)
            .ok_or_else(|| bad("`identifier` is empty by the rules of this agency's directory".into()))?;
        if let Some(first) = self.seen.insert(canonical.clone(), line) {
            self.seen.insert(canonical, first);
            return Err(bad(format!("the same identifier as on line {first}")));
        }
        Ok(Ready { fingerprint: self.fingerprint(&row), canonical, row })
    }

    /// Keyed, so that it tells nothing of the hash that it covers.
    fn fingerprint(&self, row: &Row) -> String {
        let verifier = row.verifier.as_ref().map(|v| v.to_text());
        let profile = serde_json::Value::Object(row.profile.clone()).to_string();
        let parts = [
            row.identifier.as_str(),
            &row.client_ref,
            row.email.as_ref().map_or("", Email::shown),
            row.name.as_deref().unwrap_or_default(),
            &profile,
            verifier.as_deref().map_or("", String::as_str),
        ];
        let text = zeroize::Zeroizing::new(parts.join("\u{1f}"));
        Digest::of_mac(self.accounts.ground.keys.mac("import row", text.as_bytes())).into_string()
    }

    async fn write(&mut self, ready: Vec<Ready>) -> Result<(), Fault> {
        let ground = &self.accounts.ground;
        let canonicals: Vec<&str> = ready.iter().map(|r| r.canonical.as_str()).collect();
        let tx = ground.db.begin().await?;
        let known: Vec<(Uuid, String, String, Option<i64>)> = identity::Entity::find()
            .select_only()
            .columns([
                identity::Column::Id,
                identity::Column::IdentifierCanonical,
                identity::Column::Fingerprint,
                identity::Column::MovedAt,
            ])
            .filter(identity::Column::AgencyId.eq(&self.agency.id))
            .filter(identity::Column::IdentifierCanonical.is_in(canonicals))
            .into_tuple()
            .all(tx.conn())
            .await?;
        let known: HashMap<String, (Uuid, String, Option<i64>)> =
            known.into_iter().map(|(id, canonical, print, moved)| (canonical, (id, print, moved))).collect();
        let mut fresh = Vec::new();
        for ready in ready {
            match known.get(&ready.canonical) {
                None => fresh.push(model(self.accounts, self.agency, ready)?),
                Some((_, _, Some(_))) => self.report.moved += 1,
                Some((_, print, None)) if *print == ready.fingerprint => self.report.unchanged += 1,
                Some((id, _, None)) => {
                    self.report.updated += 1;
                    if !self.dry {
                        update(&tx, *id, model(self.accounts, self.agency, ready)?).await?;
                    }
                }
            }
        }
        self.report.added += fresh.len() as u64;
        if self.dry {
            return Ok(());
        }
        if !fresh.is_empty() {
            identity::Entity::insert_many(fresh)
                .on_conflict(
                    OnConflict::columns([identity::Column::AgencyId, identity::Column::IdentifierCanonical])
                        .do_nothing()
                        .to_owned(),
                )
                .exec_without_returning(tx.conn())
                .await?;
        }
        tx.commit().await
    }
}

fn model(accounts: &Accounts, agency: &Agency, ready: Ready) -> Result<identity::ActiveModel, Fault> {
    let ground = &accounts.ground;
    let (kind, verifier) = stored::rest(ground, ready.row.verifier.as_ref())?;
    Ok(identity::ActiveModel {
        id: Set(ground.id()),
        agency_id: Set(agency.id.clone()),
        identifier: Set(ready.row.identifier),
        identifier_canonical: Set(ready.canonical),
        client_ref: Set(ready.row.client_ref),
        email: Set(ready.row.email.map(|e| e.shown().to_owned())),
        name: Set(ready.row.name),
        profile: Set(serde_json::Value::Object(ready.row.profile).to_string()),
        fingerprint: Set(ready.fingerprint),
        verifier_kind: Set(kind.as_str().to_owned()),
        verifier: Set(verifier),
        recogniser_kind: Set(Kind::None.as_str().to_owned()),
        recogniser: Set(None),
        imported_at: Set(ground.now()),
        moved_at: Set(None),
    })
}

/// Only while it has not moved: a person who moves during an import stays moved.
async fn update(tx: &kernel::Tx, id: Uuid, mut model: identity::ActiveModel) -> Result<(), Fault> {
    use sea_orm::ActiveModelTrait;
    let keep: HashSet<&str> = ["id", "recogniser_kind", "recogniser", "moved_at"].into();
    for column in <identity::Column as sea_orm::Iterable>::iter() {
        if keep.contains(sea_orm::IdenStatic::as_str(&column)) {
            model.not_set(column);
        }
    }
    identity::Entity::update_many()
        .set(model)
        .filter(identity::Column::Id.eq(id))
        .filter(identity::Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}
