//! Deliveries of agencies, and the rows before they changed them: the tables `delivery` and `delivery_change`.

use kernel::{Fault, RESEAL_PAGE, Read, Tx, Unix, is_unique_violation};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    DeliveryRow,
    table::{
        delivery::{ActiveModel, Column, Entity},
        delivery_change as change,
    },
};
use crate::{DeliveryId, LegacyIdentityId, delivery::DeliveryState};

/// Returns a delivery.
pub(crate) async fn by_id(db: &impl Read, id: DeliveryId) -> Result<Option<DeliveryRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Returns the newest deliveries, of one agency or of all; up to `most`.
pub(crate) async fn newest(
    db: &impl Read,
    agency: Option<&str>,
    most: u64,
) -> Result<Vec<DeliveryRow>, Fault> {
    let mut find = Entity::find().order_by_desc(Column::PlannedAt).order_by_desc(Column::Id).limit(most);
    if let Some(agency) = agency {
        find = find.filter(Column::AgencyId.eq(agency));
    }
    Ok(find.all(db.connection()).await?)
}

/// Stores a plan.
pub(crate) async fn insert(tx: &Tx, row: DeliveryRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Returns the last delivery of an agency that is applied, or at work.
pub(crate) async fn last(db: &impl Read, agency: &str) -> Result<Option<DeliveryRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::State.is_in([
            DeliveryState::Applied,
            DeliveryState::Applying,
            DeliveryState::Undoing,
        ]))
        .order_by_desc(Column::Place)
        .one(db.connection())
        .await?)
}

/// Returns what tells one state of an agency's identities from another, as far as deliveries change it: compared, not read.
pub(crate) async fn base(db: &impl Read, agency: &str, but: DeliveryId) -> Result<String, Fault> {
    let mut counts: Vec<(DeliveryState, i64)> = Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::Id.count(), "n")
        .filter(Column::AgencyId.eq(agency))
        .filter(Column::State.ne(DeliveryState::Planned))
        .filter(Column::Id.ne(but))
        .group_by(Column::State)
        .into_tuple()
        .all(db.connection())
        .await?;
    counts.sort_by_key(|(state, _)| state.as_str());
    // Deliveries only ever go from one state to the next, so equal counts are the same moment.
    Ok(counts.iter().map(|(state, n)| format!("{n} {} ", state.as_str())).collect())
}

