//! SPEC J11: a change of the account's address, from the request to its reversal.

use serde::Serialize;

use super::{Page, PasswordProblem, SignInError};

/// `POST /account/email` with `username` (hidden, for password managers), `email`, `password`, and `sure` after a suggestion.
#[derive(Clone, Debug, Serialize)]
pub struct AccountEmail {
    /// The account's address.
    pub email: String,
    /// Fills the field in; may be empty.
    pub typed: String,
    /// The error of the new address.
    pub wrong: Option<NewEmailError>,
    /// The error of the password.
    pub error: Option<SignInError>,
}

/// The reason why a new address is refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewEmailError {
    /// It is no deliverable address.
    Invalid,
    /// It probably has a typing error.
    Suggestion {
        /// The likely address.
        email: String,
    },
    /// It is the account's address already.
    Same,
    /// Too many requests today.
    TooMany,
}

/// A pending change, which waits for the mailed link. `POST /account/email/cancel`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountEmailAsked {
    /// The account's current address.
    pub email: String,
    /// The new one.
    pub asked: String,
    /// The lifetime of the link, in hours.
    pub hours: u16,
    /// True if its server refused the new address.
    pub refused: bool,
}

/// The page of the link mailed to the new address: `POST /new-address`, with `password` unless the account is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct NewAddress {
    /// The new address.
    pub email: String,
    /// True if the password is asked for.
    pub needs_password: bool,
    /// The error of the password.
    pub error: Option<SignInError>,
}

/// The same link once more: shown as a success, never "already used" (PEOPLE U-31).
#[derive(Clone, Debug, Serialize)]
pub struct NewAddressDone {
    /// The account's address.
    pub email: String,
}

/// The page of the link mailed to the previous address: `POST /take-back` with `username` (hidden, for password managers) and `password`.
#[derive(Clone, Debug, Serialize)]
pub struct TakeBack {
    /// The previous address.
    pub email: String,
    /// True if the new address has replaced it.
    pub changed: bool,
    /// The minimum length in characters.
    pub min_length: u16,
    /// Words that the new password may not contain.
    pub forbidden_words: Vec<String>,
    /// The errors of the new password.
    pub errors: Vec<PasswordProblem>,
    /// Seconds to wait after too many attempts from this network; nothing was checked.
    pub waits: Option<u32>,
}

const MARIE: &str = "marie.durand@example.fr";
const NEW: &str = "marie.d@gmail.com";

impl Page for AccountEmail {
    const NAME: &'static str = "account-email";

    fn has_error(&self) -> bool {
        self.wrong.is_some() || self.error.is_some()
    }

    fn samples() -> Vec<AccountEmail> {
        let first = AccountEmail { email: MARIE.into(), typed: String::new(), wrong: None, error: None };
        let wrong =
            |typed: &str, wrong| AccountEmail { typed: typed.into(), wrong: Some(wrong), ..first.clone() };
        let error = |error| AccountEmail { typed: NEW.into(), error: Some(error), ..first.clone() };
        vec![
            first.clone(),
            wrong("marie", NewEmailError::Invalid),
            wrong("marie.d@gmial.com", NewEmailError::Suggestion { email: NEW.into() }),
            wrong(MARIE, NewEmailError::Same),
            wrong(NEW, NewEmailError::TooMany),
            error(SignInError::Wrong { remaining: 4 }),
            error(SignInError::Locked),
            error(SignInError::Throttled { seconds: 60 }),
            error(SignInError::Busy),
            error(SignInError::Missing { email: None, password: true }),
        ]
    }
}

impl Page for AccountEmailAsked {
    const NAME: &'static str = "account-email-asked";

    fn has_error(&self) -> bool {
        self.refused
    }

    fn samples() -> Vec<AccountEmailAsked> {
        let asked = AccountEmailAsked { email: MARIE.into(), asked: NEW.into(), hours: 24, refused: false };
        vec![asked.clone(), AccountEmailAsked { refused: true, ..asked }]
    }
}

impl Page for NewAddress {
    const NAME: &'static str = "new-address";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<NewAddress> {
        let here = NewAddress { email: NEW.into(), needs_password: false, error: None };
        let elsewhere = NewAddress { needs_password: true, ..here.clone() };
        let wrong = |error| NewAddress { error: Some(error), ..elsewhere.clone() };
        vec![
            here,
            elsewhere.clone(),
            wrong(SignInError::Wrong { remaining: 3 }),
            wrong(SignInError::Locked),
            wrong(SignInError::Throttled { seconds: 60 }),
            wrong(SignInError::Busy),
            wrong(SignInError::Missing { email: None, password: true }),
        ]
    }
}

impl Page for NewAddressDone {
    const NAME: &'static str = "new-address-done";

    fn samples() -> Vec<NewAddressDone> {
        vec![NewAddressDone { email: NEW.into() }]
    }
}

impl Page for TakeBack {
    const NAME: &'static str = "take-back";

    fn has_error(&self) -> bool {
        !self.errors.is_empty() || self.waits.is_some()
    }

    fn samples() -> Vec<TakeBack> {
        let first = TakeBack {
            email: MARIE.into(),
            changed: false,
            min_length: 12,
            forbidden_words: vec!["durand".into()],
            errors: vec![],
            waits: None,
        };
        let changed = TakeBack { changed: true, ..first.clone() };
        vec![
            first.clone(),
            TakeBack { waits: Some(20), ..first },
            changed.clone(),
            TakeBack { errors: PasswordProblem::all(), ..changed },
        ]
    }
}
