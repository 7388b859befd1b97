//! Requests for another address.

use kernel::{Digest, Fault, Read, Tx, Unix, is_unique_violation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, UpdateMany, sea_query::Expr,
};

use super::{
    EmailChangeId, EmailChangeRow,
    table::email_change::{ActiveModel, Column, Entity},
};
use crate::AccountId;

/// Returns the request whose link to the new address has this digest, pending or not.
pub(crate) async fn by_confirm_link(db: &impl Read, token: &Digest) -> Result<Option<EmailChangeRow>, Fault> {
    Ok(Entity::find().filter(Column::ConfirmHash.eq(token.as_str())).one(db.connection()).await?)
}

/// Returns the request whose link to the old address has this digest, pending or not.
pub(crate) async fn by_undo_link(db: &impl Read, token: &Digest) -> Result<Option<EmailChangeRow>, Fault> {
    Ok(Entity::find().filter(Column::UndoHash.eq(token.as_str())).one(db.connection()).await?)
}

/// Returns the pending request of an account.
pub(crate) async fn pending(
    db: &impl Read,
    owner: AccountId,
    now: Unix,
) -> Result<Option<EmailChangeRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(owner))
        .filter(Column::ConfirmedAt.is_null())
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .one(db.connection())
        .await?)
}

/// Counts the requests of an account after a moment.
pub(crate) async fn count_since(db: &impl Read, owner: AccountId, since: Unix) -> Result<u64, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(owner))
        .filter(Column::CreatedAt.gt(since))
        .count(db.connection())
        .await?)
}

/// Stores a request.
///
/// # Errors
/// [`Fault::Unavailable`] where another one lives: another tab made it at this moment.
pub(crate) async fn insert(tx: &Tx, row: EmailChangeRow) -> Result<(), Fault> {
    let row = ActiveModel::from(row).reset_all();
    Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| {
        // The index allows one pending request.
        if is_unique_violation(&error) {
            Fault::Unavailable("another address is being asked for at this moment".into())
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Ends a pending request: it was cancelled, replaced, or the password with which it was made has changed (PEOPLE U-11).
pub(crate) async fn end_pending(tx: &Tx, owner: AccountId, now: Unix) -> Result<(), Fault> {
    unconfirmed()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::AccountId.eq(owner))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Confirms a request: its address is the account's now, and may be taken back until `undo_until`. Returns false if it was confirmed or ended before.
pub(crate) async fn confirm(
    tx: &Tx,
    wish: &EmailChangeRow,
    now: Unix,
    undo_until: Unix,
) -> Result<bool, Fault> {
    let confirmed = unconfirmed()
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .col_expr(Column::ExpiresAt, Expr::value(undo_until))
        .filter(Column::Id.eq(wish.id))
        .filter(Column::ConfirmHash.eq(&wish.confirm_hash))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(confirmed.rows_affected == 1)
}

/// Ends a request, and all later ones with it: an older address has the last word. Returns false if it had ended before.
pub(crate) async fn end_from(tx: &Tx, wish: &EmailChangeRow, now: Unix) -> Result<bool, Fault> {
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(wish.id))
        .filter(Column::UndoHash.eq(&wish.undo_hash))
        .filter(Column::EndedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    if ended.rows_affected != 1 {
        return Ok(false);
    }
    // Ids are ordered by time.
    Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::AccountId.eq(wish.account_id))
        .filter(Column::Id.gt(wish.id))
        .filter(Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(true)
}

/// Stores the digest of the link to the old address.
pub(crate) async fn set_undo_link(tx: &Tx, id: EmailChangeId, token: &Digest) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::UndoHash, Expr::value(token.as_str()))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Records that the server refused the mail with this link to the new address.
pub(crate) async fn mark_refused(tx: &Tx, confirm_hash: &str, now: Unix) -> Result<(), Fault> {
    unconfirmed()
        .col_expr(Column::RefusedAt, Expr::value(now))
        .filter(Column::ConfirmHash.eq(confirm_hash))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// An update of pending requests.
fn unconfirmed() -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::ConfirmedAt.is_null()).filter(Column::EndedAt.is_null())
}
