//! Letters that leave with the change that caused them: a row in the same transaction, sent by a worker, at least once.
//!
//! The payload is sealed: it holds mailed links, and a copy of the database must not open them (SECURITY #72, #124).

mod manage;
mod pause;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Context, Db, Fault, SealKeys, Tx, Unix, delete_in_batches, table::outbox};

pub use manage::{
    Asked, Discarded, Listed, Standing, State, bounced, discard, expire, list, refused, retry, standing,
};
pub use pause::{Pause, end_pause, extend_pause, hasten, pause, paused, return_probe, take_probe};

const PURPOSE: &str = "outbox";
/// A worker that took a row and died gives it back after this many seconds.
pub const LEASE: i64 = 60;
/// After this many seconds without success a letter is dead (SECURITY D19, "Numbers").
pub const GIVE_UP: i64 = 5 * 86_400;

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
    /// Whom it is for, where [`Ties`] named one.
    pub destination: Option<String>,
    payload: Vec<u8>,
}

/// What a letter is tied to, in clear: neither may hold anything that a copy of the database must not tell.
#[derive(Clone, Copy, Default)]
pub struct Ties<'a> {
    /// Whom it is for: [`lease_of`] can leave the letters of one destination where they are.
    pub destination: Option<&'a str>,
    /// The row that learns of it where the address is refused: the digest of the token that the letter carries.
    pub about: Option<&'a str>,
}

/// Which letters somebody wants to send.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Their kinds; all of them where this is empty.
    pub kinds: &'a [&'a str],
    /// Destinations whose letters stay where they are for now.
    pub except: &'a [String],
}

impl Leased {
    /// Opens the payload.
    ///
    /// # Errors
    /// [`Fault::Broken`] when it does not open or is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self, context: &Context) -> Result<T, Fault> {
        open(&context.keys, &self.payload)
    }
}

fn open<T: DeserializeOwned>(keys: &SealKeys, payload: &[u8]) -> Result<T, Fault> {
    Ok(serde_json::from_slice(&keys.open(PURPOSE, payload)?)?)
}

/// Queues a letter in the transaction that causes it. `expires_at`: when sending it would be pointless, e.g. the end of a link's life.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn enqueue<T: Serialize + Sync>(
    tx: &Tx,
    context: &Context,
    kind: &str,
    payload: &T,
    expires_at: Option<Unix>,
) -> Result<Uuid, Fault> {
    enqueue_tied(tx, context, kind, payload, expires_at, Ties::default()).await
}

/// Queues a letter as [`enqueue`] does, with its ties.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn enqueue_tied<T: Serialize + Sync>(
    tx: &Tx,
    context: &Context,
    kind: &str,
    payload: &T,
    expires_at: Option<Unix>,
    ties: Ties<'_>,
) -> Result<Uuid, Fault> {
    let id: Uuid = context.id();
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(payload)?);
    let row = outbox::ActiveModel {
        id: Set(id),
        kind: Set(kind.to_owned()),
        payload: Set(context.seal(PURPOSE, &plain)),
        created_at: Set(context.now()),
        not_before: Set(context.now()),
        expires_at: Set(expires_at),
        attempts: Set(0),
        locked_until: NotSet,
        sent_at: NotSet,
        dead_at: NotSet,
        last_error: NotSet,
        destination: Set(ties.destination.map(Into::into)),
        about: Set(ties.about.map(Into::into)),
        dead_why: NotSet,
        bounced_at: NotSet,
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
    lease_of(db, now, Wanted::default(), most).await
}

fn free(now: Unix, wanted: Wanted<'_>) -> Condition {
    let mut free = Condition::all()
        .add(outbox::Column::SentAt.is_null())
        .add(outbox::Column::DeadAt.is_null())
        .add(outbox::Column::NotBefore.lte(now))
        .add(unlocked(now));
    if !wanted.kinds.is_empty() {
        free = free.add(outbox::Column::Kind.is_in(wanted.kinds.iter().copied()));
    }
    if !wanted.except.is_empty() {
        let others = outbox::Column::Destination.is_not_in(wanted.except.iter().map(String::as_str));
        free = free.add(Condition::any().add(outbox::Column::Destination.is_null()).add(others));
    }
    free
}

/// No worker holds it.
fn unlocked(now: Unix) -> Condition {
    Condition::any().add(outbox::Column::LockedUntil.is_null()).add(outbox::Column::LockedUntil.lte(now))
}

async fn due(db: &Db, now: Unix, wanted: Wanted<'_>, most: u64) -> Result<Vec<Uuid>, Fault> {
    Ok(outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Id)
        .filter(free(now, wanted))
        .order_by_asc(outbox::Column::NotBefore)
        .limit(most)
        .into_tuple()
        .all(db.reader())
        .await?)
}

/// Whether [`lease_of`] would find a letter.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn is_due(db: &Db, now: Unix, wanted: Wanted<'_>) -> Result<bool, Fault> {
    Ok(!due(db, now, wanted, 1).await?.is_empty())
}

