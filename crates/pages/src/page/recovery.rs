//! SPEC J6: forgotten password; mailed links that no longer work.

use serde::Serialize;

use super::{MissingEmail, Page, PasswordProblem};
use crate::Provider;

/// `POST {base}/forgot` with `email`.
#[derive(Clone, Debug, Serialize)]
pub struct Forgot {
    /// Fills the field in; may be empty.
    pub email: String,
    /// The error.
    pub error: Option<ForgotError>,
}

/// The reason why a reset request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ForgotError {
    /// Not an email address.
    Missing {
        /// The error of the address.
        email: MissingEmail,
    },
    /// Too many requests from this network.
    Throttled {
        /// Seconds until the next request.
        seconds: u32,
    },
}

/// The response to a reset request, the same whether or not the address has an account.
#[derive(Clone, Debug, Serialize)]
pub struct ForgotSent {
    /// As typed.
    pub email: String,
    /// The provider of the mailbox, as far as the typed address tells.
    pub provider: Provider,
    /// The lifetime of the link, in minutes.
    pub minutes: u16,
}

/// The page of the mailed link: `POST /reset` with `username` (hidden, for password managers) and `password`.
#[derive(Clone, Debug, Serialize)]
pub struct Reset {
    /// The account.
    pub email: String,
    /// The minimum length in characters.
    pub min_length: u16,
    /// Words that the new password may not contain.
    pub forbidden_words: Vec<String>,
    /// The errors.
    pub errors: Vec<PasswordProblem>,
    /// Seconds to wait after too many attempts from this network; nothing was checked.
    pub waits: Option<u32>,
}

/// SPEC J14: the page of an invitation of staff: `POST /invitation` with `username` (hidden, for password managers) and `password`.
#[derive(Clone, Debug, Serialize)]
pub struct Invitation {
    /// The address of the account that it makes.
    pub email: String,
    /// The agency's name; `None` for the vendor's staff.
    pub agency: Option<String>,
    /// The minimum length in characters.
    pub min_length: u16,
    /// Words that the password may not contain.
    pub forbidden_words: Vec<String>,
    /// The errors.
    pub errors: Vec<PasswordProblem>,
    /// Seconds to wait after too many attempts from this network; nothing was checked.
    pub waits: Option<u32>,
}

/// A mailed link that is no longer valid, and what to do. Links to `{base}/forgot`, or to `{base}` for the move.
#[derive(Clone, Debug, Serialize)]
pub struct LinkDead {
    /// The purpose of the link.
    pub purpose: LinkPurpose,
}

/// The purpose of a mailed link.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    /// A new password.
    Reset,
    /// The move.
    Confirm,
    /// Another address for an account.
    NewAddress,
    /// The same, but another account uses that address.
    AddressTaken,
    /// Restoring an account's previous address.
    TakeBack,
    /// The account of somebody of the staff.
    Invitation,
}

/// The page of a mailed link in a browser that does not hold it: cookies were cleared since it was opened, or the address was kept without it. The link itself may
/// still work (FINDING W7).
#[derive(Clone, Debug, Serialize)]
pub struct LinkMissing {}

/// The mailed link of a completed move: shown as a success, never "already used" (PEOPLE U-31).
#[derive(Clone, Debug, Serialize)]
pub struct AlreadyConfirmed {
    /// The agency whose portal the person came from.
    pub agency_name: String,
    /// The target of the button.
    pub continue_url: String,
}

/// The page of a mailed link, submitted a second time: the first has set the password, so this is shown as a success.
#[derive(Clone, Debug, Serialize)]
pub struct PasswordSet {
    /// The target of the button.
    pub continue_url: String,
}

impl Page for Forgot {
    const NAME: &'static str = "forgot";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<Forgot> {
        let missing =
            |text: &str, email| Forgot { email: text.into(), error: Some(ForgotError::Missing { email }) };
        vec![
            Forgot { email: String::new(), error: None },
            missing("", MissingEmail::Empty),
            missing("00012345", MissingEmail::Identifier),
            missing("marie", MissingEmail::Other),
            Forgot { email: "marie@example.fr".into(), error: Some(ForgotError::Throttled { seconds: 120 }) },
        ]
    }
}

impl Page for ForgotSent {
    const NAME: &'static str = "forgot-sent";

    fn samples() -> Vec<ForgotSent> {
        let to = |email: &str| ForgotSent { email: email.into(), provider: Provider::of(email), minutes: 30 };
        vec![to("marie.durand@example.fr"), to("marie.durand@gmail.com")]
    }
}

impl Page for Reset {
    const NAME: &'static str = "reset";

    fn has_error(&self) -> bool {
        !self.errors.is_empty() || self.waits.is_some()
    }

    fn samples() -> Vec<Reset> {
        let first = Reset {
            email: "marie.durand@example.fr".into(),
            min_length: 12,
            forbidden_words: vec!["durand".into()],
            errors: vec![],
            waits: None,
        };
        vec![
            first.clone(),
            Reset { waits: Some(20), ..first.clone() },
            Reset { errors: PasswordProblem::all(), ..first },
        ]
    }
}

impl Page for Invitation {
    const NAME: &'static str = "invitation";

    fn has_error(&self) -> bool {
        !self.errors.is_empty() || self.waits.is_some()
    }

    fn samples() -> Vec<Invitation> {
        let first = Invitation {
            email: "lea.martin@example.fr".into(),
            agency: Some("Agence des Tilleuls".into()),
            min_length: 12,
            forbidden_words: vec!["martin".into()],
            errors: vec![],
            waits: None,
        };
        vec![
            first.clone(),
            Invitation { agency: None, ..first.clone() },
            Invitation { waits: Some(20), ..first.clone() },
            Invitation { errors: PasswordProblem::all(), ..first },
        ]
    }
}

impl Page for LinkDead {
    const NAME: &'static str = "link-dead";

    fn samples() -> Vec<LinkDead> {
        use LinkPurpose::{AddressTaken, Confirm, Invitation, NewAddress, Reset, TakeBack};
        [Reset, Confirm, NewAddress, AddressTaken, TakeBack, Invitation]
            .map(|purpose| LinkDead { purpose })
            .into()
    }
}

impl Page for LinkMissing {
    const NAME: &'static str = "link-missing";

    fn samples() -> Vec<LinkMissing> {
        vec![LinkMissing {}]
    }
}

impl Page for AlreadyConfirmed {
    const NAME: &'static str = "already-confirmed";

    fn samples() -> Vec<AlreadyConfirmed> {
        vec![AlreadyConfirmed { agency_name: "Agence des Tilleuls".into(), continue_url: "/".into() }]
    }
}

impl Page for PasswordSet {
    const NAME: &'static str = "password-set";

    fn samples() -> Vec<PasswordSet> {
        vec![PasswordSet { continue_url: "/".into() }]
    }
}
