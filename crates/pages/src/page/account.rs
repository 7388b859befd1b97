//! SPEC J11: the pages of a person's own account.

use serde::Serialize;

use super::{Closed, Page, PasswordProblem, SignInError};
use crate::{Html, Locale, markdown};

/// The open sessions. `POST /account/sessions/end` with `session`; `POST /account/sessions/end-others`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountSessions {
    /// This browser.
    pub here: SessionRow,
    /// All others, most recently used first.
    pub others: Vec<SessionRow>,
    /// The result of the last action.
    pub notice: Option<SessionsNotice>,
}

/// One browser in which the account is open.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// Its id in the form; it opens nothing.
    pub id: String,
    /// `Firefox`; `None` if unknown.
    pub browser: Option<String>,
    /// `Windows`.
    pub system: Option<String>,
    /// Unix seconds.
    pub since: i64,
    /// Seconds since it was last used.
    pub unused: i64,
    /// True if it outlives the browser.
    pub kept: bool,
}

/// The last action on the page of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionsNotice {
    /// One session has ended.
    Ended,
    /// All other sessions have ended.
    EndedAll,
}

/// The agencies that the account is linked to. `/attach` attaches one more.
#[derive(Clone, Debug, Serialize)]
pub struct AccountAgencies {
    /// In the order in which they were attached; may be empty.
    pub agencies: Vec<AgencyCard>,
    /// True if there is another, which is not known here now: its file is missing.
    pub away: bool,
}

/// An agency with its client's references.
#[derive(Clone, Debug, Serialize)]
pub struct AgencyCard {
    /// The name that people know.
    pub name: String,
    /// The city; distinguishes agencies of the same name.
    pub city: Option<String>,
    /// The agency's colour, `#rrggbb`.
    pub accent: String,
    /// The logo, on our own origin.
    pub logo_url: Option<String>,
    /// The agency's own references for this person.
    pub client_refs: Vec<String>,
    /// Unix seconds.
    pub since: i64,
    /// The portal's address that starts a sign-in.
    pub url: Option<String>,
    /// The reason why it is closed.
    pub closed: Option<Closed>,
}

/// The acceptances of terms. A receipt is at `/account/acceptances/{id}`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountAcceptances {
    /// Newest first; may be empty.
    pub acceptances: Vec<AcceptanceRow>,
}

/// One acceptance.
#[derive(Clone, Debug, Serialize)]
pub struct AcceptanceRow {
    /// Its id, which is also that of its receipt.
    pub id: String,
    /// Of the terms.
    pub version: String,
    /// Unix seconds.
    pub accepted_at: i64,
    /// The agency whose portal they came from.
    pub agency: Option<String>,
}

/// The receipt of one acceptance, which prints well.
#[derive(Clone, Debug, Serialize)]
pub struct AccountReceipt {
    /// The account.
    pub email: String,
    /// The agency whose portal they came from.
    pub agency: Option<String>,
    /// Of the terms.
    pub version: String,
    /// `fr` or `en`.
    pub language: String,
    /// Of the exact text.
    pub sha256: String,
    /// True if the end of the text was shown before the box was ticked.
    pub read_to_the_end: bool,
    /// Unix seconds.
    pub accepted_at: i64,
    /// The text; `None` when it is no longer kept.
    pub text: Option<ReceiptText>,
}

/// The text as it was accepted.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptText {
    /// Its title.
    pub title: String,
    /// Its body.
    pub body_html: Html,
}

/// `POST /account/password` with `username` (hidden, for password managers), `current` and `password`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPassword {
    /// The account.
    pub email: String,
    /// The minimum length in characters.
    pub min_length: u16,
    /// Words that the new password may not contain.
    pub forbidden_words: Vec<String>,
    /// The error of the current password.
    pub error: Option<SignInError>,
    /// The errors of the new password.
    pub errors: Vec<PasswordProblem>,
}

/// `POST /account/name` with `name`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountName {
    /// Fills the field in; may be empty.
    pub name: String,
    /// True if the typed name is invalid.
    pub wrong: bool,
}

/// `POST /account/language` with `language`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountLanguage {
    /// The account's language.
    pub language: Locale,
}

impl Page for AccountName {
    const NAME: &'static str = "account-name";

    fn has_error(&self) -> bool {
        self.wrong
    }

    fn samples() -> Vec<AccountName> {
        vec![
            AccountName { name: "Marie Durand".into(), wrong: false },
            AccountName { name: String::new(), wrong: true },
        ]
    }
}

impl Page for AccountLanguage {
    const NAME: &'static str = "account-language";

    fn samples() -> Vec<AccountLanguage> {
        Locale::ALL.map(|language| AccountLanguage { language }).into()
    }
}

impl Page for AccountPassword {
    const NAME: &'static str = "account-password";

