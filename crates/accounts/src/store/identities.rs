//! Identifiers that agencies issued: the table `legacy_identity`.

use std::collections::HashMap;

use kernel::{Db, Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, ExprTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Statement, Value,
    sea_query::{Expr, OnConflict, Query},
};

use super::{
    IdentityRow,
    table::legacy_identity::{ActiveModel, Column, Entity},
};
use crate::{LegacyIdentityId, verifier::Kind};

/// Returns an identity.
pub(crate) async fn by_id(db: &impl Read, id: LegacyIdentityId) -> Result<Option<IdentityRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Returns the identity that has an identifier at an agency.
pub(crate) async fn by_identifier(
    db: &impl Read,
    agency: &str,
    canonical: &str,
) -> Result<Option<IdentityRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.eq(canonical))
        .one(db.connection())
        .await?)
}

/// Stores an identity, unless its agency has that identifier.
pub(crate) async fn insert(db: &Db, row: IdentityRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all())
        .on_conflict(
            OnConflict::columns([Column::AgencyId, Column::IdentifierCanonical]).do_nothing().to_owned(),
        )
        .exec_without_returning(db.writer())
        .await?;
    Ok(())
}

/// Marks an identity as moved: its verifier becomes a recogniser, which signs nobody in. `false` where it has moved.
pub(crate) async fn mark_moved(tx: &Tx, id: LegacyIdentityId, now: Unix) -> Result<bool, Fault> {
    let moved = Entity::update_many()
        .col_expr(Column::MovedAt, Expr::value(now))
        .col_expr(Column::RecogniserKind, Expr::col(Column::VerifierKind))
        .col_expr(Column::Recogniser, Expr::col(Column::Verifier))
        .col_expr(Column::VerifierKind, Expr::value(Kind::None))
        .col_expr(Column::Verifier, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
}

/// The columns of a row of an import, in the order of [`Imported::values`]; the others are empty until it moves.
const COLUMNS: [Column; 13] = [
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
];

/// A row of an import.
pub(crate) struct Imported {
    pub(crate) id: LegacyIdentityId,
    pub(crate) canonical: String,
    pub(crate) fingerprint: String,
    pub(crate) kind: Kind,
    pub(crate) verifier: Option<Vec<u8>>,
    pub(crate) identifier: String,
    pub(crate) client_ref: String,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    /// A JSON object.
    pub(crate) profile: String,
}

impl Imported {
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
            self.kind.into(),
            self.verifier.clone().into(),
            Kind::None.into(),
            now.into(),
        ]
    }
}

/// An identity that exists already.
pub(crate) struct Existing {
    pub(crate) id: LegacyIdentityId,
    pub(crate) fingerprint: String,
    pub(crate) moved: bool,
}

/// Returns those of these rows that exist, by their canonical identifiers.
pub(crate) async fn existing(
    tx: &Tx,
    agency: &str,
    rows: &[Imported],
) -> Result<HashMap<String, Existing>, Fault> {
    let canonicals = rows.iter().map(|row| row.canonical.as_str());
    let rows: Vec<(LegacyIdentityId, String, String, Option<Unix>)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::IdentifierCanonical, Column::Fingerprint, Column::MovedAt])
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.is_in(canonicals))
        .into_tuple()
        .all(tx.conn())
        .await?;
    let existing = |(id, canonical, fingerprint, moved_at): (_, _, _, Option<Unix>)| {
        (canonical, Existing { id, fingerprint, moved: moved_at.is_some() })
    };
    Ok(rows.into_iter().map(existing).collect())
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
    agency: &str,
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
    let values = rows.iter().flat_map(|row| row.values(agency, now));
    let done = Statement::from_sql_and_values(backend, statement.text.clone(), values);
    let done = tx.conn().execute_raw(done).await?;
    Ok((usize::try_from(done.rows_affected()).unwrap_or(usize::MAX), Some(statement)))
}

/// Replaces an identity by a row of an import, unless it has moved: a person who moves during an import stays moved.
pub(crate) async fn update(tx: &Tx, id: LegacyIdentityId, row: &Imported, now: Unix) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::Identifier, Expr::value(row.identifier.as_str()))
        .col_expr(Column::ClientRef, Expr::value(row.client_ref.as_str()))
        .col_expr(Column::Email, Expr::value(row.email.clone()))
        .col_expr(Column::Name, Expr::value(row.name.clone()))
        .col_expr(Column::Profile, Expr::value(row.profile.as_str()))
        .col_expr(Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .col_expr(Column::VerifierKind, Expr::value(row.kind))
        .col_expr(Column::Verifier, Expr::value(row.verifier.clone()))
        .col_expr(Column::ImportedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::MovedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Corrects what an agency is told of a person who has moved, and nothing else (SECURITY D11): how they signed in, their reference and their address are
/// past. `imported_at` is the time of the last change of that, for the claim `updated_at`.
pub(crate) async fn correct(tx: &Tx, id: LegacyIdentityId, row: &Imported, now: Unix) -> Result<(), Fault> {
    let profile = row.profile.as_str();
    let unchanged = Expr::col(Column::Profile).eq(profile);
    let imported_at = Expr::case(unchanged, Expr::col(Column::ImportedAt)).finally(now);
    Entity::update_many()
        .col_expr(Column::ImportedAt, imported_at.into())
        .col_expr(Column::Profile, Expr::value(profile))
        .col_expr(Column::Fingerprint, Expr::value(row.fingerprint.as_str()))
        .filter(Column::Id.eq(id))
        .filter(Column::MovedAt.is_not_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A place of an old hash: there are two.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// The hash that signs in, of an identity that has not moved.
    Verifier,
    /// The hash that recognises who has moved.
    Recogniser,
}

impl Slot {
    fn columns(self) -> (Column, Column) {
        match self {
            Self::Verifier => (Column::VerifierKind, Column::Verifier),
            Self::Recogniser => (Column::RecogniserKind, Column::Recogniser),
        }
    }
}

/// Returns up to `most` sealed hashes.
pub(crate) async fn sealed(
    db: &impl Read,
    slot: Slot,
    most: u64,
) -> Result<Vec<(LegacyIdentityId, Option<Vec<u8>>)>, Fault> {
    let (kind, bytes) = slot.columns();
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, bytes])
        .filter(kind.eq(Kind::Sealed))
        .order_by_asc(Column::Id)
        .limit(most)
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Stores a wrapped hash in the place of a sealed one; `false` where an import replaced that meanwhile.
pub(crate) async fn replace_sealed(
    db: &Db,
    slot: Slot,
    id: LegacyIdentityId,
    sealed: Option<Vec<u8>>,
    wrapped: Vec<u8>,
) -> Result<bool, Fault> {
    let (kind, bytes) = slot.columns();
    let changed = Entity::update_many()
        .col_expr(kind, Expr::value(Kind::Wrapped))
        .col_expr(bytes, Expr::value(wrapped))
        .filter(Column::Id.eq(id))
        .filter(kind.eq(Kind::Sealed))
        .filter(bytes.eq(sealed))
        .exec(db.writer())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Counts the verifiers of a kind.
pub(crate) async fn count(db: &impl Read, kind: Kind) -> Result<u64, Fault> {
    Ok(Entity::find().filter(Column::VerifierKind.eq(kind)).count(db.connection()).await?)
}
