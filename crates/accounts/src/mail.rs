//! The mails that acts queue, and the refusals and returns of mails.

use kernel::{
    Context, Done, Fault, Token, Tx, Unix,
    outbox::{self, Leased, Ties},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Email, EnrolmentId,
    store::{AccountRow, InvitationId, email_changes, enrolments},
};

/// A mail in the outbox, where it is sealed; the worker renders it, with a link for each token.
#[derive(Serialize, Deserialize)]
pub struct Mail {
    /// The **stored** address, never a typed one (SECURITY #74), except to confirm it.
    pub to: String,
    /// `fr` or `en`.
    pub locale: String,
    /// The agency whose look the mail has.
    pub agency_id: Option<String>,
    /// The content.
    pub body: MailBody,
}

/// The content of a mail.
#[derive(Serialize, Deserialize)]
pub enum MailBody {
    /// Asks to confirm the address of a move.
    Confirm {
        /// The token of the link.
        token: String,
        /// Days that the link lives.
        days: i64,
        /// The code that is accepted instead of the link, in the browser in which the password was chosen; absent in messages of older versions.
        #[serde(default)]
        code: Option<String>,
    },
    /// The move is finished: the receipt of the acceptance.
    Welcome {
        /// The terms' version.
        version: String,
        /// The language in which they were shown.
        language: String,
        /// SHA-256 of the text shown, hex.
        sha256: String,
        /// The time.
        accepted_at: Unix,
    },
    /// An account accepted newer terms: the receipt.
    TermsAccepted {
        /// As above.
        version: String,
        /// As above.
        language: String,
        /// As above.
        sha256: String,
        /// As above.
        accepted_at: Unix,
    },
    /// An agency was attached to the account.
    LinkAdded {
        /// The time.
        at: Unix,
    },
    /// Five wrong passwords.
    AccountLocked {
        /// The token of the reset link.
        token: String,
        /// Minutes that it lives.
        minutes: i64,
    },
    /// A reset was asked for.
    ResetPassword {
        /// The token of the link.
        token: String,
        /// Minutes that it lives.
        minutes: i64,
    },
    /// A reset was asked for an address that only has an unfinished enrolment.
    FinishEnrolment {
        /// The token of the confirmation link.
        token: String,
        /// Days that the link lives.
        days: i64,
    },
    /// The password was changed.
    PasswordChanged {
        /// The time.
        at: Unix,
    },
    /// To the new address of an account: asks to confirm it.
    ConfirmAddress {
        /// The token of the link.
        token: String,
        /// Hours that it lives.
        hours: i64,
    },
    /// To the account's address: a change to another one was requested.
    AddressAsked {
        /// The other one, masked.
        hint: String,
        /// The token of the link that stops it.
        token: String,
        /// The time.
        at: Unix,
        /// Hours that the wish lives.
        hours: i64,
    },
    /// To the previous address: another one has replaced it.
    AddressReplaced {
        /// The other one, masked.
        hint: String,
        /// The token of the link that takes it back.
        token: String,
        /// The time.
        at: Unix,
        /// Days that the link lives.
        days: i64,
    },
    /// To the account's new address.
    AddressChanged {
        /// The time.
        at: Unix,
    },
    /// To both addresses: the older one was restored, with a new password.
    AddressTakenBack {
        /// The older one, masked.
        hint: String,
        /// The time.
        at: Unix,
    },
    /// A sign-in in an unknown browser.
    NewDevice {
        /// `Firefox`, if it is known.
        browser: Option<String>,
        /// `Windows`, if it is known.
        system: Option<String>,
        /// The time.
        at: Unix,
    },
    /// An agency does not count the person among its clients any more: its portal closes to them.
    LinkEnding {
        /// The time at which it closes.
        at: Unix,
    },
    /// Staff took a link with an agency away from the account.
    LinkTaken {
        /// The time.
        at: Unix,
    },
    /// Staff gave the account a link with an agency.
    LinkGiven {
        /// The time.
        at: Unix,
    },
    /// To the agency's address for the person: the account has another one.
    AddressChosen {
        /// Masked.
        hint: String,
    },
    /// To staff whom a file names, without an account: the link by which they get one.
    StaffInvited {
        /// The token of the link.
        token: String,
        /// Days that the link lives.
        days: i64,
    },
    /// Staff cleared the count of wrong passwords.
    AccountUnlocked {
        /// The time.
        at: Unix,
    },
    /// Staff ended the account's sessions.
    SessionsEnded {
        /// The time.
        at: Unix,
    },
    /// Staff closed the account.
    AccountClosed {
        /// The time.
        at: Unix,
    },
    /// Staff reopened the account.
    AccountReopened {
        /// The time.
        at: Unix,
    },
}

