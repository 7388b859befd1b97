//! Browsers in which the owner of an account signed in.

use kernel::{Digest, Fault, Read, Tx, Unix};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{OnConflict, Query, SimpleExpr},
};

use super::{
    DeviceId,
    table::{
        account,
        device::{Column, Entity},
    },
};
use crate::AccountId;

/// Returns the browser that holds a token, if it is one of the account's.
pub(crate) async fn known(
    db: &impl Read,
    token: &Digest,
    owner: AccountId,
) -> Result<Option<DeviceId>, Fault> {
    let row = Entity::find()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::AccountId.eq(owner))
        .one(db.connection())
        .await?;
    Ok(row.map(|row| row.id))
}

/// A browser that becomes known.
pub(crate) struct NewDevice<'a> {
    pub(crate) id: DeviceId,
    pub(crate) token: &'a Digest,
    pub(crate) user_agent: String,
}

/// Makes a browser known, or notes that the owner signed in there again, if the account still is of this epoch.
pub(crate) async fn remember(
    tx: &Tx,
    device: NewDevice<'_>,
    owner: AccountId,
    auth_epoch: i32,
    now: Unix,
) -> Result<(), Fault> {
    let row: [SimpleExpr; 6] = [
        device.id.into(),
        device.token.as_str().into(),
        owner.into(),
        now.into(),
        now.into(),
        device.user_agent.into(),
    ];
    let unchanged = Query::select()
        .exprs(row)
        .from(account::Entity)
        .and_where(account::Column::Id.eq(owner))
        .and_where(account::Column::AuthEpoch.eq(auth_epoch))
        .take();
    let columns = [
        Column::Id,
        Column::TokenHash,
        Column::AccountId,
        Column::CreatedAt,
        Column::LastSeenAt,
        Column::UserAgent,
    ];
    let insert = Query::insert()
        .into_table(Entity)
        .columns(columns)
        .select_from(unchanged)
        .map_err(|error| Fault::Broken(error.to_string()))?
        .on_conflict(
            OnConflict::columns([Column::TokenHash, Column::AccountId])
                .value(Column::LastSeenAt, now)
                .to_owned(),
        )
        .take();
    tx.conn().execute(&insert).await?;
    Ok(())
}

/// Deletes every browser of an account but the one that holds a token.
pub(crate) async fn forget_others(tx: &Tx, owner: AccountId, here: &Digest) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(owner))
        .filter(Column::TokenHash.ne(here.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes every browser of an account.
pub(crate) async fn forget_all(tx: &Tx, owner: AccountId) -> Result<(), Fault> {
    Entity::delete_many().filter(Column::AccountId.eq(owner)).exec(tx.conn()).await?;
    Ok(())
}
