//! Counts of wrong passwords, and the times of the mails about locks.

use kernel::{Db, Fault, Read, Tx, Unix};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, UpdateMany,
    sea_query::{Expr, OnConflict},
};

use super::table::{
    attempt::{ActiveModel, Column, Entity, Model},
    lock_notice,
};

/// The key of one count.
#[derive(Clone)]
pub(crate) struct Key {
    /// The keyed hash of the typed address or identifier.
    pub(crate) subject: String,
    /// The browser or network that is counted on its own; empty for all others.
    pub(crate) bucket: String,
}

/// Counts one more failure, if there are fewer than `limit`; returns the new count. One conditional statement, so that nodes agree.
pub(crate) async fn reserve(db: &Db, key: &Key, limit: u8, now: Unix) -> Result<Option<i32>, Fault> {
    let fresh = ActiveModel {
        subject: Set(key.subject.clone()),
        bucket: Set(key.bucket.clone()),
        failures: Set(1),
        updated_at: Set(now),
        locked_at: NotSet,
    };
    let count = (Entity, Column::Failures);
    let row = Entity::insert(fresh)
        .on_conflict(
            OnConflict::columns([Column::Subject, Column::Bucket])
                .value(Column::Failures, Expr::col(count).add(1))
                .value(Column::UpdatedAt, now)
                .action_and_where(Expr::col(count).lt(i32::from(limit)))
                .to_owned(),
        )
        .exec_with_returning_many(db.writer())
        .await?;
    Ok(row.first().map(|row| row.failures))
}

/// A count as it stands.
pub(crate) struct Count {
    /// The time of the last attempt.
    pub(crate) updated_at: Unix,
    /// The time of the lock.
    pub(crate) locked_at: Option<Unix>,
}

/// Returns the count of a key.
pub(crate) async fn by_key(db: &impl Read, key: &Key) -> Result<Option<Count>, Fault> {
    let row = Entity::find_by_id((key.subject.clone(), key.bucket.clone())).one(db.connection()).await?;
    Ok(row.map(|Model { updated_at, locked_at, .. }| Count { updated_at, locked_at }))
}

/// A count of a subject, as staff see it.
pub(crate) struct Counted {
    /// The browser or network that is counted on its own; empty for all others.
    pub(crate) bucket: String,
    pub(crate) failures: i32,
    pub(crate) locked_at: Option<Unix>,
}

impl From<Model> for Counted {
    fn from(row: Model) -> Self {
        Self { bucket: row.bucket, failures: row.failures, locked_at: row.locked_at }
    }
}

/// Returns every count of a subject, that of all others first.
pub(crate) async fn of(db: &impl Read, subject: &str) -> Result<Vec<Counted>, Fault> {
    let rows = Entity::find().filter(Column::Subject.eq(subject)).order_by_asc(Column::Bucket);
    Ok(rows.all(db.connection()).await?.into_iter().map(Into::into).collect())
}

/// Deletes every count of a subject, and returns them as they were.
pub(crate) async fn take_all(tx: &Tx, subject: &str) -> Result<Vec<Counted>, Fault> {
    let taken = Entity::delete_many().filter(Column::Subject.eq(subject)).exec_with_returning(tx.conn());
    Ok(taken.await?.into_iter().map(Into::into).collect())
}

/// Stores a count of none, or moves its time.
pub(crate) async fn touch(tx: &Tx, key: Key, now: Unix) -> Result<(), Fault> {
    let row = ActiveModel {
        subject: Set(key.subject),
        bucket: Set(key.bucket),
        failures: Set(0),
        updated_at: Set(now),
        locked_at: NotSet,
    };
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Subject, Column::Bucket]).value(Column::UpdatedAt, now).to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// Locks a count that reached `limit`; `false` where it was locked before, or began anew meanwhile.
pub(crate) async fn lock(db: &Db, key: &Key, limit: u8, now: Unix) -> Result<bool, Fault> {
    let done = update(key)
        .col_expr(Column::LockedAt, Expr::value(now))
        .filter(Column::LockedAt.is_null())
        // A node that stood still may bring its fifth failure after a reset. If it locked the new count, nobody would be told when that count
        // reaches the limit (SECURITY #120).
        .filter(Column::Failures.gte(i32::from(limit)))
        .exec(db.writer())
        .await?;
    Ok(done.rows_affected == 1)
}

