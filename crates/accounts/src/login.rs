use kernel::{Fault, Password, PasswordRefused, Tx};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use zeroize::Zeroizing;

use crate::{
    AccountId, Accounts, Busy, Email, EnrolmentId, NoAddress, Session, SignedIn, Visitor,
    lockout::{Attempt, Counter, Failed},
    meant::{Meant, Pending},
    recovery,
    table::account,
};

/// What became of a password that was given.
pub enum SignIn {
    /// Right.
    In(Box<SignedIn>),
    /// Right for a move that is not finished: it goes on in this interaction.
    Move(EnrolmentId),
    /// Wrong, or no such account: the two look alike in everything.
    Wrong {
        /// Further attempts before the account locks.
        remaining: u8,
    },
    /// Locked: only a reset unlocks.
    Locked,
    /// What was typed is no address: nothing is hashed or counted (SECURITY D12).
    NoAddress(NoAddress),
    /// The password is nothing, or blanks: likewise.
    NoPassword,
    /// Too long, or with control characters: likewise.
    Refused,
    /// Too many at once: come back in a moment.
    Busy,
}

impl From<PasswordRefused> for SignIn {
    fn from(refused: PasswordRefused) -> Self {
        match refused {
            PasswordRefused::Blank => Self::NoPassword,
            PasswordRefused::TooLong | PasswordRefused::Control => Self::Refused,
        }
    }
}

/// What the one guard of every door said (SECURITY #53, PEOPLE U-21).
pub(crate) enum Guarded {
    Right {
        outdated: bool,
    },
    Wrong {
        remaining: u8,
    },
    /// `now`: this failure locked it.
    Locked {
        now: bool,
    },
    Busy,
}

/// What became of a password that was given again, by somebody who is signed in or holds a mailed link.
pub(crate) enum GivenAgain {
    /// Right: the counter is to be cleared in the transaction of what it allows.
    Right(Counter),
    /// As at sign-in; never [`SignIn::In`].
    Refused(SignIn),
}

impl Accounts {
    /// Signs in by email and password. `previous`: the session that this browser has; it ends.
    ///
    /// # Errors
    /// [`Fault`] of the database: nobody is signed in then.
    pub async fn sign_in(
        &self,
        typed_email: &str,
        typed_password: &str,
        keep: bool,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<SignIn, Fault> {
        let address = match Email::read(typed_email) {
            Ok(address) => address,
            Err(no_address) => return Ok(SignIn::NoAddress(no_address)),
        };
        let password = match Password::new(typed_password) {
            Ok(password) => password,
            Err(refused) => return Ok(refused.into()),
        };
        let subject = address.canonical();
        let meant = self.meant_by(subject).await?;
        let counter = self.account_counter(subject, meant.account(), visitor).await?;
        match self.guard(&counter, meant.verifier(), secret_of(&password)).await? {
            Guarded::Right { outdated } => {
                let row = match meant {
                    Meant::Account(row) => row,
                    Meant::Move(pending) => return self.go_on(pending, &counter, visitor).await,
                    Meant::Nobody => return Ok(SignIn::Wrong { remaining: 0 }),
                };
                let fresh = if outdated { self.hasher.hash(secret_of(&password)).await.ok() } else { None };
                let (tx, cleared) = counter.begin_cleared(&self.context.db).await?;
                recovery::supersede(&tx, AccountId(row.id), self.context.now()).await?;
                if let Some(hash) = fresh {
                    rehash(&tx, &row, hash).await?;
                }
                let signed_in = self
                    .open_session(&tx, AccountId(row.id), row.auth_epoch, keep, visitor, previous)
                    .await?;
                if !counter.knows_device() {
                    self.tell_of_device(&tx, &row, visitor).await?;
                }
                cleared.tell(&tx, &self.context, Some(AccountId(row.id))).await?;
                tx.commit().await?;
                Ok(SignIn::In(Box::new(signed_in)))
            }
            Guarded::Wrong { remaining } => Ok(SignIn::Wrong { remaining }),
            Guarded::Locked { now } => {
                if now {
                    self.locked(&counter, subject, visitor).await?;
                }
                Ok(SignIn::Locked)
            }
            Guarded::Busy => Ok(SignIn::Busy),
        }
    }

    /// The new password of an unfinished move was right: this interaction goes on with it. It may end it, as the one in which the password was
    /// chosen, but the address is confirmed by its mail alone (SECURITY #80, D10).
    async fn go_on(&self, pending: Pending, counter: &Counter, visitor: &Visitor) -> Result<SignIn, Fault> {
        let tx = self.context.db.begin_recorded().await?;
        // The move's row before its count, as where a move ends: two transactions that take them in another order would stop each other.
        if !self.proved_in(&tx, &pending, visitor.origin.interaction.as_deref()).await? {
            // Another password was chosen, or the move ended, since it was read: what was typed is not wrong, and is judged anew.
            drop(tx);
            counter.give_back(&self.context.db).await?;
            return Ok(SignIn::Busy);
        }
        let cleared = counter.clear(&tx).await?;
        cleared.tell(&tx, &self.context, None).await?;
        tx.commit().await?;
        Ok(SignIn::Move(EnrolmentId(pending.id)))
    }

    /// The password of an account once more, for what a session alone does not allow (SECURITY #65): the same counter as at every other door (SECURITY #53).
    pub(crate) async fn give_again(
        &self,
        row: &account::Model,
        typed: &str,
        visitor: &Visitor,
    ) -> Result<GivenAgain, Fault> {
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(GivenAgain::Refused(refused.into())),
        };
        let counter = self.account_counter(&row.email_canonical, Some(row), visitor).await?;
        let refused = match self.guard(&counter, Some(&row.password_hash), secret_of(&password)).await? {
            Guarded::Right { .. } => return Ok(GivenAgain::Right(counter)),
            Guarded::Wrong { remaining } => SignIn::Wrong { remaining },
            Guarded::Locked { now } => {
                if now {
                    self.locked(&counter, &row.email_canonical, visitor).await?;
                }
                SignIn::Locked
            }
            Guarded::Busy => SignIn::Busy,
        };
        Ok(GivenAgain::Refused(refused))
    }

