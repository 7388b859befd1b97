//! Mailed reset links: the table `recovery`.

use kernel::{Digest, Fault, Read, Tx, Unix, is_unique_violation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select, UpdateMany,
    sea_query::Expr,
};

use super::{
    ResetLinkId, ResetLinkRow,
    table::recovery::{ActiveModel, Column, Entity},
};
use crate::{AccountId, Origin};

/// Returns the link with this token, if it works.
pub(crate) async fn by_token(
    db: &impl Read,
    token: &Digest,
    now: Unix,
) -> Result<Option<ResetLinkRow>, Fault> {
    Ok(working(now).filter(Column::TokenHash.eq(token.as_str())).one(db.connection()).await?)
}

/// Returns the link with this token, if it was used after a moment.
pub(crate) async fn used_since(
    db: &impl Read,
    token: &Digest,
    since: Unix,
) -> Result<Option<ResetLinkRow>, Fault> {
    Ok(Entity::find()
        .filter(Column::TokenHash.eq(token.as_str()))
        .filter(Column::UsedAt.gt(since))
        .one(db.connection())
        .await?)
}

/// Returns the link of an account that works.
pub(crate) async fn of(db: &impl Read, owner: AccountId, now: Unix) -> Result<Option<ResetLinkRow>, Fault> {
    Ok(working(now).filter(Column::AccountId.eq(owner)).one(db.connection()).await?)
}

/// Returns the mails of each link of an account that was made after a moment: how many, and when the last one was.
pub(crate) async fn mails_since(
    db: &impl Read,
    owner: AccountId,
    since: Unix,
) -> Result<Vec<(i32, Unix)>, Fault> {
    let rows: Vec<(i32, Option<Unix>, Unix)> = Entity::find()
        .select_only()
        .columns([Column::Mails, Column::MailedAt, Column::CreatedAt])
        .filter(Column::AccountId.eq(owner))
        .filter(Column::CreatedAt.gt(since))
        .into_tuple()
        .all(db.connection())
        .await?;
    Ok(rows.into_iter().map(|(mails, last, made)| (mails, last.unwrap_or(made))).collect())
}

/// Counts a mail of a link, and leads it back to where that was asked for; `false` where the link no longer works, or another worker mails it at this moment.
pub(crate) async fn renew(tx: &Tx, link: &ResetLinkRow, origin: &Origin, now: Unix) -> Result<bool, Fault> {
    let update = unused()
        .col_expr(Column::AgencyId, Expr::value(origin.agency_id.as_deref()))
        .col_expr(Column::Origin, Expr::value(origin.interaction.as_deref()))
        .col_expr(Column::MailedAt, Expr::value(now))
        .col_expr(Column::Mails, Expr::value(link.mails.saturating_add(1)));
    let kept =
        update.filter(Column::Id.eq(link.id)).filter(Column::Mails.eq(link.mails)).exec(tx.conn()).await?;
    Ok(kept.rows_affected == 1)
}

/// Supersedes the links of an account that are too old, and `also` one that works.
pub(crate) async fn supersede_expired(
    tx: &Tx,
    owner: AccountId,
    also: Option<ResetLinkId>,
    now: Unix,
) -> Result<(), Fault> {
    let past = Column::ExpiresAt.lte(now);
    unused()
        .col_expr(Column::SupersededAt, Expr::value(now))
        .filter(Column::AccountId.eq(owner))
        .filter(also.into_iter().fold(past, |past, id| past.or(Column::Id.eq(id))))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Stores a link.
///
/// # Errors
/// [`Fault::Unavailable`] where the account has a living one: another worker makes it at this moment (SECURITY I7).
pub(crate) async fn insert(tx: &Tx, row: ResetLinkRow) -> Result<(), Fault> {
    let row = ActiveModel::from(row).reset_all();
    Entity::insert(row).exec_without_returning(tx.conn()).await.map_err(|error| {
        // The index allows one living link. The message comes again.
        if is_unique_violation(&error) {
            Fault::Unavailable("another reset link of the same account is under way".into())
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Uses a link up, by one conditional statement; `false` where it was used, superseded or is too old.
pub(crate) async fn spend(tx: &Tx, link: ResetLinkId, now: Unix) -> Result<bool, Fault> {
    let used = unused()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::Id.eq(link))
        .filter(Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(used.rows_affected == 1)
}

/// Supersedes every link of an account: only the newest one works (SECURITY #69).
pub(crate) async fn supersede(tx: &Tx, owner: AccountId, now: Unix) -> Result<(), Fault> {
    unused()
        .col_expr(Column::SupersededAt, Expr::value(now))
        .filter(Column::AccountId.eq(owner))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The links that work: neither used nor superseded, nor too old.
fn working(now: Unix) -> Select<Entity> {
    Entity::find()
        .filter(Column::UsedAt.is_null())
        .filter(Column::SupersededAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
}

/// An update of links that were neither used nor superseded.
fn unused() -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::UsedAt.is_null()).filter(Column::SupersededAt.is_null())
}
