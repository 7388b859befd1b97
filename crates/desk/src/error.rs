use kernel::Fault;

use crate::Verb;

/// The reasons why a verb did nothing.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The actor may not do this for this person.
    #[error("you may not do this for this person: {}", .0.name())]
    NotAllowed(Verb),
    /// Nobody is found.
    #[error("nobody is found: check the address, or the agency and its reference")]
    Nobody,
    /// More than one is found, and a change wants one.
    #[error(
        "{0} people are found, and this wants exactly one: name them by reference, identifier or account id"
    )]
    Several(usize),
    /// The person has not moved.
    #[error("this person has no account yet")]
    NoAccount,
    /// The person has moved, and needs no code.
    #[error(
        "this person has an account: a code is for who has not moved; a new password comes by \"Mot de passe oublié\""
    )]
    HasAccount,
    /// The agency no longer counts them among its clients.
    #[error("the agency's last file no longer has this person: nobody begins a move with a code then")]
    Left,
    /// The account is closed, or changed at this moment.
    #[error("this account is closed, or changed at this moment: look again")]
    Closed,
    /// Closed already, or open.
    #[error("the account is in that state already: nothing changed")]
    Already,
    /// Nothing to clear.
    #[error("no wrong password is counted for this account: it is not locked")]
    NothingCounted,
    /// No such mail to this person.
    #[error("there is no such mail to this person: see their mails")]
    UnknownMail,
    /// Sent a moment ago.
    #[error("a mail left a moment ago, or is leaving now: wait {0} s")]
    MailTooSoon(i64),
    /// The limit of mails.
    #[error("no more of these mails go to this address for now: the last one still works")]
    TooManyMails,
    /// Nothing to send.
    #[error("this mail was sent, and what it was about cannot be sent anew")]
    MailOver,
    /// No such link of this person.
    #[error("this person has no such link: see their links")]
    UnknownLink,
    /// A link that ended by itself is given to nobody.
    #[error("this link has ended: end it for good, and issue an activation code to the other person")]
    LinkOver,
    /// The receiver of a link is nobody, or closed, or the person themselves.
    #[error("no other open account is found to give the link to: check the address or the id")]
    NoReceiver,
    /// No reason.
    #[error("say the reason in a few words: up to 200 characters on one line")]
    NoReason,
    /// A reason with an address.
    #[error("a reason holds no address: it is kept for years, and stands in the audit stream")]
    AddressInReason,
    /// The database.
    #[error(transparent)]
    Fault(#[from] Fault),
}
