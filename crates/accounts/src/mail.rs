use kernel::{
    Context, Done, Fault, Token, Tx, Unix,
    outbox::{self, Leased, Ties},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Accounts,
    store::{email_changes, enrolments},
};

/// A mail that a change causes. It travels sealed in the outbox; the worker makes words of it and an address of each token.
#[derive(Serialize, Deserialize)]
pub struct Mail {
    /// The **stored** address, never one that was just typed (SECURITY #74), except where it is to be confirmed.
    pub to: String,
    /// `fr` or `en`.
    pub locale: String,
    /// The agency whose look the mail wears.
    pub agency_id: Option<String>,
    /// The content.
    pub body: MailBody,
}

/// The content of a mail.
#[derive(Serialize, Deserialize)]
pub enum MailBody {
    /// Confirm this address and go on with the move.
    Confirm {
        /// The token of the link.
        token: String,
        /// Days that the link lives.
        days: i64,
        /// The code that the browser in which the password was chosen takes in place of the link; absent in messages that an older version wrote.
        #[serde(default)]
        code: Option<String>,
    },
    /// The move is done: the receipt of what was accepted.
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
    /// New terms were accepted by an account that existed: the receipt.
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
    /// To an address that somebody wants for their account: confirm it.
    ConfirmAddress {
        /// The token of the link.
        token: String,
        /// Hours that it lives.
        hours: i64,
    },
    /// To the account's address: another one was asked for.
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
    /// To the address that the account had: another one has taken its place.
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
    /// To the address that the account has now.
    AddressChanged {
        /// The time.
        at: Unix,
    },
    /// To both: the older one is the account's again, with a new password.
    AddressTakenBack {
        /// The older one, masked.
        hint: String,
        /// The time.
        at: Unix,
    },
    /// Somebody signed in in a browser that the account did not know.
    NewDevice {
        /// `Firefox`, if it is known.
        browser: Option<String>,
        /// `Windows`, if it is known.
        system: Option<String>,
        /// The time.
        at: Unix,
    },
    /// To the agency's address for the person: another one was chosen for the account.
    AddressChosen {
        /// Masked.
        hint: String,
    },
}

impl Mail {
    /// The digest of the token that proves the address, where the mail asks for that proof: it names the row that learns of a refusal.
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

/// Queues a mail in the transaction of the change.
pub(crate) async fn send(
    tx: &Tx,
    context: &Context,
    mail: &Mail,
    expires_at: Option<Unix>,
) -> Result<(), Fault> {
    let about = mail.about();
    let ties = Ties { about: about.as_deref(), ..Ties::default() };
    outbox::enqueue_tied(tx, context, "mail", mail, expires_at, ties).await?;
    Ok(())
}

impl Accounts {
    /// Ends a message whose address is refused by the server that answers for it. Whoever waits for the mail is told on the page where they wait. `error` is
    /// for the operator and holds no address.
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

/// Takes back a message that had gone out and came back for good: whoever waits for it is told, as by [`Accounts::mail_refused`]. Returns true if that was
/// news.
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

/// Marks the move, or the wish for another address, whose mail carried the token of this digest. Another address has another token, so a correction is never
/// marked by what became of the mail before it.
async fn address_refused(tx: &Tx, about: &str, now: Unix) -> Result<(), Fault> {
    enrolments::mark_refused(tx, about, now).await?;
    email_changes::mark_refused(tx, about, now).await
}
