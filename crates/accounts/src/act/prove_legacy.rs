//! The proof of old credentials: a password of the agency's old system, an activation code in its place, or a portal's ticket.

use std::{sync::PoisonError, time::Duration};

use agencies::Agency;
use kernel::{Db, Done, Fault, Password, PasswordRefused, Tx, Unix};
use legacy::hash::Recipe;

use crate::{
    AccountId, Accounts, Email, EnrolmentId, OldSite, Visitor,
    lockout::{Attempt, Cleared, Counter, Failed, Reserved},
    store::{CodeRow, IdentityRow, accounts, identities, links, proven, recipes, tickets},
    verifier::{self, Kind, Stored},
};

/// The outcome of a proof.
pub enum LegacyProof {
    /// Right: this move begins, or goes on.
    Enrolment(EnrolmentId),
    /// Wrong, or no such identifier, or moved already: the three look alike.
    Wrong {
        /// Further attempts before the identifier locks.
        remaining: u8,
    },
    /// Locked for a while.
    Locked {
        /// Minutes until it ends by itself.
        minutes: i64,
    },
    /// Right, but moved already (SPEC J4).
    Moved {
        /// The account's masked address.
        hint: Option<String>,
        /// The account that it moved to.
        account: AccountId,
    },
    /// Right, but the account that it moved to is closed: there is nothing to sign in with.
    Closed,
    /// Right, but the agency does not count this person among its clients any more: a complete delivery did not have them.
    Left,
    /// Nothing was typed that can be an identifier: nothing is hashed or counted (SECURITY D12).
    NoIdentifier,
    /// The password is nothing, or blanks: likewise.
    NoPassword,
    /// Too long, with control characters, or a word for a missing password such as `NULL`: likewise.
    Refused,
    /// Come back in a moment.
    Busy,
}

/// The content of a portal's migration ticket, its signature and times checked.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The id, used once.
    pub jti: String,
    /// The time at which it ends.
    pub expires_at: Unix,
    /// The legacy identifier.
    pub identifier: String,
    /// The agency's own reference for the client.
    pub client_ref: Option<String>,
    /// The address that the agency has.
    pub email: Option<String>,
    /// The name that the agency has.
    pub name: Option<String>,
}

/// The outcome of a check at the old door.
enum Checked {
    Busy,
    Wrong,
    /// The old password was right.
    Password,
    /// The activation code was right.
    Code(CodeRow),
}

/// The attempts that are reserved for one check of an old password.
struct Counted {
    own: Counter,
    nth: Reserved,
    all: Option<(Counter, Reserved)>,
}

impl Counted {
    /// Gives the attempts back of a check that did not take place.
    async fn give_back(&self, db: &Db) -> Result<(), Fault> {
        if let Some((all, _)) = &self.all {
            all.give_back(db).await?;
        }
        self.own.give_back(db).await
    }

    /// As [`Counter::or_back`], for both.
    async fn or_back<T>(&self, db: &Db, outcome: Result<T, Fault>) -> Result<T, Fault> {
        let outcome = self.own.or_back(db, outcome).await;
        match &self.all {
            Some((all, _)) => all.or_back(db, outcome).await,
            None => outcome,
        }
    }

    async fn failed(&self, accounts: &Accounts) -> Result<LegacyProof, Fault> {
        let (context, lock) = (&accounts.context, accounts.rules.lock);
        if let Some((all, nth)) = &self.all {
            all.failed(&context.db, nth, lock.of_all_networks(), context.now()).await?;
        }
        Ok(match self.own.failed(&context.db, &self.nth, lock, context.now()).await? {
            Failed::Remaining(remaining) => LegacyProof::Wrong { remaining },
            Failed::Locked { .. } => LegacyProof::Locked { minutes: lock.legacy_seconds / 60 },
        })
    }

    /// Begins the count of the network anew, and knows it as the owner's. What other networks tried stays.
    async fn right(&self, accounts: &Accounts, agency: &str, kind: Option<&str>) -> Result<(), Fault> {
        let context = &accounts.context;
        self.own
            .write_cleared(&context.db, async |tx: &Tx, cleared: Cleared| {
                self.own.know_network(tx, context.now()).await?;
                if let Some(kind) = kind {
                    proven::note(tx, agency, kind, context.now()).await?;
                }
                cleared.record(tx, context, None).await?;
                Ok(Done::Commit(()))
            })
            .await?;
        match &self.all {
            Some((all, _)) => all.give_back(&context.db).await,
            None => Ok(()),
        }
    }
}

