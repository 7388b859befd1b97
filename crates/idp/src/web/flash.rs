use kernel::Password;
use pages::page::{
    CodeError, ConfirmError, EmailError, ForgotError, HomeNotice, LegacyError, MissingEmail, NewEmailError,
    PasswordProblem, Resent, SignInError, SignInNotice, TermsError,
};
use serde::{Deserialize, Serialize};

/// What a POST leaves for the next GET of one address: in a sealed cookie, so that a reload repeats no attempt and no address carries a message.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Flash {
    /// What is said.
    pub(crate) said: Option<Said>,
    /// What was typed, never a password.
    pub(crate) typed: String,
    /// Whether the box was ticked.
    pub(crate) keep: bool,
}

/// Everything that a page may have to say of the step before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Said {
    Wrong(u8),
    Locked(u32),
    Moved(Option<String>),
    Throttled(u32),
    Busy,
    Missing(Missing),
    Unusable,
    Invalid,
    TooMany,
    Suggestion(String),
    Problems(Vec<Problem>),
    NotTicked,
    Changed,
    Resent,
    Corrected,
    SignedOut,
    AccountReady,
    StartedAgain,
    CookiesGone,
    /// A finished interaction sent the browser to begin anew.
    SentAnew,
    TicketInvalid,
    Unlinked,
    Mailed,
    PasswordSaved,
    NameSaved,
    LanguageSaved,
    EmailSaved,
    EmailTakenBack,
    Same,
    Taken,
    SessionEnded,
    SessionsEnded,
    Receipt {
        version: String,
        sha256: String,
        accepted_at: i64,
        moved: bool,
    },
}

impl Said {
    /// `moved`: the acceptance ended a move.
    pub(crate) fn receipt(receipt: accounts::Receipt, moved: bool) -> Self {
        let accounts::Receipt { version, sha256, accepted_at, .. } = receipt;
        Self::Receipt { version, sha256, accepted_at, moved }
    }
}

/// What is missing in a form: nothing of it was hashed or counted (SECURITY D12).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Missing {
    /// What is wrong with the address or the identifier.
    name: Option<NoName>,
    password: bool,
}

/// As [`accounts::NoAddress`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
enum NoName {
    Empty,
    Identifier,
    Other,
}

impl Missing {
    /// Of an address and a password; `None` when both may be somebody's.
    pub(crate) fn of_address(email: &str, password: &str) -> Option<Self> {
        let name = accounts::Email::read(email).err().map(NoName::from);
        Self { name, password: Password::is_blank(password) }.some()
    }

    /// Of an address alone.
    pub(crate) fn address(no_address: accounts::NoAddress) -> Self {
        Self { name: Some(no_address.into()), password: false }
    }

    /// Of an old identifier and its password.
    pub(crate) fn of_identifier(identifier: &str, password: &str) -> Option<Self> {
        let name = Password::is_blank(identifier).then_some(NoName::Empty);
        Self { name, password: Password::is_blank(password) }.some()
    }

    /// The password.
    pub(crate) fn password() -> Self {
        Self { name: None, password: true }
    }

    fn some(self) -> Option<Self> {
        (self.name.is_some() || self.password).then_some(self)
    }

    fn email(self) -> Option<MissingEmail> {
        self.name.map(|name| match name {
            NoName::Empty => MissingEmail::Empty,
            NoName::Identifier => MissingEmail::Identifier,
            NoName::Other => MissingEmail::Other,
        })
    }
}

impl From<accounts::NoAddress> for NoName {
    fn from(no_address: accounts::NoAddress) -> Self {
        match no_address {
            accounts::NoAddress::Empty => Self::Empty,
            accounts::NoAddress::Identifier => Self::Identifier,
            accounts::NoAddress::Other => Self::Other,
        }
    }
}

/// As [`accounts::PasswordProblem`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Problem {
    TooShort,
    TooLong,
    Control,
    Context,
    Guessable,
}

impl From<accounts::PasswordProblem> for Problem {
    fn from(problem: accounts::PasswordProblem) -> Self {
        match problem {
            accounts::PasswordProblem::TooShort => Self::TooShort,
            accounts::PasswordProblem::TooLong => Self::TooLong,
            accounts::PasswordProblem::Control => Self::Control,
            accounts::PasswordProblem::ContainsContext => Self::Context,
            accounts::PasswordProblem::TooGuessable => Self::Guessable,
        }
    }
}

impl Flash {
    pub(crate) fn said(said: Said) -> Self {
        Self { said: Some(said), ..Self::default() }
    }

    pub(crate) fn typed(mut self, typed: &str) -> Self {
        self.typed = typed.chars().take(254).collect();
        self
    }

    pub(crate) fn keep(mut self, keep: bool) -> Self {
        self.keep = keep;
        self
    }

    pub(crate) fn sign_in_error(&self) -> Option<SignInError> {
        match self.said.as_ref()? {
            Said::Wrong(remaining) => Some(SignInError::Wrong { remaining: *remaining }),
            Said::Locked(_) => Some(SignInError::Locked),
            Said::Throttled(seconds) => Some(SignInError::Throttled { seconds: *seconds }),
            Said::Busy => Some(SignInError::Busy),
            Said::Missing(missing) => {
                Some(SignInError::Missing { email: missing.email(), password: missing.password })
            }
            Said::Unusable => Some(SignInError::Unusable),
            _ => None,
        }
    }

