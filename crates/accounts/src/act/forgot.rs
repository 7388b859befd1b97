//! Forgotten and locked: both end in a mailed, single-use link. What a stranger can ask for is only queued; the worker looks whether there is an
//! account, so the answer and its time never tell (SECURITY #59, #60, #73).

use kernel::{Context, Done, Fault, Token, Tx, outbox::Leased};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Accounts, Email, Visitor, evidence,
    mail::{self, Mail, MailBody},
    mailing::{self, Resets},
    store::{AccountRow, ResetLinkId, ResetLinkRow, accounts, enrolments, reset_links},
};

/// The way back from a mailed link: the interaction in which it was asked for, and the agency whose look that wore.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// An interaction's id; only its own browser can go on with it.
    pub interaction: Option<String>,
    /// The agency.
    pub agency_id: Option<String>,
}

/// A request for a reset link, as it waits for the worker: by a person, or by a lock.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecoveryRequest {
    subject: String,
    locale: String,
    origin: Origin,
    locked: bool,
    /// True if the owner is to be written to: of locks that follow each other closely, of the first.
    #[serde(default = "always")]
    mail: bool,
    /// The network that the lock came from, as the evidence keeps it.
    #[serde(default)]
    ip: String,
}

/// Messages of an older node name no other.
fn always() -> bool {
    true
}

/// The maximum length of an address in a message in characters: what is longer is no address.
const LONGEST_SUBJECT: usize = 254;

impl RecoveryRequest {
    /// Makes the request of a visitor who has forgotten a password.
    fn by(subject: &str, visitor: &Visitor) -> Self {
        Self {
            subject: subject.chars().take(LONGEST_SUBJECT).collect(),
            locale: visitor.locale.clone(),
            origin: visitor.origin.clone(),
            locked: false,
            mail: true,
            ip: String::new(),
        }
    }

    /// Makes the request of a lock.
    pub(crate) fn of_lock(subject: &str, mail: bool, visitor: &Visitor) -> Self {
        Self { locked: true, mail, ip: visitor.ip_short(), ..Self::by(subject, visitor) }
    }

    /// Queues the request for the worker.
    pub(crate) async fn enqueue(&self, tx: &Tx, context: &Context) -> Result<(), Fault> {
        kernel::outbox::enqueue(tx, context, "recovery", self, Some(context.now() + 3600)).await?;
        Ok(())
    }
}

