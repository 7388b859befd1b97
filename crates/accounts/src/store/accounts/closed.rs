//! The statements that close an account and open it again.

use kernel::{Fault, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::{
    AccountId,
    store::table::account::{Column, Entity},
};

/// Closes an account by one conditional statement, which raises the epoch; `false` where it is closed or not there. `kept_until` is when it may be erased.
pub(crate) async fn close(
    tx: &Tx,
    id: AccountId,
    why: &str,
    now: Unix,
    kept_until: Unix,
) -> Result<bool, Fault> {
    let closed = Entity::update_many()
        .col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))
        .col_expr(Column::DisabledAt, Expr::value(now))
        .col_expr(Column::ClosedWhy, Expr::value(why))
        .col_expr(Column::KeptUntil, Expr::value(kept_until))
        .filter(Column::Id.eq(id))
        .filter(Column::DisabledAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(closed.rows_affected == 1)
}

/// Opens a closed account again by one conditional statement; `false` where it is open, or was closed for another cause than `why` meanwhile.
pub(crate) async fn reopen(tx: &Tx, id: AccountId, why: Option<&str>) -> Result<bool, Fault> {
    let closed = Entity::update_many()
        .col_expr(Column::DisabledAt, Expr::value(Option::<Unix>::None))
        .col_expr(Column::ClosedWhy, Expr::value(Option::<String>::None))
        .col_expr(Column::KeptUntil, Expr::value(Option::<Unix>::None))
        .filter(Column::Id.eq(id))
        .filter(Column::DisabledAt.is_not_null());
    let closed = match why {
        Some(why) => closed.filter(Column::ClosedWhy.eq(why)),
        None => closed.filter(Column::ClosedWhy.is_null()),
    };
    Ok(closed.exec(tx.conn()).await?.rows_affected == 1)
}
