//! The statements of deliveries: many rows at a time.

use std::collections::HashMap;

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value,
    sea_query::{Expr, OnConflict, Query},
};

use crate::{
    DeliveryId, LegacyIdentityId,
    store::{
        IdentityRow,
        table::{
            enrolment,
            legacy_identity::{Column, Entity},
        },
    },
    verifier::Kind,
};

/// The columns of a row of an import, in the order of [`Imported::values`]; the others are empty until it moves.
const COLUMNS: [Column; 16] = [
    Column::Id,
    Column::AgencyId,
    Column::Identifier,
    Column::IdentifierCanonical,
    Column::ClientRef,
    Column::Email,
    Column::Name,
    Column::Profile,
    Column::Fingerprint,
    Column::VerifierKind,
    Column::Verifier,
    Column::RecogniserKind,
    Column::ImportedAt,
    Column::SecretFingerprint,
    Column::DeliveryId,
    Column::FurtherRefs,
];

/// A row of an import.
pub(crate) struct Imported {
    pub(crate) id: LegacyIdentityId,
    pub(crate) canonical: String,
    pub(crate) fingerprint: String,
    /// A keyed hash of the old password's hash, or of there being none.
    pub(crate) secret_fingerprint: String,
    pub(crate) kind: Kind,
    pub(crate) verifier: Option<Vec<u8>>,
    pub(crate) identifier: String,
    pub(crate) client_ref: String,
    /// The references beside that one, a JSON list.
    pub(crate) further_refs: Option<String>,
    /// The row has a hash that cannot be read: one that is stored stays.
    pub(crate) unreadable: bool,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    /// A JSON object.
    pub(crate) profile: String,
}

impl Imported {
    /// In the order of [`COLUMNS`].
    fn values(&self, agency: &str, delivery: DeliveryId, now: Unix) -> [Value; COLUMNS.len()] {
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
            self.kind.into(),
            self.verifier.clone().into(),
            Kind::None.into(),
            now.into(),
            self.secret_fingerprint.clone().into(),
            delivery.into(),
            self.further_refs.clone().into(),
        ]
    }
}

/// An identity that exists already.
pub(crate) struct Existing {
    pub(crate) id: LegacyIdentityId,
    pub(crate) fingerprint: String,
    pub(crate) moved: bool,
    /// A complete delivery did not have it.
    pub(crate) left: bool,
    /// It has a hash that signs in.
    pub(crate) has_verifier: bool,
}

/// Returns those of these rows that exist, by their canonical identifiers.
pub(crate) async fn existing(
    db: &impl Read,
    agency: &str,
    canonicals: impl Iterator<Item = &str>,
) -> Result<HashMap<String, Existing>, Fault> {
    type Row = (LegacyIdentityId, String, String, Option<Unix>, Option<Unix>, Kind);
    let columns = [
        Column::Id,
        Column::IdentifierCanonical,
        Column::Fingerprint,
        Column::MovedAt,
        Column::LeftAt,
        Column::VerifierKind,
    ];
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns(columns)
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.is_in(canonicals))
        .into_tuple()
        .all(db.connection())
        .await?;
    let existing = |(id, canonical, fingerprint, moved_at, left_at, kind): Row| {
        let (moved, left, has_verifier) = (moved_at.is_some(), left_at.is_some(), kind != Kind::None);
        (canonical, Existing { id, fingerprint, moved, left, has_verifier })
    };
    Ok(rows.into_iter().map(existing).collect())
}

