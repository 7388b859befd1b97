//! Messages about passwords, which several pages share.

use kernel::Password;
use pages::page::{MissingEmail, PasswordProblem, SignInError};
use serde::{Deserialize, Serialize};

/// The flash of the pages on which a new password is chosen.
#[derive(Serialize, Deserialize)]
pub(crate) enum NewPasswordFlash {
    /// Seconds until the network may try again: the password was not looked at.
    Throttled(u32),
    Problems(Problems),
}

impl NewPasswordFlash {
    /// Returns what the page shows: the problems of the password, and the seconds to wait.
    pub(crate) fn shown(flash: Option<&Self>, min_length: u16) -> (Vec<PasswordProblem>, Option<u32>) {
        match flash {
            Some(Self::Throttled(seconds)) => (Vec::new(), Some(*seconds)),
            Some(Self::Problems(problems)) => (problems.shown(min_length), None),
            None => (Vec::new(), None),
        }
    }
}

/// The problems of a refused new password.
#[derive(Serialize, Deserialize)]
pub(crate) struct Problems(Vec<Problem>);

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Problem {
    TooShort,
    TooLong,
    Control,
    Context,
    Guessable,
}

impl Problems {
    pub(crate) fn new(problems: Vec<accounts::PasswordProblem>) -> Self {
        let problem = |problem| match problem {
            accounts::PasswordProblem::TooShort => Problem::TooShort,
            accounts::PasswordProblem::TooLong => Problem::TooLong,
            accounts::PasswordProblem::Control => Problem::Control,
            accounts::PasswordProblem::ContainsContext => Problem::Context,
            accounts::PasswordProblem::TooGuessable => Problem::Guessable,
        };
        Self(problems.into_iter().map(problem).collect())
    }

    pub(crate) fn shown(&self, min_length: u16) -> Vec<PasswordProblem> {
        let shown = |problem: &Problem| match problem {
            Problem::TooShort => PasswordProblem::TooShort { min: min_length },
            Problem::TooLong => PasswordProblem::TooLong,
            Problem::Control => PasswordProblem::ControlCharacters,
            Problem::Context => PasswordProblem::ContainsContext,
            Problem::Guessable => PasswordProblem::TooGuessable,
        };
        self.0.iter().map(shown).collect()
    }
}

/// The reason why an account's password, or the address beside it, was refused.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PasswordError {
    Wrong { remaining: u8 },
    Locked,
    Throttled { seconds: u32 },
    Busy,
    Missing(Missing),
    Unusable,
}

impl From<PasswordError> for SignInError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong { remaining } => Self::Wrong { remaining },
            PasswordError::Locked => Self::Locked,
            PasswordError::Throttled { seconds } => Self::Throttled { seconds },
            PasswordError::Busy => Self::Busy,
            PasswordError::Missing(missing) => {
                Self::Missing { email: missing.email(), password: missing.password }
            }
            PasswordError::Unusable => Self::Unusable,
        }
    }
}

/// The fields that a form lacks: nothing of it was hashed or counted (SECURITY D12).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Missing {
    /// The fault of the address or the identifier.
    pub(super) name: Option<NoName>,
    pub(super) password: bool,
}

/// The reason why a text is no address or identifier, as [`accounts::NoAddress`].
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NoName {
    Empty,
    Identifier,
    Other,
}

impl Missing {
    /// Returns what an address and a password lack; `None` if both may be somebody's.
    pub(crate) fn of_address(email: &str, password: &str) -> Option<Self> {
        let name = accounts::Email::read(email).err().map(NoName::from);
        Self { name, password: Password::is_blank(password) }.some()
    }

    /// Returns what an address alone lacks.
    pub(crate) fn address(no_address: accounts::NoAddress) -> Self {
        Self { name: Some(no_address.into()), password: false }
    }

    /// Returns what an old identifier and its password lack.
    pub(crate) fn of_identifier(identifier: &str, password: &str) -> Option<Self> {
        let name = Password::is_blank(identifier).then_some(NoName::Empty);
        Self { name, password: Password::is_blank(password) }.some()
    }

    /// Returns that a password was sent which is blank; a form may have no field for it.
    pub(crate) fn of_password(sent: Option<&str>) -> Option<Self> {
        sent.filter(|typed| Password::is_blank(typed)).map(|_| Self::password())
    }

    pub(crate) fn password() -> Self {
        Self { name: None, password: true }
    }

    fn some(self) -> Option<Self> {
        (self.name.is_some() || self.password).then_some(self)
    }

    fn email(self) -> Option<MissingEmail> {
        self.name.map(MissingEmail::from)
    }
}

impl From<NoName> for MissingEmail {
    fn from(name: NoName) -> Self {
        match name {
            NoName::Empty => Self::Empty,
            NoName::Identifier => Self::Identifier,
            NoName::Other => Self::Other,
        }
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
