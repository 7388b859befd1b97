//! Forgotten passwords and locked accounts: both end in a mailed, single-use link. A request is only queued; the worker looks for an account, so
//! neither the answer nor its time reveals one (SECURITY #59, #60, #73).

use kernel::{Context, Done, Fault, Token, Tx, outbox::Leased};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Accounts, Email, Visitor, evidence,
    mail::{self, Mail, MailBody, Whose},
    mailing::{self, Resets},
    store::{AccountRow, ResetLinkId, ResetLinkRow, accounts, enrolments, reset_links},
};

/// The way back from a mailed link: the interaction in which it was requested, and that interaction's agency.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// An interaction's id; only its own browser can continue it.
    pub interaction: Option<String>,
    /// The agency.
    pub agency_id: Option<String>,
}

/// A request for a reset link, caused by a person or by a lock, as queued for the worker.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecoveryRequest {
    subject: String,
    locale: String,
    origin: Origin,
    locked: bool,
    /// True if the owner gets a mail: for locks in quick succession, only for the first.
    #[serde(default = "always")]
    mail: bool,
    /// The network that caused the lock, in the form of the evidence.
    #[serde(default)]
    ip: String,
}

/// The default for messages of older nodes.
fn always() -> bool {
    true
}

/// The maximum length of an address, in characters.
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

    /// Makes the request of staff for somebody who asks on the telephone.
    pub(crate) fn of_staff(row: &AccountRow, agency: Option<&str>) -> Self {
        Self {
            subject: row.email_canonical.clone(),
            locale: row.locale.clone(),
            origin: Origin { interaction: None, agency_id: agency.map(Into::into) },
            locked: false,
            mail: true,
            ip: String::new(),
        }
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
    #[tracing::instrument(skip_all)]
    pub async fn forgot(&self, typed_email: &str, visitor: &Visitor) -> Result<(), Fault> {
        // Without an address there is no request (SECURITY D12).
        let Some(address) = Email::parse(typed_email) else { return Ok(()) };
        let request = RecoveryRequest::by(address.canonical(), visitor);
        self.context
            .db
            .write(async |tx: &Tx| Ok(Done::Commit(request.enqueue(tx, &self.context).await?)))
            .await
    }

    /// Finds the account and queues the mail: the worker's half, for messages of the kind `recovery`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
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
                self.queue_reset(tx, row, request).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Queues the mail with the reset link in the caller's transaction; returns false if none is due.
    pub(crate) async fn queue_reset(
        &self,
        tx: &Tx,
        row: &AccountRow,
        request: &RecoveryRequest,
    ) -> Result<bool, Fault> {
        let Some(link) = self.link_to_mail(tx, row.id, request).await? else { return Ok(false) };
        let now = self.context.now();
        let (token, expires_at) = (self.reset_token(&link).text(), link.expires_at);
        // The remaining lifetime, since a late mail must not promise more.
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
        mail::send(tx, &self.context, Whose::Account(row.id), &message, Some(expires_at)).await?;
        Ok(true)
    }

    /// Returns the link to mail, if a mail is due: the valid one again, or a new one. Without a valid link a mail is always due, so that strangers' requests
    /// cannot keep it from the owner; a valid one is in the owner's mailbox already (SECURITY #57, #73, D12).
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
            // The token of a link of an older version cannot be derived again: make a new link.
            other => self.new_link(tx, owner, other.map(|link| link.id), request).await.map(Some),
        }
    }

    /// Returns the valid link, if another mail is due. It leads back to the place of the request that a mail answers: the mail names its agency, and a request
    /// that sends none may be a stranger's (SECURITY D12).
    async fn link_again(
        &self,
        tx: &Tx,
        link: ResetLinkRow,
        request: &RecoveryRequest,
    ) -> Result<Option<ResetLinkRow>, Fault> {
        let now = self.context.now();
        // Locks have a limit of their own, so that requests for a reset cannot silence them.
        let due = request.locked || self.is_reset_due(tx, &link).await?;
        let mailed = due && reset_links::renew(tx, &link, &request.origin, now).await?;
        Ok(mailed.then_some(link))
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

    /// Creates a link. `replaces` is a valid link to end first. If another worker creates one at the same moment, the insert fails and that one stays.
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

    /// Derives the token from the row, with the key outside the database, so that a second mail carries the same link.
    fn reset_token(&self, link: &ResetLinkRow) -> Token {
        let bound = format!("{}\n{}", link.id, link.account_id);
        Token::of_mac(self.context.keys.mac("reset link", bound.as_bytes()))
    }

    /// Queues the mail that says how to finish a move, to an address with an unfinished move and no account (SPEC J6).
    async fn mail_unfinished(&self, request: &RecoveryRequest) -> Result<(), Fault> {
        let now = self.context.now();
        match enrolments::to_remind_of(&self.context.db, &request.subject, now).await? {
            Some(row) => self.mail_finish(&row).await,
            None => Ok(()),
        }
    }
}
