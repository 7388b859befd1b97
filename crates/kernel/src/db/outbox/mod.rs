//! The outbox: a message is a row of the transaction that causes it, and a worker sends it at least once.
//!
//! The payload is sealed: it holds mailed links, and a copy of the database must not open them (SECURITY #72, #124).

mod manage;
mod pause;
mod person;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    Context, Db, Fault, RESEAL_PAGE, Resealed, SealKeys, Told, Tx, Unix, db::table::outbox,
    delete_in_batches, reseal_rows,
};

pub use manage::{
    Discarded, Filter, QueueStatus, State, UnsentMessage, bounced, discard, end_before_restore, expire, list,
    refused, retry, status,
};
pub use pause::{Pause, end_pause, extend_pause, pause, paused, return_probe, shorten_pause, take_probe};
pub use person::{Addressee, PersonsMessage, end_to_persons, make_due, to_person, to_persons};

const PURPOSE: &str = "outbox";
/// The number of seconds after which a worker that took a row, and died, loses it.
pub const LEASE: i64 = 60;
/// Give up on a message after this many seconds (SECURITY D19, "Numbers").
pub const GIVE_UP_AFTER: i64 = 5 * 86_400;

/// A row that this worker holds until its lease ends.
pub struct Leased {
    /// The row's id, which is stable and so makes a stable Message-ID.
    pub id: Uuid,
    /// Its kind, e.g. `mail`.
    pub kind: String,
    /// The number of attempts before this one.
    pub attempts: i32,
    /// The time at which it was queued.
    pub created_at: Unix,
    /// The time after which sending it is pointless.
    pub expires_at: Option<Unix>,
    /// Its recipient, if [`Ties`] named one.
    pub destination: Option<String>,
    payload: Vec<u8>,
}

/// Clear-text columns of a message: neither may hold anything that a copy of the database must not tell.
#[derive(Clone, Copy, Default)]
pub struct Ties<'a> {
    /// The recipient, so that [`lease_of`] can skip the messages of one destination.
    pub destination: Option<&'a str>,
    /// The row to update if the address is refused: the digest of the token in the message.
    pub about: Option<&'a str>,
    /// Whom it is written to: staff find a person's mails by it.
    pub addressee: Option<Addressee<'a>>,
}

/// A selection of messages to send.
#[derive(Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The kinds to send; all if empty.
    pub kinds: &'a [&'a str],
    /// The destinations to skip for now.
    pub except: &'a [String],
}

impl Leased {
    /// Opens the payload.
    ///
    /// # Errors
    /// [`Fault::Broken`] if it does not open or is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self, context: &Context) -> Result<T, Fault> {
        open(&context.keys, &self.payload)
    }
}

fn open<T: DeserializeOwned>(keys: &SealKeys, payload: &[u8]) -> Result<T, Fault> {
    Ok(serde_json::from_slice(&keys.open(PURPOSE, payload)?)?)
}

/// Queues a message in the transaction that causes it. `expires_at` is when sending becomes pointless, e.g. the end of a link's life.
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

/// Queues a message as [`enqueue`] does, with its clear-text columns.
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
        person: Set(ties.addressee.map(|to| to.person)),
        topic: Set(ties.addressee.map(|to| to.topic.to_owned())),
        agency: Set(ties.addressee.and_then(|to| to.agency).map(Into::into)),
        host: Set(ties.addressee.and_then(|to| to.host).map(Into::into)),
        answer: NotSet,
    };
    outbox::Entity::insert(row).exec_without_returning(tx.conn()).await?;
    tx.has_mail();
    Ok(id)
}