/// Locks a subject, whatever was counted for it.
pub(crate) async fn lock_now(tx: &Tx, subject: &str, limit: u8, now: Unix) -> Result<(), Fault> {
    clear_all(tx, subject).await?;
    let row = ActiveModel {
        subject: Set(subject.to_owned()),
        bucket: Set(String::new()),
        failures: Set(i32::from(limit)),
        updated_at: Set(now),
        locked_at: Set(Some(now)),
    };
    Entity::insert(row).exec_without_returning(tx.conn()).await?;
    Ok(())
}

/// Takes one failure off again.
pub(crate) async fn give_back(db: &Db, key: &Key) -> Result<(), Fault> {
    update(key)
        .col_expr(Column::Failures, Expr::col(Column::Failures).sub(1))
        .filter(Column::Failures.gt(0))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Deletes a count; returns the failures beside the attempt that was reserved.
pub(crate) async fn clear(tx: &Tx, key: &Key) -> Result<i32, Fault> {
    let cleared = Entity::delete_many()
        .filter(Column::Subject.eq(&key.subject))
        .filter(Column::Bucket.eq(&key.bucket))
        .exec_with_returning(tx.conn())
        .await?;
    Ok(cleared.iter().map(|row| row.failures - 1).sum())
}

/// Deletes every count of a subject.
pub(crate) async fn clear_all(tx: &Tx, subject: &str) -> Result<(), Fault> {
    Entity::delete_many().filter(Column::Subject.eq(subject)).exec(tx.conn()).await?;
    Ok(())
}

/// Deletes every count of a subject but those of these buckets.
pub(crate) async fn clear_others(tx: &Tx, subject: &str, buckets: [&str; 2]) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::Subject.eq(subject))
        .filter(Column::Bucket.is_not_in(buckets))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Moves every count of a subject to another one, and deletes that one's own counts.
pub(crate) async fn hand_over(tx: &Tx, from: &str, to: &str) -> Result<(), Fault> {
    clear_all(tx, to).await?;
    Entity::update_many()
        .col_expr(Column::Subject, Expr::value(to))
        .filter(Column::Subject.eq(from))
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// Deletes the counts of a subject that were locked at this moment or before.
pub(crate) async fn expire(db: &Db, subject: &str, until: Unix) -> Result<(), Fault> {
    Entity::delete_many()
        .filter(Column::Subject.eq(subject))
        .filter(Column::LockedAt.lte(until))
        .exec(db.writer())
        .await?;
    Ok(())
}

/// Takes the permission to send a mail about a lock, if none was taken for `pause` seconds: one statement.
pub(crate) async fn may_notify(tx: &Tx, subject: &str, now: Unix, pause: i64) -> Result<bool, Fault> {
    let notice = lock_notice::ActiveModel { subject: Set(subject.to_owned()), told_at: Set(now) };
    let told = (lock_notice::Entity, lock_notice::Column::ToldAt);
    let taken = lock_notice::Entity::insert(notice)
        .on_conflict(
            OnConflict::column(lock_notice::Column::Subject)
                .value(lock_notice::Column::ToldAt, now)
                .action_and_where(Expr::col(told).lte(now - pause))
                .to_owned(),
        )
        .exec_without_returning(tx.conn())
        .await?;
    Ok(taken == 1)
}

fn update(key: &Key) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Subject.eq(&key.subject)).filter(Column::Bucket.eq(&key.bucket))
}