    pub(crate) fn sign_in_notice(&self) -> Option<SignInNotice> {
        match self.said.as_ref()? {
            Said::SignedOut => Some(SignInNotice::SignedOut),
            Said::AccountReady => Some(SignInNotice::AccountReady),
            Said::StartedAgain => Some(SignInNotice::StartedAgain),
            Said::CookiesGone => Some(SignInNotice::CookiesGone),
            Said::TicketInvalid => Some(SignInNotice::TicketInvalid),
            _ => None,
        }
    }

    /// `portal`: the agency's site hands people over with a ticket.
    pub(crate) fn legacy_error(&self, portal: bool) -> Option<LegacyError> {
        match self.said.as_ref()? {
            Said::Wrong(remaining) => Some(LegacyError::Wrong { remaining: *remaining }),
            Said::Locked(minutes) => Some(LegacyError::Locked { minutes: *minutes, portal }),
            Said::Moved(hint) => Some(LegacyError::Moved { hint: hint.clone() }),
            Said::Throttled(seconds) => Some(LegacyError::Throttled { seconds: *seconds }),
            Said::Busy => Some(LegacyError::Busy),
            Said::Missing(missing) => {
                Some(LegacyError::Missing { identifier: missing.name.is_some(), password: missing.password })
            }
            Said::Unusable => Some(LegacyError::Unusable),
            _ => None,
        }
    }

    pub(crate) fn email_error(&self) -> Option<EmailError> {
        match self.said.as_ref()? {
            Said::Invalid => Some(EmailError::Invalid),
            Said::TooMany => Some(EmailError::TooMany),
            Said::Suggestion(email) => Some(EmailError::Suggestion { email: email.clone() }),
            _ => None,
        }
    }

    pub(crate) fn new_email_error(&self) -> Option<NewEmailError> {
        match self.said.as_ref()? {
            Said::Invalid => Some(NewEmailError::Invalid),
            Said::TooMany => Some(NewEmailError::TooMany),
            Said::Same => Some(NewEmailError::Same),
            Said::Suggestion(email) => Some(NewEmailError::Suggestion { email: email.clone() }),
            _ => None,
        }
    }

    pub(crate) fn password_problems(&self, min: u16) -> Vec<PasswordProblem> {
        let Some(Said::Problems(problems)) = &self.said else { return Vec::new() };
        let page = |problem: &Problem| match problem {
            Problem::TooShort => PasswordProblem::TooShort { min },
            Problem::TooLong => PasswordProblem::TooLong,
            Problem::Control => PasswordProblem::ControlCharacters,
            Problem::Context => PasswordProblem::ContainsContext,
            Problem::Guessable => PasswordProblem::TooGuessable,
        };
        problems.iter().map(page).collect()
    }

    /// Why a new password was not looked at: seconds until it may be sent again.
    pub(crate) fn waits(&self) -> Option<u32> {
        match self.said.as_ref()? {
            Said::Throttled(seconds) => Some(*seconds),
            _ => None,
        }
    }

    pub(crate) fn confirm_error(&self) -> Option<ConfirmError> {
        match self.said.as_ref()? {
            Said::Wrong(remaining) => Some(ConfirmError::Wrong { remaining: *remaining }),
            Said::Locked(_) => Some(ConfirmError::Locked),
            Said::Throttled(seconds) => Some(ConfirmError::Throttled { seconds: *seconds }),
            Said::Busy => Some(ConfirmError::Busy),
            Said::Missing(missing) => {
                Some(ConfirmError::Missing { email: missing.email(), password: missing.password })
            }
            Said::Unusable => Some(ConfirmError::Unusable),
            _ => None,
        }
    }

    pub(crate) fn code_error(&self) -> Option<CodeError> {
        match self.said.as_ref()? {
            Said::Wrong(remaining) => Some(CodeError::Wrong { remaining: *remaining }),
            Said::Invalid => Some(CodeError::Unreadable),
            Said::TooMany => Some(CodeError::Spent),
            Said::Throttled(seconds) => Some(CodeError::Throttled { seconds: *seconds }),
            _ => None,
        }
    }

    pub(crate) fn forgot_error(&self) -> Option<ForgotError> {
        match self.said.as_ref()? {
            Said::Missing(missing) => missing.email().map(|email| ForgotError::Missing { email }),
            Said::Throttled(seconds) => Some(ForgotError::Throttled { seconds: *seconds }),
            _ => None,
        }
    }

    pub(crate) fn terms_error(&self) -> Option<TermsError> {
        match self.said.as_ref()? {
            Said::NotTicked => Some(TermsError::NotTicked),
            Said::Changed => Some(TermsError::Changed),
            _ => None,
        }
    }

    pub(crate) fn home_notice(&self) -> Option<HomeNotice> {
        match self.said.as_ref()? {
            Said::PasswordSaved => Some(HomeNotice::Password),
            Said::NameSaved => Some(HomeNotice::Name),
            Said::LanguageSaved => Some(HomeNotice::Language),
            Said::EmailSaved => Some(HomeNotice::Email),
            Said::EmailTakenBack => Some(HomeNotice::TakenBack),
            _ => None,
        }
    }

    pub(crate) fn resent(&self) -> Option<Resent> {
        match self.said.as_ref()? {
            Said::Resent => Some(Resent::Resent),
            Said::Corrected => Some(Resent::Corrected),
            _ => None,
        }
    }
}
