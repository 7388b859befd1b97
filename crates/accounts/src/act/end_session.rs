//! The end of sessions, and of what browsers are known for, at their owner's word.

use kernel::{Done, Fault, Tx};

use crate::{
    AccountId, Accounts, SessionId, Visitor,
    lockout::Counter,
    store::{accounts, devices, sessions},
};

impl Accounts {
    /// Ends a session at the word of its owner: `false` when it is not theirs, or has ended.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_own_session(&self, tx: &Tx, owner: AccountId, id: SessionId) -> Result<bool, Fault> {
        sessions::end_own(tx, owner, id, self.context.now()).await
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_session(&self, tx: &Tx, id: SessionId) -> Result<(), Fault> {
        sessions::end(tx, id, self.context.now()).await
    }

    /// Forgets every browser of an account but this one, and what was counted in them: a sign-in in the others is told as one in a new browser, and counts
    /// with all strangers' (SECURITY D2, #76).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forget_other_devices(&self, owner: AccountId, visitor: &Visitor) -> Result<(), Fault> {
        let db = &self.context.db;
        let Some(row) = accounts::enabled(db, owner).await? else { return Ok(()) };
        let known = self.known_device(owner, visitor).await?;
        // One that nobody holds, where this browser has none.
        let here = visitor.device.clone().unwrap_or_else(|| self.context.token());
        db.write(async |tx: &Tx| {
            let counter = Counter::of_email(&self.context, &row.email_canonical, None);
            counter.forget_devices(tx, known.as_deref()).await?;
            devices::forget_others(tx, owner, &here.digest()).await?;
            Ok(Done::Commit(()))
        })
        .await
    }
}
