//! Operations of operators and of the worker's periodic round: list, retry, discard, expire and count messages.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{GIVE_UP_AFTER, Leased, Outcome, open, pause::shorten_pause, short, unlocked, write_outcome};
use crate::{Db, Fault, SealKeys, Tx, Unix, db::table::outbox};

/// The state of a message that was not sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It will be sent.
    Waiting,
    /// It will not be sent.
    Dead,
}

/// A filter for [`list`].
#[derive(Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Only messages of this kind, if any.
    pub kind: Option<&'a str>,
    /// Only messages in this state, if any.
    pub state: Option<State>,
    /// The maximum number of messages, oldest first.
    pub most: u64,
}

/// A message that was not sent, as shown to operators.
pub struct UnsentMessage {
    /// The id of its row.
    pub id: Uuid,
    /// Its kind, e.g. `mail`.
    pub kind: String,
    /// Its state.
    pub state: State,
    /// The time at which it was queued.
    pub created_at: Unix,
    /// The number of attempts so far.
    pub attempts: i32,
    /// The time at which it is due.
    pub not_before: Unix,
    /// True while a worker is sending it.
    pub under_way: bool,
    /// The error of the last attempt, without addresses and secrets.
    pub last_error: Option<String>,
    /// The reason why it is dead: `refused`, `expired` or `dropped`.
    pub dead_why: Option<String>,
    payload: Vec<u8>,
}

impl UnsentMessage {
    /// Opens the payload; `None` if it was deleted or is not a `T`.
    pub fn payload<T: DeserializeOwned>(&self, keys: &SealKeys) -> Option<T> {
        open(keys, &self.payload).ok()
    }
}

/// Lists messages that were not sent.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn list(
    db: &impl ConnectionTrait,
    now: Unix,
    filter: Filter<'_>,
) -> Result<Vec<UnsentMessage>, Fault> {
    let mut query = outbox::Entity::find().filter(outbox::Column::SentAt.is_null());
    if let Some(kind) = filter.kind {
        query = query.filter(outbox::Column::Kind.eq(kind));
    }
    query = match filter.state {
        Some(State::Waiting) => query.filter(outbox::Column::DeadAt.is_null()),
        Some(State::Dead) => query.filter(outbox::Column::DeadAt.is_not_null()),
        None => query,
    };
    let rows = query.order_by_asc(outbox::Column::CreatedAt).limit(filter.most).all(db).await?;
    let listed = rows.into_iter().map(|row| UnsentMessage {
        id: row.id,
        kind: row.kind,
        state: if row.dead_at.is_some() { State::Dead } else { State::Waiting },
        created_at: row.created_at,
        attempts: row.attempts,
        not_before: row.not_before,
        under_way: row.locked_until.is_some_and(|until| until > now),
        last_error: row.last_error,
        dead_why: row.dead_why,
        payload: row.payload,
    });
    Ok(listed.collect())
}

/// Makes messages due now: those with these `ids`, or all dead ones. A dead message starts over with five days to go. Messages that have expired, were
/// dropped, or are being sent stay as they are. A pause ends with the next message that a worker takes. Returns how many are due.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn retry(db: &Db, now: Unix, ids: Option<&[Uuid]>, kind: Option<&str>) -> Result<u64, Fault> {
    let mut which = Condition::all()
        .add(outbox::Column::SentAt.is_null())
        .add(unlocked(now))
        .add(Expr::cust("length(payload) > 0"))
        .add(
            Condition::any().add(outbox::Column::ExpiresAt.is_null()).add(outbox::Column::ExpiresAt.gt(now)),
        );
    if let Some(kind) = kind {
        which = which.add(outbox::Column::Kind.eq(kind));
    }
    if let Some(ids) = ids {
        which = which.add(outbox::Column::Id.is_in(ids.iter().copied()));
    }
    let update = || outbox::Entity::update_many().col_expr(outbox::Column::NotBefore, Expr::value(now));
    let mut done = update()
        .col_expr(outbox::Column::DeadAt, Expr::value(Option::<i64>::None))
        .col_expr(outbox::Column::DeadWhy, Expr::value(Option::<String>::None))
        .col_expr(outbox::Column::CreatedAt, Expr::value(now))
        .filter(which.clone())
        .filter(outbox::Column::DeadAt.is_not_null())
        .exec(db.writer())
        .await?
        .rows_affected;
    if ids.is_some() {
        let waiting =
            update().filter(which).filter(outbox::Column::DeadAt.is_null()).exec(db.writer()).await?;
        done += waiting.rows_affected;
    }
    shorten_pause(db, now).await?;
    Ok(done)
}

/// The result of [`discard`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discarded {
    /// The message is dead and its content deleted.
    Done,
    /// The message was sent, is being sent, or does not exist.
    No,
}

/// Ends a message by an operator's decision and deletes its content, so that it is never sent.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn discard(db: &Db, now: Unix, id: Uuid, reason: &str) -> Result<Discarded, Fault> {
    let dead_at = Func::coalesce([Expr::col(outbox::Column::DeadAt), Expr::value(now)]);
    let written = outbox::Entity::update_many()
        .col_expr(outbox::Column::DeadAt, dead_at.into())
        .col_expr(outbox::Column::DeadWhy, Expr::value("dropped"))
        .col_expr(outbox::Column::LastError, Expr::value(short(reason)))
        .col_expr(outbox::Column::Payload, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::SentAt.is_null())
        .filter(unlocked(now))
        .exec(db.writer())
        .await?;
    Ok(if written.rows_affected == 1 { Discarded::Done } else { Discarded::No })
}

