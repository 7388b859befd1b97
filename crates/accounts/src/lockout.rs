//! Five attempts are five hashes, on any number of nodes (SECURITY I5, B3): an attempt is reserved by one conditional statement before anything is
//! hashed, and given back on success.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kernel::{Context, Db, Digest, Fault, Tx, Unix};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter,
    sea_query::{Expr, OnConflict},
};

use serde::Serialize;

use crate::{
    AccountId, evidence,
    table::{attempt, lock_notice},
};

/// How the lock is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockPolicy {
    /// Failures that lock.
    pub limit: u8,
    /// After how many seconds the lock of an old identifier ends by itself: nobody can reset an old password. (An account's lock
    /// ends with a reset.)
    pub legacy_seconds: i64,
}

impl LockPolicy {
    /// For all networks together at one old identifier: so much more that no single network, and no few, lock it for its owner (SECURITY D12).
    pub(crate) fn of_all_networks(self) -> Self {
        Self { limit: self.limit.saturating_mul(NETWORKS), ..self }
    }
}

impl Default for LockPolicy {
    fn default() -> Self {
        Self { limit: 5, legacy_seconds: 3600 }
    }
}

/// Whose attempts are counted: a keyed hash of what was typed, so that addresses without an account leave no readable trace.
pub(crate) struct Counter {
    subject: String,
    bucket: String,
    /// There were failures when the attempt was reserved.
    failed_before: AtomicBool,
}

/// A check that may go on.
pub(crate) struct Reserved {
    /// Failures if this one fails.
    pub(crate) nth: u8,
}

/// What a right password took off a counter.
#[derive(Clone, Copy, Serialize)]
#[must_use = "it belongs into the evidence, unless that tells of the right password anyway"]
pub(crate) struct Cleared {
    /// Wrong ones before it.
    failures: i32,
}

impl Cleared {
    /// Tells the evidence, if there is anything to tell. Call it last, as [`evidence::append`].
    pub(crate) async fn tell(
        self,
        tx: &Tx,
        context: &Context,
        owner: Option<AccountId>,
    ) -> Result<(), Fault> {
        if self.failures > 0 {
            evidence::append(tx, context, "failures cleared", owner, &self).await?;
        }
        Ok(())
    }
}

/// What the counter said.
pub(crate) enum Attempt {
    Go(Reserved),
    /// `now`: it was this call that found the last attempt abandoned and locked; the owner is to be told.
    Locked {
        since: Unix,
        now: bool,
    },
}

/// What a failure led to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failed {
    /// So many further attempts remain.
    Remaining(u8),
    /// Locked: `now` when this failure did it, and the owner is to be told.
    Locked { now: bool },
}

/// After this long an attempt that neither failed nor succeeded is a failure: its node died.
const ABANDONED: i64 = 20;
/// Networks whose failures together lock an old identifier.
const NETWORKS: u8 = 10;
/// The bucket of all networks together.
const ALL: &str = "*";
/// Seconds between two mails that tell of a lock.
pub(crate) const NOTICE: i64 = 3600;

impl Counter {
    fn of(subject: String, bucket: String) -> Self {
        Self { subject, bucket, failed_before: AtomicBool::default() }
    }

    /// For an address, known or not; `device` is the id of a device on which its owner signed in before.
    pub(crate) fn of_email(context: &Context, canonical: &str, device: Option<&str>) -> Self {
        Self::of(keyed(context, &["email", canonical]), device.unwrap_or_default().to_owned())
    }

    /// Whether it is that of a browser in which the owner signed in before.
    pub(crate) fn knows_device(&self) -> bool {
        !self.bucket.is_empty()
    }

    /// For an agency's old identifier, known or not, from one network: nobody elsewhere is locked by what is tried there (SECURITY D12).
    pub(crate) fn of_legacy(context: &Context, agency: &str, canonical: &str, network: &str) -> Self {
        Self::of(keyed(context, &["legacy", agency, canonical]), keyed(context, &["network", network]))
    }

    /// The same identifier from all networks together.
    pub(crate) fn of_all_networks(&self) -> Self {
        Self::of(self.subject.clone(), ALL.to_owned())
    }

