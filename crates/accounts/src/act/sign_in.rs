//! A sign-in by email and password.

use std::time::Duration;

use kernel::{Done, Fault, Password, PasswordRefused, Token, Tx};

use crate::{
    Accounts, Email, EnrolmentId, NoAddress, Session, SignedIn, Standing, Visitor,
    guard::Guarded,
    lockout::{Cleared, Counter},
    pepper,
    store::{
        AccountRow, accounts,
        enrolments::{self, Meant, PendingMove},
        reset_links,
    },
};

/// The outcome of a sign-in.
pub enum SignIn {
    /// Right.
    In(Box<SignedIn>),
    /// Right for an unfinished move, which continues in this interaction.
    Move(EnrolmentId),
    /// Wrong, or no such account: indistinguishable.
    Wrong {
        /// Further attempts before the account locks.
        remaining: u8,
    },
    /// Locked: only a reset unlocks.
    Locked,
    /// No address was typed: nothing is hashed or counted (SECURITY D12).
    NoAddress(NoAddress),
    /// No password was typed, or only blanks: likewise.
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

/// The outcome of a password at the sign-in page.
enum Proved {
    /// Right for this account. Its count is to be cleared; its hash may have other costs than today's.
    Account(Box<AccountRow>, Counter, bool),
    /// Anything else: nobody signs in.
    Not(SignIn),
}

impl Accounts {
    /// Signs in by email and password. Ends `previous`, the current session of this browser.
    ///
    /// # Errors
    /// [`Fault`] of the database: nobody is signed in then.
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        keep: bool,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<SignIn, Fault> {
        let nothing_more = async |_: &Tx, _: &SignedIn, _: &Standing| Ok(());
        self.sign_in_and(email, password, keep, (previous, visitor), nothing_more).await
    }

    /// Signs in, and does `then` in the same transaction, with the new session and the account's standing at the agency of the visitor's origin: what the
    /// session is for begins with it. Nobody signed in: `then` is not done.
    ///
    /// # Errors
    /// [`Fault`] of the database, or of `then`: nobody is signed in then.
    #[tracing::instrument(name = "sign_in", skip_all, ret(level = "debug"))]
    pub async fn sign_in_and(
        &self,
        email: &str,
        password: &str,
        keep: bool,
        browser: (Option<&Session>, &Visitor),
        then: impl AsyncFnOnce(&Tx, &SignedIn, &Standing) -> Result<(), Fault>,
    ) -> Result<SignIn, Fault> {
        let floor = tokio::time::sleep(Duration::from_millis(self.rules.answer_floor_millis));
        let outcome = self.sign_in_or_refuse(email, password, keep, browser, then).await;
        if matches!(outcome, Ok(SignIn::Wrong { .. } | SignIn::Locked)) {
            // An address that several unfinished moves name costs several hashes.
            floor.await;
        }
        outcome
    }

    async fn sign_in_or_refuse(
        &self,
        typed_email: &str,
        typed_password: &str,
        keep: bool,
        (previous, visitor): (Option<&Session>, &Visitor),
        then: impl AsyncFnOnce(&Tx, &SignedIn, &Standing) -> Result<(), Fault>,
    ) -> Result<SignIn, Fault> {
        let address = match Email::read(typed_email) {
            Ok(address) => address,
            Err(no_address) => return Ok(SignIn::NoAddress(no_address)),
        };
        let password = match Password::new(typed_password) {
            Ok(password) => password,
            Err(refused) => return Ok(refused.into()),
        };
        let (row, counter, outdated) = match self.prove(address.canonical(), &password, visitor).await? {
            Proved::Account(row, counter, outdated) => (row, counter, outdated),
            Proved::Not(refused) => return Ok(refused),
        };
        let db = &self.context.db;
        let fresh = match outdated {
            true => self.hash_password(&password).await.ok(),
            // One of an earlier version, or under an older key.
            false => counter.or_back(db, pepper::renew(&self.context, &row.password_hash)).await?,
        };
        let entered = self.enter((&row, fresh), keep, &counter, (previous, visitor), then).await;
        Ok(SignIn::In(Box::new(counter.or_back(db, entered).await?)))
    }

