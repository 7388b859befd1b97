//! SPEC J14: a person as staff see them, and what may be done for them; and the page on which a person reads who looked.
//!
//! `{person}` is the address of the person's page. Every form there has `csrf`, `form` (its own id, by which it is done once) and `reason`.

use serde::Serialize;

use super::desk::{DeskRole, Seat};
use crate::MailBody;

/// A person. `POST {person}/resend` with `mail`, `/code`, `/unlock`, `/end-sessions`, `/end-link` with `link`, `/move-link` with `link` and `to`, `/close` with
/// `because`, `/reopen`.
#[derive(Clone, Debug, Serialize)]
pub struct DeskPerson {
    /// Where they stand.
    pub seat: Seat,
    /// `{person}`.
    pub url: String,
    /// The id of every form of this page.
    pub form: String,
    /// The name in the agency's file.
    pub name: Option<String>,
    /// Where the person stands, in one sentence.
    pub sentence: String,
    /// How good that is.
    pub mood: Mood,
    /// The outcome of the last form.
    pub notice: Option<DeskNotice>,
    /// The mistake in the last form.
    pub error: Option<DeskError>,
    /// The account, as far as it is seen.
    pub account: Option<DeskAccount>,
    /// The identities, each with its link.
    pub identities: Vec<DeskIdentity>,
    /// The moves under way.
    pub moves: Vec<DeskMove>,
    /// The counts of wrong passwords.
    pub doors: Vec<DeskDoor>,
    /// The newest mails.
    pub mails: Vec<DeskMail>,
    /// The open sessions; empty for an agency's staff.
    pub sessions: Vec<DeskSession>,
    /// The acts that are offered, in their order on the page.
    pub offers: Vec<DeskVerb>,
}

/// How good a person's standing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// All is well.
    Ok,
    /// Something is under way.
    Info,
    /// Something keeps them out.
    Alert,
}

/// A thing that staff do for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeskVerb {
    /// Send a mail once more.
    Resend,
    /// Issue an activation code.
    Code,
    /// Clear the counts of wrong passwords.
    Unlock,
    /// End all sessions.
    EndSessions,
    /// Take a link away.
    EndLink,
    /// Give a link to another account.
    MoveLink,
    /// Close the account.
    Close,
    /// Reopen it.
    Reopen,
}

impl DeskVerb {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Resend,
        Self::Code,
        Self::Unlock,
        Self::EndSessions,
        Self::EndLink,
        Self::MoveLink,
        Self::Close,
        Self::Reopen,
    ];

    /// Returns the name, as addresses and looks have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Code => "code",
            Self::Unlock => "unlock",
            Self::EndSessions => "end-sessions",
            Self::EndLink => "end-link",
            Self::MoveLink => "move-link",
            Self::Close => "close",
            Self::Reopen => "reopen",
        }
    }
}

/// The outcome of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "verb", rename_all = "snake_case")]
pub enum DeskNotice {
    /// It is done.
    Done(DeskVerb),
    /// The same form was sent before: nothing was done a second time.
    Already,
    /// A code was shown, and is not shown again.
    CodeShown,
}

/// The mistake in a form: nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskError {
    /// The form.
    pub verb: DeskVerb,
    /// The reason that was typed.
    pub reason: String,
    /// The error.
    pub why: DeskRefusal,
}

/// The reason why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeskRefusal {
    /// No reason was typed, or one that is too long.
    NoReason,
    /// The reason holds an address.
    AddressInReason,
    /// No mail, link or cause was chosen.
    NothingChosen,
    /// A mail left a moment ago: wait so many seconds.
    TooSoon {
        /// Seconds.
        seconds: u32,
    },
    /// No more mails to this address for now.
    TooMany,
    /// The matter of the mail is over.
    MailOver,
    /// No other open account has the address that was typed.
    NoSuchAccount,
    /// It no longer fits: something changed meanwhile.
    NotNow,
}

