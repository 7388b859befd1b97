//! The end of an account, and its way back (SPEC J14). Nothing is deleted: the account is shut, and says why and how long it is kept. Its links rest with it: a portal
//! is told nothing of a closed account, and identities stay moved, so no old identifier begins another move.

use kernel::{Done, Fault, Tx, outbox};
use serde_json::json;

use crate::{
    AccountId, Accounts, Intervention, Target,
    act::SessionsEnded,
    evidence,
    lockout::Counter,
    mail::MailBody,
    store::{accounts, devices, email_changes, reset_links, sessions},
};

/// The cause of an account's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// Its owner has died. Nobody is written to.
    Deceased,
    /// Its owner wishes it.
    Wish,
    /// Somebody else uses it. Once reopened, it wants a new password.
    Fraud,
}

impl Closing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deceased, Self::Wish, Self::Fraud];

    /// Returns the name, as it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deceased => "deceased",
            Self::Wish => "wish",
            Self::Fraud => "fraud",
        }
    }
}

/// The outcome of closing or reopening an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClosedOrOpened {
    /// Done.
    Done,
    /// There is no such account, or it is in that state already: nothing changed.
    Nothing,
}

/// The seconds for which a closed account is kept: five years, after which no claim is left (article 2224 of the French civil code).
const KEPT: i64 = 5 * 365 * 86_400;

impl Accounts {
    /// Closes an account: sessions, tokens, reset links, wishes for an address and waiting mails end; portals are told. Whoever signs in is answered as if there
    /// were no account. The rows are taken in the order of `renew`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn close_account(
        &self,
        id: AccountId,
        closing: Closing,
        intervention: &Intervention,
    ) -> Result<ClosedOrOpened, Fault> {
        let context = &self.context;
        let Some(row) = accounts::enabled(&context.db, id).await? else { return Ok(ClosedOrOpened::Nothing) };
        let counter = Counter::of_email(context, &row.email_canonical, None);
        let persons = self.mailed_as(Target::Account(id)).await?;
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let now = context.now();
                // The shared count stays: a stranger who counted along would see it end.
                counter.forget_devices(tx, None).await?;
                reset_links::supersede(tx, id, now).await?;
                if !accounts::close(tx, id, closing.name(), now, now + KEPT).await? {
                    return Ok(Done::RollBack(ClosedOrOpened::Nothing));
                }
                email_changes::end_pending(tx, id, now).await?;
                let sessions = sessions::end_all(tx, id, now).await?;
                devices::forget_all(tx, id).await?;
                let mails = outbox::end_to_persons(tx, &persons, now, "the account was closed").await?;
                self.tell_portals(tx, &SessionsEnded { accounts: vec![id], replaced: None }).await?;
                if closing != Closing::Deceased {
                    self.write_of_staff(tx, &row, intervention, MailBody::AccountClosed { at: now }).await?;
                }
                let more = json!({ "because": closing.name(), "sessions": sessions, "mails": mails });
                self.note_done(tx, Target::Account(id), intervention, "close").await?;
                evidence::append(tx, context, "account closed", Some(id), &intervention.entry(more)).await?;
                Ok(Done::Commit(ClosedOrOpened::Done))
            })
            .await
    }

    /// Reopens a closed account, as it was. One that was closed because somebody else used it is locked: only a new password opens it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn reopen_account(
        &self,
        id: AccountId,
        intervention: &Intervention,
    ) -> Result<ClosedOrOpened, Fault> {
        let context = &self.context;
        let Some(row) = accounts::by_id(&context.db, id).await? else { return Ok(ClosedOrOpened::Nothing) };
        let counter = Counter::of_email(context, &row.email_canonical, None);
        let fraud = row.closed_why.as_deref() == Some(Closing::Fraud.name());
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let now = context.now();
                if fraud {
                    counter.lock_now(tx, self.rules.lock, now).await?;
                } else {
                    counter.clear_all(tx).await?;
                }
                if !accounts::reopen(tx, id, row.closed_why.as_deref()).await? {
                    return Ok(Done::RollBack(ClosedOrOpened::Nothing));
                }
                self.write_of_staff(tx, &row, intervention, MailBody::AccountReopened { at: now }).await?;
                let body = intervention.entry(json!({ "was": row.closed_why }));
                self.note_done(tx, Target::Account(id), intervention, "reopen").await?;
                evidence::append(tx, context, "account reopened", Some(id), &body).await?;
                Ok(Done::Commit(ClosedOrOpened::Done))
            })
            .await
    }
}
