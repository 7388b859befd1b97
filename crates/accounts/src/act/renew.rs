//! The consequences of every changed password and address, in one transaction and one order of locks (SPEC J6, J11; SECURITY I9, #46, #76): attempts, reset
//! links, account, wishes for another address, sessions, devices, messages, evidence. Two changes that took the same rows in another order could stop
//! each other.

use kernel::{Done, Fault, Tx, Unix, outbox};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Accounts, Session, SessionId, SignedIn, Visitor,
    act::{NewSession, masked},
    evidence,
    lockout::Counter,
    mail::{self, Mail, MailBody, Whose},
    store::{
        AccountRow, EmailChangeRow, ResetLinkRow,
        accounts::{self, Credentials, Renewal},
        devices, email_changes, reset_links, sessions,
    },
};

/// The outbox kind of messages about sessions that a change or a sign-in ended, which the provider has to end at the portals.
pub const SESSIONS_ENDED: &str = "sessions_ended";

/// The content of a message of the kind [`SESSIONS_ENDED`]. The transaction that ends the sessions queues it, so portals hear of it even if the process
/// dies after the commit.
#[derive(Serialize, Deserialize)]
pub struct SessionsEnded {
    /// Accounts whose sessions ended, all or some.
    pub accounts: Vec<AccountId>,
    /// A session that another one replaced in the same browser. Older nodes neither write nor read it: they end it like the others.
    #[serde(default)]
    pub replaced: Option<Replaced>,
}

/// Two sessions of one person in one browser.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Replaced {
    /// The session that ended.
    pub old: SessionId,
    /// The session in its place.
    pub new: SessionId,
}

