//! The flashes of the desk.

use pages::page::{DeskError, DeskNotice, DeskRefusal, DeskVerb, SearchBy};
use serde::{Deserialize, Serialize};

/// The flash of `/desk/{seat}`: what is searched for. It stays while the page is reloaded, so no address carries a name.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeskSearchFlash {
    pub(crate) by: String,
    pub(crate) typed: String,
}

impl DeskSearchFlash {
    /// Returns by what is searched; a text that names nothing is the first choice.
    pub(crate) fn by(&self) -> SearchBy {
        match &*self.by {
            "reference" => SearchBy::Reference,
            "identifier" => SearchBy::Identifier,
            "email" => SearchBy::Email,
            _ => SearchBy::Name,
        }
    }
}

/// The flash of a person's page at the desk.
#[derive(Serialize, Deserialize)]
pub(crate) enum DeskPersonFlash {
    Done(String),
    Already,
    CodeShown,
    Refused { verb: String, reason: String, why: Refused },
}

/// The reason why nothing was done.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Refused {
    NoReason,
    AddressInReason,
    NothingChosen,
    TooSoon(u32),
    TooMany,
    MailOver,
    NoSuchAccount,
    NotNow,
}

/// The flash of the sheet with a code: it is shown once.
#[derive(Serialize, Deserialize)]
pub(crate) struct DeskCodeFlash {
    pub(crate) code: String,
    pub(crate) until: i64,
}

/// Returns the verb of a name.
pub(crate) fn verb(name: &str) -> Option<DeskVerb> {
    DeskVerb::ALL.into_iter().find(|verb| verb.name() == name)
}

impl DeskPersonFlash {
    /// Returns what the page says: what was done, or why nothing was.
    pub(crate) fn shown(self) -> (Option<DeskNotice>, Option<DeskError>) {
        match self {
            Self::Done(name) => (verb(&name).map(DeskNotice::Done), None),
            Self::Already => (Some(DeskNotice::Already), None),
            Self::CodeShown => (Some(DeskNotice::CodeShown), None),
            Self::Refused { verb: name, reason, why } => {
                (None, verb(&name).map(|verb| DeskError { verb, reason, why: why.into() }))
            }
        }
    }
}

impl From<Refused> for DeskRefusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoReason => Self::NoReason,
            Refused::AddressInReason => Self::AddressInReason,
            Refused::NothingChosen => Self::NothingChosen,
            Refused::TooSoon(seconds) => Self::TooSoon { seconds },
            Refused::TooMany => Self::TooMany,
            Refused::MailOver => Self::MailOver,
            Refused::NoSuchAccount => Self::NoSuchAccount,
            Refused::NotNow => Self::NotNow,
        }
    }
}
