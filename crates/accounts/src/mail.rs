use kernel::{
    Context, Fault, Token, Tx, Unix,
    outbox::{self, Leased, Ties},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Accounts,
    table::{email_change, enrolment},
};

/// A mail that a change causes. It travels sealed in the outbox; the worker makes words of it and an address of each token.
#[derive(Serialize, Deserialize)]
pub struct Mail {
    /// The **stored** address, never one that was just typed (SECURITY #74), except where it is to be confirmed.
    pub to: String,
    /// `fr` or `en`.
    pub locale: String,
    /// Whose look the mail wears.
    pub agency_id: Option<String>,
    /// What it says.
    pub body: MailBody,
}

/// What a mail says.
#[derive(Serialize, Deserialize)]
pub enum MailBody {
    /// Confirm this address and go on with the move.
    Confirm {
        /// For the link.
        token: String,
        /// Days that the link lives.
        days: i64,
        /// What the browser in which the password was chosen takes in place of the link; absent in letters that an older version wrote.
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
        /// When.
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
        /// When.
        at: Unix,
    },
    /// Five wrong passwords.
    AccountLocked {
        /// For the reset link.
        token: String,
        /// Minutes that it lives.
        minutes: i64,
    },
    /// A reset was asked for.
    ResetPassword {
        /// For the link.
        token: String,
        /// Minutes that it lives.
        minutes: i64,
    },
    /// A reset was asked for an address that only has an unfinished enrolment.
    FinishEnrolment {
        /// For the confirmation link.
        token: String,
        /// Days that the link lives.
        days: i64,
    },
    /// The password was changed.
    PasswordChanged {
        /// When.
        at: Unix,
    },
    /// To an address that somebody wants for their account: confirm it.
    ConfirmAddress {
        /// For the link.
        token: String,
        /// Hours that it lives.
        hours: i64,
    },
    /// To the account's address: another one was asked for.
    AddressAsked {
        /// The other one, masked.
        hint: String,
        /// For the link that stops it.
        token: String,
        /// When.
        at: Unix,
        /// Hours that the wish lives.
        hours: i64,
    },
    /// To the address that the account had: another one has taken its place.
    AddressReplaced {
        /// The other one, masked.
        hint: String,
        /// For the link that takes it back.
        token: String,
        /// When.
        at: Unix,
        /// Days that the link lives.
        days: i64,
    },
    /// To the address that the account has now.
    AddressChanged {
        /// When.
        at: Unix,
    },
    /// To both: the older one is the account's again, with a new password.
    AddressTakenBack {
        /// The older one, masked.
        hint: String,
        /// When.
        at: Unix,
    },
    /// Somebody signed in in a browser that the account did not know.
    NewDevice {
        /// `Firefox`, if it is known.
        browser: Option<String>,
        /// `Windows`, if it is known.
        system: Option<String>,
        /// When.
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

/// Queues it with the change.
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
    /// The server that answers for the address refuses it: the letter ends, and whoever waits for it is told on the page where they wait. `error` is for the
    /// operator and holds no address.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn mail_refused(&self, letter: &Leased, error: &str) -> Result<(), Fault> {
        let mail: Mail = letter.payload(&self.context)?;
        let now = self.context.now();
        let tx = self.context.db.begin().await?;
        if outbox::refused(&tx, letter, error, now).await?
            && let Some(about) = mail.about()
        {
            address_refused(tx.conn(), &about, now).await?;
        }
        tx.commit().await
    }

    /// As [`mail_bounced`].
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn mail_bounced(&self, letter: Uuid, error: &str) -> Result<bool, Fault> {
        mail_bounced(&self.context, letter, error).await
    }
}

/// A letter that had gone out came back for good: whoever waits for it is told, as by [`Accounts::mail_refused`]. Answers whether that was news.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn mail_bounced(context: &Context, letter: Uuid, error: &str) -> Result<bool, Fault> {
    let now = context.now();
    let tx = context.db.begin().await?;
    let Some(about) = outbox::bounced(&tx, letter, error, now).await? else { return Ok(false) };
    if let Some(about) = about {
        address_refused(tx.conn(), &about, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Marks the move, or the wish for another address, whose mail carried the token of this digest. Another address has another token, so a correction is never
/// marked by what became of the mail before it.
async fn address_refused(db: &impl ConnectionTrait, about: &str, now: Unix) -> Result<(), Fault> {
    enrolment::Entity::update_many()
        .col_expr(enrolment::Column::RefusedAt, Expr::value(now))
        .filter(enrolment::Column::ConfirmHash.eq(about))
        .filter(enrolment::Column::ConfirmedAt.is_null())
        .filter(enrolment::Column::FinishedAt.is_null())
        .exec(db)
        .await?;
    email_change::Entity::update_many()
        .col_expr(email_change::Column::RefusedAt, Expr::value(now))
        .filter(email_change::Column::ConfirmHash.eq(about))
        .filter(email_change::Column::ConfirmedAt.is_null())
        .filter(email_change::Column::EndedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}