/// Takes letters as [`lease`] does, of some kinds and for some destinations only.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn lease_of(db: &Db, now: Unix, wanted: Wanted<'_>, most: u64) -> Result<Vec<Leased>, Fault> {
    let free = || free(now, wanted);
    let due = due(db, now, wanted, most).await?;
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
            destination: r.destination,
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
        .col_expr(outbox::Column::DeadWhy, Expr::value(Option::<String>::None))
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

/// The moment from which a letter is not sent any more.
fn end_of(created_at: Unix, expires_at: Option<Unix>) -> Unix {
    (created_at + GIVE_UP).min(expires_at.unwrap_or(i64::MAX))
}

/// The fate of a letter that failed for a reason of its own: backoff doubling from 5 s to 15 min, the last try just before its end, which is
/// [`GIVE_UP`] or the moment from which it is worthless. `attempts` counts the one that failed.
pub fn fate(attempts: i32, created_at: Unix, expires_at: Option<Unix>, now: Unix, permanent: bool) -> Fate {
    let next = now + (5_i64 << attempts.clamp(0, 8)).min(900);
    let next = next.min(end_of(created_at, expires_at) - 1);
    if permanent || next <= now { Fate::Dead } else { Fate::Retry(next) }
}

/// The fate of a letter that failed for no reason of its own, because a server refuses all of them: due at once when the pause of the queue ends.
pub fn fate_in_pause(created_at: Unix, expires_at: Option<Unix>, now: Unix) -> Fate {
    if end_of(created_at, expires_at) <= now { Fate::Dead } else { Fate::Retry(now) }
}

/// The letter did not go out; `error` is for the operator and holds no secret. Whoever lost the lease meanwhile changes nothing: each
/// lease counts an attempt, so the count tells whose turn it is (SECURITY I12, #120).
///
/// # Errors
/// [`Fault`] of the database.
pub async fn failed(db: &Db, letter: &Leased, fate: Fate, error: &str, now: Unix) -> Result<(), Fault> {
    outcome(db.writer(), letter, fate, error, (now, "expired")).await?;
    Ok(())
}

/// Writes what became of a letter, if `letter` still holds it; answers whether it did.
async fn outcome(
    db: &impl ConnectionTrait,
    letter: &Leased,
    fate: Fate,
    error: &str,
    (now, dead_why): (Unix, &str),
) -> Result<bool, Fault> {
    let update = outbox::Entity::update_many()
        .col_expr(outbox::Column::LockedUntil, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::LastError, Expr::value(short(error)))
        .filter(outbox::Column::Id.eq(letter.id))
        .filter(outbox::Column::Attempts.eq(letter.attempts + 1))
        .filter(outbox::Column::SentAt.is_null());
    let written = match fate {
        Fate::Retry(at) => update.col_expr(outbox::Column::NotBefore, Expr::value(at)),
        Fate::Dead => update
            .col_expr(outbox::Column::DeadAt, Expr::value(now))
            .col_expr(outbox::Column::DeadWhy, Expr::value(dead_why)),
    }
    .exec(db)
    .await?;
    Ok(written.rows_affected == 1)
}

fn short(error: &str) -> String {
    error.chars().take(300).collect()
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
    delete_in_batches::<outbox::Entity>(db, over(end).add(asked)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_with_backoff_for_five_days_then_dies() {
        assert_eq!(fate(0, 0, None, 100, false), Fate::Retry(105));
        assert_eq!(fate(3, 0, None, 100, false), Fate::Retry(140));
        assert_eq!(fate(30, 0, None, 100, false), Fate::Retry(1000));
        assert_eq!(fate(9, 0, None, 4 * 86_400, false), Fate::Retry(4 * 86_400 + 900));
        assert_eq!(fate(0, 0, None, 100, true), Fate::Dead);
        // The last try is just before the end, not up to a quarter of an hour before it.
        assert_eq!(fate(9, 0, None, GIVE_UP - 100, false), Fate::Retry(GIVE_UP - 1));
        assert_eq!(fate(0, 0, Some(102), 100, false), Fate::Retry(101));
        assert_eq!(fate(0, 0, Some(102), 101, false), Fate::Dead);
        assert_eq!(fate(3, 0, None, GIVE_UP, false), Fate::Dead);
    }

    #[test]
    fn a_letter_of_a_paused_queue_is_due_as_soon_as_the_pause_ends() {
        assert_eq!(fate_in_pause(0, None, GIVE_UP - 1), Fate::Retry(GIVE_UP - 1));
        assert_eq!(fate_in_pause(0, None, GIVE_UP), Fate::Dead);
        assert_eq!(fate_in_pause(0, Some(1800), 1799), Fate::Retry(1799));
        assert_eq!(fate_in_pause(0, Some(1800), 1800), Fate::Dead);
    }
}
