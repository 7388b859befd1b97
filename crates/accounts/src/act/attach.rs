//! The end of a further move: the agency is attached to the account that has the address.

use kernel::{Done, Fault, Tx};

use crate::{
    AccountId, Accounts, Email, Enrolment, EnrolmentId, Session, SignIn, SignedIn, Stage, Visitor,
    act::end_move::{AGAIN, link_evidence},
    evidence,
    guard::Reauthentication,
    lockout::Counter,
    mail::{MailBody, Recipient},
    store::{AccountRow, accounts, enrolments, reset_links},
};

/// The outcome of attaching an agency to an account.
pub enum Attach {
    /// Linked and disabled. A browser that typed the password is signed in by it.
    Done(Option<Box<SignedIn>>),
    /// The password was not right, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// Not at this step: ask the hub.
    NotNow,
}

/// Seconds for which a session may attach an agency without the password (SPEC J3).
const FRESH: i64 = 300;

impl Accounts {
    /// Returns true if this session may attach without the password.
    pub fn may_attach_freely(&self, session: Option<&Session>, owner: Option<AccountId>) -> bool {
        session.is_some_and(|s| Some(s.account) == owner && self.context.now() - s.auth_time <= FRESH)
    }

    /// Returns the account that an enrolment's address belongs to.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn owner_of(&self, email: &str) -> Result<Option<AccountId>, Fault> {
        let Some(address) = Email::parse(email) else {
            return Ok(None);
        };
        Ok(accounts::by_address(&self.context.db, address.canonical()).await?.map(|row| row.id))
    }

    /// Attaches the enrolment's agency to the account that has its address: with that account's password, or from a session of it that
    /// is younger than five minutes.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn attach(
        &self,
        id: EnrolmentId,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Attach, Fault> {
        let Some(pending) = self.enrolment(id).await? else { return Ok(Attach::NotNow) };
        if pending.stage != Stage::Link {
            return self.attached_again(&pending, typed, session, visitor).await;
        }
        let Some(address) = pending.email.as_deref().and_then(Email::parse) else {
            return Ok(Attach::NotNow);
        };
        let row = accounts::by_address(&self.context.db, address.canonical()).await?;
        // A closed one too: its password is never right.
        let Some(row) = row else { return Ok(Attach::NotNow) };
        let counter = match typed {
            None if self.may_attach_freely(session, Some(row.id)) => None,
            // The five minutes ended while the page was read: it asks for the password now, without an error.
            None => return Ok(Attach::NotNow),
            Some(typed) => match self.reauthenticate(&row, typed, visitor).await? {
                Reauthentication::Right(counter) => Some(counter),
                Reauthentication::Refused(refused) => return Ok(Attach::Refused(refused)),
            },
        };
        let (db, attached) =
            (&self.context.db, self.write_attach(id, &row, counter.as_ref(), session, visitor).await);
        let attached = match &counter {
            Some(counter) => counter.or_back(db, attached).await?,
            None => attached?,
        };
        if let Some(signed_in) = attached {
            return Ok(Attach::Done(signed_in));
        }
        if let Some(counter) = &counter {
            // The password was right, but another tab was faster: not counted, or a second click would lock its owner out (SECURITY I6).
            counter.give_back(db).await?;
        }
        let Some(now) = self.enrolment(id).await? else { return Ok(Attach::NotNow) };
        self.attached_again(&now, typed, session, visitor).await
    }

    /// Attaches the agency; returns `None` if the move is no longer at this step. `counter` is set if the password was given.
    async fn write_attach(
        &self,
        id: EnrolmentId,
        row: &AccountRow,
        counter: Option<&Counter>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Option<Option<Box<SignedIn>>>, Fault> {
        let (owner, now) = (row.id, self.context.now());
        self.context
            .db
            .write_recorded(async |tx: &Tx| {
                let Some((_, identity)) = self.claim(tx, id, Stage::Link, false).await? else {
                    return Ok(Done::RollBack(None));
                };
                self.link_identity(tx, id, &identity, owner).await?;
                let mut signed_in = None;
                if let Some(counter) = counter {
                    // The evidence has an entry about the agency, so the failures need none.
                    let _ = counter.clear(tx).await?;
                    reset_links::supersede(tx, owner, now).await?;
                    let keep = session.is_some_and(|s| s.persistent && s.account == owner);
                    let new = self.sign_in_as(tx, row, keep, counter, (session, visitor)).await?;
                    signed_in = Some(Box::new(new));
                }
                let body = MailBody::LinkAdded { at: now };
                self.write_for_agency(tx, &Recipient::owner(row), &identity.agency_id, body).await?;
                self.write_to_agency_address(tx, &identity, &Recipient::owner(row)).await?;
                let body = link_evidence(&identity);
                evidence::append(tx, &self.context, "agency attached", Some(owner), &body).await?;
                Ok(Done::Commit(Some(signed_in)))
            })
            .await
    }

    /// Answers the step of attaching, sent again in its interaction: the password in it signs in, as at the sign-in page.
    async fn attached_again(
        &self,
        ended: &Enrolment,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Attach, Fault> {
        let here = ended.origin.is_some() && ended.origin == visitor.origin.interaction;
        let Some(typed) = typed.filter(|_| here && ended.ended_since(self.context.now() - AGAIN)) else {
            return Ok(Attach::NotNow);
        };
        // The account to which it was attached: another tab may have typed another address since.
        let row = enrolments::by_id(&self.context.db, ended.id).await?;
        let owner = match row.and_then(|row| row.account_id) {
            Some(owner) => self.account(owner).await?,
            None => None,
        };
        let Some(owner) = owner else { return Ok(Attach::NotNow) };
        let keep = session.is_some_and(|s| s.persistent);
        Ok(match self.sign_in(&owner.email, typed, keep, session, visitor).await? {
            SignIn::In(signed_in) => Attach::Done(Some(signed_in)),
            refused => Attach::Refused(refused),
        })
    }
}
