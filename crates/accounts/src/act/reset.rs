//! A new password by a mailed link.

use kernel::{Fault, Password, Token};

use crate::{
    Accounts, Origin, PasswordProblem, Session, SignedIn, Visitor,
    act::{
        renew::{Change, Renewed},
        sign_in_again::SentAgain,
    },
    context_words,
    store::{AccountRow, ResetLinkRow, accounts, reset_links},
};

/// The page of a living reset link.
pub struct ResetPage {
    /// The address of the account whose password it sets.
    pub email: String,
    /// Words that the new password must not hold.
    pub context: Vec<String>,
    /// The way back.
    pub origin: Origin,
}

/// The outcome of a reset.
pub enum Reset {
    /// Set. Every other session and refresh token has ended, the account is unlocked, the owner gets a mail, this browser is signed in.
    Done(Box<SignedIn>, Origin),
    /// Refused, for these reasons; the link stays valid.
    Problems(Vec<PasswordProblem>),
    /// The link set this password a moment ago: this browser is signed in by it. Nothing else changed.
    Again(Box<SignedIn>, Origin),
    /// The link set a password a moment ago.
    Used(Origin),
    /// The link is used, replaced by a newer one, or expired.
    Dead,
    /// Come back in a moment.
    Busy,
}

impl Accounts {
    /// Returns the reset page; `None` for a dead link. Changes nothing (SECURITY #70).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn reset_page(&self, token: &Token) -> Result<Option<ResetPage>, Fault> {
        let Some((link, owner)) = self.living_link(token).await? else {
            return Ok(None);
        };
        Ok(Some(ResetPage { context: words_of(&owner), email: owner.email, origin: way_back(link) }))
    }

    async fn living_link(&self, token: &Token) -> Result<Option<(ResetLinkRow, AccountRow)>, Fault> {
        let db = &self.context.db;
        let link = reset_links::by_token(db, &token.digest(), self.context.now()).await?;
        let Some(link) = link else { return Ok(None) };
        let owner = accounts::enabled(db, link.account_id).await?;
        Ok(owner.map(|owner| (link, owner)))
    }

    /// Sets a new password by a mailed link, without the old one, in the transaction that uses the link up
    /// (SECURITY I7, I8, #67).
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn reset(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Reset, Fault> {
        let Some((link, owner)) = self.living_link(token).await? else {
            return self.used_or_dead(token, typed, previous, visitor).await;
        };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(Reset::Problems(vec![refused.into()])),
        };
        let Ok(problems) = self.judge(&password, &words_of(&owner)).await else { return Ok(Reset::Busy) };
        if !problems.is_empty() {
            return Ok(Reset::Problems(problems));
        }
        let Ok(hash) = self.hash_password(&password).await else {
            return Ok(Reset::Busy);
        };
        let change = Change::Reset { link: &link, hash };
        match self.renew(&owner, &change, previous, visitor).await? {
            Renewed::Done(signed_in) => Ok(Reset::Done(signed_in, way_back(link))),
            // The address does not change, so it cannot be taken.
            Renewed::Stale | Renewed::Taken => self.used_or_dead(token, typed, previous, visitor).await,
        }
    }

    /// Answers the form, sent again by a browser that got no answer to it.
    async fn used_or_dead(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Reset, Fault> {
        let db = &self.context.db;
        let used = reset_links::used_since(db, &token.digest(), self.sent_again_since()).await?;
        let Some(link) = used else { return Ok(Reset::Dead) };
        let owner = accounts::enabled(db, link.account_id).await?;
        let form = SentAgain { proof: link.id.to_string(), typed, keep: false, previous };
        let (used_at, origin) = (link.used_at, way_back(link));
        let signed_in = match owner.filter(|owner| used_at == Some(owner.password_changed_at)) {
            Some(owner) => self.sign_in_again(&owner, &form, visitor).await?,
            None => None,
        };
        Ok(match signed_in {
            Some(signed_in) => Reset::Again(signed_in, origin),
            None => Reset::Used(origin),
        })
    }
}

/// The words that a new password of this person must not hold.
fn words_of(owner: &AccountRow) -> Vec<String> {
    context_words([owner.name.as_deref().unwrap_or_default(), &owner.email])
}

fn way_back(link: ResetLinkRow) -> Origin {
    Origin { interaction: link.origin, agency_id: link.agency_id }
}
