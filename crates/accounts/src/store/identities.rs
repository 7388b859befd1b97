//! Identifiers that agencies issued: the table `legacy_identity`.

mod delivered;
mod found;
mod freed;
mod refolded;
pub(crate) mod terms;
mod waiting;

use kernel::{Db, Fault, RESEAL_PAGE, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    IdentityRow,
    table::legacy_identity::{ActiveModel, Column, Entity},
};
use crate::{LegacyIdentityId, verifier::Kind};

pub(crate) use delivered::{
    Existing, Imported, InsertStatement, Paged, Secret, alike, correct, count_present, delete,
    end_unfinished, existing, insert_all, leave, page, restore, restore_told, update, whole,
};
pub(crate) use found::{by_ids, by_reference};
pub(crate) use freed::{forget_recogniser, free};
pub(crate) use refolded::{beyond_ascii, refold};
pub(crate) use waiting::{count_moved, not_moved};

/// Returns an identity.
pub(crate) async fn by_id(db: &impl Read, id: LegacyIdentityId) -> Result<Option<IdentityRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Returns the identity that has an identifier at an agency.
pub(crate) async fn by_identifier(
    db: &impl Read,
    agency: &str,
    canonical: &str,
    before: Option<&str>,
) -> Result<Option<IdentityRow>, Fault> {
    let mut rows = Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::IdentifierCanonical.is_in([canonical].into_iter().chain(before)))
        .all(db.connection())
        .await?;
    let at = rows.iter().position(|row| row.identifier_canonical == canonical);
    Ok(if rows.is_empty() { None } else { Some(rows.swap_remove(at.unwrap_or(0))) })
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

/// Marks an identity as moved: its verifier becomes a recogniser, which signs nobody in. `false` where it has moved, or left its agency.
pub(crate) async fn mark_moved(tx: &Tx, id: LegacyIdentityId, now: Unix) -> Result<bool, Fault> {
    let moved = Entity::update_many()
        .col_expr(Column::MovedAt, Expr::value(now))
        .col_expr(Column::RecogniserKind, Expr::col(Column::VerifierKind))
        .col_expr(Column::Recogniser, Expr::col(Column::Verifier))
        .col_expr(Column::VerifierKind, Expr::value(Kind::None))
        .col_expr(Column::Verifier, Expr::value(Option::<Vec<u8>>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::MovedAt.is_null())
        .filter(Column::LeftAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(moved.rows_affected == 1)
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

/// Returns a page of the hashes after `last`, in the order of their ids.
pub(crate) async fn sealed_after(
    db: &impl Read,
    slot: Slot,
    last: Option<LegacyIdentityId>,
) -> Result<Vec<(LegacyIdentityId, (Kind, Vec<u8>))>, Fault> {
    let (kind, bytes) = slot.columns();
    let rows: Vec<(LegacyIdentityId, Kind, Vec<u8>)> = Entity::find()
        .select_only()
        .columns([Column::Id, kind, bytes])
        .filter(bytes.is_not_null())
        .filter(Column::Id.gt(last.unwrap_or(LegacyIdentityId(Uuid::nil()))))
        .order_by_asc(Column::Id)
        .limit(RESEAL_PAGE)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(id, kind, bytes)| (id, (kind, bytes))).collect())
}

/// Stores the same hash sealed anew, unless it was changed meanwhile.
pub(crate) async fn reseal(
    tx: &Tx,
    slot: Slot,
    id: LegacyIdentityId,
    was: &[u8],
    is: &[u8],
) -> Result<(), Fault> {
    let (_, bytes) = slot.columns();
    Entity::update_many()
        .col_expr(bytes, Expr::value(is.to_vec()))
        .filter(Column::Id.eq(id))
        .filter(bytes.eq(was.to_vec()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Counts the hashes that are sealed and wait to be wrapped, of people who have moved too.
pub(crate) async fn count_sealed(db: &impl Read) -> Result<u64, Fault> {
    let verifiers = count(db, Kind::Sealed).await?;
    let recognisers =
        Entity::find().filter(Column::RecogniserKind.eq(Kind::Sealed)).count(db.connection()).await?;
    Ok(verifiers + recognisers)
}

/// Counts the verifiers of a kind.
pub(crate) async fn count(db: &impl Read, kind: Kind) -> Result<u64, Fault> {
    Ok(Entity::find().filter(Column::VerifierKind.eq(kind)).count(db.connection()).await?)
}