impl MailBody {
    /// Returns the kind of mail under a stable name, as staff see it.
    pub fn topic(&self) -> &'static str {
        match self {
            Self::Confirm { .. } => "confirm",
            Self::Welcome { .. } => "welcome",
            Self::TermsAccepted { .. } => "terms-accepted",
            Self::LinkAdded { .. } => "link-added",
            Self::AccountLocked { .. } => "account-locked",
            Self::ResetPassword { .. } => "reset-password",
            Self::FinishEnrolment { .. } => "finish-enrolment",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ConfirmAddress { .. } => "confirm-address",
            Self::AddressAsked { .. } => "address-asked",
            Self::AddressReplaced { .. } => "address-replaced",
            Self::AddressChanged { .. } => "address-changed",
            Self::AddressTakenBack { .. } => "address-taken-back",
            Self::NewDevice { .. } => "new-device",
            Self::LinkEnding { .. } => "link-ending",
            Self::LinkTaken { .. } => "link-taken",
            Self::LinkGiven { .. } => "link-given",
            Self::AddressChosen { .. } => "address-chosen",
            Self::StaffInvited { .. } => "staff-invited",
            Self::AccountUnlocked { .. } => "account-unlocked",
            Self::SessionsEnded { .. } => "sessions-ended",
            Self::AccountClosed { .. } => "account-closed",
            Self::AccountReopened { .. } => "account-reopened",
        }
    }
}

impl Mail {
    /// Returns the digest of the token that proves the address, if the mail has one: it names the row to update if the server refuses the address.
    fn about(&self) -> Option<String> {
        let (MailBody::Confirm { token, .. }
        | MailBody::FinishEnrolment { token, .. }
        | MailBody::ConfirmAddress { token, .. }) = &self.body
        else {
            return None;
        };
        Token::parse(token).map(|token| token.digest().into_string())
    }
}

/// The account or the move that a mail belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// Of somebody who has an account.
    Account(AccountId),
    /// Of somebody who is moving.
    Move(EnrolmentId),
    /// Of staff who are invited.
    Invitation(InvitationId),
}

/// A person as the recipient of a mail.
#[derive(Clone, Copy)]
pub(crate) struct Recipient<'a> {
    pub(crate) whose: Whose,
    pub(crate) address: &'a str,
    /// `fr` or `en`.
    pub(crate) locale: &'a str,
}

impl<'a> Recipient<'a> {
    /// The owner of an account, at its address.
    pub(crate) fn owner(row: &'a AccountRow) -> Self {
        Self { whose: Whose::Account(row.id), address: &row.email, locale: &row.locale }
    }
}

/// Queues a mail in the transaction of the change.
pub(crate) async fn send(
    tx: &Tx,
    context: &Context,
    whose: Whose,
    mail: &Mail,
    expires_at: Option<Unix>,
) -> Result<(), Fault> {
    let about = mail.about();
    let person = match whose {
        Whose::Account(AccountId(id))
        | Whose::Move(EnrolmentId(id))
        | Whose::Invitation(InvitationId(id)) => id,
    };
    let to = Email::parse(&mail.to);
    let host = to.as_ref().and_then(|to| to.canonical().rsplit_once('@')).map(|(_, host)| host);
    let addressee =
        outbox::Addressee { person, topic: mail.body.topic(), agency: mail.agency_id.as_deref(), host };
    let ties = Ties { about: about.as_deref(), addressee: Some(addressee), ..Ties::default() };
    outbox::enqueue_tied(tx, context, "mail", mail, expires_at, ties).await?;
    Ok(())
}

impl Accounts {
    /// Ends a message whose address its server refused. The page on which the person waits for the mail says so. `error` is for the operator and
    /// holds no address.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn mail_refused(&self, message: &Leased, error: &str) -> Result<(), Fault> {
        let mail: Mail = message.payload(&self.context)?;
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                if outbox::refused(tx, message, error, now).await?
                    && let Some(about) = mail.about()
                {
                    address_refused(tx, &about, now).await?;
                }
                Ok(Done::Commit(()))
            })
            .await
    }

    /// As [`mail_bounced`].
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn mail_bounced(&self, message: Uuid, error: &str) -> Result<bool, Fault> {
        mail_bounced(&self.context, message, error).await
    }
}

/// Records that a sent message was returned for good; the person who waits for it reads so, as with [`Accounts::mail_refused`]. Returns true if that was
/// new.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn mail_bounced(context: &Context, message: Uuid, error: &str) -> Result<bool, Fault> {
    let now = context.now();
    context
        .db
        .write(async |tx: &Tx| {
            let Some(about) = outbox::bounced(tx, message, error, now).await? else {
                return Ok(Done::RollBack(false));
            };
            if let Some(about) = about {
                address_refused(tx, &about, now).await?;
            }
            Ok(Done::Commit(true))
        })
        .await
}

/// Marks the move, or the request for another address, whose mail carried the token with this digest. A corrected address has another token, so a late refusal
/// of the first mail does not mark it.
async fn address_refused(tx: &Tx, about: &str, now: Unix) -> Result<(), Fault> {
    enrolments::mark_refused(tx, about, now).await?;
    email_changes::mark_refused(tx, about, now).await
}
