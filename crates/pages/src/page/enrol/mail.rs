//! SPEC J2.4, J2.5: the steps of a move that wait for its mail, and the page of the mailed link.

use serde::Serialize;

use crate::{
    Provider,
    page::{MissingEmail, Page, SignInError},
};

/// Step 4: a mail was sent. `POST {base}/resend`; `{base}/email` corrects the address. Reloads or polls
/// `status_url` at most every 5 s and goes to `{base}` when the address is confirmed.
#[derive(Clone, Debug, Serialize)]
pub struct LookAtYourMail {
    /// The address.
    pub email: String,
    /// The provider of the mailbox, which determines the name of its spam folder.
    pub provider: Provider,
    /// True if `{base}/code` accepts the code in the mail, in this browser.
    pub code: bool,
    /// True if the last mail was sent a moment ago.
    pub just_sent: bool,
    /// Seconds until it may be sent again; 0 for now.
    pub resend_in: u32,
    /// The number of times that it may still be sent today.
    pub resends_left: u32,
    /// The result of the last action.
    pub notice: Option<Resent>,
    /// True if its server refused the address: the page asks for another one, `POST {base}/email` with `email`, and does not mention a mail.
    pub refused: bool,
    /// Returns `{"next": bool}`: true if this page has nothing more to wait for.
    pub status_url: String,
    /// The lifetime of the link, in days.
    pub days: u16,
}

/// The last action on [`LookAtYourMail`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resent {
    /// A new mail was sent.
    Resent,
    /// The address was changed, and a mail was sent to the new one.
    Corrected,
}

/// Step 4 by the code in the mail, for the browser in which the password was chosen. `POST {base}/code` with `code`; after
/// [`CodeError::Spent`], `POST {base}/resend` instead. Polls `status_url` if scripts run; never reloads by itself.
#[derive(Clone, Debug, Serialize)]
pub struct MailCode {
    /// The address.
    pub email: String,
    /// The number of times that a mail may still be sent today.
    pub resends_left: u32,
    /// As in [`LookAtYourMail`].
    pub status_url: String,
    /// The error.
    pub error: Option<CodeError>,
}

/// The reason why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CodeError {
    /// Not eight digits.
    Unreadable,
    /// Not the code of the newest mail.
    Wrong {
        /// Attempts left.
        remaining: u8,
    },
    /// Tried too often, or expired: a new mail brings a new code.
    Spent,
    /// Too many attempts from this network.
    Throttled {
        /// Seconds until the next attempt.
        seconds: u32,
    },
}

/// Step 5, behind the mailed link, in any browser: `POST /confirm` with `email`, `password`. A GET changes nothing.
#[derive(Clone, Debug, Serialize)]
pub struct Confirm {
    /// Fills the field in; may be empty.
    pub email: String,
    /// The agency whose portal the person came from.
    pub agency_name: String,
    /// The error.
    pub error: Option<SignInError>,
}

impl Page for LookAtYourMail {
    const NAME: &'static str = "look-at-your-mail";

    fn has_error(&self) -> bool {
        self.refused
    }

    fn samples() -> Vec<LookAtYourMail> {
        let first = LookAtYourMail {
            email: "marie.durand@example.fr".into(),
            provider: Provider::Other,
            code: true,
            just_sent: true,
            resend_in: 60,
            resends_left: 5,
            notice: None,
            refused: false,
            status_url: "/authorize/0192/status".into(),
            days: 7,
        };
        let refused = LookAtYourMail { refused: true, resend_in: 0, code: false, ..first.clone() };
        vec![
            first.clone(),
            LookAtYourMail { notice: Some(Resent::Resent), resend_in: 1, resends_left: 1, ..first.clone() },
            LookAtYourMail {
                notice: Some(Resent::Corrected),
                resend_in: 0,
                resends_left: 4,
                ..first.clone()
            },
            LookAtYourMail {
                resends_left: 0,
                resend_in: 0,
                days: 1,
                code: false,
                just_sent: false,
                ..first.clone()
            },
            LookAtYourMail { email: "marie.durand@orange.fr".into(), provider: Provider::Orange, ..first },
            refused.clone(),
            LookAtYourMail { resends_left: 0, ..refused },
        ]
    }
}

impl Page for MailCode {
    const NAME: &'static str = "code";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<MailCode> {
        let first = MailCode {
            email: "marie.durand@example.fr".into(),
            resends_left: 5,
            status_url: "/authorize/0192/status".into(),
            error: None,
        };
        let errors = [
            CodeError::Unreadable,
            CodeError::Wrong { remaining: 4 },
            CodeError::Wrong { remaining: 1 },
            CodeError::Spent,
            CodeError::Throttled { seconds: 30 },
        ];
        let mut all = vec![first.clone()];
        all.extend(errors.map(|error| MailCode { error: Some(error), ..first.clone() }));
        all.push(MailCode { error: Some(CodeError::Spent), resends_left: 0, ..first });
        all
    }
}

impl Page for Confirm {
    const NAME: &'static str = "confirm";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<Confirm> {
        let first = Confirm { email: String::new(), agency_name: "Agence des Tilleuls".into(), error: None };
        let errors = [
            SignInError::Wrong { remaining: 4 },
            SignInError::Wrong { remaining: 1 },
            SignInError::Locked,
            SignInError::Busy,
            SignInError::Throttled { seconds: 30 },
            SignInError::Unusable,
            SignInError::Missing { email: None, password: true },
        ];
        let mut all = vec![first.clone()];
        all.extend(errors.map(|error| Confirm {
            email: "marie.durand@example.fr".into(),
            error: Some(error),
            ..first.clone()
        }));
        all.extend(MissingEmail::ALL.map(|missing| Confirm {
            email: if missing == MissingEmail::Empty { String::new() } else { "00012345".into() },
            error: Some(SignInError::Missing { email: Some(missing), password: false }),
            ..first.clone()
        }));
        all
    }
}
