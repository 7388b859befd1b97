//! Help for a person on the telephone (SPEC J14): staff find them, see in one sentence where they stand, and do a few safe things with a reason.
//!
//! [`Desk`] is the whole of it; the command line and the pages of the desk call the same verbs. Each verb asks [`Actor::may`] first, which is a table over plain values,
//! shows no more than [`Actor::sees`] leaves, and calls one act of `accounts`. Nobody sees or sets a password.
//!
//! ```
//! use desk::{Actor, Reason, Role, Subject, Verb};
//!
//! let rivage = Actor::Agency { name: "lea@poste-3".into(), agency: "rivage".into(), role: Role::Desk };
//! let neighbour = Subject { known_at: vec!["tilleuls".into()], linked_at: vec!["tilleuls".into()] };
//! assert!(!rivage.may(Verb::Show, &neighbour), "another agency's client");
//!
//! assert!(Reason::read("asked on the telephone").is_ok());
//! assert!(Reason::read("  ").is_err(), "a reason says something");
//! ```

mod actor;
mod error;
mod offer;
mod reason;
mod sight;
mod standing;
mod words;

use std::collections::BTreeMap;

use accounts::{
    AccountId, Accounts, AllEnded, ClosedOrOpened, Closing, CodeRefused, Dossier, Found, Intervention,
    Invited, Invitee, IssuedCode, LegacyIdentityId, LinkTaken, MailedAgain, Search, Target, Unlocked,
};
use kernel::Unix;
use uuid::Uuid;

pub use actor::{Actor, Reach, Role, Subject, VendorRole, Verb};
pub use error::DeskError;
pub use offer::may_go_again;
pub use reason::Reason;
pub use standing::Standing;
pub use words::{Language, LocalTime};

/// The number of people at whom a member of staff may look within an hour, at the pages of the desk.
const MOST_LOOKS: u64 = 60;

/// The verbs of staff.
#[derive(Clone)]
pub struct Desk {
    accounts: Accounts,
}

/// A person as one who acts may see them.
pub struct Shown {
    /// The person.
    pub target: Target,
    /// The part that this actor may see.
    pub dossier: Dossier,
    /// Where the person stands, by that alone.
    pub standing: Standing,
    /// The verbs that this actor may use for them and that help now.
    pub offers: Vec<Verb>,
}

impl Desk {
    /// Puts it together.
    pub fn over(accounts: Accounts) -> Self {
        Self { accounts }
    }

    /// The time of the provider.
    pub fn now(&self) -> Unix {
        self.accounts.context().now()
    }

    /// Returns the people whom a search finds and whom this actor may see.
    ///
    /// # Errors
    /// [`DeskError::NotAllowed`] for a search beyond the actor's agency, or a fault.
    pub async fn find(&self, actor: &Actor, search: &Search<'_>) -> Result<Vec<Found>, DeskError> {
        let verb = match search {
            Search::Account(_) | Search::Email(_) => Verb::FindAnywhere,
            Search::Identifier(..) | Search::Reference(..) | Search::Name(..) => Verb::Find,
        };
        let of = match search {
            Search::Account(_) | Search::Email(_) => None,
            Search::Identifier(agency, _) => Some(agency.id.as_str()),
            Search::Reference(agency, _) | Search::Name(agency, _) => Some(*agency),
        };
        let at = Subject { known_at: of.into_iter().map(Into::into).collect(), linked_at: Vec::new() };
        if !actor.may(verb, &at) {
            return Err(DeskError::NotAllowed(verb));
        }
        Ok(self.accounts.find(search).await?)
    }

    /// Returns the one person whom a search finds.
    ///
    /// # Errors
    /// [`DeskError::Nobody`] or [`DeskError::Several`]: then nothing may change.
    pub async fn only(&self, actor: &Actor, search: &Search<'_>) -> Result<Target, DeskError> {
        let found = self.find(actor, search).await?;
        match found.as_slice() {
            [] => Err(DeskError::Nobody),
            [one] => Ok(one.target),
            several => Err(DeskError::Several(several.len())),
        }
    }

    /// Returns the person whose identity this is. An agency's staff name people by their own agency's identities alone: another one's would tell whose it is.
    ///
    /// # Errors
    /// [`DeskError::Nobody`], or a fault.
    pub async fn person_of(&self, actor: &Actor, id: LegacyIdentityId) -> Result<Target, DeskError> {
        let found = self.accounts.person_of(id).await?;
        let own = |of: &str| actor.agency().is_none_or(|agency| agency == of);
        found.filter(|(_, agency)| own(agency)).map(|(target, _)| target).ok_or(DeskError::Nobody)
    }

