//! The count of wrong passwords, exact on any number of nodes (SECURITY I5, B3): an attempt is reserved by one conditional statement before anything is
//! hashed, and given back on success.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kernel::{Context, Db, Digest, Done, Fault, Read, Tx, Unix};
use serde::Serialize;

use crate::{
    AccountId, evidence,
    store::attempts::{self, Counted, Key},
};

/// The limits of a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LockPolicy {
    /// The number of failures that lock.
    pub limit: u8,
    /// The number of seconds after which the lock of an old identifier ends by itself, since an old password cannot be reset. (An account's lock ends with a
    /// reset.)
    pub legacy_seconds: i64,
}

impl LockPolicy {
    /// The limit of all networks together at one old identifier: higher, so that a few networks cannot lock it for its owner (SECURITY D12).
    pub(crate) fn of_all_networks(self) -> Self {
        Self { limit: self.limit.saturating_mul(NETWORKS), ..self }
    }
}

impl Default for LockPolicy {
    fn default() -> Self {
        Self { limit: 5, legacy_seconds: 3600 }
    }
}

/// The count of wrong passwords of one subject: a keyed hash of the typed address, so that addresses without an account leave no readable trace.
pub(crate) struct Counter {
    key: Key,
    /// There were failures when the attempt was reserved.
    failed_before: AtomicBool,
}

/// A reserved attempt: the check may start.
pub(crate) struct Reserved {
    /// The number of failures if this one fails.
    pub(crate) nth: u8,
}

/// The failures that a right password cleared.
#[derive(Clone, Copy, Serialize)]
#[must_use = "it belongs into the evidence, unless that tells of the right password anyway"]
pub(crate) struct Cleared {
    /// The number of wrong passwords before it.
    failures: i32,
}

impl Cleared {
    /// Appends the failures to the evidence, if there were any. Call it last, like [`evidence::append`].
    pub(crate) async fn record(
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

/// The answer of a counter.
pub(crate) enum Attempt {
    /// The check may start.
    Go(Reserved),
    /// No attempt is left.
    Locked {
        /// The time of the lock.
        since: Unix,
        /// This call found the last attempt abandoned and locked; the owner is to be told.
        now: bool,
    },
}

/// The outcome of a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Failed {
    /// The number of attempts left.
    Remaining(u8),
    /// Locked; `now` is true if this failure locked it, and the owner is to be told.
    Locked { now: bool },
}

/// The number of seconds after which an attempt without a result counts as a failure, because its node died.
const ABANDONED: i64 = 20;
/// The number of networks whose failures together lock an old identifier.
const NETWORKS: u8 = 10;
/// The bucket of all networks together.
pub(crate) const ALL: &str = "*";
/// The beginning of the bucket of a network that the owner of an old identifier uses: it counts nothing.
pub(crate) const KNOWN: char = '+';
/// The minimum number of seconds between two mails about a lock.
pub(crate) const NOTICE: i64 = 3600;

impl Counter {
    fn of(subject: String, bucket: String) -> Self {
        Self { key: Key { subject, bucket }, failed_before: AtomicBool::default() }
    }

    /// Returns the counter of an address, known or not; `device` is the id of a device on which its owner signed in before.
    pub(crate) fn of_email(context: &Context, canonical: &str, device: Option<&str>) -> Self {
        Self::of(keyed(context, &["email", canonical]), device.unwrap_or_default().to_owned())
    }

    /// Returns the counter of an agency's old identifier, known or not, from one network: failures there lock no other network (SECURITY D12).
    pub(crate) fn of_legacy(context: &Context, agency: &str, canonical: &str, network: &str) -> Self {
        Self::of(keyed(context, &["legacy", agency, canonical]), keyed(context, &["network", network]))
    }

    /// Returns the counter of the new password of an enrolment, given on its mailed link.
    pub(crate) fn of_enrolment(context: &Context, id: &str) -> Self {
        Self::of(keyed(context, &["enrolment", id]), String::new())
    }

