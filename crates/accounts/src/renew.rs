//! What follows every changed password and address, in one transaction and one order of locks (SPEC J6, J11; SECURITY I9, #46, #76): attempts, reset
//! links, account, wishes for another address, sessions, devices, letters, evidence. Two changes that took the same rows in another order could stop
//! each other.

use kernel::{Fault, Tx, Unix, is_unique_violation, outbox};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Accounts, Email, Session, SessionId, SignedIn, Visitor, address, evidence,
    lockout::Counter,
    mail,
    mail::{Mail, MailBody},
    recovery, session,
    table::{account, email_change, recovery as reset_link},
};

/// The outbox kind of sessions that a change or a sign-in ended: the provider has yet to tell the portals.
pub const SESSIONS_ENDED: &str = "sessions_ended";

/// The content of a letter of the kind [`SESSIONS_ENDED`]. It is queued by the transaction that ends the sessions: whatever becomes of the process
/// after the commit, the portals are told.
#[derive(Serialize, Deserialize)]
pub struct SessionsEnded {
    /// Accounts whose sessions ended, all or some.
    pub accounts: Vec<AccountId>,
    /// The session of one browser in whose place its owner has another one. Older nodes neither write nor read it: they end it as the others.
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

/// A change of an account's password, address, or both, with what allows it.
pub(crate) enum Change<'a> {
    /// A password, by the current one in a session of the account.
    Password { session: &'a Session, counter: Counter, hash: String },
    /// A password, by a mailed link.
    Reset { link: &'a reset_link::Model, hash: String },
    /// An address, by the link mailed there. `own` is the account's session in this browser; without one the password was given, on `counter`.
    Address { wish: &'a email_change::Model, own: Option<&'a Session>, counter: Option<Counter> },
    /// The older address and a password, by the link mailed to that address.
    TakeBack { wish: &'a email_change::Model, hash: String },
}

/// The outcome of a change.
pub(crate) enum Renewed {
    /// Changed. Everything older is dead, this browser is signed in.
    Done(Box<SignedIn>),
    /// The proof was used, or the account changed, since they were read: nothing changed.
    Stale,
    /// Another account has the address: nothing changed.
    Taken,
}

impl Accounts {
    /// Makes a change true together with all that follows from it. `previous` is the session of this browser, whoever's it is.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub(crate) async fn renew(
        &self,
        owner: &account::Model,
        change: &Change<'_>,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Renewed, Fault> {
        let (id, now) = (AccountId(owner.id), self.context.now());
        let here = self.known_device(id, visitor).await?;
        let tx = self.context.db.begin_recorded().await?;
        self.renew_counts(&tx, owner, change, here.as_deref()).await?;
        if let Change::Reset { link, .. } = change
            && !recovery::spend(&tx, link, now).await?
        {
            tx.give_up().await;
            return Ok(Renewed::Stale);
        }
        recovery::supersede(&tx, id, now).await?;
        let changed = match change.write(&tx, owner, now).await {
            Ok(Some(changed)) => changed,
            Ok(None) => return Ok(Renewed::Stale),
            Err(error) if is_unique_violation(&error) => return Ok(Renewed::Taken),
            Err(error) => return Err(error.into()),
        };
        if !change.settle_wishes(&tx, id, now, self.rules.email_undo).await? {
            return Ok(Renewed::Stale);
        }
        // Signed out while this was under way: what was typed in that browser changes nothing any more.
        if let Some(own) = change.own_session()
            && !self.hold_session(&tx, own.id).await?
        {
            return Ok(Renewed::Stale);
        }
        session::end_all(&tx, id, now).await?;
        let strangers = previous.filter(|session| session.account != id);
        if let Some(session) = strangers {
            session::end(&tx, session.id, now).await?;
        }
        let keep = change.own_session().is_some_and(|own| own.persistent);
        let signed_in = self.begin_session(&tx, id, changed.auth_epoch, keep, visitor).await?;
        session::forget_devices(&tx, id, &signed_in.device).await?;
        self.write_of_change(&tx, change, &changed, now).await?;
        let goes_on =
            previous.filter(|session| session.account == id && !matches!(change, Change::Reset { .. }));
        let ended = SessionsEnded {
            accounts: [id].into_iter().chain(strangers.map(|session| session.account)).collect(),
            replaced: goes_on.map(|session| Replaced { old: session.id, new: signed_in.session.id }),
        };
        self.tell_portals(&tx, &ended).await?;
        let (kind, body) = change.evidence(visitor);
        evidence::append(&tx, &self.context, kind, Some(id), &body).await?;
        tx.commit().await?;
        Ok(Renewed::Done(Box::new(signed_in)))
    }

    /// Queues what the provider has to tell the portals, in the transaction that ended the sessions.
    pub(crate) async fn tell_portals(&self, tx: &Tx, ended: &SessionsEnded) -> Result<(), Fault> {
        outbox::enqueue(tx, &self.context, SESSIONS_ENDED, ended, None).await?;
        Ok(())
    }

    /// A new password begins every count anew, a new address takes over the one of all browsers (SECURITY #58). Browsers that are forgotten leave no
    /// count of their own.
    async fn renew_counts(
        &self,
        tx: &Tx,
        owner: &account::Model,
        change: &Change<'_>,
        here: Option<&str>,
    ) -> Result<(), Fault> {
        let of = |canonical: &str| Counter::of_email(&self.context, canonical, None);
        match change {
            Change::Password { counter, .. } => counter.clear_all(tx).await,
            Change::Reset { .. } => of(&owner.email_canonical).clear_all(tx).await,
            Change::Address { wish, counter, .. } => {
                if let Some(counter) = counter {
                    // The evidence tells of the change.
                    let _ = counter.clear(tx).await?;
                }
                of(&owner.email_canonical).forget_devices(tx, here).await?;
                Counter::hand_over(tx, &self.context, &wish.from_canonical, &wish.to_canonical).await
            }
            Change::TakeBack { wish, .. } => {
                // Two subjects: always in the same order.
                let mut subjects = [&owner.email_canonical, &wish.from_canonical];
                subjects.sort();
                for subject in subjects {
                    of(subject).clear_all(tx).await?;
                }
                Ok(())
            }
        }
    }

    /// Tells the owner, at every address that is or was theirs in this change.
    async fn write_of_change(
        &self,
        tx: &Tx,
        change: &Change<'_>,
        changed: &account::Model,
        now: Unix,
    ) -> Result<(), Fault> {
        match change {
            Change::Password { .. } | Change::Reset { .. } => {
                let agency_id = match change {
                    Change::Reset { link, .. } => link.agency_id.clone(),
                    _ => None,
                };
                let letter = Mail {
                    to: changed.email.clone(),
                    locale: changed.locale.clone(),
                    agency_id,
                    body: MailBody::PasswordChanged { at: now },
                };
                mail::send(tx, &self.context, &letter, None).await
            }
            Change::Address { wish, .. } => self.tell_of_change(tx, wish, changed, now).await,
            Change::TakeBack { wish, .. } => {
                let hint = Email::parse(&wish.from_email).map(|e| e.masked()).unwrap_or_default();
                let told = [Some(&wish.from_email), wish.confirmed_at.map(|_| &wish.to_email)];
                for to in told.into_iter().flatten() {
                    let body = MailBody::AddressTakenBack { hint: hint.clone(), at: now };
                    self.tell(tx, to, &changed.locale, body).await?;
                }
                Ok(())
            }
        }
    }

    /// Reads a letter of the kind [`SESSIONS_ENDED`].
    ///
    /// # Errors
    /// [`Fault`] when the letter does not open.
    pub fn sessions_ended(&self, letter: &outbox::Leased) -> Result<SessionsEnded, Fault> {
        letter.payload(&self.context)
    }
}

impl Change<'_> {
    /// The session of the account in which the change was asked for, if it was asked for in one.
    fn own_session(&self) -> Option<&Session> {
        match self {
            Self::Password { session, .. } => Some(session),
            Self::Address { own, .. } => *own,
            Self::Reset { .. } | Self::TakeBack { .. } => None,
        }
    }

    /// Writes the account by one conditional statement, which raises the epoch: sessions, codes and tokens of before are dead (SECURITY I9).
    async fn write(
        &self,
        tx: &Tx,
        owner: &account::Model,
        now: Unix,
    ) -> Result<Option<account::Model>, sea_orm::DbErr> {
        let mut update = account::Entity::update_many()
            .col_expr(account::Column::AuthEpoch, Expr::col(account::Column::AuthEpoch).add(1))
            .filter(account::Column::Id.eq(owner.id))
            .filter(account::Column::DisabledAt.is_null());
        if let Self::Password { hash, .. } | Self::Reset { hash, .. } | Self::TakeBack { hash, .. } = self {
            update = update
                .col_expr(account::Column::PasswordHash, Expr::value(hash.as_str()))
                .col_expr(account::Column::PasswordChangedAt, Expr::value(now));
        }
        update = match self {
            // What was given was right for this one.
            Self::Password { .. } => update.filter(account::Column::PasswordHash.eq(&owner.password_hash)),
            Self::Reset { .. } => update,
            Self::Address { wish, .. } => addressed(update, &wish.to_email, &wish.to_canonical)
                .col_expr(account::Column::ChangedAt, Expr::value(now))
                .filter(account::Column::EmailCanonical.eq(&wish.from_canonical)),
            Self::TakeBack { wish, .. } => addressed(update, &wish.from_email, &wish.from_canonical),
        };
        Ok(update.exec_with_returning(tx.conn()).await?.into_iter().next())
    }

    /// Settles the wish that the change is about, by one conditional statement, and ends those that end with it; `false` where it was settled before.
    async fn settle_wishes(&self, tx: &Tx, owner: AccountId, now: Unix, undo: i64) -> Result<bool, Fault> {
        match self {
            Self::Password { .. } | Self::Reset { .. } => {
                address::end_pending(tx, owner, now).await?;
                Ok(true)
            }
            Self::Address { wish, .. } => address::confirm(tx, wish, now, now + undo).await,
            Self::TakeBack { wish, .. } => address::end_from(tx, wish, now).await,
        }
    }

    /// The kind and the body of the entry.
    fn evidence(&self, visitor: &Visitor) -> (&'static str, serde_json::Value) {
        let by = |how: &str| serde_json::json!({ "ip": visitor.ip_short(), "by": how });
        match self {
            Self::Password { .. } => ("password changed", by("current password")),
            Self::Reset { .. } => ("password reset", by("mailed link")),
            Self::Address { wish, .. } => ("email changed", address::proof(wish, visitor)),
            Self::TakeBack { wish, .. } => ("email taken back", address::proof(wish, visitor)),
        }
    }
}

fn addressed(
    update: sea_orm::UpdateMany<account::Entity>,
    email: &str,
    canonical: &str,
) -> sea_orm::UpdateMany<account::Entity> {
    update
        .col_expr(account::Column::Email, Expr::value(email))
        .col_expr(account::Column::EmailCanonical, Expr::value(canonical))
}

#[cfg(test)]
#[path = "renew_tests.rs"]
mod tests;
