//! The mails: one struct each, wrapped in [`MailBody`]. The program maps the mails stored in the outbox to these when it sends them.
//!
//! No subject and no preview carries a secret; each mail has at most one button, with its address in plain sight; no image is loaded and no link
//! rewritten. None contains free text that a person typed, besides their own address. Nothing that carries a link has `Debug`.

mod samples;

use serde::{Deserialize, Serialize};

use crate::{Locale, Theme};

/// The frame of a mail.
#[derive(Clone, Serialize)]
pub struct MailFrame {
    /// The language of the mail.
    pub locale: Locale,
    /// The theme of the agency that it is about; `None` for the account as such.
    pub look: Option<Theme>,
    /// The provider's issuer, as in the address bar: `https://compte.example.fr`.
    pub issuer: String,
}

/// A rendered mail, without header fields and attachments, which the sender adds.
pub struct Mail {
    /// The subject: one line that names the agency, without secrets.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part, whole document.
    pub html: String,
}

/// The content of a mail.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "kebab-case")]
pub enum MailBody {
    /// SPEC J2.4: confirms the address of a move.
    Confirm(Confirm),
    /// SPEC J2.7: the account exists; receipt of the acceptance. The sender attaches the text of the terms.
    Welcome(Welcome),
    /// SPEC J3: one more agency was attached.
    LinkAdded(LinkAdded),
    /// SPEC J5: the account is locked, with the link that unlocks it.
    AccountLocked(AccountLocked),
    /// SPEC J6: resets the password.
    ResetPassword(ResetPassword),
    /// SPEC J6: a reset was requested for an address that has only an unfinished move.
    FinishEnrolment(FinishEnrolment),
    /// The password was changed.
    PasswordChanged(PasswordChanged),
    /// PEOPLE U-12, to the address in the agency's files: another one was chosen at the move.
    AddressChosen(AddressChosen),
    /// SPEC J7: receipt of a later version of the terms. The sender attaches the text.
    TermsAccepted(TermsAccepted),
    /// SPEC J11, to the new address of an account: confirms it.
    ConfirmAddress(ConfirmAddress),
    /// PEOPLE U-68, to the account's address: a change to another one was requested; with a link that stops it.
    AddressAsked(AddressAsked),
    /// PEOPLE U-68, to the previous address: with a link that restores it.
    AddressReplaced(AddressReplaced),
    /// SPEC J11, to the account's new address.
    AddressChanged(AddressChanged),
    /// PEOPLE U-68, to both addresses: the previous one was restored.
    AddressTakenBack(AddressTakenBack),
    /// SPEC J11: a sign-in in an unknown browser.
    NewDevice(NewDevice),
    /// SPEC J12: an agency does not count the person among its clients any more.
    LinkEnding(LinkEnding),
    /// SPEC J14: staff took the link with an agency away.
    LinkTaken(LinkTaken),
    /// SPEC J14: staff gave the account a link with an agency.
    LinkGiven(LinkGiven),
    /// SPEC J14, to staff whom a file names: the link by which they get an account.
    StaffInvited(StaffInvited),
    /// SPEC J14: staff cleared the count of wrong passwords.
    AccountUnlocked(AccountUnlocked),
    /// SPEC J14: staff ended the account's sessions.
    SessionsEnded(SessionsEnded),
    /// SPEC J14: staff closed the account.
    AccountClosed(AccountClosed),
    /// SPEC J14: staff reopened the account.
    AccountReopened(AccountReopened),
}

/// [`MailBody::Confirm`].
#[derive(Clone, Serialize, Deserialize)]
pub struct Confirm {
    /// Absolute.
    pub link: String,
    /// The address to confirm.
    pub email: String,
    /// The lifetime of the link, in days.
    pub days: u16,
    /// `1234 5678`: accepted, instead of the link, by the browser in which the password was chosen.
    pub code: Option<String>,
    /// The lifetime of the code, in days.
    pub code_days: u16,
}

/// [`MailBody::Welcome`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// The agency's name.
    pub agency: String,
    /// The account.
    pub email: String,
    /// Of the terms.
    pub version: String,
    /// Of the exact text accepted.
    pub sha256: String,
    /// Unix seconds.
    pub accepted_at: i64,
    /// Of the terms.
    pub terms_title: String,
}

/// [`MailBody::LinkAdded`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkAdded {
    /// The agency's name.
    pub agency_name: String,
    /// Unix seconds.
    pub when: i64,
    /// The agency's client space.
    pub portal_url: Option<String>,
}

/// [`MailBody::LinkEnding`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkEnding {
    /// The agency's name.
    pub agency_name: String,
    /// The time at which its client space closes, in Unix seconds.
    pub when: i64,
}

/// [`MailBody::LinkTaken`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkTaken {
    /// The agency's name.
    pub agency_name: String,
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::LinkGiven`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkGiven {
    /// The agency's name.
    pub agency_name: String,
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::StaffInvited`].
#[derive(Clone, Serialize, Deserialize)]
pub struct StaffInvited {
    /// The agency's name; `None` for the vendor's staff.
    pub agency_name: Option<String>,
    /// Absolute.
    pub link: String,
    /// The address that the account is to have.
    pub email: String,
    /// The lifetime of the link, in days.
    pub days: u16,
}