/// Ends every message that waits, and deletes its content: after a restore the database does not know which of them were sent since. Returns their number.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn end_before_restore(tx: &Tx, now: Unix) -> Result<u64, Fault> {
    let ended = outbox::Entity::update_many()
        .col_expr(outbox::Column::DeadAt, Expr::value(now))
        .col_expr(outbox::Column::DeadWhy, Expr::value("dropped"))
        .col_expr(outbox::Column::LastError, Expr::value("of before a restore"))
        .col_expr(outbox::Column::LockedUntil, Expr::value(Option::<Unix>::None))
        .col_expr(outbox::Column::Payload, Expr::value(Vec::<u8>::new()))
        .filter(outbox::Column::SentAt.is_null())
        .filter(outbox::Column::DeadAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(ended.rows_affected)
}

/// The maximum number of messages that expire in one round.
const MOST_EXPIRED: u64 = 100;

/// Ends messages that expired while they waited, e.g. in a pause; returns their ids and kinds for the log (SECURITY D19).
///
/// # Errors
/// [`Fault`] of the database.
pub async fn expire(db: &Db, now: Unix) -> Result<Vec<(Uuid, String)>, Fault> {
    let over = || {
        Condition::all()
            .add(outbox::Column::SentAt.is_null())
            .add(outbox::Column::DeadAt.is_null())
            .add(unlocked(now))
            .add(
                Condition::any()
                    .add(outbox::Column::CreatedAt.lte(now - GIVE_UP_AFTER))
                    .add(outbox::Column::ExpiresAt.lte(now)),
            )
    };
    let found: Vec<(Uuid, String)> = outbox::Entity::find()
        .select_only()
        .columns([outbox::Column::Id, outbox::Column::Kind])
        .filter(over())
        .limit(MOST_EXPIRED)
        .into_tuple()
        .all(db.reader())
        .await?;
    let mut ended = Vec::with_capacity(found.len());
    for (id, kind) in found {
        let written = outbox::Entity::update_many()
            .col_expr(outbox::Column::DeadAt, Expr::value(now))
            .col_expr(outbox::Column::DeadWhy, Expr::value("expired"))
            .filter(outbox::Column::Id.eq(id))
            .filter(over())
            .exec(db.writer())
            .await?;
        if written.rows_affected == 1 {
            ended.push((id, kind));
        }
    }
    Ok(ended)
}

/// The unsent messages of one kind.
pub struct QueueStatus {
    /// The kind.
    pub kind: String,
    /// The number of waiting messages.
    pub waiting: i64,
    /// The time at which the oldest waiting message was queued.
    pub oldest: Option<Unix>,
    /// The number of dead messages by reason.
    pub dead: Vec<(String, i64)>,
}

/// Counts the unsent messages by kind.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn status(db: &impl ConnectionTrait) -> Result<Vec<QueueStatus>, Fault> {
    let rows: Vec<(String, bool, Option<String>, i64, i64)> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Kind)
        .column_as(outbox::Column::DeadAt.is_not_null(), "dead")
        .column(outbox::Column::DeadWhy)
        .column_as(outbox::Column::Id.count(), "messages")
        .column_as(outbox::Column::CreatedAt.min(), "oldest")
        .filter(outbox::Column::SentAt.is_null())
        .group_by(outbox::Column::Kind)
        .group_by(outbox::Column::DeadAt.is_not_null())
        .group_by(outbox::Column::DeadWhy)
        .into_tuple()
        .all(db)
        .await?;
    let mut all: Vec<QueueStatus> = Vec::new();
    for (kind, dead, why, messages, oldest) in rows {
        let at = all.iter().position(|s| s.kind == kind).unwrap_or_else(|| {
            all.push(QueueStatus { kind, waiting: 0, oldest: None, dead: Vec::new() });
            all.len() - 1
        });
        let status = &mut all[at];
        if dead {
            // Older nodes store no reason.
            status.dead.push((why.unwrap_or_else(|| "unknown".into()), messages));
        } else {
            status.waiting += messages;
            status.oldest = Some(status.oldest.map_or(oldest, |known| Ord::min(known, oldest)));
        }
    }
    Ok(all)
}

/// Ends a message because the server refused its address, in the transaction that records the refusal. Returns true if `message` still held the lease.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn refused(tx: &Tx, message: &Leased, error: &str, now: Unix) -> Result<bool, Fault> {
    write_outcome(tx.conn(), message, Outcome::Dead, error, (now, "refused")).await
}

/// Marks a sent message as returned, once: a second notice changes nothing. Returns what the message is about.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn bounced(tx: &Tx, id: Uuid, error: &str, now: Unix) -> Result<Option<Option<String>>, Fault> {
    let written = outbox::Entity::update_many()
        .col_expr(outbox::Column::BouncedAt, Expr::value(now))
        .col_expr(outbox::Column::LastError, Expr::value(short(error)))
        .filter(outbox::Column::Id.eq(id))
        .filter(outbox::Column::BouncedAt.is_null())
        .exec_with_returning(tx.conn())
        .await?;
    Ok(written.into_iter().next().map(|row| row.about))
}
