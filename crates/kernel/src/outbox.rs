//! Letters that leave with the change that caused them: a row in the same transaction, sent by a worker, at least once.
//!
//! The payload is sealed: it holds mailed links, and a copy of the database must not open them (SECURITY #72, #124).

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Db, Fault, Ground, Tx, Unix, forget, table::outbox};

const PURPOSE: &str = "outbox";
/// A worker that took a row and died gives it back after this many seconds.
pub const LEASE: i64 = 60;
/// After this many seconds without success a letter is dead (SECURITY "Numbers").
pub const GIVE_UP: i64 = 24 * 3600;

/// A row that this worker holds until its lease ends.
pub struct Leased {
    /// The row's id: stable, so it makes a stable Message-ID.
    pub id: Uuid,
    /// What it is, e.g. `mail`.
    pub kind: String,
    /// Tries before this one.
    pub attempts: i32,
    /// When it was queued.
    pub created_at: Unix,
    /// When it was worthless.
    pub expires_at: Option<Unix>,
    payload: Vec<u8>,
}

impl Leased {
    /// Opens the payload.
    ///
    /// # Errors
    /// [`Fault::Broken`] when it does not open or is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self, ground: &Ground) -> Result<T, Fault> {
        Ok(serde_json::from_slice(&ground.keys.open(PURPOSE, &self.payload)?)?)
    }
}

/// Queues a letter in the transaction that causes it. `expires_at`: when sending it would be pointless, e.g. the end of a link's life.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn enqueue<T: Serialize + Sync>(
    tx: &Tx,
    ground: &Ground,
    kind: &str,
    payload: &T,
    expires_at: Option<Unix>,
) -> Result<Uuid, Fault> {
    let id: Uuid = ground.id();
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(payload)?);
    let row = outbox::ActiveModel {
        id: Set(id),
        kind: Set(kind.to_owned()),
        payload: Set(ground.seal(PURPOSE, &plain)),
        created_at: Set(ground.now()),
        not_before: Set(ground.now()),
        expires_at: Set(expires_at),
        attempts: Set(0),
        locked_until: NotSet,
        sent_at: NotSet,
        dead_at: NotSet,
        last_error: NotSet,
    };
    outbox::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    tx.has_mail();
    Ok(id)
}

/// Takes up to `most` letters that are due, for [`LEASE`] seconds. Each row is taken by one conditional statement, so two workers
/// never hold the same one at a time.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn lease(db: &Db, now: Unix, most: u64) -> Result<Vec<Leased>, Fault> {
    let free = || {
        Condition::all()
            .add(outbox::Column::SentAt.is_null())
            .add(outbox::Column::DeadAt.is_null())
            .add(outbox::Column::NotBefore.lte(now))
            .add(
                Condition::any()
                    .add(outbox::Column::LockedUntil.is_null())
                    .add(outbox::Column::LockedUntil.lte(now)),
            )
    };
    let due: Vec<Uuid> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Id)
        .filter(free())
        .order_by_asc(outbox::Column::NotBefore)
        .limit(most)
        .into_tuple()
        .all(db.reader())
        .await?;
    let mut held = Vec::with_capacity(due.len());
    for id in due {
        let taken = outbox::Entity::update_many()
            .col_expr(outbox::Column::LockedUntil, Expr::value(now + LEASE))
            .col_expr(
                outbox::Column::Attempts,
                sea_orm::ExprTrait::add(Expr::col(outbox::Column::Attempts), 1),
            )
            .filter(outbox::Column::Id.eq(id))
            .filter(free())
            .exec_with_returning(db.writer())
            .await?;
        held.extend(taken.into_iter().map(|r| Leased {
            id: r.id,
            kind: r.kind,
            attempts: r.attempts - 1,
            created_at: r.created_at,
            expires_at: r.expires_at,
            payload: r.payload,
        }));
    }
    Ok(held)
}

/// The letter is out.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn sent(db: &Db, id: Uuid, now: Unix) -> Result<(), Fault> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::SentAt, Expr::value(now))
        // Whatever another sender made of it meanwhile.
        .col_expr(outbox::Column::DeadAt, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::Payload, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Id.eq(id))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// What becomes of a letter that could not be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Tried again at this time.
    Retry(Unix),
    /// Never again.
    Dead,
}

/// The rule: backoff doubling from 5 s to 15 min, until [`GIVE_UP`] or until the letter is worthless. `attempts` counts the one that failed.
pub fn fate(attempts: i32, created_at: Unix, expires_at: Option<Unix>, now: Unix, permanent: bool) -> Fate {
    let next = now + (5_i64 << attempts.clamp(0, 8)).min(900);
    let end = (created_at + GIVE_UP).min(expires_at.unwrap_or(i64::MAX));
    if permanent || next > end { Fate::Dead } else { Fate::Retry(next) }
}

/// The letter did not go out; `error` is for the operator and holds no secret. Whoever lost the lease meanwhile changes nothing: each
/// lease counts an attempt, so the count tells whose turn it is (SECURITY I12, #120).
///
/// # Errors
/// [`Fault`] of the database.
pub async fn failed(db: &Db, letter: &Leased, fate: Fate, error: &str, now: Unix) -> Result<(), Fault> {
    let update = outbox::Entity::update_many()
        .col_expr(outbox::Column::LockedUntil, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::LastError, Expr::value(error.chars().take(300).collect::<String>()))
        .filter(outbox::Column::Id.eq(letter.id))
        .filter(outbox::Column::Attempts.eq(letter.attempts + 1))
        .filter(outbox::Column::SentAt.is_null());
    match fate {
        Fate::Retry(at) => update.col_expr(outbox::Column::NotBefore, Expr::value(at)),
        Fate::Dead => update.col_expr(outbox::Column::DeadAt, Expr::value(now)),
    }
    .exec(db.writer())
    .await?;
    Ok(())
}

/// The kind of letters that ask the worker who is meant. Strangers cause them, and nothing left by itself: they are forgotten after a day.
const ASKED: &str = "recovery";

/// Forgets letters that left, or died, more than 30 days ago, and a day ago those that only asked who is meant.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn purge(db: &Db, now: Unix) -> Result<(), Fault> {
    let end = now - 30 * 86_400;
    let over =
        |end: Unix| Condition::any().add(outbox::Column::SentAt.lt(end)).add(outbox::Column::DeadAt.lt(end));
    let asked = Condition::all().add(outbox::Column::Kind.eq(ASKED)).add(over(now - 86_400));
    forget::<outbox::Entity>(db, over(end).add(asked)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_with_backoff_for_a_day_then_dies() {
        assert_eq!(fate(0, 0, None, 100, false), Fate::Retry(105));
        assert_eq!(fate(3, 0, None, 100, false), Fate::Retry(140));
        assert_eq!(fate(30, 0, None, 100, false), Fate::Retry(1000));
        assert_eq!(fate(3, 0, None, GIVE_UP, false), Fate::Dead);
        assert_eq!(fate(0, 0, Some(102), 100, false), Fate::Dead);
        assert_eq!(fate(0, 0, None, 100, true), Fate::Dead);
    }
}
