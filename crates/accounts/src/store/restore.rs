//! The end of whatever a person, or a thief, may have ended since a backup was made: the database does not know of it (SECURITY #124, docs/adr/0019).

use kernel::{Fault, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::table::{activation_code, email_change, enrolment, recovery, session, staff_invitation};

/// Ends every session; returns their number.
pub(crate) async fn end_sessions(tx: &Tx, now: Unix) -> Result<u64, Fault> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected)
}

/// Ends every mailed link that resets a password, confirms a new address or invites staff; returns their number. The link that takes an address back stays: it gives back what
/// its owner had.
pub(crate) async fn end_links(tx: &Tx, now: Unix) -> Result<u64, Fault> {
    let resets = recovery::Entity::update_many()
        .col_expr(recovery::Column::SupersededAt, Expr::value(now))
        .filter(recovery::Column::UsedAt.is_null())
        .filter(recovery::Column::SupersededAt.is_null())
        .exec(tx.conn())
        .await?;
    let wishes = email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(now))
        .filter(email_change::Column::ConfirmedAt.is_null())
        .filter(email_change::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    let invitations = staff_invitation::Entity::delete_many().exec(tx.conn()).await?;
    Ok(resets.rows_affected + wishes.rows_affected + invitations.rows_affected)
}

/// Ends every move under way, with its mailed link and code; returns their number. Its person begins anew with the old credentials.
pub(crate) async fn end_moves(tx: &Tx) -> Result<u64, Fault> {
    let none = || Expr::value(Option::<String>::None);
    let ended = enrolment::Entity::update_many()
        .col_expr(enrolment::Column::ExpiresAt, Expr::col(enrolment::Column::CreatedAt))
        .col_expr(enrolment::Column::ConfirmHash, none())
        .col_expr(enrolment::Column::CodeHash, none())
        .filter(enrolment::Column::FinishedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected)
}

/// Ends every activation code; returns their number. One that was replaced since, because a letter was lost, would work again.
pub(crate) async fn end_activation_codes(tx: &Tx) -> Result<u64, Fault> {
    Ok(activation_code::Entity::delete_many().exec(tx.conn()).await?.rows_affected)
}