/// Returns the agency of each identity at `agencies` that has one of these canonical identifiers, and one of these fingerprints of a row or of a hash. They are
/// looked for by the index of identifiers; fingerprints have none.
pub(crate) async fn alike<'a>(
    db: &impl Read,
    agencies: Vec<String>,
    canonicals: impl IntoIterator<Item = String>,
    (rows, hashes): (impl Iterator<Item = &'a str>, impl Iterator<Item = &'a str>),
) -> Result<Vec<String>, Fault> {
    if agencies.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Entity::find()
        .select_only()
        .column(Column::AgencyId)
        .filter(Column::AgencyId.is_in(agencies))
        .filter(Column::IdentifierCanonical.is_in(canonicals))
        .filter(
            Condition::any()
                .add(Column::Fingerprint.is_in(rows))
                .add(Column::SecretFingerprint.is_in(hashes)),
        )
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Returns identities by their ids.
pub(crate) async fn whole(
    db: &impl Read,
    ids: impl Iterator<Item = LegacyIdentityId>,
) -> Result<HashMap<LegacyIdentityId, IdentityRow>, Fault> {
    let rows = Entity::find().filter(Column::Id.is_in(ids)).all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The statement that stores a batch of a given size. Putting it together costs more than storing the rows, so an import keeps it for the next batch.
pub(crate) struct InsertStatement {
    rows: usize,
    text: String,
}

impl InsertStatement {
    fn new(backend: DbBackend, rows: usize) -> Self {
        let mut insert = Query::insert();
        insert.into_table(Entity).columns(COLUMNS).on_conflict(
            OnConflict::columns([Column::AgencyId, Column::IdentifierCanonical]).do_nothing().to_owned(),
        );
        for _ in 0..rows {
            // In the place of values that come with each batch.
            insert.values_panic(COLUMNS.map(|_| Expr::value(Value::String(None))));
        }
        Self { rows, text: backend.build(&insert).sql }
    }
}

/// Stores rows of an import, unless they exist; returns how many it stored, and the statement, to be given again.
pub(crate) async fn insert_all(
    tx: &Tx,
    (agency, delivery): (&str, DeliveryId),
    rows: &[&Imported],
    now: Unix,
    statement: Option<InsertStatement>,
) -> Result<(usize, Option<InsertStatement>), Fault> {
    if rows.is_empty() {
        return Ok((0, statement));
    }
    let backend = tx.conn().get_database_backend();
    let statement = statement.filter(|known| known.rows == rows.len());
    let statement = statement.unwrap_or_else(|| InsertStatement::new(backend, rows.len()));
    let values = rows.iter().flat_map(|row| row.values(agency, delivery, now));
    let done = Statement::from_sql_and_values(backend, statement.text.clone(), values);
    let done = tx.conn().execute_raw(done).await?;
    Ok((usize::try_from(done.rows_affected()).unwrap_or(usize::MAX), Some(statement)))
}

/// The fate of an identity's old password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The row has another one, or none.
    Replaced,
    /// The row has the same, in whatever form it rests by now.
    Same,
    /// The row has one that cannot be read: the stored one stays, and is known by what it was.
    Kept,
}

/// Replaces an identity by a row of a delivery, unless it has moved: a person who moves during an import stays moved. `secret`: what becomes of its old
/// password.
pub(crate) async fn update(
    tx: &Tx,
    id: LegacyIdentityId,
    row: &Imported,
    secret: Secret,
    now: Unix,
) -> Result<(), Fault> {
    let mut update = Entity::update_many()
        .col_expr(Column::Identifier, Expr::value(row.identifier.as_str()))
        .col_expr(Column::ClientRef, Expr::value(row.client_ref.as_str()))
        .col_expr(Column::Email, Expr::value(row.email.clone()))
        .col_expr(Column::Name, Expr::value(row.name.clone()))
        .col_expr(Column::Profile, Expr::value(row.profile.as_str()))
        .col_expr(Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .col_expr(Column::FurtherRefs, Expr::value(row.further_refs.clone()))
        .col_expr(Column::LeftAt, Expr::value(Option::<Unix>::None))
        .col_expr(Column::ImportedAt, Expr::value(now));
    if secret != Secret::Kept {
        update = update.col_expr(Column::SecretFingerprint, Expr::value(row.secret_fingerprint.as_str()));
    }
    if secret == Secret::Replaced {
        update = update
            .col_expr(Column::VerifierKind, Expr::value(row.kind))
            .col_expr(Column::Verifier, Expr::value(row.verifier.clone()));
    }
    update.filter(Column::Id.eq(id)).filter(Column::MovedAt.is_null()).exec(tx.conn()).await?;
    Ok(())
}

/// Corrects what an agency is told of a person who has moved, and nothing else (SECURITY D11): how they signed in and their address are past. `imported_at`
/// is the time of the last change of that, for the claim `updated_at`. `before` is the row as it was.
pub(crate) async fn correct(tx: &Tx, before: &IdentityRow, row: &Imported, now: Unix) -> Result<(), Fault> {
    let told = (&before.client_ref, &before.further_refs, &before.name, &before.profile);
    let same =
        told == (&row.client_ref, &row.further_refs, &row.name, &row.profile) && before.left_at.is_none();
    Entity::update_many()
        .col_expr(Column::ImportedAt, Expr::value(if same { before.imported_at } else { now }))
        .col_expr(Column::ClientRef, Expr::value(row.client_ref.as_str()))
        .col_expr(Column::FurtherRefs, Expr::value(row.further_refs.clone()))
        .col_expr(Column::Name, Expr::value(row.name.clone()))
        .col_expr(Column::Profile, Expr::value(row.profile.as_str()))
        .col_expr(Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .col_expr(Column::SecretFingerprint, Expr::value(row.secret_fingerprint.as_str()))
        .col_expr(Column::LeftAt, Expr::value(Option::<Unix>::None))
        .filter(Column::Id.eq(before.id))
        .filter(Column::MovedAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// An identity on a page of an agency's identities.
pub(crate) struct Paged {
    pub(crate) id: LegacyIdentityId,
    pub(crate) canonical: String,
    pub(crate) delivery: Option<DeliveryId>,
    pub(crate) imported_at: Unix,
    pub(crate) moved: bool,
    pub(crate) left: bool,
}

/// Returns the next identities of an agency by their canonical identifiers, up to `most`.
pub(crate) async fn page(db: &impl Read, agency: &str, after: &str, most: u64) -> Result<Vec<Paged>, Fault> {
    type Row = (LegacyIdentityId, String, Option<DeliveryId>, Unix, Option<Unix>, Option<Unix>);
    let columns = [
        Column::Id,
        Column::IdentifierCanonical,
        Column::DeliveryId,
        Column::ImportedAt,
        Column::MovedAt,
        Column::LeftAt,
    ];
    let rows: Vec<Row> = Entity::find()
        .select_only()
        .columns(columns)
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.gt(after))
        .order_by_asc(Column::IdentifierCanonical)
        .limit(most)
        .into_tuple()
        .all(db.connection())
        .await?;
    let paged = |(id, canonical, delivery, imported_at, moved_at, left_at): Row| Paged {
        id,
        canonical,
        delivery,
        imported_at,
        moved: moved_at.is_some(),
        left: left_at.is_some(),
    };
    Ok(rows.into_iter().map(paged).collect())
}

/// Counts the identities of an agency that have not left it.
pub(crate) async fn count_present(db: &impl Read, agency: &str) -> Result<u64, Fault> {
    let present = Entity::find().filter(Column::AgencyId.eq(agency)).filter(Column::LeftAt.is_null());
    Ok(present.count(db.connection()).await?)
}

/// Notes that identities left their agency.
pub(crate) async fn leave(tx: &Tx, ids: &[LegacyIdentityId], now: Unix) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::LeftAt, Expr::value(now))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::LeftAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Gives an identity that has not moved back what it had; `false` where it has moved since.
pub(crate) async fn restore(tx: &Tx, before: &IdentityRow) -> Result<bool, Fault> {
    let restored = Entity::update_many()
        .col_expr(Column::Identifier, Expr::value(before.identifier.as_str()))
        .col_expr(Column::ClientRef, Expr::value(before.client_ref.as_str()))
        .col_expr(Column::FurtherRefs, Expr::value(before.further_refs.clone()))
        .col_expr(Column::Email, Expr::value(before.email.clone()))
        .col_expr(Column::Name, Expr::value(before.name.clone()))
        .col_expr(Column::Profile, Expr::value(before.profile.as_str()))
        .col_expr(Column::Fingerprint, Expr::value(before.fingerprint.as_str()))
        .col_expr(Column::SecretFingerprint, Expr::value(before.secret_fingerprint.clone()))
        .col_expr(Column::VerifierKind, Expr::value(before.verifier_kind))
        .col_expr(Column::Verifier, Expr::value(before.verifier.clone()))
        .col_expr(Column::ImportedAt, Expr::value(before.imported_at))
        .col_expr(Column::LeftAt, Expr::value(before.left_at))
        .filter(Column::Id.eq(before.id))
        .filter(Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(restored.rows_affected == 1)
}

/// Gives back what an agency was told of a person who had moved before. `updated_at` tells portals that it changed again.
pub(crate) async fn restore_told(tx: &Tx, before: &IdentityRow, now: Unix) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ClientRef, Expr::value(before.client_ref.as_str()))
        .col_expr(Column::FurtherRefs, Expr::value(before.further_refs.clone()))
        .col_expr(Column::Name, Expr::value(before.name.clone()))
        .col_expr(Column::Profile, Expr::value(before.profile.as_str()))
        .col_expr(Column::Fingerprint, Expr::value(before.fingerprint.as_str()))
        .col_expr(Column::SecretFingerprint, Expr::value(before.secret_fingerprint.clone()))
        .col_expr(Column::ImportedAt, Expr::value(now))
        .col_expr(Column::LeftAt, Expr::value(before.left_at))
        .filter(Column::Id.eq(before.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes the unfinished moves of identities.
pub(crate) async fn end_unfinished(tx: &Tx, ids: &[LegacyIdentityId]) -> Result<(), Fault> {
    enrolment::Entity::delete_many()
        .filter(enrolment::Column::LegacyIdentityId.is_in(ids.iter().copied()))
        .filter(enrolment::Column::FinishedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes identities that have not moved, with their unfinished moves; returns how many.
pub(crate) async fn delete(tx: &Tx, ids: &[LegacyIdentityId]) -> Result<u64, Fault> {
    end_unfinished(tx, ids).await?;
    let deleted = Entity::delete_many()
        .filter(Column::Id.is_in(ids.iter().copied()))
        .filter(Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(deleted.rows_affected)
}
