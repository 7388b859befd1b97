//! The flashes of a person's own pages.

use pages::page::{HomeNotice, NewEmailError, SessionsNotice};
use serde::{Deserialize, Serialize};

use super::password::{PasswordError, Problems};

/// The flash of `/account/email`.
#[derive(Serialize, Deserialize)]
pub(crate) struct AccountEmailFlash {
    pub(crate) error: AccountEmailError,
    pub(crate) email: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum AccountEmailError {
    Password(PasswordError),
    Email(NewEmailRefused),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum NewEmailRefused {
    Invalid,
    Suggestion(String),
    Same,
    TooMany,
}

impl From<NewEmailRefused> for NewEmailError {
    fn from(refused: NewEmailRefused) -> Self {
        match refused {
            NewEmailRefused::Invalid => Self::Invalid,
            NewEmailRefused::Suggestion(email) => Self::Suggestion { email },
            NewEmailRefused::Same => Self::Same,
            NewEmailRefused::TooMany => Self::TooMany,
        }
    }
}

/// The flash of `/account/password`.
#[derive(Serialize, Deserialize)]
pub(crate) enum AccountPasswordFlash {
    Refused(PasswordError),
    Problems(Problems),
}

/// The flash of `/account/name`: the name that was not taken.
#[derive(Serialize, Deserialize)]
pub(crate) struct NameFlash {
    pub(crate) refused: String,
}

/// The flash of `/sign-out`: the session of this browser ended just now.
#[derive(Serialize, Deserialize)]
pub(crate) struct SignedOutFlash {}

/// The flash of `/account/sessions`.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum SessionsFlash {
    Ended,
    EndedAll,
}

impl From<SessionsFlash> for SessionsNotice {
    fn from(flash: SessionsFlash) -> Self {
        match flash {
            SessionsFlash::Ended => Self::Ended,
            SessionsFlash::EndedAll => Self::EndedAll,
        }
    }
}

/// The flash of the front page: what was saved.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum HomeFlash {
    Password,
    Name,
    Language,
    Email,
    EmailTakenBack,
}

impl From<HomeFlash> for HomeNotice {
    fn from(flash: HomeFlash) -> Self {
        match flash {
            HomeFlash::Password => Self::Password,
            HomeFlash::Name => Self::Name,
            HomeFlash::Language => Self::Language,
            HomeFlash::Email => Self::Email,
            HomeFlash::EmailTakenBack => Self::TakenBack,
        }
    }
}
