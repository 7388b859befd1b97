//! The confirmation of an address in a move, by a sign-in on its mailed link.

use kernel::{Done, Fault, Password, PasswordRefused, Token, Tx};

use crate::{
    Accounts, Email, Enrolment, EnrolmentId, NoAddress, Stage,
    guard::Guarded,
    lockout::Counter,
    store::{EnrolmentRow, accounts, enrolments},
};

/// The outcome of a sign-in on a mailed confirmation link.
#[derive(Clone, PartialEq, Eq)]
pub enum Confirm {
    /// The address is confirmed; this enrolment continues here.
    Done(EnrolmentId),
    /// Wrong email or password.
    Wrong {
        /// Further attempts.
        remaining: u8,
    },
    /// Too many wrong ones: begin again at the portal with the old credentials.
    Locked,
    /// The move is finished: sign in.
    Already,
    /// Unknown, for another address, or expired.
    Dead,
    /// No address was typed: nothing is hashed or counted (SECURITY D12).
    NoAddress(NoAddress),
    /// No password was typed, or only blanks: likewise.
    NoPassword,
    /// Too long, or with control characters: likewise.
    Refused,
    /// Come back in a moment.
    Busy,
}

impl Accounts {
    /// Returns the move of a mailed link: its agency and address. Changes nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn confirm_page(&self, token: &Token) -> Result<Option<Enrolment>, Fault> {
        match self.by_link(token).await? {
            Some(row) => self.enrolment(row.id).await,
            None => Ok(None),
        }
    }

    async fn by_link(&self, token: &Token) -> Result<Option<EnrolmentRow>, Fault> {
        let found = enrolments::by_link(&self.context.db, &token.digest()).await?;
        // A link proves the address to which it was mailed, even if the row has another one by now (SECURITY D10, PEOPLE U-09).
        Ok(found.filter(|row| {
            let canonical = row.email_canonical.as_deref().unwrap_or_default();
            self.confirm_token(row.id, canonical).digest() == token.digest()
        }))
    }

    /// Signs in on a mailed link with the new email and password: this confirms the address, on any device.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn confirm(&self, token: &Token, typed_email: &str, typed: &str) -> Result<Confirm, Fault> {
        let Some(row) = self.by_link(token).await? else {
            return Ok(Confirm::Dead);
        };
        if row.finished_at.is_some() {
            return Ok(Confirm::Already);
        }
        if self.enrolment(row.id).await?.is_none() {
            return Ok(Confirm::Dead);
        }
        let address = match Email::read(typed_email) {
            Ok(address) => address,
            Err(no_address) => return Ok(Confirm::NoAddress(no_address)),
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(PasswordRefused::Blank) => return Ok(Confirm::NoPassword),
            Err(_) => return Ok(Confirm::Refused),
        };
        let same = row.email_canonical.as_deref() == Some(address.canonical());
        let stored = row.password_hash.as_deref().filter(|_| same);
        let counter = self.confirm_counter(row.id);
        match self.guard(&counter, stored.as_slice(), &password).await? {
            Guarded::Right { .. } => {}
            Guarded::Wrong { remaining } => return Ok(Confirm::Wrong { remaining }),
            Guarded::Locked { .. } => return Ok(Confirm::Locked),
            Guarded::Busy => return Ok(Confirm::Busy),
        }
        let db = &self.context.db;
        let confirmed = self.confirm_address_of_move(token, &row, &counter).await;
        if counter.or_back(db, confirmed).await? {
            return Ok(Confirm::Done(row.id));
        }
        // The password was right; a change of the address meanwhile does not count as a failure.
        counter.give_back(db).await?;
        Ok(Confirm::Dead)
    }

    /// Confirms the address after its password was right; returns false if either changed meanwhile.
    async fn confirm_address_of_move(
        &self,
        token: &Token,
        row: &EnrolmentRow,
        counter: &Counter,
    ) -> Result<bool, Fault> {
        let canonical = row.email_canonical.as_deref().unwrap_or_default();
        // Another enrolment may have won the address meanwhile (SECURITY D10): then this one attaches to that account.
        let taken = accounts::by_address(&self.context.db, canonical).await?.is_some();
        let next = if taken { Stage::Link } else { Stage::Terms };
        self.context
            .db
            .write(async |tx: &Tx| {
                // The counter of a move, not of an account.
                let _ = counter.clear(tx).await?;
                let now = self.context.now();
                if !enrolments::confirm_by_link(tx, row, &token.digest(), next, now).await? {
                    return Ok(Done::RollBack(false));
                }
                if next == Stage::Terms {
                    // Mailbox and password are proved, so strangers' failures at the sign-in page no longer lock this move.
                    Counter::of_email(&self.context, canonical, None).clear_all(tx).await?;
                }
                Ok(Done::Commit(true))
            })
            .await
    }

    /// Records the interaction in which the mailed link was followed: it may end the move. `enrolment` is the move as it was read before. Returns false,
    /// and records nothing, if the link was followed in another interaction since.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn confirmed_in(&self, enrolment: &Enrolment, interaction: &str) -> Result<bool, Fault> {
        enrolments::set_confirmed_in(&self.context.db, enrolment.id, interaction, enrolment.proved_in()).await
    }

    pub(crate) fn confirm_counter(&self, id: EnrolmentId) -> Counter {
        Counter::of_enrolment(&self.context, &id.to_string())
    }
}
