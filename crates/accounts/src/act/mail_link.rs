//! The mails with the link of a move.

use kernel::{Done, Fault, Token, Tx, Unix};

use crate::{
    Accounts, Enrolment, EnrolmentId, Stage,
    mail::{self, Mail, MailBody, Whose},
    mailing::{self, Due},
    store::{
        EnrolmentRow,
        enrolments::{self, LinkMail},
    },
};

/// The outcome of asking for another mail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Resend {
    /// Queued.
    Sent,
    /// Too soon: seconds to wait.
    Wait(i64),
    /// No more today.
    TooMany,
    /// The enrolment is over.
    Gone,
}

/// The next confirmation mail that may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NextMail {
    /// Seconds to wait; 0 for now.
    pub wait: i64,
    /// Mails that are left today.
    pub left: i32,
}

impl Accounts {
    /// Returns when the page may ask for another mail, and how many are left today.
    pub fn next_mail(&self, enrolment: &Enrolment) -> NextMail {
        let (most, now) = (self.rules.mails_per_enrolment, self.context.now());
        match mailing::daily(enrolment.mails, enrolment.mailed_at, most, now) {
            Due::Now(nth) => NextMail { wait: 0, left: most - nth + 1 },
            Due::Wait(wait) => NextMail { wait, left: Ord::max(most - enrolment.mails, 0) },
            Due::Tomorrow => NextMail { wait: 0, left: 0 },
        }
    }

    /// Sends another confirmation mail, with the same link, so that any copy works.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn resend(&self, id: EnrolmentId) -> Result<Resend, Fault> {
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                let waits = |row: &EnrolmentRow| matches!(row.stage, Stage::Mail | Stage::Terms);
                let Some(row) = enrolments::living(tx, id, now).await?.filter(waits) else {
                    return Ok(Done::RollBack(Resend::Gone));
                };
                let nth = match mailing::daily(row.mails, row.mailed_at, self.rules.mails_per_enrolment, now)
                {
                    Due::Now(nth) => nth,
                    Due::Wait(seconds) => return Ok(Done::RollBack(Resend::Wait(seconds))),
                    Due::Tomorrow => return Ok(Done::RollBack(Resend::TooMany)),
                };
                self.mail_confirm(tx, &row, nth).await?;
                Ok(Done::Commit(Resend::Sent))
            })
            .await
    }

    /// Sends the mail about an unfinished move that a request for a forgotten password causes: once in the lifetime of a reset link, and apart from the
    /// limit of the move's own mails, so that a stranger cannot use those up (SECURITY #73).
    pub(crate) async fn mail_finish(&self, row: &EnrolmentRow) -> Result<(), Fault> {
        let (now, pause) = (self.context.now(), self.rules.reset_link);
        self.context
            .db
            .write(async |tx: &Tx| {
                if enrolments::take_reminder(tx, row.id, now, pause).await? {
                    self.mail_link(tx, row, LinkMail::Finish, None).await?;
                }
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Sends the `nth` confirmation mail of its day, with a new code.
    pub(crate) async fn mail_confirm(&self, tx: &Tx, row: &EnrolmentRow, nth: i32) -> Result<(), Fault> {
        let (text, code) = match self.new_code(row) {
            Some((code, hash, until)) => (Some(code.text()), Some((hash, until))),
            None => (None, None),
        };
        self.mail_link(tx, row, LinkMail::Confirm { nth, code }, text).await
    }

    async fn mail_link(
        &self,
        tx: &Tx,
        row: &EnrolmentRow,
        kind: LinkMail,
        code: Option<String>,
    ) -> Result<(), Fault> {
        let (Some(email), Some(canonical)) = (&row.email, &row.email_canonical) else {
            return Ok(());
        };
        let token = self.confirm_token(row.id, canonical);
        let now = self.context.now();
        let expires_at = now + self.rules.confirm_link;
        if !enrolments::write_mail(tx, row, &kind, &token.digest(), (now, expires_at)).await? {
            return Ok(());
        }
        let (token, days) = (token.text(), i64::from(self.rules.confirm_days()));
        let body = match kind {
            LinkMail::Finish => MailBody::FinishEnrolment { token, days },
            LinkMail::Confirm { .. } => MailBody::Confirm { token, days, code },
        };
        let message = Mail {
            to: email.clone(),
            locale: row.locale.clone(),
            agency_id: Some(row.agency_id.clone()),
            body,
        };
        mail::send(tx, &self.context, Whose::Move(row.id), &message, Some(expires_at)).await
    }

    /// Derives the token from the move and the address, with the key outside the database: a second mail carries the same link, a corrected address
    /// another one.
    pub(crate) fn confirm_token(&self, id: EnrolmentId, canonical: &str) -> Token {
        Token::of_mac(self.context.keys.mac("confirm link", format!("{id}\n{canonical}").as_bytes()))
    }
}

/// The number of the next mail within its day, without regard to limits.
pub(crate) fn nth_today(row: &EnrolmentRow, now: Unix) -> i32 {
    if row.mailed_at.is_some_and(|at| at + 86_400 > now) { row.mails.saturating_add(1) } else { 1 }
}