    /// Opens a session of an account whose password was right; `fresh` is its hash by today's rules, if it has another.
    async fn enter(
        &self,
        (row, fresh): (&AccountRow, Option<String>),
        keep: bool,
        counter: &Counter,
        (previous, visitor): (Option<&Session>, &Visitor),
        then: impl AsyncFnOnce(&Tx, &SignedIn, &Standing) -> Result<(), Fault>,
    ) -> Result<SignedIn, Fault> {
        let agency_id = visitor.origin.agency_id.as_deref().unwrap_or_default();
        let standing = self.standing(row.id, agency_id).await?;
        counter
            .write_cleared(&self.context.db, async |tx: &Tx, cleared: Cleared| {
                // A link that is made from here on is as one that was asked for after this sign-in.
                if standing.has_reset_link {
                    reset_links::supersede(tx, row.id, self.context.now()).await?;
                }
                if let Some(hash) = fresh {
                    accounts::rehash(tx, row, hash).await?;
                }
                let mut signed_in = self.sign_in_as(tx, row, keep, counter, (previous, visitor)).await?;
                signed_in.may_be_one_too_many = standing.may_have_too_many_sessions;
                then(tx, &signed_in, &standing).await?;
                cleared.record(tx, &self.context, Some(row.id)).await?;
                Ok(Done::Commit(signed_in))
            })
            .await
    }

    /// Finds whom an address means, and checks the password.
    async fn prove(&self, subject: &str, password: &Password, visitor: &Visitor) -> Result<Proved, Fault> {
        let (db, browser) = (&self.context.db, visitor.device.as_ref().map(Token::digest));
        // One statement, whoever is meant and whatever browser asks (SECURITY #60). One that the owner used before has its own count (SECURITY D2).
        let (meant, device) = enrolments::meant_by(db, subject, browser.as_ref(), self.context.now()).await?;
        let device = device.map(|id| id.to_string());
        let counter = Counter::of_email(&self.context, subject, device.as_deref());
        let (of, outdated) = match self.guard(&counter, &meant.verifiers(), password).await? {
            Guarded::Right { of, outdated } => (of, outdated),
            Guarded::Wrong { remaining } => return Ok(Proved::Not(SignIn::Wrong { remaining })),
            Guarded::Locked { now } => {
                if now {
                    self.report_lock(&counter, subject, visitor).await?;
                }
                return Ok(Proved::Not(SignIn::Locked));
            }
            Guarded::Busy => return Ok(Proved::Not(SignIn::Busy)),
        };
        Ok(match meant {
            Meant::Account(row) => Proved::Account(row, counter, outdated),
            Meant::Moves(mut pending) => {
                let went_on = self.go_on(pending.swap_remove(of), &counter, visitor).await;
                Proved::Not(counter.or_back(db, went_on).await?)
            }
            Meant::Nobody => Proved::Not(SignIn::Wrong { remaining: 0 }),
        })
    }

    /// Opens a session after the password was right. The owner hears of a browser that is new to the account.
    pub(crate) async fn sign_in_as(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        keep: bool,
        counter: &Counter,
        (previous, visitor): (Option<&Session>, &Visitor),
    ) -> Result<SignedIn, Fault> {
        let signed_in = self.open_session(tx, owner, keep, visitor, previous).await?;
        if !counter.knows_device() {
            self.tell_of_device(tx, owner, visitor).await?;
        }
        Ok(signed_in)
    }

    /// Continues an unfinished move in this interaction, after its new password was right. The interaction may end the move, like the one in which the password
    /// was chosen, but only the mail confirms the address (SECURITY #80, D10).
    async fn go_on(
        &self,
        pending: PendingMove,
        counter: &Counter,
        visitor: &Visitor,
    ) -> Result<SignIn, Fault> {
        let interaction = visitor.origin.interaction.as_deref();
        let proved = self
            .context
            .db
            .write_recorded(async |tx: &Tx| {
                // The move's row before its count, in the order of a move's end: transactions in another order could deadlock.
                if !enrolments::set_proved_in(tx, &pending, interaction, self.context.now()).await? {
                    return Ok(Done::RollBack(false));
                }
                counter.clear(tx).await?.record(tx, &self.context, None).await?;
                Ok(Done::Commit(true))
            })
            .await?;
        if proved {
            return Ok(SignIn::Move(pending.id));
        }
        // Another password was chosen, or the move ended, since the row was read: not a failure, try again.
        counter.give_back(&self.context.db).await?;
        Ok(SignIn::Busy)
    }
}