    /// Returns a person, as far as this actor may see them. The look is noted, and shown to its person.
    ///
    /// # Errors
    /// [`DeskError`]
    pub async fn show(&self, actor: &Actor, target: Target) -> Result<Shown, DeskError> {
        let whole = self.dossier(actor, Verb::Show, target).await?;
        self.accounts.note_look(target, &looking(actor)).await?;
        let subject = Subject::of(&whole);
        let dossier = actor.sees(whole);
        let standing = Standing::of(&dossier);
        let offers = offer::of(actor, &subject, &dossier);
        Ok(Shown { target, dossier, standing, offers })
    }

    /// Returns true if staff looked at so many others within the last hour that somebody may be copying the list of clients.
    ///
    /// # Errors
    /// A fault.
    pub async fn has_looked_too_often(&self, actor: &Actor, target: Target) -> Result<bool, DeskError> {
        Ok(self.accounts.other_looks(target, &looking(actor)).await? >= MOST_LOOKS)
    }

    /// Clears the counts of wrong passwords of an account.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn unlock(&self, actor: &Actor, target: Target, reason: &Reason) -> Result<i32, DeskError> {
        let account = self.account(actor, Verb::Unlock, target).await?;
        match self.accounts.unlock(account, &intervention(actor, reason)).await? {
            Unlocked::Done { failures, .. } => Ok(failures),
            Unlocked::NothingCounted => Err(DeskError::NothingCounted),
            Unlocked::Gone => Err(DeskError::Closed),
        }
    }

    /// Ends all sessions of an account with their tokens; returns how many sessions had not ended.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn end_sessions(
        &self,
        actor: &Actor,
        target: Target,
        reason: &Reason,
    ) -> Result<u64, DeskError> {
        let account = self.account(actor, Verb::EndSessions, target).await?;
        match self.accounts.end_all_sessions(account, &intervention(actor, reason)).await? {
            AllEnded::Done { sessions } => Ok(sessions),
            AllEnded::Gone => Err(DeskError::Closed),
        }
    }

    /// Ends a link of a person: their account does not open that agency's portals any more, and an activation code begins another move.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn end_link(
        &self,
        actor: &Actor,
        target: Target,
        link: Uuid,
        reason: &Reason,
    ) -> Result<(), DeskError> {
        let account = self.holder(actor, Verb::EndLink, target, link).await?;
        taken(self.accounts.end_link(account, link, &intervention(actor, reason)).await?)
    }

    /// Gives a link of a person to another account, which a search names.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn move_link(
        &self,
        actor: &Actor,
        (target, link): (Target, Uuid),
        to: &Search<'_>,
        reason: &Reason,
    ) -> Result<(), DeskError> {
        let account = self.holder(actor, Verb::MoveLink, target, link).await?;
        let found = self.find(actor, to).await?;
        let [Found { target: Target::Account(to), .. }] = found[..] else {
            return Err(DeskError::NoReceiver);
        };
        taken(self.accounts.move_link(account, link, to, &intervention(actor, reason)).await?)
    }

    /// Closes an account: sessions, tokens, waiting mails and links end with it.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn close(
        &self,
        actor: &Actor,
        target: Target,
        closing: Closing,
        reason: &Reason,
    ) -> Result<(), DeskError> {
        let account = self.account(actor, Verb::Close, target).await?;
        done(self.accounts.close_account(account, closing, &intervention(actor, reason)).await?)
    }

    /// Reopens a closed account.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing changed.
    pub async fn reopen(&self, actor: &Actor, target: Target, reason: &Reason) -> Result<(), DeskError> {
        let account = self.account(actor, Verb::Reopen, target).await?;
        done(self.accounts.reopen_account(account, &intervention(actor, reason)).await?)
    }

    /// Issues an activation code to somebody who has not moved, in place of the one before.
    ///
    /// # Errors
    /// [`DeskError`]: then the one before still works.
    pub async fn issue_code(
        &self,
        actor: &Actor,
        target: Target,
        reason: &Reason,
    ) -> Result<IssuedCode, DeskError> {
        self.dossier(actor, Verb::IssueCode, target).await?;
        let Target::Identity(identity) = target else { return Err(DeskError::HasAccount) };
        self.accounts.issue_code(identity, &intervention(actor, reason)).await?.map_err(|refused| {
            match refused {
                CodeRefused::Unknown => DeskError::Nobody,
                CodeRefused::Moved => DeskError::HasAccount,
                CodeRefused::Left => DeskError::Left,
            }
        })
    }

    /// Invites somebody whom a file names as staff, by a mail with a link.
    ///
    /// # Errors
    /// [`DeskError::NotAllowed`], or a fault.
    pub async fn invite(&self, actor: &Actor, invitee: Invitee<'_>) -> Result<Invited, DeskError> {
        let of =
            Subject { known_at: invitee.agency.into_iter().map(Into::into).collect(), ..Subject::default() };
        if !actor.may(Verb::Invite, &of) {
            return Err(DeskError::NotAllowed(Verb::Invite));
        }
        Ok(self.accounts.invite(invitee, &looking(actor)).await?)
    }

    /// Sends a mail once more; returns true if it was written anew, with a link that works.
    ///
    /// # Errors
    /// [`DeskError`]: then nothing was sent.
    pub async fn resend(
        &self,
        actor: &Actor,
        target: Target,
        message: Uuid,
        reason: &Reason,
    ) -> Result<bool, DeskError> {
        let seen = actor.sees(self.dossier(actor, Verb::Resend, target).await?);
        if seen.mails.iter().all(|mail| mail.id != message) {
            return Err(DeskError::UnknownMail);
        }
        match self.accounts.mail_again(target, message, &intervention(actor, reason)).await? {
            MailedAgain::DueNow => Ok(false),
            MailedAgain::Anew => Ok(true),
            MailedAgain::Wait(seconds) => Err(DeskError::MailTooSoon(seconds)),
            MailedAgain::TooMany => Err(DeskError::TooManyMails),
            MailedAgain::Over => Err(DeskError::MailOver),
            MailedAgain::Unknown => Err(DeskError::UnknownMail),
        }
    }

    /// Issues a code to each of these people of an agency, whom [`Accounts::addressees`] listed, for letters. Who moved meanwhile gets none.
    ///
    /// # Errors
    /// [`DeskError::NotAllowed`], or a fault: then nobody got one.
    pub async fn issue_codes(
        &self,
        actor: &Actor,
        agency: &str,
        ids: &[LegacyIdentityId],
        reason: &Reason,
    ) -> Result<BTreeMap<LegacyIdentityId, IssuedCode>, DeskError> {
        let at = Subject { known_at: vec![agency.to_owned()], linked_at: Vec::new() };
        if !actor.may(Verb::IssueCode, &at) {
            return Err(DeskError::NotAllowed(Verb::IssueCode));
        }
        Ok(self.accounts.issue_codes(ids, &intervention(actor, reason)).await?)
    }

    /// Returns everything that is known of a person, if this actor may do this for them. One who may not is told of nobody.
    async fn dossier(&self, actor: &Actor, verb: Verb, target: Target) -> Result<Dossier, DeskError> {
        let dossier = self.accounts.dossier(target).await?.ok_or(DeskError::Nobody)?;
        if actor.may(verb, &Subject::of(&dossier)) { Ok(dossier) } else { Err(DeskError::NotAllowed(verb)) }
    }

    /// Returns the account of a person if it has a link that this actor sees.
    async fn holder(
        &self,
        actor: &Actor,
        verb: Verb,
        target: Target,
        link: Uuid,
    ) -> Result<AccountId, DeskError> {
        let whole = self.dossier(actor, verb, target).await?;
        let account = whole.account.as_ref().and_then(|account| account.id).ok_or(DeskError::NoAccount)?;
        let seen = actor.sees(whole);
        let mut links = seen.identities.iter().filter_map(|identity| identity.link.as_ref());
        if links.any(|of| of.id == link) { Ok(account) } else { Err(DeskError::UnknownLink) }
    }

    async fn account(&self, actor: &Actor, verb: Verb, target: Target) -> Result<AccountId, DeskError> {
        let dossier = self.dossier(actor, verb, target).await?;
        dossier.account.and_then(|account| account.id).ok_or(DeskError::NoAccount)
    }
}

fn done(outcome: ClosedOrOpened) -> Result<(), DeskError> {
    match outcome {
        ClosedOrOpened::Done => Ok(()),
        ClosedOrOpened::Nothing => Err(DeskError::Already),
    }
}

fn taken(outcome: LinkTaken) -> Result<(), DeskError> {
    match outcome {
        LinkTaken::Done => Ok(()),
        LinkTaken::Unknown => Err(DeskError::UnknownLink),
        LinkTaken::Ended => Err(DeskError::LinkOver),
        LinkTaken::Same | LinkTaken::Closed => Err(DeskError::NoReceiver),
    }
}

fn intervention(actor: &Actor, reason: &Reason) -> Intervention {
    Intervention { reason: reason.text().to_owned(), ..looking(actor) }
}

fn looking(actor: &Actor) -> Intervention {
    Intervention {
        by: actor.name().to_owned(),
        role: actor.role(),
        agency: actor.agency().map(Into::into),
        reason: String::new(),
    }
}
