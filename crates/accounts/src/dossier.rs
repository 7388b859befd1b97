//! A person as staff see them on the telephone: plain values, without any address in full.

use kernel::Unix;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use uuid::Uuid;

use crate::{AccountId, EnrolmentId, LegacyIdentityId, SessionId};

/// A person whom staff mean: with an account, or known to an agency alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Somebody who has moved.
    Account(AccountId),
    /// Somebody who has not.
    Identity(LegacyIdentityId),
}

/// A person that a search found, with the identity by which it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The person.
    pub target: Target,
    /// The agency, its reference and the name in its file; absent where the account's own address or id was searched for.
    pub by: Option<FoundBy>,
}

/// An identity by which a person was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FoundBy {
    /// The identity.
    pub identity: LegacyIdentityId,
    /// The agency.
    pub agency: String,
    /// Its reference for the person.
    pub client_ref: String,
    /// The name in its file.
    pub name: Option<String>,
}

/// Everything that is known of a person. Each agency's side can be told apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Dossier {
    /// The account.
    pub account: Option<AccountState>,
    /// The identities that agencies issued, with their links.
    pub identities: Vec<IdentityState>,
    /// The moves under way.
    pub moves: Vec<MoveState>,
    /// The newest sessions, open or not.
    pub sessions: Vec<SessionState>,
    /// The counts of wrong passwords that are not zero.
    pub doors: Vec<DoorState>,
    /// The newest mails.
    pub mails: Vec<MailState>,
}

/// An account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountState {
    /// The id.
    pub id: Option<AccountId>,
    /// The masked address.
    pub address: Option<String>,
    /// The agencies in whose move this address was confirmed.
    pub proved_at: Vec<String>,
    /// The name to call them by.
    pub name: Option<String>,
    /// `fr` or `en`.
    pub locale: String,
    /// The time of the first move.
    pub created_at: Option<Unix>,
    /// The time at which the password was set.
    pub password_changed_at: Option<Unix>,
    /// The time at which it was closed.
    pub closed_at: Option<Unix>,
    /// The cause: `deceased`, `wish` or `fraud`; `None` of one that was shut by hand.
    pub closed_because: Option<String>,
    /// The time until which a closed account is kept.
    pub kept_until: Option<Unix>,
}

/// An identity that an agency issued.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityState {
    /// The id.
    pub id: LegacyIdentityId,
    /// The agency.
    pub agency: String,
    /// The identifier, as in the agency's file.
    pub identifier: String,
    /// The agency's reference.
    pub client_ref: String,
    /// The name in the agency's file.
    pub name: Option<String>,
    /// The time of the move.
    pub moved_at: Option<Unix>,
    /// The time at which the agency's complete file did not have it any more.
    pub left_at: Option<Unix>,
    /// Its link, ended or not.
    pub link: Option<LinkState>,
}

/// A link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkState {
    /// The id.
    pub id: Uuid,
    /// The time at which it was made.
    pub since: Unix,
    /// The time at which it ends.
    pub ends_at: Option<Unix>,
    /// The time at which it ended.
    pub ended_at: Option<Unix>,
}

/// A move under way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MoveState {
    /// The id.
    pub id: EnrolmentId,
    /// The agency.
    pub agency: String,
    /// The next step: `notice`, `email`, `password`, `mail`, `link` or `terms`.
    pub step: &'static str,
    /// The masked address.
    pub address: Option<String>,
    /// The time at which it began.
    pub since: Unix,
    /// The time of the last confirmation mail.
    pub mailed_at: Option<Unix>,
    /// The time at which its server refused the address.
    pub refused_at: Option<Unix>,
    /// The time at which the address was confirmed.
    pub confirmed_at: Option<Unix>,
    /// The time at which it is too old.
    pub expires_at: Unix,
}

/// A browser that is or was signed in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionState {
    /// The id.
    pub id: SessionId,
    /// The time of the sign-in.
    pub since: Unix,
    /// The time of its last use, to within five minutes.
    pub last_seen: Unix,
    /// The network, shortened.
    pub network: String,
    /// `Firefox`; `None` if unknown.
    pub browser: Option<&'static str>,
    /// `Windows`.
    pub system: Option<&'static str>,
    /// True while it lives.
    pub open: bool,
    /// True if it outlives the browser.
    pub kept: bool,
}

