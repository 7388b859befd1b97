//! Acceptances of terms.

use kernel::{Fault, Read, Tx};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    sea_query::{OnConflict, Query},
};

use super::{
    AcceptanceRow,
    table::{
        acceptance::{ActiveModel, Column, Entity},
        account,
    },
};
use crate::AccountId;

/// Returns the acceptances of an account, the newest first.
pub(crate) async fn of(db: &impl Read, account: AccountId) -> Result<Vec<AcceptanceRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::AccountId.eq(account))
        .order_by_desc(Column::AcceptedAt)
        .order_by_desc(Column::Id)
        .all(db.connection())
        .await?)
}

/// Counts the accounts that are not disabled and accepted none of these versions.
pub(crate) async fn count_without(db: &impl Read, versions: &[String]) -> Result<u64, Fault> {
    let accepted = Query::select()
        .column(Column::AccountId)
        .from(Entity)
        .and_where(Column::Version.is_in(versions))
        .to_owned();
    Ok(account::Entity::find()
        .filter(account::Column::DisabledAt.is_null())
        .filter(account::Column::Id.not_in_subquery(accepted))
        .count(db.connection())
        .await?)
}

/// Stores an acceptance; `false` where the account accepted that version before.
pub(crate) async fn insert(tx: &Tx, row: AcceptanceRow) -> Result<bool, Fault> {
    let inserted = Entity::insert(ActiveModel::from(row).reset_all())
        .on_conflict(OnConflict::columns([Column::AccountId, Column::Version]).do_nothing().to_owned())
        .exec_without_returning(tx.conn())
        .await?;
    Ok(inserted > 0)
}
