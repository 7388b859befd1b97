//! The end of sessions, and of the knowledge of browsers, at their owner's request.

use kernel::{Done, Fault, Tx};

use crate::{
    AccountId, Accounts, SessionId, Visitor,
    lockout::Counter,
    store::{accounts, devices, sessions},
};

impl Accounts {
    /// Ends a session at its owner's request; returns false if it is not theirs, or has ended.
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

    /// Forgets every browser of an account but this one, with their counts of failures: the next sign-in in one of them is that of a new browser, and its
    /// failures count with strangers' (SECURITY D2, #76).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn forget_other_devices(&self, owner: AccountId, visitor: &Visitor) -> Result<(), Fault> {
        let db = &self.context.db;
        let Some(row) = accounts::enabled(db, owner).await? else { return Ok(()) };
        let known = self.known_device(owner, visitor).await?;
        // A browser without a token keeps none: a fresh token matches no row.
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