    fn has_error(&self) -> bool {
        self.error.is_some() || !self.errors.is_empty()
    }

    fn samples() -> Vec<AccountPassword> {
        let first = AccountPassword {
            email: "marie.durand@example.fr".into(),
            min_length: 12,
            forbidden_words: vec!["durand".into()],
            error: None,
            errors: vec![],
        };
        let wrong = |error| AccountPassword { error: Some(error), ..first.clone() };
        vec![
            first.clone(),
            AccountPassword { errors: PasswordProblem::all(), ..first.clone() },
            wrong(SignInError::Wrong { remaining: 4 }),
            wrong(SignInError::Wrong { remaining: 1 }),
            wrong(SignInError::Locked),
            wrong(SignInError::Throttled { seconds: 120 }),
            wrong(SignInError::Busy),
            wrong(SignInError::Unusable),
            wrong(SignInError::Missing { email: None, password: true }),
        ]
    }
}

impl Page for AccountAgencies {
    const NAME: &'static str = "account-agencies";

    fn samples() -> Vec<AccountAgencies> {
        let card = AgencyCard {
            name: "Agence des Tilleuls".into(),
            city: Some("Lyon".into()),
            accent: "#2f6b3a".into(),
            logo_url: None,
            client_refs: vec!["CT-100234".into()],
            since: 1_793_527_440,
            url: Some("http://localhost:8081/sign-in".into()),
            closed: None,
        };
        let rivage = AgencyCard {
            name: "Cabinet Rivage".into(),
            city: None,
            accent: "#234f8f".into(),
            client_refs: vec!["R-77".into(), "R-78".into()],
            ..card.clone()
        };
        let closed = AgencyCard {
            name: "Résidences du Lac".into(),
            logo_url: Some("/look/lac.svg".into()),
            url: None,
            closed: Some(Closed::Left),
            ..card.clone()
        };
        let paused = AgencyCard { url: None, closed: Some(Closed::Until(1_796_083_200)), ..rivage.clone() };
        vec![
            AccountAgencies { agencies: vec![card, rivage, closed, paused], away: true },
            AccountAgencies { agencies: vec![], away: false },
            AccountAgencies { agencies: vec![], away: true },
        ]
    }
}

impl Page for AccountAcceptances {
    const NAME: &'static str = "account-acceptances";

    fn samples() -> Vec<AccountAcceptances> {
        let row = |n: u8, version: &str, agency: Option<&str>| AcceptanceRow {
            id: format!("0192-{n}"),
            version: version.into(),
            accepted_at: 1_794_222_300,
            agency: agency.map(Into::into),
        };
        let acceptances = vec![row(2, "2027-03", None), row(1, "2026-11", Some("Agence des Tilleuls"))];
        vec![AccountAcceptances { acceptances }, AccountAcceptances { acceptances: vec![] }]
    }
}

impl Page for AccountReceipt {
    const NAME: &'static str = "account-receipt";

    fn samples() -> Vec<AccountReceipt> {
        let first = AccountReceipt {
            email: "marie.durand@example.fr".into(),
            agency: Some("Agence des Tilleuls".into()),
            version: "2026-11".into(),
            language: "fr".into(),
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
            read_to_the_end: true,
            accepted_at: 1_794_222_300,
            text: Some(ReceiptText {
                title: "Conditions Générales d’Utilisation".into(),
                body_html: markdown(
                    "# 1. Objet\n\nUn compte, plusieurs espaces clients.\n\n- vous\n- nous\n",
                ),
            }),
        };
        let english = AccountReceipt { agency: None, language: "en".into(), ..first.clone() };
        vec![first.clone(), english, AccountReceipt { text: None, ..first }]
    }
}

impl Page for AccountSessions {
    const NAME: &'static str = "account-sessions";

    fn samples() -> Vec<AccountSessions> {
        let row = |n: u8, browser: Option<&str>, system: Option<&str>, unused: i64, kept: bool| SessionRow {
            id: format!("0192-{n}"),
            browser: browser.map(Into::into),
            system: system.map(Into::into),
            since: 1_793_527_440,
            unused,
            kept,
        };
        let here = row(0, Some("Firefox"), Some("Windows"), 12, false);
        let others = vec![
            row(1, Some("Safari"), Some("iPhone"), 25 * 60, true),
            row(2, Some("Chrome"), None, 5 * 3600, false),
            row(3, None, Some("Android"), 86_400, true),
            row(4, None, None, 21 * 86_400, true),
        ];
        let first = AccountSessions { here, others, notice: None };
        vec![
            first.clone(),
            AccountSessions { notice: Some(SessionsNotice::Ended), ..first.clone() },
            AccountSessions { others: vec![], notice: Some(SessionsNotice::EndedAll), ..first },
        ]
    }
}