    /// The counter of an account, or of an address without one. A browser that its owner used before has its own (SECURITY D2).
    pub(crate) async fn account_counter(
        &self,
        subject: &str,
        row: Option<&account::Model>,
        visitor: &Visitor,
    ) -> Result<Counter, Fault> {
        // Asked for an address without an account too, which has no device: the same statements whoever is meant (SECURITY #60).
        let owner = row.map_or_else(uuid::Uuid::nil, |row| row.id);
        let device = self.known_device(AccountId(owner), visitor).await?;
        Ok(Counter::of_email(&self.context, subject, device.as_deref()))
    }

    /// Reserve, check, judge: the one way to check a password of ours.
    pub(crate) async fn guard(
        &self,
        counter: &Counter,
        stored: Option<&str>,
        secret: Zeroizing<Vec<u8>>,
    ) -> Result<Guarded, Fault> {
        if self.hasher.is_full() {
            return Ok(Guarded::Busy);
        }
        let reserved = match counter.reserve(&self.context, self.rules.lock).await? {
            Attempt::Go(reserved) => reserved,
            Attempt::Locked { now, .. } => return Ok(Guarded::Locked { now }),
        };
        match self.hasher.verify(stored, secret).await {
            Ok(verdict) if verdict.right => Ok(Guarded::Right { outdated: verdict.outdated }),
            Ok(_) => {
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

    /// The fifth failure. The worker tells the owner and the evidence, if there is an account: the same is written for an address without one, and
    /// strangers add nothing to what is kept for ever (SECURITY D14).
    pub(crate) async fn locked(
        &self,
        counter: &Counter,
        subject: &str,
        visitor: &Visitor,
    ) -> Result<(), Fault> {
        let tx = self.context.db.begin().await?;
        let mail = counter.may_notify(&tx, self.context.now()).await?;
        recovery::tell_of_lock(&tx, &self.context, subject, mail, visitor).await?;
        tx.commit().await
    }
}

/// What is hashed: NFKC, in full.
pub(crate) fn secret_of(password: &Password) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(password.normal().as_bytes().to_vec())
}

/// Today's costs, unless the password was changed meanwhile.
pub(crate) async fn rehash(tx: &Tx, row: &account::Model, hash: String) -> Result<(), Fault> {
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(hash))
        .filter(account::Column::Id.eq(row.id))
        .filter(account::Column::PasswordHash.eq(&row.password_hash))
        .exec(tx.conn())
        .await?;
    Ok(())
}
