//! The flashes of an interaction's pages.

use pages::page::{
    CodeError, EmailError, ForgotError, LegacyError, Receipt, Resent, SignInNotice, TermsError,
};
use serde::{Deserialize, Serialize};

use super::password::{Missing, NoName, PasswordError};

/// The flash of the hub, whose page depends on what an interaction has to do next.
#[derive(Serialize, Deserialize)]
pub(crate) enum HubFlash {
    /// For the page that asked for a password, to sign in or to attach an agency.
    Refused {
        error: PasswordError,
        email: String,
        keep: bool,
    },
    SignIn(SignInFlash),
    Terms(TermsFlash),
    Mail(MailFlash),
    /// The browser was sent to the portal, which begins a sign-in of its own, in place of an interaction that is over.
    SentAnew,
    /// The person goes on to a portal at which no identity is linked.
    Unlinked,
}

/// A notice of the sign-in page.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum SignInFlash {
    TicketInvalid,
    StartedAgain,
    CookiesGone,
}

impl From<SignInFlash> for SignInNotice {
    fn from(flash: SignInFlash) -> Self {
        match flash {
            SignInFlash::TicketInvalid => Self::TicketInvalid,
            SignInFlash::StartedAgain => Self::StartedAgain,
            SignInFlash::CookiesGone => Self::CookiesGone,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TermsFlash {
    NotTicked,
    Changed,
}

impl From<TermsFlash> for TermsError {
    fn from(flash: TermsFlash) -> Self {
        match flash {
            TermsFlash::NotTicked => Self::NotTicked,
            TermsFlash::Changed => Self::Changed,
        }
    }
}

/// A notice of the page that waits for the mail.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum MailFlash {
    Resent,
    Corrected,
}

impl From<MailFlash> for Resent {
    fn from(flash: MailFlash) -> Self {
        match flash {
            MailFlash::Resent => Self::Resent,
            MailFlash::Corrected => Self::Corrected,
        }
    }
}

/// The flash of `/authorize/{id}/email`.
#[derive(Serialize, Deserialize)]
pub(crate) struct EmailFlash {
    pub(crate) error: EmailRefused,
    pub(crate) email: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum EmailRefused {
    Invalid,
    TooMany,
    Suggestion(String),
}

impl From<EmailRefused> for EmailError {
    fn from(refused: EmailRefused) -> Self {
        match refused {
            EmailRefused::Invalid => Self::Invalid,
            EmailRefused::TooMany => Self::TooMany,
            EmailRefused::Suggestion(email) => Self::Suggestion { email },
        }
    }
}

/// The flash of `/authorize/{id}/legacy`. Without an error it only fills the field in.
#[derive(Serialize, Deserialize)]
pub(crate) struct LegacyFlash {
    pub(crate) error: Option<LegacyRefused>,
    pub(crate) identifier: String,
    /// The page asks for an activation code, and this fills the field in.
    #[serde(default)]
    pub(crate) code: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum LegacyRefused {
    Wrong { remaining: u8 },
    Locked { minutes: u32 },
    Moved { hint: Option<String> },
    Closed,
    Left,
    Throttled { seconds: u32 },
    Busy,
    Missing(Missing),
    Misspelt,
    Unusable,
}

impl LegacyRefused {
    /// Returns what the page shows. `portal`: the agency's site hands people over with a ticket.
    pub(crate) fn shown(self, portal: bool) -> LegacyError {
        match self {
            Self::Wrong { remaining } => LegacyError::Wrong { remaining },
            Self::Locked { minutes } => LegacyError::Locked { minutes, portal },
            Self::Moved { hint } => LegacyError::Moved { hint },
            Self::Closed => LegacyError::Closed,
            Self::Left => LegacyError::Left,
            Self::Throttled { seconds } => LegacyError::Throttled { seconds },
            Self::Busy => LegacyError::Busy,
            Self::Missing(Missing { name, password }) => {
                LegacyError::Missing { identifier: name.is_some(), password }
            }
            Self::Misspelt => LegacyError::Misspelt,
            Self::Unusable => LegacyError::Unusable,
        }
    }
}

/// The flash of `/authorize/{id}/code`.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum CodeFlash {
    Wrong { remaining: u8 },
    Unreadable,
    TooMany,
    Throttled { seconds: u32 },
}

impl From<CodeFlash> for CodeError {
    fn from(flash: CodeFlash) -> Self {
        match flash {
            CodeFlash::Wrong { remaining } => Self::Wrong { remaining },
            CodeFlash::Unreadable => Self::Unreadable,
            CodeFlash::TooMany => Self::Spent,
            CodeFlash::Throttled { seconds } => Self::Throttled { seconds },
        }
    }
}

/// The flash of `/authorize/{id}/forgot`.
#[derive(Serialize, Deserialize)]
pub(crate) struct ForgotFlash {
    pub(crate) answer: ForgotAnswer,
    pub(crate) email: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ForgotAnswer {
    /// A mail is on its way, if the address has an account.
    Mailed,
    Missing(NoName),
    Throttled {
        seconds: u32,
    },
}

impl ForgotAnswer {
    /// Returns what the form shows, if the address was not taken.
    pub(crate) fn error(self) -> Option<ForgotError> {
        match self {
            Self::Mailed => None,
            Self::Missing(name) => Some(ForgotError::Missing { email: name.into() }),
            Self::Throttled { seconds } => Some(ForgotError::Throttled { seconds }),
        }
    }
}

/// The flash of `/authorize/{id}/connected`: the receipt of an acceptance.
#[derive(Serialize, Deserialize)]
pub(crate) struct ConnectedFlash {
    version: String,
    sha256: String,
    accepted_at: i64,
    /// The agency from which a move came that the acceptance ended.
    pub(crate) moved: Option<String>,
}

impl ConnectedFlash {
    pub(crate) fn new(receipt: accounts::Receipt, moved: Option<&str>) -> Self {
        let accounts::Receipt { version, sha256, accepted_at, .. } = receipt;
        Self { version, sha256, accepted_at, moved: moved.map(str::to_owned) }
    }

    pub(crate) fn receipt(self) -> Receipt {
        Receipt { version: self.version, sha256: self.sha256, accepted_at: self.accepted_at }
    }
}