    /// Returns the counter of a password that was sent again with the link or the session that set it.
    pub(crate) fn of_used_proof(context: &Context, id: &str) -> Self {
        Self::of(keyed(context, &["link", id]), String::new())
    }

    /// Returns the counter of the same identifier from all networks together.
    pub(crate) fn of_all_networks(&self) -> Self {
        Self::of(self.key.subject.clone(), ALL.to_owned())
    }

    /// Returns true for the counter of a browser in which the owner signed in before.
    pub(crate) fn knows_device(&self) -> bool {
        !self.key.bucket.is_empty()
    }

    /// Records that the identifier's owner uses this network: the lock of all networks together does not apply there.
    pub(crate) async fn know_network(&self, tx: &Tx, now: Unix) -> Result<(), Fault> {
        attempts::touch(tx, self.known_network(), now).await
    }

    /// Returns true if the old password was right from this network before.
    pub(crate) async fn knows_network(&self, db: &Db) -> Result<bool, Fault> {
        Ok(attempts::by_key(db, &self.known_network()).await?.is_some())
    }

    fn known_network(&self) -> Key {
        Key { subject: self.key.subject.clone(), bucket: format!("{KNOWN}{}", self.key.bucket) }
    }

    /// Reserves an attempt. Waits while others are in flight, so that a right password is never refused because five are being checked at once.
    ///
    /// # Errors
    /// [`Fault`] of the database, or [`Fault::Unavailable`] where this node lacks a sealing key. At every door and for everybody alike: of some people it could
    /// not read the hash, and for a stranger it would compare one.
    pub(crate) async fn reserve(&self, context: &Context, policy: LockPolicy) -> Result<Attempt, Fault> {
        if context.keys.lacks_one() {
            return Err(Fault::Unavailable("a sealing key is missing on this node".into()));
        }
        let db = &context.db;
        loop {
            let now = context.now();
            if let Some(failures) = attempts::reserve(db, &self.key, policy.limit, now).await? {
                self.failed_before.store(failures > 1, Ordering::Relaxed);
                return Ok(Attempt::Go(Reserved { nth: u8::try_from(failures).unwrap_or(u8::MAX) }));
            }
            let Some(count) = attempts::by_key(db, &self.key).await? else { continue };
            if let Some(since) = count.locked_at {
                return Ok(Attempt::Locked { since, now: false });
            }
            if count.updated_at + ABANDONED <= now {
                let locked = self.lock(db, policy, now).await?;
                return Ok(Attempt::Locked { since: now, now: locked });
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// Judges a check that failed.
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

    /// Locks, and returns true if this call did it: such locks are counted, each once on all nodes.
    async fn lock(&self, db: &Db, policy: LockPolicy, now: Unix) -> Result<bool, Fault> {
        let locked = attempts::lock(db, &self.key, policy.limit, now).await?;
        if locked {
            metrics::counter!("moncompte_lock_total").increment(1);
        }
        Ok(locked)
    }

    /// Takes the permission to tell the owner of a lock: at most one mail an hour, in spite of resets and for all browsers together (SECURITY #57).
    pub(crate) async fn may_notify(&self, tx: &Tx, now: Unix) -> Result<bool, Fault> {
        attempts::may_notify(tx, &self.key.subject, now, NOTICE).await
    }

    /// Clears this bucket after a successful check. The returned failures belong in the evidence, unless it has another entry about the check
    /// (SECURITY I6).
    pub(crate) async fn clear(&self, tx: &Tx) -> Result<Cleared, Fault> {
        Ok(Cleared { failures: attempts::clear(tx, &self.key).await? })
    }

    /// Runs the transaction that a right password allows, which also clears this bucket. Only if there was a failure before, it appends evidence and takes
    /// its place in the queue of such transactions (SECURITY D18); every other one waits for none.
    pub(crate) async fn write_cleared<T>(
        &self,
        db: &Db,
        write: impl AsyncFnOnce(&Tx, Cleared) -> Result<Done<T>, Fault>,
    ) -> Result<T, Fault> {
        let (tx, cleared) = self.begin_cleared(db).await?;
        tx.run(async |tx: &Tx| write(tx, cleared).await).await
    }

    async fn begin_cleared(&self, db: &Db) -> Result<(Tx, Cleared), Fault> {
        if !self.failed_before.load(Ordering::Relaxed) {
            let tx = db.begin().await?;
            let cleared = self.clear(&tx).await?;
            if cleared.failures <= 0 {
                return Ok((tx, cleared));
            }
            // Another attempt has failed since this one was reserved.
            tx.rollback().await;
        }
        let tx = db.begin_recorded().await?;
        let cleared = self.clear(&tx).await?;
        Ok((tx, cleared))
    }

    /// Gives back an attempt whose check did not take place.
    pub(crate) async fn give_back(&self, db: &Db) -> Result<(), Fault> {
        attempts::give_back(db, &self.key).await
    }

    /// Returns the outcome of what followed a reserved attempt. Where it is a fault, gives the attempt back: an outage is nobody's wrong password, and who tries
    /// again until it ends is not locked.
    pub(crate) async fn or_back<T>(&self, db: &Db, outcome: Result<T, Fault>) -> Result<T, Fault> {
        if outcome.is_err()
            && let Err(fault) = self.give_back(db).await
        {
            tracing::debug!(%fault, "an attempt could not be given back");
        }
        outcome
    }

    /// Clears every bucket of the subject.
    pub(crate) async fn clear_all(&self, tx: &Tx) -> Result<(), Fault> {
        attempts::clear_all(tx, &self.key.subject).await
    }

    /// Returns every count of the subject.
    pub(crate) async fn counted(&self, db: &impl Read) -> Result<Vec<Counted>, Fault> {
        attempts::of(db, &self.key.subject).await
    }

    /// Locks the shared bucket and clears the others: only a new password opens the account.
    pub(crate) async fn lock_now(&self, tx: &Tx, policy: LockPolicy, now: Unix) -> Result<(), Fault> {
        attempts::lock_now(tx, &self.key.subject, policy.limit, now).await
    }

    /// Clears every bucket of the subject at the request of staff; returns the counts as they were.
    pub(crate) async fn take_all(&self, tx: &Tx) -> Result<Vec<Counted>, Fault> {
        attempts::take_all(tx, &self.key.subject).await
    }

    /// Deletes the counts of forgotten browsers; keeps those of the browser with the id `here`, and the shared one.
    pub(crate) async fn forget_devices(&self, tx: &Tx, here: Option<&str>) -> Result<(), Fault> {
        attempts::clear_others(tx, &self.key.subject, ["", here.unwrap_or_default()]).await
    }

    /// Moves the counts of an account to its new address (SECURITY #58), and deletes the counts of that address from before, which were no account's.
    pub(crate) async fn hand_over(tx: &Tx, context: &Context, from: &str, to: &str) -> Result<(), Fault> {
        let [from, to] = [from, to].map(|canonical| keyed(context, &["email", canonical]));
        attempts::hand_over(tx, &from, &to).await
    }

    /// Ends a lock that is older than `seconds`.
    pub(crate) async fn expire(&self, db: &Db, seconds: i64, now: Unix) -> Result<(), Fault> {
        attempts::expire(db, &self.key.subject, now - seconds).await
    }
}

fn keyed(context: &Context, parts: &[&str]) -> String {
    Digest::of_mac(context.keys.mac("attempt", parts.join("\u{1f}").as_bytes())).into_string()
}

#[cfg(test)]
mod tests {
    use testbed::{Bed, apply, both};

    use super::*;

    #[apply(both!)]
    #[tokio::test]
    async fn a_fifth_failure_that_comes_after_a_reset_does_not_take_the_place_of_a_lock_to_come(bed: Bed) {
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
