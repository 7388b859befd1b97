//! The count of wrong passwords of an account, cleared at its owner's request on the telephone (SPEC J14). Nobody sees or sets a password: the one that the
//! owner has works again.

use kernel::{Done, Fault, Tx};
use serde_json::json;

use crate::{
    AccountId, Accounts, Intervention, Target, evidence, lockout::Counter, mail::MailBody, store::accounts,
};

/// The outcome of clearing an account's counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unlocked {
    /// Cleared, and the owner is told.
    Done {
        /// True if the account was locked, in some browser at least.
        was_locked: bool,
        /// The number of wrong passwords that were counted.
        failures: i32,
    },
    /// Nothing was counted: nothing changed.
    NothingCounted,
    /// There is no such account, or it is closed, or its address changed at this moment: nothing changed.
    Gone,
}

impl Accounts {
    /// Clears every count of wrong passwords of an account, in all browsers.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn unlock(&self, id: AccountId, intervention: &Intervention) -> Result<Unlocked, Fault> {
        let context = &self.context;
        let Some(row) = accounts::enabled(&context.db, id).await? else { return Ok(Unlocked::Gone) };
        let counter = Counter::of_email(context, &row.email_canonical, None);
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let counts = counter.take_all(tx).await?;
                let failures = counts.iter().map(|count| count.failures).sum();
                if failures == 0 {
                    return Ok(Done::RollBack(Unlocked::NothingCounted));
                }
                let unchanged = accounts::enabled(tx, id).await?;
                let Some(owner) = unchanged.filter(|now| now.email_canonical == row.email_canonical) else {
                    return Ok(Done::RollBack(Unlocked::Gone));
                };
                let was_locked = counts.iter().any(|count| count.locked_at.is_some());
                let told = MailBody::AccountUnlocked { at: context.now() };
                self.write_of_staff(tx, &owner, intervention, told).await?;
                let body = intervention.entry(json!({ "failures": failures, "locked": was_locked }));
                self.note_done(tx, Target::Account(id), intervention, "unlock").await?;
                evidence::append(tx, context, "account unlocked", Some(id), &body).await?;
                Ok(Done::Commit(Unlocked::Done { was_locked, failures }))
            })
            .await
    }
}
