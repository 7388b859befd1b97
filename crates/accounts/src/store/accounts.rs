//! Accounts.

mod closed;

use kernel::{Db, Fault, RESEAL_PAGE, Read, Tx, Unix, is_unique_violation};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{
    AccountRow,
    table::account::{ActiveModel, Column, Entity},
};
use crate::AccountId;
pub(crate) use closed::{close, reopen};

/// Returns an account, disabled or not.
pub(crate) async fn by_id(db: &impl Read, id: AccountId) -> Result<Option<AccountRow>, Fault> {
    Ok(Entity::find_by_id(id).one(db.connection()).await?)
}

/// Returns an account that is not disabled.
pub(crate) async fn enabled(db: &impl Read, id: AccountId) -> Result<Option<AccountRow>, Fault> {
    Ok(by_id(db, id).await?.filter(|row| row.disabled_at.is_none()))
}

/// Returns the account that has an address, disabled or not.
pub(crate) async fn by_address(db: &impl Read, canonical: &str) -> Result<Option<AccountRow>, Fault> {
    Ok(Entity::find().filter(Column::EmailCanonical.eq(canonical)).one(db.connection()).await?)
}

/// Stores a new account; `false` where another one has its address.
pub(crate) async fn insert(tx: &Tx, row: AccountRow) -> Result<bool, Fault> {
    let row = ActiveModel::from(row).reset_all();
    match Entity::insert(row).exec_without_returning(tx.conn()).await {
        Ok(_) => Ok(true),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Stores the same password at today's costs, unless it was changed meanwhile.
pub(crate) async fn rehash(tx: &Tx, row: &AccountRow, hash: String) -> Result<(), Fault> {
    reseal(tx, row.id, &row.password_hash, &hash).await
}

/// Returns a page of the accounts after `last`, in the order of their ids: id and password hash.
pub(crate) async fn hashes_after(
    db: &impl Read,
    last: Option<AccountId>,
) -> Result<Vec<(AccountId, String)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::PasswordHash])
        .filter(Column::Id.gt(last.unwrap_or(AccountId(Uuid::nil()))))
        .order_by_asc(Column::Id)
        .limit(RESEAL_PAGE)
        .into_tuple()
        .all(db.connection())
        .await?)
}

/// Stores the same hash sealed anew, unless it was changed meanwhile.
pub(crate) async fn reseal(tx: &Tx, id: AccountId, was: &str, is: &str) -> Result<(), Fault> {
    Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(is))
        .filter(Column::Id.eq(id))
        .filter(Column::PasswordHash.eq(was))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// A value that the owner of an account chooses. From then on an agency's file no longer speaks for it.
pub(crate) enum Chosen {
    /// The name.
    Name(String),
    /// The language.
    Locale(String),
}

/// Stores what the owner chose, and when.
pub(crate) async fn choose(db: &Db, owner: AccountId, chosen: Chosen, now: Unix) -> Result<(), Fault> {
    let (column, value, chosen_at) = match chosen {
        Chosen::Name(name) => (Column::Name, name, Column::NamedAt),
        Chosen::Locale(locale) => (Column::Locale, locale, Column::SpokenAt),
    };
    Entity::update_many()
        .col_expr(column, Expr::value(value))
        .col_expr(chosen_at, Expr::value(now))
        .col_expr(Column::ChangedAt, Expr::value(now))
        .filter(Column::Id.eq(owner))
        .filter(Column::DisabledAt.is_null())
        .exec(db.writer())
        .await?;
    Ok(())
}

/// New credentials of an account, and the conditions under which they are stored.
#[derive(Default)]
pub(crate) struct Credentials<'a> {
    /// The hash of the new password.
    pub(crate) password: Option<&'a str>,
    /// The new address, and its canonical form.
    pub(crate) address: Option<(&'a str, &'a str)>,
    /// The address is a change that portals are told of.
    pub(crate) changed_at: Option<Unix>,
    /// The hash that the account has to have.
    pub(crate) only_with_password: Option<&'a str>,
    /// The canonical address that the account has to have.
    pub(crate) only_with_address: Option<&'a str>,
}

/// The outcome of [`renew`].
pub(crate) enum Renewal {
    /// Stored: the account as it is now.
    Done(Box<AccountRow>),
    /// The account is disabled, or no longer meets the conditions.
    Stale,
    /// Another account has the address.
    Taken,
}

/// Stores new credentials by one conditional statement, which raises the epoch: sessions, codes and tokens of before are dead (SECURITY I9).
pub(crate) async fn renew(
    tx: &Tx,
    id: AccountId,
    new: &Credentials<'_>,
    now: Unix,
) -> Result<Renewal, Fault> {
    let mut update = Entity::update_many()
        .col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))
        .filter(Column::Id.eq(id))
        .filter(Column::DisabledAt.is_null());
    if let Some(hash) = new.password {
        update = update
            .col_expr(Column::PasswordHash, Expr::value(hash))
            .col_expr(Column::PasswordChangedAt, Expr::value(now));
    }
    if let Some((email, canonical)) = new.address {
        update = update
            .col_expr(Column::Email, Expr::value(email))
            .col_expr(Column::EmailCanonical, Expr::value(canonical));
    }
    if let Some(at) = new.changed_at {
        update = update.col_expr(Column::ChangedAt, Expr::value(at));
    }
    if let Some(hash) = new.only_with_password {
        update = update.filter(Column::PasswordHash.eq(hash));
    }
    if let Some(canonical) = new.only_with_address {
        update = update.filter(Column::EmailCanonical.eq(canonical));
    }
    match update.exec_with_returning(tx.conn()).await {
        Ok(rows) => Ok(rows.into_iter().next().map_or(Renewal::Stale, |row| Renewal::Done(Box::new(row)))),
        Err(error) if is_unique_violation(&error) => Ok(Renewal::Taken),
        Err(error) => Err(error.into()),
    }
}

/// Returns up to `most` accounts after `last`, in the order of their ids: id, address, canonical address.
pub(crate) async fn addresses_after(
    db: &impl Read,
    last: AccountId,
    most: u64,
) -> Result<Vec<(AccountId, String, String)>, Fault> {
    Ok(Entity::find()
        .select_only()
        .columns([Column::Id, Column::Email, Column::EmailCanonical])
        .filter(Column::Id.gt(last))
        .order_by_asc(Column::Id)
        .limit(most)
        .into_tuple()
        .all(db.connection())
        .await?)
}