/// A place at which wrong passwords are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// The account, in browsers that its owner has not used before.
    Account,
    /// The account, in a browser that its owner used before.
    KnownBrowser,
    /// The old identifier, from one network.
    OldIdentifier,
    /// The old identifier, from all networks together.
    AllNetworks,
}

impl Door {
    /// Returns a stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::KnownBrowser => "known_browser",
            Self::OldIdentifier => "old_identifier",
            Self::AllNetworks => "all_networks",
        }
    }

    /// Returns true for the doors of an account.
    pub fn is_of_account(self) -> bool {
        matches!(self, Self::Account | Self::KnownBrowser)
    }
}

/// A count of wrong passwords.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DoorState {
    /// The place.
    pub door: Door,
    /// The agency of an old identifier.
    pub agency: Option<String>,
    /// The number of wrong passwords.
    pub failures: u8,
    /// The number of attempts left.
    pub left: u8,
    /// The time of the lock.
    pub locked_at: Option<Unix>,
    /// The time at which the lock ends by itself; an account's does not.
    pub opens_at: Option<Unix>,
}

/// The fate of a mail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It waits for its turn or for the next attempt.
    Waiting,
    /// The person's server took it, and did not return it.
    Taken,
    /// The server returned it after it had taken it.
    CameBack,
    /// The server refused the address.
    Refused,
    /// It was given up: too old.
    Expired,
    /// An operator ended it.
    Dropped,
}

impl Fate {
    /// Returns a stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Taken => "taken",
            Self::CameBack => "came_back",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Dropped => "dropped",
        }
    }
}

/// A mail, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MailState {
    /// The id of the message.
    pub id: Uuid,
    /// The kind, e.g. `confirm`.
    pub topic: String,
    /// The agency whose look it has; `None` for the account as such.
    pub agency: Option<String>,
    /// The domain of the address.
    pub host: Option<String>,
    /// The time at which it was queued.
    pub at: Unix,
    /// Its fate.
    pub fate: Fate,
    /// The time at which that was so; of a waiting one, the time at which it was queued.
    pub decided_at: Unix,
    /// The number of attempts.
    pub attempts: i32,
    /// The last answer of the server.
    pub said: Option<String>,
}

impl From<kernel::outbox::PersonsMessage> for MailState {
    fn from(row: kernel::outbox::PersonsMessage) -> Self {
        let (fate, decided_at) = match (row.bounced_at, row.sent_at, row.dead_at) {
            (Some(at), ..) => (Fate::CameBack, at),
            (None, Some(at), _) => (Fate::Taken, at),
            (None, None, Some(at)) => match row.dead_why.as_deref() {
                Some("refused") => (Fate::Refused, at),
                Some("dropped") => (Fate::Dropped, at),
                _ => (Fate::Expired, at),
            },
            (None, None, None) => (Fate::Waiting, row.created_at),
        };
        let said = if fate == Fate::Taken { row.answer } else { row.last_error };
        Self {
            id: row.id,
            topic: row.topic,
            agency: row.agency,
            host: row.host,
            at: row.created_at,
            fate,
            decided_at,
            attempts: row.attempts,
            said,
        }
    }
}

/// Returns true if each word that was typed begins a word of the stored name, whatever accents and capitals.
pub(crate) fn is_name(stored: &str, typed: &str) -> bool {
    let (stored, typed) = (plain_words(stored), plain_words(typed));
    !typed.is_empty() && typed.iter().all(|word| stored.iter().any(|known| known.starts_with(word.as_str())))
}

/// Returns the words of a name without accents and capitals.
pub(crate) fn plain_words(text: &str) -> Vec<String> {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_it_is_said_on_the_telephone() {
        for typed in ["durand", "Marie DURAND", "durand-lefevre marie", "lefèvre", "dur", " D’Urand"] {
            let stored = if typed.contains('’') { "Marie d'Urand" } else { "Marie Durand-Lefèvre" };
            assert!(is_name(stored, typed), "{typed}");
        }
        for typed in ["", "  ", "-", "urand", "Marie Martin"] {
            assert!(!is_name("Marie Durand", typed), "{typed:?}");
        }
    }
}
