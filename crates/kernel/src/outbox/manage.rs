//! What operators and the worker's look-round do with letters: list, retry, drop, expire, count.

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, Func},
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Fate, GIVE_UP, Leased, open, outcome, pause::hasten, short, unlocked};
use crate::{Db, Fault, SealKeys, Tx, Unix, table::outbox};

/// Whether a letter is still to be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It is.
    Waiting,
    /// It is not, and was never sent.
    Dead,
}

/// Which letters are listed.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// Of this kind; of all where it is `None`.
    pub kind: Option<&'a str>,
    /// In this state; in both where it is `None`.
    pub state: Option<State>,
    /// How many at most, the oldest first.
    pub most: u64,
}

/// A letter that was not sent, as operators see it.
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// What it is.
    pub kind: String,
    /// Whether it is still to be sent.
    pub state: State,
    /// When it was queued.
    pub created_at: Unix,
    /// Tries so far.
    pub attempts: i32,
    /// When it is due.
    pub not_before: Unix,
    /// A worker has it at this moment.
    pub under_way: bool,
    /// Why it failed last; no address and no secret.
    pub last_error: Option<String>,
    /// Why it is dead: `refused`, `expired`, `dropped`.
    pub dead_why: Option<String>,
    payload: Vec<u8>,
}

impl Listed {
    /// Opens the payload; `None` where there is none any more, or it is no `T`.
    pub fn payload<T: DeserializeOwned>(&self, keys: &SealKeys) -> Option<T> {
        open(keys, &self.payload).ok()
    }
}

/// Letters that were not sent.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn list(db: &impl ConnectionTrait, now: Unix, asked: Asked<'_>) -> Result<Vec<Listed>, Fault> {
    let mut query = outbox::Entity::find().filter(outbox::Column::SentAt.is_null());
    if let Some(kind) = asked.kind {
        query = query.filter(outbox::Column::Kind.eq(kind));
    }
    query = match asked.state {
        Some(State::Waiting) => query.filter(outbox::Column::DeadAt.is_null()),
        Some(State::Dead) => query.filter(outbox::Column::DeadAt.is_not_null()),
        None => query,
    };
    let rows = query.order_by_asc(outbox::Column::CreatedAt).limit(asked.most).all(db).await?;
    let listed = rows.into_iter().map(|row| Listed {
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

/// Makes letters due now: `ids`, or all dead ones. A dead letter begins anew, with five days before it. What is worthless by now, was dropped, or is under
/// way stays as it is. A pause of the mails ends with the next letter that is taken. Answers how many are due.
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
    hasten(db, now).await?;
    Ok(done)
}

/// What became of a wish to discard a letter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Discarded {
    /// It is dead and empty.
    Done,
    /// It was sent, a worker has it at this moment, or there is none.
    No,
}

/// Ends a letter by an operator's decision. Its content is gone, so that it is never sent.
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

/// Letters that expire in one look-round.
const MOST_EXPIRED: u64 = 100;

/// Ends letters whose end has come while they waited, e.g. in a pause; answers their ids and kinds, so that it is told (SECURITY D19).
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
                    .add(outbox::Column::CreatedAt.lte(now - GIVE_UP))
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

/// The letters of one kind that were not sent.
pub struct Standing {
    /// The kind.
    pub kind: String,
    /// Letters that wait.
    pub waiting: i64,
    /// When the oldest of them was queued.
    pub oldest: Option<Unix>,
    /// Letters that died, by why.
    pub dead: Vec<(String, i64)>,
}

/// Counts the letters that were not sent, by kind.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn standing(db: &impl ConnectionTrait) -> Result<Vec<Standing>, Fault> {
    let rows: Vec<(String, bool, Option<String>, i64, i64)> = outbox::Entity::find()
        .select_only()
        .column(outbox::Column::Kind)
        .column_as(outbox::Column::DeadAt.is_not_null(), "dead")
        .column(outbox::Column::DeadWhy)
        .column_as(outbox::Column::Id.count(), "letters")
        .column_as(outbox::Column::CreatedAt.min(), "oldest")
        .filter(outbox::Column::SentAt.is_null())
        .group_by(outbox::Column::Kind)
        .group_by(outbox::Column::DeadAt.is_not_null())
        .group_by(outbox::Column::DeadWhy)
        .into_tuple()
        .all(db)
        .await?;
    let mut all: Vec<Standing> = Vec::new();
    for (kind, dead, why, letters, oldest) in rows {
        let at = all.iter().position(|s| s.kind == kind).unwrap_or_else(|| {
            all.push(Standing { kind, waiting: 0, oldest: None, dead: Vec::new() });
            all.len() - 1
        });
        let standing = &mut all[at];
        if dead {
            // An older node gives no reason.
            standing.dead.push((why.unwrap_or_else(|| "unknown".into()), letters));
        } else {
            standing.waiting += letters;
            standing.oldest = Some(standing.oldest.map_or(oldest, |known| Ord::min(known, oldest)));
        }
    }
    Ok(all)
}

/// The server's verdict on the address ends the letter, in the transaction that tells whom it concerns; answers whether `letter` still held it.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn refused(tx: &Tx, letter: &Leased, error: &str, now: Unix) -> Result<bool, Fault> {
    outcome(tx.conn(), letter, Fate::Dead, error, (now, "refused")).await
}

/// A letter that had gone out came back, once: a second notice of it changes nothing. Answers what the letter is about.
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
