//! A mail sent once more at its reader's request on the telephone (SPEC J14). The content of a mail that was sent is gone: one with a link is written anew, by the
//! same rules as if its reader had asked on the page.

use kernel::{
    Done, Fault, Tx,
    outbox::{self, PersonsMessage},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    AccountId, Accounts, EnrolmentId, Intervention, Stage, Target,
    act::RecoveryRequest,
    evidence,
    mailing::{self, Due},
    store::{EnrolmentRow, accounts, enrolments},
};

/// The outcome of sending a mail once more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailedAgain {
    /// The same message is due now.
    DueNow,
    /// A new one is queued, with a link that works.
    Anew,
    /// Too soon: seconds to wait.
    Wait(i64),
    /// No more for now: the limit of mails to one address.
    TooMany,
    /// It was sent and holds no link that can be made anew, or what it was about is over.
    Over,
    /// No such mail to this person.
    Unknown,
}

impl Accounts {
    /// Sends a mail to a person once more.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn mail_again(
        &self,
        target: Target,
        message: Uuid,
        intervention: &Intervention,
    ) -> Result<MailedAgain, Fault> {
        let db = &self.context.db;
        let persons = self.mailed_as(target).await?;
        let Some(found) = outbox::to_person(db, &persons, message).await? else {
            return Ok(MailedAgain::Unknown);
        };
        let account = match target {
            Target::Account(id) => Some(id),
            Target::Identity(_) => None,
        };
        db.write_recorded(async |tx: &Tx| {
            let outcome = match outbox::make_due(tx, message, self.context.now()).await? {
                true => MailedAgain::DueNow,
                false => self.write_anew(tx, &found, intervention).await?,
            };
            if !matches!(outcome, MailedAgain::DueNow | MailedAgain::Anew) {
                return Ok(Done::RollBack(outcome));
            }
            let more =
                json!({ "mail": found.topic, "message": message, "anew": outcome == MailedAgain::Anew });
            self.note_done(tx, target, intervention, "resend").await?;
            evidence::append(tx, &self.context, "mail sent again", account, &intervention.entry(more))
                .await?;
            Ok(Done::Commit(outcome))
        })
        .await
    }

    /// Writes a mail anew whose content is gone.
    async fn write_anew(
        &self,
        tx: &Tx,
        found: &PersonsMessage,
        intervention: &Intervention,
    ) -> Result<MailedAgain, Fault> {
        // One that waits is being sent at this moment.
        if found.sent_at.is_none() && found.dead_at.is_none() {
            return Ok(MailedAgain::Wait(outbox::LEASE));
        }
        match found.topic.as_str() {
            "confirm" | "finish-enrolment" => self.confirm_anew(tx, EnrolmentId(found.person)).await,
            "reset-password" | "account-locked" => {
                let owner = accounts::enabled(tx, AccountId(found.person)).await?;
                let Some(owner) = owner else { return Ok(MailedAgain::Over) };
                let request = RecoveryRequest::of_staff(&owner, intervention.agency.as_deref());
                Ok(match self.queue_reset(tx, &owner, &request).await? {
                    true => MailedAgain::Anew,
                    false => MailedAgain::TooMany,
                })
            }
            _ => Ok(MailedAgain::Over),
        }
    }

    async fn confirm_anew(&self, tx: &Tx, id: EnrolmentId) -> Result<MailedAgain, Fault> {
        let now = self.context.now();
        let waits = |row: &EnrolmentRow| matches!(row.stage, Stage::Mail | Stage::Terms);
        let Some(row) = enrolments::living(tx, id, now).await?.filter(waits) else {
            return Ok(MailedAgain::Over);
        };
        Ok(match mailing::daily(row.mails, row.mailed_at, self.rules.mails_per_enrolment, now) {
            Due::Now(nth) => {
                self.mail_confirm(tx, &row, nth).await?;
                MailedAgain::Anew
            }
            Due::Wait(seconds) => MailedAgain::Wait(seconds),
            Due::Tomorrow => MailedAgain::TooMany,
        })
    }
}
