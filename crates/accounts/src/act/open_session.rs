//! The beginning of a session, in the transaction of the proof that allows it.

use kernel::{Fault, Token, Tx};

use crate::{
    AccountId, Accounts, Replaced, Session, SessionId, SessionsEnded, SignedIn, Visitor,
    store::{
        AccountRow, SessionRow,
        devices::{self, NewDevice},
        sessions,
    },
};

impl Accounts {
    /// Opens a session. `replaces` ends with it: one browser, one session. Its portals go over to the new one, or end where it is another person's (SECURITY
    /// #47); a message says so to the provider, which may die before it does that by itself.
    pub(crate) async fn open_session(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        keep: bool,
        visitor: &Visitor,
        replaces: Option<&Session>,
    ) -> Result<SignedIn, Fault> {
        let new =
            NewSession { token: self.context.token(), owner: owner.id, auth_epoch: owner.auth_epoch, keep };
        self.open_session_as(tx, new, visitor, replaces).await
    }

    /// Opens a session with a new random token.
    pub(crate) async fn open_session_as(
        &self,
        tx: &Tx,
        new: NewSession,
        visitor: &Visitor,
        replaces: Option<&Session>,
    ) -> Result<SignedIn, Fault> {
        let owner = new.owner;
        if let Some(old) = replaces {
            sessions::end(tx, old.id, self.context.now()).await?;
        }
        let signed_in = self.begin_session(tx, new, visitor).await?;
        let Some(old) = replaces else { return Ok(signed_in) };
        let (accounts, replaced) = if old.account == owner {
            (vec![], Some(Replaced { old: old.id, new: signed_in.session.id }))
        } else {
            (vec![old.account], None)
        };
        self.tell_portals(tx, &SessionsEnded { accounts, replaced }).await?;
        Ok(signed_in)
    }

    /// Begins a session: always a new row and a new token (SECURITY #40).
    pub(crate) async fn begin_session(
        &self,
        tx: &Tx,
        new: NewSession,
        visitor: &Visitor,
    ) -> Result<SignedIn, Fault> {
        let NewSession { token, owner, auth_epoch, keep } = new;
        let now = self.context.now();
        let policy = self.rules.sessions;
        let row = SessionRow {
            id: self.context.id(),
            token_hash: token.digest().into_string(),
            account_id: owner,
            auth_epoch,
            persistent: keep,
            auth_time: now,
            created_at: now,
            last_seen_at: now,
            ends_at: now + if keep { policy.kept_most } else { policy.most },
            ended_at: None,
            user_agent: visitor.user_agent_short(),
            ip_short: visitor.ip_short(),
        };
        sessions::insert(tx, row.clone()).await?;
        let device = self.remember_device(tx, (owner, auth_epoch), visitor).await?;
        Ok(SignedIn { session: row.into(), token, device, may_be_one_too_many: true })
    }

    /// Locks the session until the end of this transaction; returns false if it has ended. Whatever the transaction gives is given to somebody who is
    /// signed in.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn hold_session(&self, tx: &Tx, id: SessionId) -> Result<bool, Fault> {
        sessions::hold(tx, id).await
    }

    /// Returns the id of the device behind this cookie, if the account's owner signed in there before.
    pub(crate) async fn known_device(
        &self,
        owner: AccountId,
        visitor: &Visitor,
    ) -> Result<Option<String>, Fault> {
        let Some(token) = &visitor.device else {
            return Ok(None);
        };
        Ok(devices::known(&self.context.db, &token.digest(), owner).await?.map(|id| id.to_string()))
    }

    /// Remembers the browser as one of the owner's. A sign-in with a password that was changed meanwhile makes none known: that change has forgotten
    /// all but its own (SECURITY #76).
    async fn remember_device(
        &self,
        tx: &Tx,
        (owner, auth_epoch): (AccountId, i32),
        visitor: &Visitor,
    ) -> Result<Token, Fault> {
        let now = self.context.now();
        let token = visitor.device.clone().unwrap_or_else(|| self.context.token());
        let digest = token.digest();
        let device =
            NewDevice { id: self.context.id(), token: &digest, user_agent: visitor.user_agent_short() };
        devices::remember(tx, device, owner, auth_epoch, now).await?;
        Ok(token)
    }
}

/// A session that is to begin.
pub(crate) struct NewSession {
    /// The token that opens it.
    pub(crate) token: Token,
    /// The account.
    pub(crate) owner: AccountId,
    /// The epoch of the account at which the proof was right.
    pub(crate) auth_epoch: i32,
    /// True if it outlives the browser.
    pub(crate) keep: bool,
}
