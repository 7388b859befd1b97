//! The statements by which staff take a link away from an account.

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    AccountId,
    store::{
        LinkId, LinkRow,
        table::link::{Column, Entity},
    },
};

/// Returns a link, ended or not.
pub(crate) async fn by_id(db: &impl Read, id: LinkId) -> Result<Option<LinkRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Deletes a link of an account; `false` where the account has it no longer.
pub(crate) async fn delete(tx: &Tx, id: LinkId, owner: AccountId) -> Result<bool, Fault> {
    let deleted = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(owner))
        .exec(tx.conn())
        .await?;
    Ok(deleted.rows_affected == 1)
}

/// Gives a link that has not ended to another account; `false` where the first has it no longer.
pub(crate) async fn give(
    tx: &Tx,
    id: LinkId,
    (from, to): (AccountId, AccountId),
    now: Unix,
) -> Result<bool, Fault> {
    let given = Entity::update_many()
        .col_expr(Column::AccountId, Expr::value(to))
        .col_expr(Column::LinkedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(from))
        .filter(Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(given.rows_affected == 1)
}