/// A change of an account's password, address, or both, with its proof.
pub(crate) enum Change<'a> {
    /// A password, by the current one in a session of the account.
    Password { session: &'a Session, counter: Counter, hash: String },
    /// A password, by a mailed link.
    Reset { link: &'a ResetLinkRow, hash: String },
    /// An address, by the link mailed to it. `own` is the account's session in this browser; without one the password was given, and counted by `counter`.
    Address { wish: &'a EmailChangeRow, own: Option<&'a Session>, counter: Option<Counter> },
    /// The older address and a password, by the link mailed to that address.
    TakeBack { wish: &'a EmailChangeRow, hash: String },
}

/// The outcome of a change.
pub(crate) enum Renewed {
    /// Changed. All older sessions and tokens have ended, this browser is signed in.
    Done(Box<SignedIn>),
    /// Nothing changed: the proof was used, or the account changed, since they were read.
    Stale,
    /// Nothing changed: another account has the address.
    Taken,
}

impl Accounts {
    /// Makes a change together with all its consequences, with one time in all rows, by which `sign_in_again` recognises the change. `previous` is the
    /// session of this browser, of any account.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub(crate) async fn renew(
        &self,
        owner: &AccountRow,
        change: &Change<'_>,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Renewed, Fault> {
        let renewed = self.write_change(owner, change, previous, visitor).await;
        let Some(counter) = change.counter() else { return renewed };
        let db = &self.context.db;
        let renewed = counter.or_back(db, renewed).await?;
        if !matches!(renewed, Renewed::Done(_)) {
            // The password was right, and the proof or the account changed meanwhile: not counted.
            counter.give_back(db).await?;
        }
        Ok(renewed)
    }

    async fn write_change(
        &self,
        owner: &AccountRow,
        change: &Change<'_>,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Renewed, Fault> {
        let (here, now) = (self.known_device(owner.id, visitor).await?, self.context.now());
        self.context
            .db
            .write_recorded(async |tx: &Tx| {
                let changed = match self.change(tx, owner, change, here.as_deref(), now).await? {
                    Renewal::Done(changed) => changed,
                    Renewal::Stale => return Ok(Done::RollBack(Renewed::Stale)),
                    Renewal::Taken => return Ok(Done::RollBack(Renewed::Taken)),
                };
                let signed_in = self.replace_sessions(tx, &changed, change, (previous, visitor), now).await?;
                let (kind, body) = change.evidence(visitor);
                evidence::append(tx, &self.context, kind, Some(owner.id), &body).await?;
                Ok(Done::Commit(Renewed::Done(Box::new(signed_in))))
            })
            .await
    }

    /// Takes the rows of the proof and of the account, in the order of locks.
    async fn change(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        change: &Change<'_>,
        here: Option<&str>,
        now: Unix,
    ) -> Result<Renewal, Fault> {
        let id = owner.id;
        self.renew_counts(tx, owner, change, here).await?;
        if let Change::Reset { link, .. } = change
            && !reset_links::spend(tx, link.id, now).await?
        {
            return Ok(Renewal::Stale);
        }
        reset_links::supersede(tx, id, now).await?;
        let changed = match accounts::renew(tx, id, &change.credentials(owner, now), now).await? {
            Renewal::Done(changed) => changed,
            refused => return Ok(refused),
        };
        if !change.end_wishes(tx, id, now, self.rules.email_undo).await? {
            return Ok(Renewal::Stale);
        }
        // Signed out meanwhile: the form of that browser no longer counts.
        if let Some(own) = change.own_session()
            && !sessions::hold(tx, own.id).await?
        {
            return Ok(Renewal::Stale);
        }
        Ok(Renewal::Done(changed))
    }

    /// Ends every session and forgets every browser of the account, begins a session here, and queues the messages to owner and portals.
    async fn replace_sessions(
        &self,
        tx: &Tx,
        changed: &AccountRow,
        change: &Change<'_>,
        (previous, visitor): (Option<&Session>, &Visitor),
        now: Unix,
    ) -> Result<SignedIn, Fault> {
        let id = changed.id;
        sessions::end_all(tx, id, now).await?;
        let strangers = previous.filter(|session| session.account != id);
        if let Some(session) = strangers {
            sessions::end(tx, session.id, now).await?;
        }
        let keep = change.own_session().is_some_and(|own| own.persistent);
        let new = NewSession { token: self.context.token(), owner: id, auth_epoch: changed.auth_epoch, keep };
        let signed_in = self.begin_session(tx, new, visitor).await?;
        devices::forget_others(tx, id, &signed_in.device.digest()).await?;
        self.write_of_change(tx, change, changed, now).await?;
        let goes_on =
            previous.filter(|session| session.account == id && !matches!(change, Change::Reset { .. }));
        let ended = SessionsEnded {
            accounts: [id].into_iter().chain(strangers.map(|session| session.account)).collect(),
            replaced: goes_on.map(|session| Replaced { old: session.id, new: signed_in.session.id }),
        };
        self.tell_portals(tx, &ended).await?;
        Ok(signed_in)
    }

    /// Queues the message to the portals, in the transaction that ended the sessions.
    pub(crate) async fn tell_portals(&self, tx: &Tx, ended: &SessionsEnded) -> Result<(), Fault> {
        outbox::enqueue(tx, &self.context, SESSIONS_ENDED, ended, None).await?;
        Ok(())
    }

    /// Renews the counts of wrong passwords: a new password clears all of them, a new address takes over the shared one (SECURITY #58). The counts of
    /// forgotten browsers are deleted.
    async fn renew_counts(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        change: &Change<'_>,
        here: Option<&str>,
    ) -> Result<(), Fault> {
        let of = |canonical: &str| Counter::of_email(&self.context, canonical, None);
        match change {
            Change::Password { counter, .. } => counter.clear_all(tx).await,
            Change::Reset { .. } => of(&owner.email_canonical).clear_all(tx).await,
            Change::Address { wish, counter, .. } => {
                if let Some(counter) = counter {
                    // The evidence has an entry about the change, so the failures need none.
                    let _ = counter.clear(tx).await?;
                }
                of(&owner.email_canonical).forget_devices(tx, here).await?;
                Counter::hand_over(tx, &self.context, &wish.from_canonical, &wish.to_canonical).await
            }
            Change::TakeBack { wish, .. } => {
                // Sorted, so that two transactions lock them in the same order.
                let mut subjects = [&owner.email_canonical, &wish.from_canonical];
                subjects.sort();
                for subject in subjects {
                    of(subject).clear_all(tx).await?;
                }
                Ok(())
            }
        }
    }

    /// Queues the mails to the owner, at both addresses of the change.
    async fn write_of_change(
        &self,
        tx: &Tx,
        change: &Change<'_>,
        changed: &AccountRow,
        now: Unix,
    ) -> Result<(), Fault> {
        match change {
            Change::Password { .. } | Change::Reset { .. } => {
                let agency_id = match change {
                    Change::Reset { link, .. } => link.agency_id.clone(),
                    _ => None,
                };
                let message = Mail {
                    to: changed.email.clone(),
                    locale: changed.locale.clone(),
                    agency_id,
                    body: MailBody::PasswordChanged { at: now },
                };
                mail::send(tx, &self.context, Whose::Account(changed.id), &message, None).await
            }
            Change::Address { wish, .. } => self.write_of_address(tx, wish, changed, now).await,
            Change::TakeBack { wish, .. } => {
                let hint = masked(&wish.from_email);
                let addresses = [Some(&wish.from_email), wish.confirmed_at.map(|_| &wish.to_email)];
                for to in addresses.into_iter().flatten() {
                    let body = MailBody::AddressTakenBack { hint: hint.clone(), at: now };
                    self.write_to(tx, changed, to, body).await?;
                }
                Ok(())
            }
        }
    }

    /// Reads a message of the kind [`SESSIONS_ENDED`].
    ///
    /// # Errors
    /// [`Fault`] when the message does not open.
    pub fn sessions_ended(&self, message: &outbox::Leased) -> Result<SessionsEnded, Fault> {
        message.payload(&self.context)
    }
}

impl Change<'_> {
    /// The account's session in which the change was requested, if any.
    fn own_session(&self) -> Option<&Session> {
        match self {
            Self::Password { session, .. } => Some(session),
            Self::Address { own, .. } => *own,
            Self::Reset { .. } | Self::TakeBack { .. } => None,
        }
    }

    /// The counter of the password that proved the change, if one did.
    fn counter(&self) -> Option<&Counter> {
        match self {
            Self::Password { counter, .. } => Some(counter),
            Self::Address { counter, .. } => counter.as_ref(),
            Self::Reset { .. } | Self::TakeBack { .. } => None,
        }
    }

    /// The new credentials, and the conditions under which they are stored.
    fn credentials<'a>(&'a self, owner: &'a AccountRow, now: Unix) -> Credentials<'a> {
        match self {
            // The condition: the hash against which the given password was checked.
            Self::Password { hash, .. } => Credentials {
                password: Some(hash),
                only_with_password: Some(&owner.password_hash),
                ..Credentials::default()
            },
            Self::Reset { hash, .. } => Credentials { password: Some(hash), ..Credentials::default() },
            Self::Address { wish, .. } => Credentials {
                address: Some((&wish.to_email, &wish.to_canonical)),
                changed_at: Some(now),
                only_with_address: Some(&wish.from_canonical),
                ..Credentials::default()
            },
            Self::TakeBack { wish, hash } => Credentials {
                password: Some(hash),
                address: Some((&wish.from_email, &wish.from_canonical)),
                // A request that was not confirmed has changed nothing yet.
                changed_at: wish.confirmed_at.map(|_| now),
                ..Credentials::default()
            },
        }
    }

    /// Ends the request of the change by one conditional statement, and the requests that end with it; returns false if it had ended before.
    async fn end_wishes(&self, tx: &Tx, owner: AccountId, now: Unix, undo: i64) -> Result<bool, Fault> {
        match self {
            Self::Password { .. } | Self::Reset { .. } => {
                email_changes::end_pending(tx, owner, now).await?;
                Ok(true)
            }
            Self::Address { wish, .. } => email_changes::confirm(tx, wish, now, now + undo).await,
            Self::TakeBack { wish, .. } => email_changes::end_from(tx, wish, now).await,
        }
    }

    /// The kind and the body of the entry in the evidence.
    fn evidence(&self, visitor: &Visitor) -> (&'static str, serde_json::Value) {
        let by = |how: &str| serde_json::json!({ "ip": visitor.ip_short(), "by": how });
        match self {
            Self::Password { .. } => ("password changed", by("current password")),
            Self::Reset { .. } => ("password reset", by("mailed link")),
            Self::Address { wish, .. } => ("email changed", replaced_address(wish, visitor)),
            Self::TakeBack { wish, .. } => ("email taken back", replaced_address(wish, visitor)),
        }
    }
}

/// The two addresses of a change for the evidence, masked.
fn replaced_address(wish: &EmailChangeRow, visitor: &Visitor) -> serde_json::Value {
    serde_json::json!({
        "ip": visitor.ip_short(),
        "from": masked(&wish.from_email),
        "to": masked(&wish.to_email),
    })
}

#[cfg(test)]
#[path = "renew_tests.rs"]
mod tests;