/// Seals the messages with the newest key.
///
/// # Errors
/// [`Fault`] of the database, or a message that does not open.
pub async fn reseal(context: &Context, told: Told<'_>) -> Result<Resealed, Fault> {
    let page = async |last: Option<Uuid>| {
        Ok(outbox::Entity::find()
            .select_only()
            .columns([outbox::Column::Id, outbox::Column::Payload])
            // One that was sent is emptied.
            .filter(outbox::Column::Payload.ne(Vec::<u8>::new()))
            .filter(outbox::Column::Id.gt(last.unwrap_or_default()))
            .order_by_asc(outbox::Column::Id)
            .limit(RESEAL_PAGE)
            .into_tuple()
            .all(context.db.reader())
            .await?)
    };
    let replace = async |tx: &Tx, id: &Uuid, was: &Vec<u8>, is: &Vec<u8>| {
        outbox::Entity::update_many()
            .col_expr(outbox::Column::Payload, Expr::value(is.clone()))
            .filter(outbox::Column::Id.eq(*id))
            .filter(outbox::Column::Payload.eq(was.clone()))
            .exec(tx.conn())
            .await?;
        Ok(())
    };
    reseal_rows(&context.db, page, |sealed| context.reseal(PURPOSE, sealed), replace, told).await
}

/// Takes up to `most` due messages for [`LEASE`] seconds. Each row is taken by one conditional statement, so two workers never hold the same one.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn lease(db: &Db, now: Unix, most: u64) -> Result<Vec<Leased>, Fault> {
    lease_of(db, now, Selection::default(), most).await
}

fn free(now: Unix, selection: Selection<'_>) -> Condition {
    let mut free = Condition::all()
        .add(outbox::Column::SentAt.is_null())
        .add(outbox::Column::DeadAt.is_null())
        .add(outbox::Column::NotBefore.lte(now))
        .add(unlocked(now));
    if !selection.kinds.is_empty() {
        free = free.add(outbox::Column::Kind.is_in(selection.kinds.iter().copied()));
    }
    if !selection.except.is_empty() {
        let others = outbox::Column::Destination.is_not_in(selection.except.iter().map(String::as_str));
        free = free.add(Condition::any().add(outbox::Column::Destination.is_null()).add(others));
    }
    free
}

/// Returns the condition that no worker holds the row.
fn unlocked(now: Unix) -> Condition {
    Condition::any().add(outbox::Column::LockedUntil.is_null()).add(outbox::Column::LockedUntil.lte(now))
}

async fn due(db: &Db, now: Unix, selection: Selection<'_>, most: u64) -> Result<Vec<Uuid>, Fault> {
    Ok(outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Id)
        .filter(free(now, selection))
        .order_by_asc(outbox::Column::NotBefore)
        .limit(most)
        .into_tuple()
        .all(db.reader())
        .await?)
}

/// Returns true if [`lease_of`] would find a message.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn is_due(db: &Db, now: Unix, selection: Selection<'_>) -> Result<bool, Fault> {
    Ok(!due(db, now, selection, 1).await?.is_empty())
}

/// Takes messages as [`lease`] does, restricted to a selection.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn lease_of(db: &Db, now: Unix, selection: Selection<'_>, most: u64) -> Result<Vec<Leased>, Fault> {
    let free = || free(now, selection);
    let due = due(db, now, selection, most).await?;
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

/// Marks a message as sent.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn sent(db: &Db, id: Uuid, now: Unix) -> Result<(), Fault> {
    sent_with(db, id, now, None).await
}

/// Marks a mail as sent, and keeps the server's answer, which holds no address.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn sent_with(db: &Db, id: Uuid, now: Unix, answer: Option<&str>) -> Result<(), Fault> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::SentAt, Expr::value(now))
        .col_expr(outbox::Column::Answer, Expr::value(answer.map(short)))
        // Overrides what another sender stored meanwhile.
        .col_expr(outbox::Column::DeadAt, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::DeadWhy, Expr::value(Option::<String>::None))
        .col_expr(outbox::Column::Payload, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Id.eq(id))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// The outcome of a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Try again at this time.
    Retry(Unix),
    /// Never try again.
    Dead,
}

/// Returns the time from which a message is not sent any more.
fn end_of(created_at: Unix, expires_at: Option<Unix>) -> Unix {
    (created_at + GIVE_UP_AFTER).min(expires_at.unwrap_or(i64::MAX))
}