impl Accounts {
    /// Takes a request for a forgotten password ("Mot de passe oublié"): only queues it. The answer is the same for every address.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn forgot(&self, typed_email: &str, visitor: &Visitor) -> Result<(), Fault> {
        // What is no address asks for nothing (SECURITY D12).
        let Some(address) = Email::parse(typed_email) else { return Ok(()) };
        let request = RecoveryRequest::by(address.canonical(), visitor);
        self.context
            .db
            .write(async |tx: &Tx| Ok(Done::Commit(request.enqueue(tx, &self.context).await?)))
            .await
    }

    /// Looks who is meant and queues the mail: the worker's half, for messages of the kind `recovery`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn recover(&self, message: &Leased) -> Result<(), Fault> {
        let request: RecoveryRequest = message.payload(&self.context)?;
        let row = accounts::by_address(&self.context.db, &request.subject).await?;
        if request.locked {
            if let Some(row) = &row {
                self.record_lock(row.id, &request).await?;
            }
            if !request.mail {
                return Ok(());
            }
        }
        match row {
            Some(row) if row.disabled_at.is_none() => self.mail_reset(&row, &request).await,
            Some(_) => Ok(()),
            None if request.locked => Ok(()),
            None => self.mail_unfinished(&request).await,
        }
    }

    /// Records a lock in the evidence: once for each, and once more if the worker dies before the message is done.
    async fn record_lock(&self, owner: AccountId, request: &RecoveryRequest) -> Result<(), Fault> {
        let body = serde_json::json!({ "ip": request.ip });
        self.context
            .db
            .write_recorded(async |tx: &Tx| {
                evidence::append(tx, &self.context, "account locked", Some(owner), &body).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    async fn mail_reset(&self, row: &AccountRow, request: &RecoveryRequest) -> Result<(), Fault> {
        self.context
            .db
            .write(async |tx: &Tx| {
                let Some(link) = self.link_to_mail(tx, row.id, request).await? else {
                    return Ok(Done::Commit(()));
                };
                let now = self.context.now();
                let (token, expires_at) = (self.reset_token(&link).text(), link.expires_at);
                // What is left of its life: a mail that comes late must not promise more.
                let minutes = Ord::max((expires_at - now) / 60, 1);
                let body = if request.locked {
                    MailBody::AccountLocked { token, minutes }
                } else {
                    MailBody::ResetPassword { token, minutes }
                };
                let message = Mail {
                    to: row.email.clone(),
                    locale: row.locale.clone(),
                    agency_id: request.origin.agency_id.clone(),
                    body,
                };
                mail::send(tx, &self.context, &message, Some(expires_at)).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Returns the link that a mail is due with: the one that works, once more, or a new one. Where none works a mail is always due, so that nobody's
    /// requests keep it from its owner; the one that works lies in the owner's mailbox already (SECURITY #57, #73, D12).
    async fn link_to_mail(
        &self,
        tx: &Tx,
        owner: AccountId,
        request: &RecoveryRequest,
    ) -> Result<Option<ResetLinkRow>, Fault> {
        match reset_links::of(tx, owner, self.context.now()).await? {
            Some(link) if self.reset_token(&link).digest().as_str() == link.token_hash => {
                self.link_again(tx, link, request).await
            }
            // One that an older version made cannot be made again: a new one takes its place.
            other => self.new_link(tx, owner, other.map(|link| link.id), request).await.map(Some),
        }
    }

    /// Returns the link that works, if it is due once more. It leads back to where it was asked for last.
    async fn link_again(
        &self,
        tx: &Tx,
        link: ResetLinkRow,
        request: &RecoveryRequest,
    ) -> Result<Option<ResetLinkRow>, Fault> {
        let now = self.context.now();
        // A lock has a limit of its own; wishes for a reset must not silence it.
        let due = request.locked || self.is_reset_due(tx, &link).await?;
        let kept = reset_links::renew(tx, &link, &request.origin, due.then_some(now)).await?;
        Ok((due && kept).then_some(link))
    }

    async fn is_reset_due(&self, tx: &Tx, link: &ResetLinkRow) -> Result<bool, Fault> {
        let now = self.context.now();
        let recent =
            reset_links::mails_since(tx, link.account_id, now - 3600 - self.rules.reset_link).await?;
        let in_hour = recent
            .iter()
            .filter(|(_, last)| mailing::within_hour(*last, now))
            .map(|(mails, _)| i64::from(*mails))
            .sum();
        let last = link.mailed_at.unwrap_or(link.created_at);
        Ok(Resets { with_link: link.mails, last, in_hour }.again(self.rules.resets_per_hour, now))
    }

    /// Makes a link where none works. `replaces`: one that works and has to go. What another worker makes at this moment stays: the insert runs into it.
    async fn new_link(
        &self,
        tx: &Tx,
        owner: AccountId,
        replaces: Option<ResetLinkId>,
        request: &RecoveryRequest,
    ) -> Result<ResetLinkRow, Fault> {
        let now = self.context.now();
        reset_links::supersede_expired(tx, owner, replaces, now).await?;
        let mut link = ResetLinkRow {
            id: self.context.id(),
            token_hash: String::new(),
            account_id: owner,
            agency_id: request.origin.agency_id.clone(),
            origin: request.origin.interaction.clone(),
            created_at: now,
            mailed_at: Some(now),
            mails: 1,
            expires_at: now + self.rules.reset_link,
            used_at: None,
            superseded_at: None,
        };
        link.token_hash = self.reset_token(&link).digest().into_string();
        reset_links::insert(tx, link.clone()).await?;
        Ok(link)
    }

    /// Returns 256 bits that only this row gives, and only with the key outside the database: a second mail carries the same link.
    fn reset_token(&self, link: &ResetLinkRow) -> Token {
        let bound = format!("{}\n{}", link.id, link.account_id);
        Token::of_mac(self.context.keys.mac("reset link", bound.as_bytes()))
    }

    /// Mails how to finish the move to an address that has an unfinished one and no account (SPEC J6).
    async fn mail_unfinished(&self, request: &RecoveryRequest) -> Result<(), Fault> {
        let now = self.context.now();
        match enrolments::to_remind_of(&self.context.db, &request.subject, now).await? {
            Some(row) => self.mail_finish(&row).await,
            None => Ok(()),
        }
    }
}
