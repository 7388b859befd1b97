//! The confirmation of an address, by the mailed link or the mailed code, and the interactions that may end a move.

use kernel::{Db, Digest, Fault, Tx, Unix};
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, UpdateMany, sea_query::Expr};

use super::{NOTHING, PendingMove, unfinished};
use crate::{
    EnrolmentId, Stage,
    store::{
        EnrolmentRow,
        table::enrolment::{Column, Entity},
    },
};

/// Confirms the address by the mailed link and the password; `false` where the link, the address or the password changed since `row` was read.
pub(crate) async fn confirm_by_link(
    tx: &Tx,
    row: &EnrolmentRow,
    link: &Digest,
    next: Stage,
    now: Unix,
) -> Result<bool, Fault> {
    let confirmed = unfinished()
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .col_expr(Column::CodeHash, Expr::value(NOTHING))
        .col_expr(Column::Stage, Expr::value(next))
        .filter(Column::Id.eq(row.id))
        .filter(Column::ConfirmHash.eq(link.as_str()))
        .filter(Column::EmailCanonical.eq(row.email_canonical.as_deref()))
        .filter(Column::PasswordHash.eq(row.password_hash.as_deref()))
        .exec(tx.conn())
        .await?;
    Ok(confirmed.rows_affected == 1)
}

/// Counts an attempt at the mailed code before anything is compared, and returns the move; `None` where no code waits, or `most` were tried.
pub(crate) async fn count_code_attempt(
    tx: &Tx,
    id: EnrolmentId,
    most: u8,
    now: Unix,
) -> Result<Option<EnrolmentRow>, Fault> {
    let tried = waiting(id, now)
        .col_expr(Column::CodeTries, Expr::col(Column::CodeTries).add(1))
        .filter(Column::CodeHash.is_not_null())
        .filter(Column::CodeTries.lt(i32::from(most)))
        .filter(Column::CodeUntil.gt(now))
        .exec_with_returning(tx.conn())
        .await?;
    Ok(tried.into_iter().next())
}

/// Confirms the address by the mailed code; `false` where the code is wrong, or the address is not `email` any more: another tab may have corrected it.
pub(crate) async fn confirm_by_code(
    tx: &Tx,
    id: EnrolmentId,
    code: &Digest,
    email: Option<&str>,
    (next, now): (Stage, Unix),
) -> Result<bool, Fault> {
    let confirmed = waiting(id, now)
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .col_expr(Column::CodeHash, Expr::value(NOTHING))
        .col_expr(Column::Stage, Expr::value(next))
        .filter(Column::CodeHash.eq(code.as_str()))
        .filter(Column::Email.eq(email))
        .exec(tx.conn())
        .await?;
    Ok(confirmed.rows_affected == 1)
}

/// Notes the interaction in which the mailed link was followed, in place of the one `before`; `false` where another one stands there by now.
pub(crate) async fn set_confirmed_in(
    db: &Db,
    id: EnrolmentId,
    interaction: &str,
    before: Option<&str>,
) -> Result<bool, Fault> {
    let was = before.map_or(Column::ConfirmedIn.is_null(), |before| Column::ConfirmedIn.eq(before));
    let noted = unfinished()
        .col_expr(Column::ConfirmedIn, Expr::value(interaction))
        .filter(Column::Id.eq(id))
        .filter(was)
        .exec(db.writer())
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Notes the interaction in which a move's password was proved; `false` where the move has another password by now, or is over.
pub(crate) async fn set_proved_in(
    tx: &Tx,
    pending: &PendingMove,
    interaction: Option<&str>,
    now: Unix,
) -> Result<bool, Fault> {
    let noted = unfinished()
        .col_expr(Column::ConfirmedIn, Expr::value(interaction))
        .filter(Column::Id.eq(pending.id))
        .filter(Column::PasswordHash.eq(&pending.password_hash))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(noted.rows_affected == 1)
}

/// An update of a move that waits for the confirmation of its address.
fn waiting(id: EnrolmentId, now: Unix) -> UpdateMany<Entity> {
    unfinished()
        .filter(Column::Id.eq(id))
        .filter(Column::Stage.eq(Stage::Mail))
        .filter(Column::ConfirmedAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
}
