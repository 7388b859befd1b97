//! The statements by which deliveries change links and their accounts.

use std::collections::HashMap;

use kernel::{Fault, Read, Tx, Unix};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};

use crate::{
    AccountId, LegacyIdentityId,
    store::{
        LinkId, LinkRow,
        table::{
            account,
            link::{Column, Entity},
        },
    },
};

/// Returns the links of identities.
pub(crate) async fn by_identities(
    db: &impl Read,
    ids: impl Iterator<Item = LegacyIdentityId>,
) -> Result<HashMap<LegacyIdentityId, LinkRow>, Fault> {
    let rows = Entity::find().filter(Column::LegacyIdentityId.is_in(ids)).all(db.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.legacy_identity_id, row)).collect())
}

/// Corrects the reference of a link, which is told again if it had ended.
pub(crate) async fn set_ref(tx: &Tx, id: LinkId, client_ref: &str) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ClientRef, Expr::value(client_ref))
        .col_expr(Column::EndsAt, Expr::value(Option::<Unix>::None))
        .col_expr(Column::EndedAt, Expr::value(Option::<Unix>::None))
        .filter(Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Gives a link back what it had.
pub(crate) async fn restore(tx: &Tx, before: &LinkRow) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::ClientRef, Expr::value(before.client_ref.as_str()))
        .col_expr(Column::EndsAt, Expr::value(before.ends_at))
        .col_expr(Column::EndedAt, Expr::value(before.ended_at))
        .filter(Column::Id.eq(before.id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Says when links end.
pub(crate) async fn set_ends(tx: &Tx, ids: &[LinkId], at: Unix) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::EndsAt, Expr::value(at))
        .filter(Column::Id.is_in(ids.iter().copied()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A link whose time has come.
pub(crate) struct Ending {
    pub(crate) id: LinkId,
    pub(crate) account: AccountId,
    pub(crate) agency: String,
    pub(crate) client_ref: String,
}

/// Returns links whose time has come, up to `most`.
pub(crate) async fn due(db: &impl Read, now: Unix, most: u64) -> Result<Vec<Ending>, Fault> {
    let rows: Vec<(LinkId, AccountId, String, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::AccountId, Column::AgencyId, Column::ClientRef])
        .filter(Column::EndsAt.lte(now))
        .filter(Column::EndedAt.is_null())
        .order_by_asc(Column::EndsAt)
        .limit(most)
        .into_tuple()
        .all(db.connection())
        .await?;
    let ending = |(id, account, agency, client_ref)| Ending { id, account, agency, client_ref };
    Ok(rows.into_iter().map(ending).collect())
}

/// Ends a link whose time has come; `false` where another node did, or the person is back.
pub(crate) async fn end(tx: &Tx, id: LinkId, now: Unix) -> Result<bool, Fault> {
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::EndsAt.lte(now))
        .filter(Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected == 1)
}

/// Gives an account another name, where it has `from` and its owner chose none; `false` where that is not so.
pub(crate) async fn rename(
    tx: &Tx,
    owner: AccountId,
    from: Option<&str>,
    to: Option<&str>,
    now: Unix,
) -> Result<bool, Fault> {
    let mut update = account::Entity::update_many()
        .col_expr(account::Column::Name, Expr::value(to))
        .col_expr(account::Column::ChangedAt, Expr::value(now))
        .filter(account::Column::Id.eq(owner))
        .filter(account::Column::NamedAt.is_null());
    update = match from {
        Some(from) => update.filter(account::Column::Name.eq(from)),
        None => update.filter(account::Column::Name.is_null()),
    };
    Ok(update.exec(tx.conn()).await?.rows_affected == 1)
}