impl Accounts {
    /// Checks an agency's old identifier and password. Right begins an enrolment or goes on with it. Identifiers without an account, unknown
    /// ones and moved ones cost the same and look the same.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn prove_legacy(
        &self,
        agency: &Agency,
        identifier: &str,
        typed: &str,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<LegacyProof, Fault> {
        let floor = tokio::time::sleep(Duration::from_millis(self.rules.answer_floor_millis));
        let outcome = self.prove_inner(agency, identifier, typed, origin, visitor).await;
        floor.await;
        outcome
    }

    async fn prove_inner(
        &self,
        agency: &Agency,
        identifier: &str,
        typed: &str,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<LegacyProof, Fault> {
        if Password::is_blank(identifier) {
            return Ok(LegacyProof::NoIdentifier);
        }
        let Some(canonical) = agency.directory.canonical(identifier) else {
            return Ok(LegacyProof::Refused);
        };
        let password = match Password::new(typed) {
            Ok(_) if legacy::stands_for_no_password(typed) => return Ok(LegacyProof::Refused),
            Ok(password) => password,
            Err(PasswordRefused::Blank) => return Ok(LegacyProof::NoPassword),
            Err(_) => return Ok(LegacyProof::Refused),
        };
        if self.hasher.is_full() {
            return Ok(LegacyProof::Busy);
        }
        let counted = match self.reserve_legacy(agency, &canonical, visitor).await? {
            Ok(counted) => counted,
            Err(locked) => return Ok(locked),
        };
        let db = &self.context.db;
        let judged = self.judge_identity(agency, identifier, &canonical, &password).await;
        let (identity, checked) = counted.or_back(db, judged).await?;
        let kind = match &checked {
            Checked::Busy => {
                counted.give_back(db).await?;
                return Ok(LegacyProof::Busy);
            }
            Checked::Wrong => return counted.failed(self).await,
            Checked::Code(_) => None,
            Checked::Password => self.newly_proven(&agency.id, identity.as_ref())?,
        };
        let right = counted.right(self, &agency.id, kind.as_deref()).await;
        counted.or_back(db, right).await?;
        if let (Checked::Code(code), Some(identity)) = (&checked, &identity) {
            self.note_code(identity, code).await?;
        }
        self.proved(identity, origin, visitor).await
    }

    /// Finds the identity, and checks its activation code or its old password.
    async fn judge_identity(
        &self,
        agency: &Agency,
        identifier: &str,
        canonical: &str,
        password: &Password,
    ) -> Result<(Option<IdentityRow>, Checked), Fault> {
        let before = agency.directory.canonical_before(identifier);
        let db = &self.context.db;
        let identity = identities::by_identifier(db, &agency.id, canonical, before.as_deref()).await?;
        if let Some(code) = self.right_code(identity.as_ref(), password).await? {
            return Ok((identity, Checked::Code(code)));
        }
        let checked = match self.check_identity(agency, identity.as_ref(), password).await? {
            None => Checked::Busy,
            Some(false) => Checked::Wrong,
            Some(true) => Checked::Password,
        };
        Ok((identity, checked))
    }

    /// Reserves an attempt at an old identifier from the visitor's network, and one from all networks together. In a network from which its owner came
    /// before, the latter does not hold.
    async fn reserve_legacy(
        &self,
        agency: &Agency,
        canonical: &str,
        visitor: &Visitor,
    ) -> Result<Result<Counted, LegacyProof>, Fault> {
        let (db, now, lock) = (&self.context.db, self.context.now(), self.rules.lock);
        let locked = |since: Unix| {
            let minutes = (since + lock.legacy_seconds - now + 59) / 60;
            Ok(Err(LegacyProof::Locked { minutes: minutes.max(1) }))
        };
        let own = Counter::of_legacy(&self.context, &agency.id, canonical, &visitor.network());
        own.expire(db, lock.legacy_seconds, now).await?;
        let nth = match own.reserve(&self.context, lock).await? {
            Attempt::Go(reserved) => reserved,
            Attempt::Locked { since, .. } => return locked(since),
        };
        let all = own.of_all_networks();
        let all = match all.reserve(&self.context, lock.of_all_networks()).await? {
            Attempt::Go(reserved) => Some((all, reserved)),
            Attempt::Locked { .. } if own.knows_network(db).await? => None,
            Attempt::Locked { since, .. } => {
                own.give_back(db).await?;
                return locked(since);
            }
        };
        Ok(Ok(Counted { own, nth, all }))
    }

    /// Returns the kind of hash that was right, if none of its kind was before at this agency, as far as this node knows. Kinds are few.
    fn newly_proven(&self, agency: &str, identity: Option<&IdentityRow>) -> Result<Option<String>, Fault> {
        // A recogniser was proven when it signed in.
        let Some(row) = identity.filter(|row| row.moved_at.is_none()) else { return Ok(None) };
        let stored = verifier::read(&self.context, row.verifier_kind, row.verifier.as_deref())?;
        let Some(kind) = stored.recipe().map(Recipe::name) else { return Ok(None) };
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(proven.insert((agency.to_owned(), kind.clone())).then_some(kind))
    }

    /// Checks the password of an identity, or of nobody, in each of its readings; `None` when there is no room to hash.
    async fn check_identity(
        &self,
        agency: &Agency,
        identity: Option<&IdentityRow>,
        password: &Password,
    ) -> Result<Option<bool>, Fault> {
        let read = || match identity {
            Some(row) if row.moved_at.is_some() => {
                verifier::read(&self.context, row.recogniser_kind, row.recogniser.as_deref())
            }
            Some(row) => verifier::read(&self.context, row.verifier_kind, row.verifier.as_deref()),
            None => Ok(Stored::None),
        };
        let costly = recipes::of(&self.context.db, &agency.id).await?;
        if let Some(class) = costly.missing(read()?.recipe()) {
            // An older version imported this hash.
            self.learn_recipe(&agency.id, &class).await?;
        }
        // The configuration was checked.
        let readings = OldSite::of(agency).unwrap_or_default().readings(password.typed());
        let right = verifier::find_right(&self.hasher, read, &costly, &readings).await?;
        Ok(right.ok().map(|at| at.is_some()))
    }

    /// Takes a portal's word that this is its client, by a ticket that is used once.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn prove_by_ticket(
        &self,
        agency: &Agency,
        ticket: &Ticket,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<LegacyProof, Fault> {
        let Some(canonical) = agency.directory.canonical(&ticket.identifier) else {
            return Ok(LegacyProof::Refused);
        };
        let fresh = tickets::spend(&self.context.db, &agency.id, &ticket.jti, ticket.expires_at).await?;
        if !fresh {
            return Ok(LegacyProof::Refused);
        }
        self.know_identity(agency, &canonical, ticket).await?;
        let before = agency.directory.canonical_before(&ticket.identifier);
        let identity =
            identities::by_identifier(&self.context.db, &agency.id, &canonical, before.as_deref()).await?;
        self.proved(identity, origin, visitor).await
    }

    /// Makes an identity that no import brought from what the portal says of it.
    async fn know_identity(&self, agency: &Agency, canonical: &str, ticket: &Ticket) -> Result<(), Fault> {
        let row = IdentityRow {
            id: self.context.id(),
            agency_id: agency.id.clone(),
            identifier: ticket.identifier.trim().to_owned(),
            identifier_canonical: canonical.to_owned(),
            client_ref: ticket.client_ref.clone().unwrap_or_else(|| ticket.identifier.trim().to_owned()),
            email: ticket.email.clone(),
            name: ticket.name.clone(),
            profile: "{}".to_owned(),
            fingerprint: "ticket".to_owned(),
            verifier_kind: Kind::None,
            verifier: None,
            recogniser_kind: Kind::None,
            recogniser: None,
            imported_at: self.context.now(),
            moved_at: None,
            secret_fingerprint: None,
            delivery_id: None,
            left_at: None,
            further_refs: None,
            terms_of: None,
        };
        identities::insert(&self.context.db, row).await
    }

    async fn learn_recipe(&self, agency: &str, class: &Recipe) -> Result<(), Fault> {
        self.context
            .db
            .write(async |tx: &Tx| Ok(Done::Commit(recipes::insert(tx, agency, class).await?)))
            .await
    }

    async fn proved(
        &self,
        identity: Option<IdentityRow>,
        origin: Option<&str>,
        visitor: &Visitor,
    ) -> Result<LegacyProof, Fault> {
        let Some(identity) = identity else {
            return Ok(LegacyProof::Refused);
        };
        if identity.moved_at.is_none() && identity.left_at.is_some() {
            return Ok(LegacyProof::Left);
        }
        if identity.moved_at.is_none() {
            return Ok(LegacyProof::Enrolment(self.begin_or_resume(&identity, origin, visitor).await?));
        }
        let db = &self.context.db;
        let Some(account) = links::account_of(db, identity.id).await? else {
            return Ok(LegacyProof::Refused);
        };
        let Some(owner) = accounts::enabled(db, account).await? else { return Ok(LegacyProof::Closed) };
        let hint = Email::parse(&owner.email).map(|email| email.masked());
        Ok(LegacyProof::Moved { hint, account })
    }
}
