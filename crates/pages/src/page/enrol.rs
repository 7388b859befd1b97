//! SPEC J2, J3: the steps of the move; those of its mail are in `mail`.

mod mail;

use serde::Serialize;

use super::{Page, SignInError};

pub use mail::{CodeError, Confirm, LookAtYourMail, MailCode, Resent};

/// Step 1: what changes and why, and the notice due at first contact (GDPR art. 14). `POST {base}/notice`; leave with
/// `POST {base}/leave`.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// The person's name as the agency knows it.
    pub person: Option<String>,
    /// The agency's name.
    pub agency_name: String,
    /// The name and address of the controller.
    pub controller: String,
    /// The contact of the data protection officer.
    pub dpo: Option<String>,
    /// True if the next step proposes an address from the agency's files, whose source must be named.
    pub address_on_file: bool,
    /// The number of days for which an unfinished move can be resumed.
    pub unfinished_days: u16,
    /// The number of days after that until it is erased.
    pub erased_days: u16,
    /// The number of days after their end until sign-ins and devices are erased.
    pub log_days: u16,
}

/// Step 2: the email. `POST {base}/email` with `email`. Once a [`EmailError::Suggestion`] was shown, the form also sends
/// `sure=on`: sent again, the address is meant as typed. Way back: `{base}/notice`.
#[derive(Clone, Debug, Serialize)]
pub struct Email {
    /// Fills the field in; may be empty.
    pub email: String,
    /// True if it comes from the agency's files.
    pub proposed: bool,
    /// The error.
    pub error: Option<EmailError>,
}

/// The reason why an address is refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EmailError {
    /// Not an email address.
    Invalid,
    /// Too many different addresses were tried today.
    TooMany,
    /// It probably has a typing error; the likely address is offered, never substituted.
    Suggestion {
        /// The likely address.
        email: String,
    },
}

/// Step 3: the new password. `POST {base}/password` with `username` (hidden, for password managers) and `password`. Way
/// back: `{base}/email`.
#[derive(Clone, Debug, Serialize)]
pub struct Password {
    /// The email of the new account.
    pub email: String,
    /// The minimum length in characters.
    pub min_length: u16,
    /// Names, agency and parts of the address that it may not contain; checked in the browser too.
    pub forbidden_words: Vec<String>,
    /// The errors.
    pub errors: Vec<PasswordProblem>,
    /// Seconds to wait after too many attempts from this network; nothing was checked.
    pub waits: Option<u32>,
}

/// A rule that a chosen password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PasswordProblem {
    /// Shorter than the policy requires.
    TooShort {
        /// The minimum length in characters.
        min: u16,
    },
    /// Longer than the maximum (1024 bytes).
    TooLong,
    /// On a list of common or leaked passwords.
    TooCommon,
    /// Contains a name, the address, or the agency.
    ContainsContext,
    /// The estimate of its strength is too low.
    TooGuessable,
    /// Contains a character that cannot be typed again everywhere.
    ControlCharacters,
}

/// SPEC J3: the address belongs to an account: attach the agency to it. `POST {base}/link` with `password` (if needed). Another
/// address: `{base}/email`; forgotten: `{base}/forgot`.
#[derive(Clone, Debug, Serialize)]
pub struct LinkAccount {
    /// The account.
    pub email: String,
    /// The agency to attach.
    pub agency_name: String,
    /// False when the person signed in here within five minutes.
    pub needs_password: bool,
    /// The error.
    pub error: Option<SignInError>,
}

impl Page for Notice {
    const NAME: &'static str = "notice";

    fn samples() -> Vec<Notice> {
        let full = Notice {
            person: Some("Marie Durand".into()),
            agency_name: "Agence des Tilleuls".into(),
            controller: "Agence des Tilleuls SARL, 12 rue des Tilleuls, 69003 Lyon".into(),
            dpo: Some("dpo@tilleuls.example".into()),
            address_on_file: true,
            unfinished_days: 7,
            erased_days: 30,
            log_days: 400,
        };
        vec![full.clone(), Notice { person: None, dpo: None, address_on_file: false, ..full }]
    }
}

impl Page for Email {
    const NAME: &'static str = "email";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<Email> {
        let proposed = Email { email: "marie.durand@example.fr".into(), proposed: true, error: None };
        let empty = Email { email: String::new(), proposed: false, error: None };
        let wrong = |email: &str, error| Email { email: email.into(), proposed: false, error: Some(error) };
        vec![
            proposed,
            empty,
            wrong("marie.durand", EmailError::Invalid),
            wrong("marie@example.fr", EmailError::TooMany),
            wrong("marie@gmial.com", EmailError::Suggestion { email: "marie@gmail.com".into() }),
        ]
    }
}

impl PasswordProblem {
    pub(super) fn all() -> Vec<PasswordProblem> {
        use PasswordProblem::{
            ContainsContext, ControlCharacters, TooCommon, TooGuessable, TooLong, TooShort,
        };
        vec![TooShort { min: 12 }, TooLong, TooCommon, ContainsContext, TooGuessable, ControlCharacters]
    }
}

impl Page for Password {
    const NAME: &'static str = "password";

    fn has_error(&self) -> bool {
        !self.errors.is_empty() || self.waits.is_some()
    }

    fn samples() -> Vec<Password> {
        let first = Password {
            email: "marie.durand@example.fr".into(),
            min_length: 12,
            forbidden_words: vec!["marie".into(), "durand".into(), "tilleuls".into()],
            errors: vec![],
            waits: None,
        };
        let one = Password { errors: vec![PasswordProblem::TooShort { min: 12 }], ..first.clone() };
        vec![
            first.clone(),
            one,
            Password { waits: Some(90), ..first.clone() },
            Password { errors: PasswordProblem::all(), forbidden_words: vec![], ..first },
        ]
    }
}

impl Page for LinkAccount {
    const NAME: &'static str = "link-account";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<LinkAccount> {
        let first = LinkAccount {
            email: "marie.durand@example.fr".into(),
            agency_name: "Cabinet Rivage".into(),
            needs_password: true,
            error: None,
        };
        let mut all = vec![first.clone(), LinkAccount { needs_password: false, ..first.clone() }];
        all.extend(
            SignInError::samples().into_iter().map(|e| LinkAccount { error: Some(e), ..first.clone() }),
        );
        all
    }
}
