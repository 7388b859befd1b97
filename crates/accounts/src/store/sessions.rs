//! Sessions.

use std::collections::HashSet;

use kernel::{Db, Digest, Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany,
    sea_query::Expr,
};

use super::{
    AccountRow, SessionRow,
    table::{
        account,
        session::{ActiveModel, Column, Entity},
    },
};
use crate::{AccountId, SessionId};

/// Returns the session that a token opens, unless it was ended, with its account.
pub(crate) async fn by_token(
    db: &impl Read,
    token: &Digest,
) -> Result<Option<(SessionRow, AccountRow)>, Fault> {
    let found = Entity::find()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::EndedAt.is_null())
        .find_also_related(account::Entity)
        .one(db.connection())
        .await?;
    Ok(found.and_then(|(row, owner)| Some((row, owner?))))
}

/// Returns the session that a token opened, if it was ended after a moment, with its account unless that is disabled.
pub(crate) async fn ended_since(
    db: &impl Read,
    token: &Digest,
    since: Unix,
) -> Result<Option<(SessionRow, AccountRow)>, Fault> {
    let found = Entity::find()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::EndedAt.gt(since))
        .find_also_related(account::Entity)
        .one(db.connection())
        .await?;
    let enabled = |owner: &AccountRow| owner.disabled_at.is_none();
    Ok(found.and_then(|(row, owner)| Some((row, owner.filter(enabled)?))))
}

/// Returns the session that began in the transaction that set an account's password, unless it was ended: the first one of the account's epoch, which that
/// transaction raised.
pub(crate) async fn begun_with(db: &impl Read, owner: &AccountRow) -> Result<Option<SessionRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(owner.id))
        .filter(Column::AuthEpoch.eq(owner.auth_epoch))
        .order_by_asc(Column::CreatedAt)
        .order_by_asc(Column::Id)
        .one(db.connection())
        .await?
        .filter(|row| row.ended_at.is_none()))
}

/// Returns a session, unless it was ended.
pub(crate) async fn by_id(db: &impl Read, id: SessionId) -> Result<Option<SessionRow>, Fault> {
    Ok(Entity::find_by_id(id).filter(Column::EndedAt.is_null()).one(db.connection()).await?)
}

/// Returns the sessions of an account that are of its epoch and were not ended, the one that was used last first.
pub(crate) async fn open(db: &impl Read, owner: AccountId) -> Result<Vec<SessionRow>, Fault> {
    let epoch = Expr::col((Entity, Column::AuthEpoch));
    Ok(Entity::find()
        .inner_join(account::Entity)
        .filter(Column::AccountId.eq(owner))
        .filter(Column::EndedAt.is_null())
        .filter(epoch.eq(Expr::col((account::Entity, account::Column::AuthEpoch))))
        .filter(account::Column::DisabledAt.is_null())
        .order_by_desc(Column::LastSeenAt)
        .order_by_desc(Column::Id)
        .all(db.connection())
        .await?)
}

/// Returns the newest sessions of an account, ended or not.
pub(crate) async fn newest(db: &impl Read, owner: AccountId, most: u64) -> Result<Vec<SessionRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(owner))
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(most)
        .all(db.connection())
        .await?)
}

/// Returns those of these sessions that were not over before a moment.
pub(crate) async fn going_on(
    db: &impl Read,
    sessions: &[SessionId],
    before: Unix,
) -> Result<HashSet<SessionId>, Fault> {
    let ids: Vec<SessionId> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Id.is_in(sessions.iter().copied()))
        .filter(Column::EndedAt.is_null().or(Column::EndedAt.gte(before)))
        .filter(Column::EndsAt.gte(before))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(ids.into_iter().collect())
}

/// Stores a session.
pub(crate) async fn insert(tx: &Tx, row: SessionRow) -> Result<(), Fault> {
    Entity::insert(ActiveModel::from(row).reset_all()).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Notes that a session was used.
pub(crate) async fn seen(db: &Db, id: SessionId, now: Unix) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::LastSeenAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Keeps a session from being ended before this transaction has; `false` where it was ended.
pub(crate) async fn hold(tx: &Tx, id: SessionId) -> Result<bool, Fault> {
    // An update, not a look: it waits for a sign-out that is under way, and a later one waits for it.
    let held = unended()
        .col_expr(Column::LastSeenAt, Expr::col(Column::LastSeenAt))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(held.rows_affected == 1)
}

/// Ends a session.
pub(crate) async fn end(tx: &Tx, id: SessionId, now: Unix) -> Result<(), Fault> {
    unended().col_expr(Column::EndedAt, Expr::value(now)).filter(Column::Id.eq(id)).exec(tx.conn()).await?;
    Ok(())
}

/// Ends a session of an account; `false` where it is not the account's, or was ended.
pub(crate) async fn end_own(tx: &Tx, owner: AccountId, id: SessionId, now: Unix) -> Result<bool, Fault> {
    let ended = unended()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(owner))
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Ends all sessions of an account, and returns how many; its refresh tokens die with the epoch.
pub(crate) async fn end_all(tx: &Tx, owner: AccountId, now: Unix) -> Result<u64, Fault> {
    let ended = unended()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::AccountId.eq(owner))
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected)
}

/// An update of sessions that were not ended.
fn unended() -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::EndedAt.is_null())
}