    /// Notes that the identifier's owner comes from this network: the lock of all networks together does not hold there.
    pub(crate) async fn know_network(&self, tx: &Tx, now: Unix) -> Result<(), Fault> {
        let known = attempt::ActiveModel {
            subject: Set(self.subject.clone()),
            bucket: Set(self.known_bucket()),
            failures: Set(0),
            updated_at: Set(now),
            locked_at: NotSet,
        };
        attempt::Entity::insert(known)
            .on_conflict(
                OnConflict::columns([attempt::Column::Subject, attempt::Column::Bucket])
                    .value(attempt::Column::UpdatedAt, now)
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await?;
        Ok(())
    }

    /// Whether the old password was right from this network before.
    pub(crate) async fn knows_network(&self, db: &Db) -> Result<bool, Fault> {
        let key = (self.subject.clone(), self.known_bucket());
        Ok(attempt::Entity::find_by_id(key).one(db.reader()).await?.is_some())
    }

    fn known_bucket(&self) -> String {
        format!("+{}", self.bucket)
    }

    /// For the new password of an enrolment, given on its mailed link.
    pub(crate) fn of_enrolment(context: &Context, id: &str) -> Self {
        Self::of(keyed(context, &["enrolment", id]), String::new())
    }

    /// For the new password of an account, sent again with the mailed link that set it.
    pub(crate) fn of_link(context: &Context, id: &str) -> Self {
        Self::of(keyed(context, &["link", id]), String::new())
    }

    /// Reserves an attempt. While others are in flight it waits its turn: a right password is never refused because five are being
    /// checked at once.
    pub(crate) async fn reserve(&self, context: &Context, policy: LockPolicy) -> Result<Attempt, Fault> {
        loop {
            let now = context.now();
            if let Some(nth) = self.try_reserve(&context.db, policy.limit, now).await? {
                self.failed_before.store(nth > 1, Ordering::Relaxed);
                return Ok(Attempt::Go(Reserved { nth }));
            }
            match self.row(&context.db).await? {
                None => {}
                Some(row) if row.locked_at.is_some() => {
                    return Ok(Attempt::Locked { since: row.locked_at.unwrap_or(now), now: false });
                }
                Some(row) if row.updated_at + ABANDONED <= now => {
                    let locked = self.lock(&context.db, policy, now).await?;
                    return Ok(Attempt::Locked { since: now, now: locked });
                }
                Some(_) => tokio::time::sleep(Duration::from_millis(40)).await,
            }
        }
    }

    async fn try_reserve(&self, db: &Db, limit: u8, now: Unix) -> Result<Option<u8>, Fault> {
        let fresh = attempt::ActiveModel {
            subject: Set(self.subject.clone()),
            bucket: Set(self.bucket.clone()),
            failures: Set(1),
            updated_at: Set(now),
            locked_at: NotSet,
        };
        let count = (attempt::Entity, attempt::Column::Failures);
        let row = attempt::Entity::insert(fresh)
            .on_conflict(
                OnConflict::columns([attempt::Column::Subject, attempt::Column::Bucket])
                    .value(attempt::Column::Failures, Expr::col(count).add(1))
                    .value(attempt::Column::UpdatedAt, now)
                    .action_and_where(Expr::col(count).lt(i32::from(limit)))
                    .to_owned(),
            )
            .exec_with_returning_many(db.writer())
            .await?;
        Ok(row.first().map(|r| u8::try_from(r.failures).unwrap_or(u8::MAX)))
    }

    /// The check failed.
    pub(crate) async fn failed(
        &self,
        db: &Db,
        reserved: &Reserved,
        policy: LockPolicy,
        now: Unix,
    ) -> Result<Failed, Fault> {
        if reserved.nth < policy.limit {
            return Ok(Failed::Remaining(policy.limit - reserved.nth));
        }
        Ok(Failed::Locked { now: self.lock(db, policy, now).await? })
    }

    async fn lock(&self, db: &Db, policy: LockPolicy, now: Unix) -> Result<bool, Fault> {
        let done = self
            .update()
            .col_expr(attempt::Column::LockedAt, Expr::value(now))
            .filter(attempt::Column::LockedAt.is_null())
            // A node that stood still may come with its fifth failure after a reset. Were the count that began anew marked by it, nobody
            // would be told when that one locks (SECURITY #120).
            .filter(attempt::Column::Failures.gte(i32::from(policy.limit)))
            .exec(db.writer())
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Whether the owner may be told now: at most one mail an hour, whatever was reset in between and in whichever browser (SECURITY #57). Taking
    /// the permission is one statement.
    pub(crate) async fn may_notify(&self, tx: &Tx, now: Unix) -> Result<bool, Fault> {
        let notice = lock_notice::ActiveModel { subject: Set(self.subject.clone()), told_at: Set(now) };
        let told = (lock_notice::Entity, lock_notice::Column::ToldAt);
        let taken = lock_notice::Entity::insert(notice)
            .on_conflict(
                OnConflict::column(lock_notice::Column::Subject)
                    .value(lock_notice::Column::ToldAt, now)
                    .action_and_where(Expr::col(told).lte(now - NOTICE))
                    .to_owned(),
            )
            .exec_without_returning(tx.conn())
            .await?;
        Ok(taken == 1)
    }

    /// The check succeeded: this bucket starts anew. What it held beside the check itself is for the evidence, where nothing else there tells of the
    /// check (SECURITY I6).
    pub(crate) async fn clear(&self, tx: &Tx) -> Result<Cleared, Fault> {
        let cleared = attempt::Entity::delete_many()
            .filter(attempt::Column::Subject.eq(&self.subject))
            .filter(attempt::Column::Bucket.eq(&self.bucket))
            .exec_with_returning(tx.conn())
            .await?;
        Ok(Cleared { failures: cleared.iter().map(|row| row.failures - 1).sum() })
    }

    /// Begins the transaction of what a right password allows, with this bucket cleared in it. Only where there was a failure before does the evidence hear of
    /// it: such a transaction takes its place among those that append (SECURITY D18), every other one waits for nobody.
    pub(crate) async fn begin_cleared(&self, db: &Db) -> Result<(Tx, Cleared), Fault> {
        if !self.failed_before.load(Ordering::Relaxed) {
            let tx = db.begin().await?;
            let cleared = self.clear(&tx).await?;
            if cleared.failures <= 0 {
                return Ok((tx, cleared));
            }
            // Another one has failed since this one was reserved.
            tx.give_up().await;
        }
        let tx = db.begin_recorded().await?;
        let cleared = self.clear(&tx).await?;
        Ok((tx, cleared))
    }

    /// The check did not take place: the attempt is not counted.
    pub(crate) async fn give_back(&self, db: &Db) -> Result<(), Fault> {
        self.update()
            .col_expr(attempt::Column::Failures, Expr::col(attempt::Column::Failures).sub(1))
            .filter(attempt::Column::Failures.gt(0))
            .exec(db.writer())
            .await?;
        Ok(())
    }

    /// A reset: every bucket of the subject starts anew.
    pub(crate) async fn clear_all(&self, tx: &Tx) -> Result<(), Fault> {
        attempt::Entity::delete_many()
            .filter(attempt::Column::Subject.eq(&self.subject))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// Browsers that are forgotten leave no count of their own; what was counted in the browser with the id `here`, and for all others together, stays.
    pub(crate) async fn forget_devices(&self, tx: &Tx, here: Option<&str>) -> Result<(), Fault> {
        attempt::Entity::delete_many()
            .filter(attempt::Column::Subject.eq(&self.subject))
            .filter(attempt::Column::Bucket.is_not_in(["", here.unwrap_or_default()]))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// An account's address changes: what was counted for the old one goes on counting for the new one (SECURITY #58). What strangers tried
    /// at the new one was no account's.
    pub(crate) async fn hand_over(tx: &Tx, context: &Context, from: &str, to: &str) -> Result<(), Fault> {
        let [from, to] = [from, to].map(|canonical| keyed(context, &["email", canonical]));
        attempt::Entity::delete_many().filter(attempt::Column::Subject.eq(&to)).exec(tx.conn()).await?;
        attempt::Entity::update_many()
            .col_expr(attempt::Column::Subject, Expr::value(to))
            .filter(attempt::Column::Subject.eq(from))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// Ends a lock that is older than `seconds`.
    pub(crate) async fn expire(&self, db: &Db, seconds: i64, now: Unix) -> Result<(), Fault> {
        attempt::Entity::delete_many()
            .filter(attempt::Column::Subject.eq(&self.subject))
            .filter(attempt::Column::LockedAt.lte(now - seconds))
            .exec(db.writer())
            .await?;
        Ok(())
    }

    async fn row(&self, db: &Db) -> Result<Option<attempt::Model>, Fault> {
        Ok(attempt::Entity::find_by_id((self.subject.clone(), self.bucket.clone())).one(db.reader()).await?)
    }

    fn update(&self) -> sea_orm::UpdateMany<attempt::Entity> {
        attempt::Entity::update_many()
            .filter(attempt::Column::Subject.eq(&self.subject))
            .filter(attempt::Column::Bucket.eq(&self.bucket))
    }
}

fn keyed(context: &Context, parts: &[&str]) -> String {
    Digest::of_mac(context.keys.mac("attempt", parts.join("\u{1f}").as_bytes())).into_string()
}

#[cfg(test)]
mod tests {
    use testbed::Bed;

    use super::*;

    #[tokio::test]
    async fn a_fifth_failure_that_comes_after_a_reset_does_not_take_the_place_of_a_lock_to_come() {
        for bed in Bed::both().await {
            let (context, policy) = (&bed.context, LockPolicy::default());
            let counter = Counter::of_email(context, "marie@exemple.test", None);
            let reserve = async || match counter.reserve(context, policy).await.unwrap() {
                Attempt::Go(reserved) => reserved,
                Attempt::Locked { .. } => panic!("locked on {}", bed.name),
            };
            let mut late = reserve().await;
            while late.nth < policy.limit {
                late = reserve().await;
            }
            let tx = context.db.begin().await.unwrap();
            counter.clear_all(&tx).await.unwrap();
            tx.commit().await.unwrap();
            let mut next = reserve().await;
            counter.failed(&context.db, &late, policy, context.now()).await.unwrap();
            while next.nth < policy.limit {
                next = reserve().await;
            }
            let failed = counter.failed(&context.db, &next, policy, context.now()).await.unwrap();
            assert_eq!(failed, Failed::Locked { now: true }, "{}", bed.name);
        }
    }
}
