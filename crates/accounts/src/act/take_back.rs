//! Taking an address back by a link mailed to the older one (PEOPLE U-68; docs/adr/0009).

use kernel::{Fault, Password, Token};

use crate::{
    Accounts, PasswordProblem, Session, SignedIn, Visitor,
    act::{
        renew::{Change, Renewed},
        sign_in_again::SentAgain,
    },
    context_words,
    store::{AccountRow, EmailChangeRow, accounts, email_changes},
};

/// The page of the link in the mails to the old address.
pub struct TakeBackPage {
    /// The address that the account keeps, or has again.
    pub email: String,
    /// Words that the new password must not hold.
    pub context: Vec<String>,
    /// True if the other address has been confirmed.
    pub changed: bool,
}

/// The outcome of taking an address back.
pub enum TakeBack {
    /// The account has its old address and a new password. All older sessions and tokens have ended, this browser is signed in.
    Done(Box<SignedIn>),
    /// The password is refused, for these reasons; the link stays valid.
    Problems(Vec<PasswordProblem>),
    /// The old address has another account by now.
    Taken,
    /// The link took the address back a moment ago and set this password: this browser is signed in by it. Nothing else changed.
    Again(Box<SignedIn>),
    /// The link is used, or too old.
    Dead,
    /// Come back in a moment.
    Busy,
}

impl Accounts {
    /// Returns the page of the link to the old address; `None` for a dead link. Changes nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn take_back_page(&self, token: &Token) -> Result<Option<TakeBackPage>, Fault> {
        let Some((wish, owner)) = self.reversible(token).await? else { return Ok(None) };
        Ok(Some(TakeBackPage {
            context: context_words([owner.name.as_deref().unwrap_or_default(), &wish.from_email]),
            email: wish.from_email,
            changed: wish.confirmed_at.is_some(),
        }))
    }

    async fn reversible(&self, token: &Token) -> Result<Option<(EmailChangeRow, AccountRow)>, Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        let wish = email_changes::by_undo_link(db, &token.digest()).await?;
        let Some(wish) = wish.filter(|wish| wish.ended_at.is_none() && wish.expires_at > now) else {
            return Ok(None);
        };
        let owner = accounts::enabled(db, wish.account_id).await?;
        Ok(owner.map(|owner| (wish, owner)))
    }

    /// Stops the change, or takes it back: the account keeps or gets its old address, and a new password, because the sender of the request knew the
    /// current one. An older address has the last word: later requests end with this one, earlier ones do not.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn take_back(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<TakeBack, Fault> {
        let Some((wish, owner)) = self.reversible(token).await? else {
            return self.taken_back_or_dead(token, typed, previous, visitor).await;
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(TakeBack::Problems(vec![refused.into()])),
        };
        let context = context_words([owner.name.as_deref().unwrap_or_default(), &wish.from_email]);
        let Ok(problems) = self.judge(&password, &context).await else { return Ok(TakeBack::Busy) };
        if !problems.is_empty() {
            return Ok(TakeBack::Problems(problems));
        }
        let Ok(hash) = self.hash_password(&password).await else { return Ok(TakeBack::Busy) };
        let change = Change::TakeBack { wish: &wish, hash };
        Ok(match self.renew(&owner, &change, previous, visitor).await? {
            Renewed::Done(signed_in) => TakeBack::Done(signed_in),
            Renewed::Stale => return self.taken_back_or_dead(token, typed, previous, visitor).await,
            Renewed::Taken => TakeBack::Taken,
        })
    }

    /// Answers the form, sent again by a browser that got no answer to it.
    async fn taken_back_or_dead(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<TakeBack, Fault> {
        let db = &self.context.db;
        let Some(wish) = email_changes::by_undo_link(db, &token.digest()).await? else {
            return Ok(TakeBack::Dead);
        };
        let owner = accounts::enabled(db, wish.account_id).await?;
        // Same time: the transaction that set the password ended the request, by this link, and no change followed.
        let set_by_link = |owner: &AccountRow| wish.ended_at == Some(owner.password_changed_at);
        let Some(owner) = owner.filter(set_by_link) else { return Ok(TakeBack::Dead) };
        if owner.password_changed_at <= self.sent_again_since() {
            return Ok(TakeBack::Dead);
        }
        let form = SentAgain { proof: wish.id.to_string(), typed, keep: false, previous };
        let signed_in = self.sign_in_again(&owner, &form, visitor).await?;
        Ok(signed_in.map_or(TakeBack::Dead, TakeBack::Again))
    }
}
