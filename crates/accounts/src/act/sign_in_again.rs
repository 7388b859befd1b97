//! The answer to a form that sets a password and was sent twice: by a double click, or because the first answer was lost.

use kernel::{Done, Fault, Password, Tx, Unix};

use crate::{
    Accounts, Session, SignedIn, Visitor,
    guard::Guarded,
    lockout::Counter,
    store::{AccountRow, sessions},
};

/// The number of seconds after the change in which its form is answered again.
const AGAIN: i64 = 30;

/// A form that was sent again.
pub(crate) struct SentAgain<'a> {
    /// The id of the mailed link, or of the session, that proved its sender the first time.
    pub(crate) proof: String,
    /// The password in it.
    pub(crate) typed: &'a str,
    /// True if the new session outlives the browser, as the one before it did.
    pub(crate) keep: bool,
    /// The session of this browser.
    pub(crate) previous: Option<&'a Session>,
}

impl Accounts {
    /// Returns the time before which a change is too old for its form to be answered again.
    pub(crate) fn sent_again_since(&self) -> Unix {
        self.context.now() - AGAIN
    }

    /// Signs in by the password that the form has set: a used proof alone signs nobody in (SECURITY I8). Ends the session of the lost answer, which no browser
    /// has. Returns `None` if the password is not the account's. Attempts are counted for the proof, not for the account, so that many at once do not lock
    /// it (SECURITY B10).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub(crate) async fn sign_in_again(
        &self,
        owner: &AccountRow,
        form: &SentAgain<'_>,
        visitor: &Visitor,
    ) -> Result<Option<Box<SignedIn>>, Fault> {
        let Ok(password) = Password::new(form.typed) else { return Ok(None) };
        let counter = Counter::of_used_proof(&self.context, &form.proof);
        let stored = [owner.password_hash.as_str()];
        let Guarded::Right { .. } = self.guard(&counter, &stored, &password).await? else {
            return Ok(None);
        };
        let opened = self.open_in_place(owner, form, &counter, visitor).await;
        Ok(Some(Box::new(counter.or_back(&self.context.db, opened).await?)))
    }

    /// Opens a session in place of the one that was lost with its answer.
    async fn open_in_place(
        &self,
        owner: &AccountRow,
        form: &SentAgain<'_>,
        counter: &Counter,
        visitor: &Visitor,
    ) -> Result<SignedIn, Fault> {
        let db = &self.context.db;
        let lost = sessions::begun_with(db, owner).await?.map(Session::from);
        let replaces = form.previous.filter(|session| session.account != owner.id).or(lost.as_ref());
        db.write(async |tx: &Tx| {
            // The counter of the proof, not of the account; and the evidence has an entry about the change.
            let _ = counter.clear(tx).await?;
            Ok(Done::Commit(self.open_session(tx, owner, form.keep, visitor, replaces).await?))
        })
        .await
    }
}