/// Returns the other agencies that have deliveries.
pub(crate) async fn other_agencies(db: &impl Read, agency: &str) -> Result<Vec<String>, Fault> {
    Ok(Entity::find()
        .select_only()
        .column(Column::AgencyId)
        .distinct()
        .filter(Column::AgencyId.ne(agency))
        .filter(Column::State.is_not_in([DeliveryState::Planned, DeliveryState::Undone]))
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Returns another agency that has, or had, this very file.
pub(crate) async fn elsewhere(db: &impl Read, agency: &str, sha256: &str) -> Result<Option<String>, Fault> {
    let row = Entity::find()
        .filter(Column::AgencyId.ne(agency))
        .filter(Column::Sha256.eq(sha256))
        .filter(Column::State.is_in([DeliveryState::Applied, DeliveryState::Applying]))
        .one(db.connection())
        .await?;
    Ok(row.map(|row| row.agency_id))
}

/// Begins to apply a plan; `false` where it is no plan any more, or another delivery of the agency is at work.
pub(crate) async fn begin_apply(
    tx: &Tx,
    id: DeliveryId,
    by: &str,
    forced: &str,
    now: Unix,
) -> Result<bool, Fault> {
    let begun = Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::Applying))
        .col_expr(Column::AppliedBy, Expr::value(by))
        .col_expr(Column::Forced, Expr::value(forced))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(DeliveryState::Planned))
        .exec(tx.conn())
        .await;
    match begun {
        Ok(begun) => Ok(begun.rows_affected == 1),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Puts a delivery that begins to be applied behind all others of its agency. Nobody else can, while it is at work.
pub(crate) async fn set_place(tx: &Tx, id: DeliveryId, agency: &str) -> Result<(), Fault> {
    let last: Option<Option<i64>> = Entity::find()
        .select_only()
        .column_as(Column::Place.max(), "last")
        .filter(Column::AgencyId.eq(agency))
        .into_tuple()
        .one(tx.conn())
        .await?;
    Entity::update_many()
        .col_expr(Column::Place, Expr::value(last.flatten().unwrap_or_default() + 1))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Begins to take a delivery back; `false` where it is not applied, or another one of the agency is at work.
pub(crate) async fn begin_undo(tx: &Tx, id: DeliveryId, by: &str, now: Unix) -> Result<bool, Fault> {
    let begun = Entity::update_many()
        .col_expr(Column::State, Expr::value(DeliveryState::Undoing))
        .col_expr(Column::UndoneBy, Expr::value(by))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([DeliveryState::Applied, DeliveryState::Applying]))
        .exec(tx.conn())
        .await;
    match begun {
        Ok(begun) => Ok(begun.rows_affected == 1),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Holds a delivery in its state until the transaction ends, so that nobody ends it under a batch; `false` where it is in another one.
pub(crate) async fn hold(tx: &Tx, id: DeliveryId, state: DeliveryState) -> Result<bool, Fault> {
    let held = Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(state))
        .exec(tx.conn())
        .await?;
    Ok(held.rows_affected == 1)
}

/// Ends an apply; `false` where somebody else did.
pub(crate) async fn end_apply(tx: &Tx, id: DeliveryId, now: Unix) -> Result<bool, Fault> {
    end(tx, id, (DeliveryState::Applying, DeliveryState::Applied), Column::AppliedAt, now).await
}

/// Ends an undo; `false` where somebody else did.
pub(crate) async fn end_undo(tx: &Tx, id: DeliveryId, now: Unix) -> Result<bool, Fault> {
    end(tx, id, (DeliveryState::Undoing, DeliveryState::Undone), Column::UndoneAt, now).await
}

async fn end(
    tx: &Tx,
    id: DeliveryId,
    (from, to): (DeliveryState, DeliveryState),
    at: Column,
    now: Unix,
) -> Result<bool, Fault> {
    let ended = Entity::update_many()
        .col_expr(Column::State, Expr::value(to))
        .col_expr(at, Expr::value(now))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::State.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Keeps rows as they were before a delivery changed them. Of a row that is kept already the first one stays: an apply may run twice.
pub(crate) async fn keep(
    tx: &Tx,
    id: DeliveryId,
    rows: Vec<(LegacyIdentityId, Vec<u8>)>,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|(identity, before)| change::ActiveModel {
        delivery_id: Set(id),
        legacy_identity_id: Set(identity),
        row_before: Set(before),
    });
    let key = [change::Column::DeliveryId, change::Column::LegacyIdentityId];
    change::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Returns up to `most` rows as they were before a delivery.
pub(crate) async fn kept(
    tx: &Tx,
    id: DeliveryId,
    most: u64,
) -> Result<Vec<(LegacyIdentityId, Vec<u8>)>, Fault> {
    Ok(change::Entity::find()
        .select_only()
        .columns([change::Column::LegacyIdentityId, change::Column::RowBefore])
        .filter(change::Column::DeliveryId.eq(id))
        .order_by_asc(change::Column::LegacyIdentityId)
        .limit(most)
        .into_tuple()
        .all(tx.conn())
        .await?)
}

/// Forgets rows as they were, once they are so again.
pub(crate) async fn forget(tx: &Tx, id: DeliveryId, identities: &[LegacyIdentityId]) -> Result<(), Fault> {
    change::Entity::delete_many()
        .filter(change::Column::DeliveryId.eq(id))
        .filter(change::Column::LegacyIdentityId.is_in(identities.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Forgets an identity as it was before any delivery: no undo gives back what it had.
pub(crate) async fn forget_everywhere(tx: &Tx, identity: LegacyIdentityId) -> Result<(), Fault> {
    change::Entity::delete_many()
        .filter(change::Column::LegacyIdentityId.eq(identity))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A key of a kept row.
type KeptKey = (DeliveryId, LegacyIdentityId);

/// Returns a page of the kept rows after `last`, in the order of their keys.
pub(crate) async fn kept_after(
    db: &impl Read,
    last: Option<KeptKey>,
) -> Result<Vec<(KeptKey, Vec<u8>)>, Fault> {
    let (delivery, identity) = last.unwrap_or((DeliveryId(Uuid::nil()), LegacyIdentityId(Uuid::nil())));
    let later = Condition::any().add(change::Column::DeliveryId.gt(delivery)).add(
        Condition::all()
            .add(change::Column::DeliveryId.eq(delivery))
            .add(change::Column::LegacyIdentityId.gt(identity)),
    );
    let rows: Vec<(DeliveryId, LegacyIdentityId, Vec<u8>)> = change::Entity::find()
        .select_only()
        .columns([change::Column::DeliveryId, change::Column::LegacyIdentityId, change::Column::RowBefore])
        .filter(later)
        .order_by_asc(change::Column::DeliveryId)
        .order_by_asc(change::Column::LegacyIdentityId)
        .limit(RESEAL_PAGE)
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(delivery, identity, sealed)| ((delivery, identity), sealed)).collect())
}

/// Stores the same kept row sealed anew, unless it was taken back meanwhile.
pub(crate) async fn reseal(
    tx: &Tx,
    (delivery, identity): KeptKey,
    was: &[u8],
    is: &[u8],
) -> Result<(), Fault> {
    change::Entity::update_many()
        .col_expr(change::Column::RowBefore, Expr::value(is.to_vec()))
        .filter(change::Column::DeliveryId.eq(delivery))
        .filter(change::Column::LegacyIdentityId.eq(identity))
        .filter(change::Column::RowBefore.eq(was.to_vec()))
        .exec(tx.conn())
        .await?;
    Ok(())
}