/// Returns the outcome of an attempt that failed for a reason of its own: backoff doubling from 5 s to 15 min, and a last attempt just before the end,
/// which is [`GIVE_UP_AFTER`] or the expiry. `attempts` does not count the failed attempt.
pub fn next_outcome(
    attempts: i32,
    created_at: Unix,
    expires_at: Option<Unix>,
    now: Unix,
    permanent: bool,
) -> Outcome {
    let next = now + (5_i64 << attempts.clamp(0, 8)).min(900);
    let next = next.min(end_of(created_at, expires_at) - 1);
    if permanent || next <= now { Outcome::Dead } else { Outcome::Retry(next) }
}

/// Returns the outcome of an attempt that failed because the server refuses all messages: due again as soon as the pause of the queue ends.
pub fn outcome_in_pause(created_at: Unix, expires_at: Option<Unix>, now: Unix) -> Outcome {
    if end_of(created_at, expires_at) <= now { Outcome::Dead } else { Outcome::Retry(now) }
}

/// Stores a failed attempt; `error` is for the operator and holds no secret. A worker that lost its lease changes nothing: each lease increments the
/// number of attempts, which therefore identifies the holder (SECURITY I12, #120).
///
/// # Errors
/// [`Fault`] of the database.
pub async fn failed(
    db: &Db,
    message: &Leased,
    outcome: Outcome,
    error: &str,
    now: Unix,
) -> Result<(), Fault> {
    write_outcome(db.writer(), message, outcome, error, (now, "expired")).await?;
    Ok(())
}

/// Stores the outcome of an attempt if `message` still holds the lease; returns true if it does.
async fn write_outcome(
    db: &impl ConnectionTrait,
    message: &Leased,
    outcome: Outcome,
    error: &str,
    (now, dead_why): (Unix, &str),
) -> Result<bool, Fault> {
    let update = outbox::Entity::update_many()
        .col_expr(outbox::Column::LockedUntil, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::LastError, Expr::value(short(error)))
        .filter(outbox::Column::Id.eq(message.id))
        .filter(outbox::Column::Attempts.eq(message.attempts + 1))
        .filter(outbox::Column::SentAt.is_null());
    let written = match outcome {
        Outcome::Retry(at) => update.col_expr(outbox::Column::NotBefore, Expr::value(at)),
        Outcome::Dead => update
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

/// The kind of messages that ask the worker to find an account. Strangers cause them, and nothing was sent by itself: they are deleted after a day.
const ASKED: &str = "recovery";

/// Deletes messages that were sent, or died, more than 30 days ago, and those of the kind [`ASKED`] after a day.
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
    fn a_message_is_tried_with_backoff_for_five_days_then_dies() {
        assert_eq!(next_outcome(0, 0, None, 100, false), Outcome::Retry(105));
        assert_eq!(next_outcome(3, 0, None, 100, false), Outcome::Retry(140));
        assert_eq!(next_outcome(30, 0, None, 100, false), Outcome::Retry(1000));
        assert_eq!(next_outcome(9, 0, None, 4 * 86_400, false), Outcome::Retry(4 * 86_400 + 900));
        assert_eq!(next_outcome(0, 0, None, 100, true), Outcome::Dead);
        // The last try is just before the end, not up to a quarter of an hour before it.
        assert_eq!(next_outcome(9, 0, None, GIVE_UP_AFTER - 100, false), Outcome::Retry(GIVE_UP_AFTER - 1));
        assert_eq!(next_outcome(0, 0, Some(102), 100, false), Outcome::Retry(101));
        assert_eq!(next_outcome(0, 0, Some(102), 101, false), Outcome::Dead);
        assert_eq!(next_outcome(3, 0, None, GIVE_UP_AFTER, false), Outcome::Dead);
    }

    #[test]
    fn a_message_of_a_paused_queue_is_due_as_soon_as_the_pause_ends() {
        assert_eq!(outcome_in_pause(0, None, GIVE_UP_AFTER - 1), Outcome::Retry(GIVE_UP_AFTER - 1));
        assert_eq!(outcome_in_pause(0, None, GIVE_UP_AFTER), Outcome::Dead);
        assert_eq!(outcome_in_pause(0, Some(1800), 1799), Outcome::Retry(1799));
        assert_eq!(outcome_in_pause(0, Some(1800), 1800), Outcome::Dead);
    }
}