/// [`MailBody::AccountUnlocked`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountUnlocked {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::SessionsEnded`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionsEnded {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::AccountClosed`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountClosed {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::AccountReopened`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountReopened {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::AccountLocked`].
#[derive(Clone, Serialize, Deserialize)]
pub struct AccountLocked {
    /// Absolute; resets the password.
    pub link: String,
    /// The lifetime of the link, in minutes.
    pub minutes: u16,
}

/// [`MailBody::ResetPassword`].
#[derive(Clone, Serialize, Deserialize)]
pub struct ResetPassword {
    /// Absolute.
    pub link: String,
    /// The lifetime of the link, in minutes.
    pub minutes: u16,
}

/// [`MailBody::FinishEnrolment`].
#[derive(Clone, Serialize, Deserialize)]
pub struct FinishEnrolment {
    /// The agency's name.
    pub agency_name: String,
    /// Absolute; the link of the move.
    pub link: String,
    /// The agency's client space, from which the move can be started again.
    pub portal_url: String,
}

/// [`MailBody::PasswordChanged`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::AddressChosen`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddressChosen {
    /// The agency's name.
    pub agency_name: String,
    /// `m•••••@g•••.com`
    pub masked_email: String,
}

/// [`MailBody::TermsAccepted`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TermsAccepted {
    /// The account.
    pub email: String,
    /// Of the terms.
    pub version: String,
    /// Of the exact text accepted.
    pub sha256: String,
    /// Unix seconds.
    pub accepted_at: i64,
    /// Of the terms.
    pub terms_title: String,
}

/// [`MailBody::ConfirmAddress`].
#[derive(Clone, Serialize, Deserialize)]
pub struct ConfirmAddress {
    /// Absolute.
    pub link: String,
    /// The lifetime of the link, in hours.
    pub hours: u16,
}

/// [`MailBody::AddressAsked`].
#[derive(Clone, Serialize, Deserialize)]
pub struct AddressAsked {
    /// Absolute; stops the change.
    pub link: String,
    /// `m•••••@g•••.com`
    pub masked_email: String,
    /// Unix seconds.
    pub when: i64,
    /// The lifetime of the request, in hours.
    pub hours: u16,
}

/// [`MailBody::AddressReplaced`].
#[derive(Clone, Serialize, Deserialize)]
pub struct AddressReplaced {
    /// Absolute; restores the previous address.
    pub link: String,
    /// `m•••••@g•••.com`
    pub masked_email: String,
    /// Unix seconds.
    pub when: i64,
    /// The lifetime of the link, in days.
    pub days: u16,
}

/// [`MailBody::AddressChanged`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddressChanged {
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::AddressTakenBack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddressTakenBack {
    /// `m•••••@g•••.com`
    pub masked_email: String,
    /// Unix seconds.
    pub when: i64,
}

/// [`MailBody::NewDevice`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewDevice {
    /// Absolute; the list of devices, which asks for a sign-in.
    pub link: String,
    /// `Firefox`; `None` if unknown.
    pub browser: Option<String>,
    /// `Windows`.
    pub system: Option<String>,
    /// Unix seconds.
    pub when: i64,
}

impl MailBody {
    /// Returns the template's name in `templates/mail/`, also a stable name for logs and counters.
    pub fn name(&self) -> &'static str {
        match self {
            MailBody::Confirm(_) => "confirm",
            MailBody::Welcome(_) => "welcome",
            MailBody::LinkAdded(_) => "link-added",
            MailBody::AccountLocked(_) => "account-locked",
            MailBody::ResetPassword(_) => "reset-password",
            MailBody::FinishEnrolment(_) => "finish-enrolment",
            MailBody::PasswordChanged(_) => "password-changed",
            MailBody::AddressChosen(_) => "address-chosen",
            MailBody::TermsAccepted(_) => "terms-accepted",
            MailBody::ConfirmAddress(_) => "confirm-address",
            MailBody::AddressAsked(_) => "address-asked",
            MailBody::AddressReplaced(_) => "address-replaced",
            MailBody::AddressChanged(_) => "address-changed",
            MailBody::AddressTakenBack(_) => "address-taken-back",
            MailBody::NewDevice(_) => "new-device",
            MailBody::LinkEnding(_) => "link-ending",
            MailBody::LinkTaken(_) => "link-taken",
            MailBody::LinkGiven(_) => "link-given",
            MailBody::StaffInvited(_) => "staff-invited",
            MailBody::AccountUnlocked(_) => "account-unlocked",
            MailBody::SessionsEnded(_) => "sessions-ended",
            MailBody::AccountClosed(_) => "account-closed",
            MailBody::AccountReopened(_) => "account-reopened",
        }
    }
}
