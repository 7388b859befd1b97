//! A change of the password by the current one.

use kernel::{Fault, Password, Token};

use crate::{
    Accounts, PasswordProblem, Session, SignIn, SignedIn, Visitor,
    act::{
        renew::{Change, Renewed},
        sign_in_again::SentAgain,
    },
    guard::Reauthentication,
    store::{accounts, sessions},
};

/// The fields of the page on which a password is changed.
pub struct NewPassword<'a> {
    /// The current password.
    pub current: &'a str,
    /// The new password.
    pub new: &'a str,
    /// Words that the new one must not hold: [`crate::context_words`].
    pub context: &'a [String],
}

/// The outcome of changing a password.
pub enum PasswordChange {
    /// Changed. Every other session and refresh token has ended, the owner gets a mail, this browser has a new session.
    Done(Box<SignedIn>),
    /// The current password was refused, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// The new one is refused, for these reasons; the current one was not checked.
    Problems(Vec<PasswordProblem>),
    /// Come back in a moment.
    Busy,
    /// The session ended, or the password changed, meanwhile.
    Gone,
}

impl Accounts {
    /// Changes the password by the current one. Only mailed links change it otherwise (SECURITY I8).
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn change_password(
        &self,
        session: &Session,
        typed: &NewPassword<'_>,
        visitor: &Visitor,
    ) -> Result<PasswordChange, Fault> {
        let password = match Password::new(typed.new) {
            Ok(password) => password,
            Err(refused) => return Ok(PasswordChange::Problems(vec![refused.into()])),
        };
        let Ok(problems) = self.judge(&password, typed.context).await else {
            return Ok(PasswordChange::Busy);
        };
        if !problems.is_empty() {
            return Ok(PasswordChange::Problems(problems));
        }
        let Some(row) = accounts::enabled(&self.context.db, session.account).await? else {
            return Ok(PasswordChange::Gone);
        };
        let counter = match self.reauthenticate(&row, typed.current, visitor).await? {
            Reauthentication::Right(counter) => counter,
            Reauthentication::Refused(refused) => return Ok(PasswordChange::Refused(refused)),
        };
        let Ok(hash) = self.hash_password(&password).await else {
            // The current password was right: the attempt is not counted.
            counter.give_back(&self.context.db).await?;
            return Ok(PasswordChange::Busy);
        };
        let change = Change::Password { session, counter, hash };
        Ok(match self.renew(&row, &change, Some(session), visitor).await? {
            Renewed::Done(signed_in) => PasswordChange::Done(signed_in),
            // The address does not change, so it cannot be taken.
            Renewed::Stale | Renewed::Taken => PasswordChange::Gone,
        })
    }

    /// Answers the form, sent again by a browser that got no answer to it: `token` opened the session in which the password was changed a moment ago, and
    /// `typed` is the password that was set. Returns `None` in all other cases; nothing changes then.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn password_changed_again(
        &self,
        token: &Token,
        typed: &str,
        visitor: &Visitor,
    ) -> Result<Option<Box<SignedIn>>, Fault> {
        let ended = sessions::ended_since(&self.context.db, &token.digest(), self.sent_again_since()).await?;
        // Same time: the transaction that set the password ended the session, and no change followed.
        let Some((session, owner)) =
            ended.filter(|(session, owner)| session.ended_at == Some(owner.password_changed_at))
        else {
            return Ok(None);
        };
        let form =
            SentAgain { proof: session.id.to_string(), typed, keep: session.persistent, previous: None };
        self.sign_in_again(&owner, &form, visitor).await
    }
}
