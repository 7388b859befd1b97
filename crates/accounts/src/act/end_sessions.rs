//! The end of all sessions of an account, with every token that they gave, because its owner tells staff that somebody else signed in (SPEC J14).

use kernel::{Done, Fault, Tx};
use serde_json::json;

use crate::{
    AccountId, Accounts, Intervention, Target,
    act::SessionsEnded,
    evidence,
    lockout::Counter,
    mail::{MailBody, Recipient},
    store::{
        AccountRow,
        accounts::{self, Credentials, Renewal},
        devices, email_changes, sessions,
    },
};

/// The outcome of ending an account's sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AllEnded {
    /// Ended: portals are told, and the owner.
    Done {
        /// The number of sessions that had not ended.
        sessions: u64,
    },
    /// There is no such account, or it is closed.
    Gone,
}

impl Accounts {
    /// Ends every session, code and token of an account, forgets its browsers, and ends a wish for another address. The rows are taken in the order of
    /// `renew`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_all_sessions(
        &self,
        id: AccountId,
        intervention: &Intervention,
    ) -> Result<AllEnded, Fault> {
        let context = &self.context;
        let Some(row) = accounts::enabled(&context.db, id).await? else { return Ok(AllEnded::Gone) };
        let counter = Counter::of_email(context, &row.email_canonical, None);
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let now = context.now();
                counter.forget_devices(tx, None).await?;
                let Renewal::Done(owner) = accounts::renew(tx, id, &Credentials::default(), now).await?
                else {
                    return Ok(Done::RollBack(AllEnded::Gone));
                };
                email_changes::end_pending(tx, id, now).await?;
                let sessions = sessions::end_all(tx, id, now).await?;
                devices::forget_all(tx, id).await?;
                self.tell_portals(tx, &SessionsEnded { accounts: vec![id], replaced: None }).await?;
                self.write_of_staff(tx, &owner, intervention, MailBody::SessionsEnded { at: now }).await?;
                self.note_done(tx, Target::Account(id), intervention, "end-sessions").await?;
                let body = intervention.entry(json!({ "sessions": sessions }));
                evidence::append(tx, context, "sessions ended", Some(id), &body).await?;
                Ok(Done::Commit(AllEnded::Done { sessions }))
            })
            .await
    }

    /// Queues a mail to the owner about an act of staff, in the look of the agency whose staff it is.
    pub(crate) async fn write_of_staff(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        intervention: &Intervention,
        body: MailBody,
    ) -> Result<(), Fault> {
        match &intervention.agency {
            Some(agency) => self.write_for_agency(tx, &Recipient::owner(owner), agency, body).await,
            None => self.write_to(tx, owner, &owner.email, body).await,
        }
    }
}