/// An account.
#[derive(Clone, Debug, Serialize)]
pub struct DeskAccount {
    /// The masked address.
    pub address: Option<String>,
    /// Unix seconds.
    pub created_at: Option<i64>,
    /// Unix seconds.
    pub password_changed_at: Option<i64>,
    /// Unix seconds.
    pub closed_at: Option<i64>,
    /// `deceased`, `wish` or `fraud`.
    pub closed_because: Option<String>,
}

/// An identity.
#[derive(Clone, Debug, Serialize)]
pub struct DeskIdentity {
    /// The agency's name, across agencies.
    pub agency: Option<String>,
    /// The identifier, as in the agency's file.
    pub identifier: String,
    /// The agency's reference.
    pub reference: String,
    /// The name in the agency's file.
    pub name: Option<String>,
    /// Its state.
    pub state: IdentityState,
    /// Unix seconds: since when, or when it ends.
    pub at: Option<i64>,
    /// The id of its link.
    pub link: Option<String>,
}

/// The state of an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityState {
    /// The old credentials work.
    NotMoved,
    /// Linked.
    Linked,
    /// Linked, and the link ends.
    Ends,
    /// The link has ended.
    Ended,
    /// The agency no longer counts them among its clients.
    Left,
}

/// A move under way.
#[derive(Clone, Debug, Serialize)]
pub struct DeskMove {
    /// The agency's name, across agencies.
    pub agency: Option<String>,
    /// The next step: `notice`, `email`, `password`, `mail`, `link` or `terms`.
    pub step: String,
    /// The masked address.
    pub address: Option<String>,
    /// Unix seconds.
    pub since: i64,
    /// Unix seconds.
    pub expires_at: i64,
}

/// A count of wrong passwords.
#[derive(Clone, Debug, Serialize)]
pub struct DeskDoor {
    /// `account`, `known_browser`, `old_identifier` or `all_networks`.
    pub door: String,
    /// Wrong passwords.
    pub failures: u8,
    /// Attempts left.
    pub left: u8,
    /// True if it is locked.
    pub locked: bool,
    /// The time at which the lock ends by itself, in Unix seconds.
    pub opens_at: Option<i64>,
}

/// A mail.
#[derive(Clone, Debug, Serialize)]
pub struct DeskMail {
    /// The id of the message.
    pub id: String,
    /// The kind; [`DeskMail::kind`] makes it.
    pub kind: String,
    /// Unix seconds.
    pub at: i64,
    /// `waiting`, `taken`, `came_back`, `refused`, `expired` or `dropped`.
    pub fate: String,
    /// The domain of the address.
    pub host: Option<String>,
    /// True if it can be sent again.
    pub again: bool,
}

impl DeskMail {
    /// Returns the kind of a topic that the outbox has: one that pages have words for, or `other`.
    pub fn kind(topic: &str) -> String {
        let known = MailBody::samples().iter().any(|body| body.name() == topic);
        if known { topic.to_owned() } else { "other".to_owned() }
    }
}

/// An open session.
#[derive(Clone, Debug, Serialize)]
pub struct DeskSession {
    /// `Firefox`; `None` if unknown.
    pub browser: Option<String>,
    /// `Windows`.
    pub system: Option<String>,
    /// The network, shortened.
    pub network: String,
    /// Unix seconds.
    pub since: i64,
}

/// The page on which a person reads who looked at them.
#[derive(Clone, Debug, Serialize)]
pub struct AccountLooks {
    /// Newest first; may be empty.
    pub looks: Vec<LookRow>,
}

/// A look, within an hour.
#[derive(Clone, Debug, Serialize)]
pub struct LookRow {
    /// Unix seconds.
    pub at: i64,
    /// In which capacity; `None` for one of a later version.
    pub role: Option<DeskRole>,
    /// The agency's name.
    pub agency: Option<String>,
    /// The acts of that hour.
    pub done: Vec<DeskVerb>,
}
