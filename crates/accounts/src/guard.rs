//! The one guard of every secret: reserve an attempt, check, judge (SECURITY #53, PEOPLE U-21).

use kernel::{Done, Fault, Password, Tx};
use zeroize::Zeroizing;

use crate::{
    Accounts, Busy, SignIn, Visitor,
    act::RecoveryRequest,
    lockout::{Attempt, Counter, Failed},
    pepper,
    store::AccountRow,
};

/// The verdict of the guard.
pub(crate) enum Guarded {
    /// The password is right.
    Right {
        /// The place of the hash among those that were given.
        of: usize,
        /// The hash has other costs than today's.
        outdated: bool,
    },
    /// The password is wrong.
    Wrong {
        /// Further attempts before the count locks.
        remaining: u8,
    },
    /// The count is locked.
    Locked {
        /// True if this failure locked it.
        now: bool,
    },
    /// The queue of hashes is full.
    Busy,
}

/// The outcome of a password that is asked for once more, from a person who is signed in or holds a mailed link.
pub(crate) enum Reauthentication {
    /// Right: the caller clears the counter in the transaction that the password allows.
    Right(Counter),
    /// As at sign-in; never [`SignIn::In`].
    Refused(SignIn),
}

impl Accounts {
    /// Checks the password of an account once more, for acts that a session alone does not allow (SECURITY #65), with the counter of the sign-in page
    /// (SECURITY #53).
    pub(crate) async fn reauthenticate(
        &self,
        row: &AccountRow,
        typed: &str,
        visitor: &Visitor,
    ) -> Result<Reauthentication, Fault> {
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(Reauthentication::Refused(refused.into())),
        };
        let counter = self.account_counter(row, visitor).await?;
        // Of a closed account no password is right, and it costs and counts as any (SECURITY #59).
        let stored: &[&str] = if row.disabled_at.is_some() { &[] } else { &[&row.password_hash] };
        let refused = match self.guard(&counter, stored, &password).await? {
            Guarded::Right { .. } => return Ok(Reauthentication::Right(counter)),
            Guarded::Wrong { remaining } => SignIn::Wrong { remaining },
            Guarded::Locked { now } => {
                if now {
                    self.report_lock(&counter, &row.email_canonical, visitor).await?;
                }
                SignIn::Locked
            }
            Guarded::Busy => SignIn::Busy,
        };
        Ok(Reauthentication::Refused(refused))
    }

    /// Returns the counter of an account. A known browser of the owner has its own (SECURITY D2).
    pub(crate) async fn account_counter(
        &self,
        row: &AccountRow,
        visitor: &Visitor,
    ) -> Result<Counter, Fault> {
        let device = self.known_device(row.id, visitor).await?;
        Ok(Counter::of_email(&self.context, &row.email_canonical, device.as_deref()))
    }

    /// Reserves an attempt, checks the password against the hashes and judges: the only way to check an account's password. It counts once, however many hashes
    /// and spellings there are, and costs as many hashes where there is nobody.
    pub(crate) async fn guard(
        &self,
        counter: &Counter,
        stored: &[&str],
        password: &Password,
    ) -> Result<Guarded, Fault> {
        if self.hasher.is_full() {
            return Ok(Guarded::Busy);
        }
        let reserved = match counter.reserve(&self.context, self.rules.lock).await? {
            Attempt::Go(reserved) => reserved,
            Attempt::Locked { now, .. } => return Ok(Guarded::Locked { now }),
        };
        match counter.or_back(&self.context.db, self.find_right(stored, password).await).await? {
            Ok(Some((of, outdated))) => Ok(Guarded::Right { of, outdated }),
            Ok(None) => {
                let failed =
                    counter.failed(&self.context.db, &reserved, self.rules.lock, self.context.now()).await?;
                Ok(match failed {
                    Failed::Remaining(remaining) => Guarded::Wrong { remaining },
                    Failed::Locked { now } => Guarded::Locked { now },
                })
            }
            Err(Busy) => {
                counter.give_back(&self.context.db).await?;
                Ok(Guarded::Busy)
            }
        }
    }

    /// Returns the place of the first hash for which the password is right, and true if the hash has other costs than today's, or is of an older form of the
    /// password.
    async fn find_right(
        &self,
        stored: &[&str],
        password: &Password,
    ) -> Result<Result<Option<(usize, bool)>, Busy>, Fault> {
        let opened: Vec<_> =
            stored.iter().map(|hash| pepper::open(&self.context.keys, hash)).collect::<Result<_, _>>()?;
        let hashes: Vec<&str> = opened.iter().map(|hash| hash.as_str()).collect();
        Ok(self.first_right(&hashes, password).await)
    }

    async fn first_right(&self, hashes: &[&str], password: &Password) -> Result<Option<(usize, bool)>, Busy> {
        let nobody = hashes.is_empty().then_some(None);
        // Whether there is an older form depends on what was typed, not on whom it is meant for.
        let before = password.normal_before().map(|text| bytes_of(&text));
        for (of, hash) in hashes.iter().copied().map(Some).chain(nobody).enumerate() {
            let verdict = self.hasher.verify(hash, secret_of(password)).await?;
            if verdict.right {
                return Ok(Some((of, verdict.outdated)));
            }
            if let Some(before) = &before
                && self.hasher.verify(hash, before.clone()).await?.right
            {
                return Ok(Some((of, true)));
            }
        }
        Ok(None)
    }

    /// Queues the report of a lock. If there is an account, the worker mails its owner and appends evidence. An address without one gets the same row, so
    /// strangers learn nothing and add nothing permanent (SECURITY D14).
    pub(crate) async fn report_lock(
        &self,
        counter: &Counter,
        subject: &str,
        visitor: &Visitor,
    ) -> Result<(), Fault> {
        self.context
            .db
            .write(async |tx: &Tx| {
                let mail = counter.may_notify(tx, self.context.now()).await?;
                RecoveryRequest::of_lock(subject, mail, visitor).enqueue(tx, &self.context).await?;
                Ok(Done::Commit(()))
            })
            .await
    }
}

impl Accounts {
    /// Hashes a new password, and seals the hash: the form in which it is stored.
    pub(crate) async fn hash_password(&self, password: &Password) -> Result<String, Busy> {
        let phc = Zeroizing::new(self.hasher.hash(secret_of(password)).await?);
        Ok(pepper::seal(&self.context, &phc))
    }
}

/// The bytes that are hashed: the normal form, in full.
pub(crate) fn secret_of(password: &Password) -> Zeroizing<Vec<u8>> {
    bytes_of(&password.normal())
}

fn bytes_of(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}
