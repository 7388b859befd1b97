//! The mails: one struct each, wrapped in [`MailBody`]. The program maps the mails stored in the outbox to these when it sends them.
//!
//! No subject and no preview carries a secret; each mail has at most one button, with its address in plain sight; no image is loaded and no link
//! rewritten. None contains free text that a person typed, besides their own address. Nothing that carries a link has `Debug`.

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
            MailBody::AccountUnlocked(_) => "account-unlocked",
            MailBody::SessionsEnded(_) => "sessions-ended",
            MailBody::AccountClosed(_) => "account-closed",
            MailBody::AccountReopened(_) => "account-reopened",
        }
    }

    /// Returns a sample of each mail.
    pub fn samples() -> Vec<MailBody> {
        let agency = || "Agence des Tilleuls".to_owned();
        let email = || "marie.durand@example.fr".to_owned();
        let link = |path: &str| {
            format!("https://compte.example.fr/{path}?token=Zm9yIHRlc3RzIG9ubHkgZm9yIHRlc3RzIG9ubHk")
        };
        let sha256 = || "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
        let terms_title = || "Conditions Générales d’Utilisation".to_owned();
        let when = 1_794_222_300;
        let masked = || "m•••••@g•••.com".to_owned();
        let device = |browser: Option<&str>, system: Option<&str>| {
            MailBody::NewDevice(NewDevice {
                link: "https://compte.example.fr/account/sessions".into(),
                browser: browser.map(Into::into),
                system: system.map(Into::into),
                when,
            })
        };
        vec![
            MailBody::Confirm(Confirm {
                link: link("confirm"),
                email: email(),
                days: 1,
                code: None,
                code_days: 1,
            }),
            MailBody::Confirm(Confirm {
                link: link("confirm"),
                email: email(),
                days: 7,
                code: Some("4071 9526".into()),
                code_days: 1,
            }),
            MailBody::Welcome(Welcome {
                agency: agency(),
                email: email(),
                version: "2026-11".into(),
                sha256: sha256(),
                accepted_at: when,
                terms_title: terms_title(),
            }),
            MailBody::LinkAdded(LinkAdded {
                agency_name: agency(),
                when,
                portal_url: Some("https://clients.tilleuls.example/".into()),
            }),
            MailBody::LinkAdded(LinkAdded { agency_name: agency(), when, portal_url: None }),
            MailBody::LinkEnding(LinkEnding { agency_name: agency(), when }),
            MailBody::AccountUnlocked(AccountUnlocked { when }),
            MailBody::SessionsEnded(SessionsEnded { when }),
            MailBody::AccountClosed(AccountClosed { when }),
            MailBody::AccountReopened(AccountReopened { when }),
            MailBody::AccountLocked(AccountLocked { link: link("reset"), minutes: 30 }),
            MailBody::ResetPassword(ResetPassword { link: link("reset"), minutes: 30 }),
            MailBody::FinishEnrolment(FinishEnrolment {
                agency_name: agency(),
                link: link("confirm"),
                portal_url: "https://clients.tilleuls.example/".into(),
            }),
            MailBody::PasswordChanged(PasswordChanged { when }),
            MailBody::AddressChosen(AddressChosen {
                agency_name: agency(),
                masked_email: "m•••••@g•••.com".into(),
            }),
            MailBody::TermsAccepted(TermsAccepted {
                email: email(),
                version: "2027-03".into(),
                sha256: sha256(),
                accepted_at: when,
                terms_title: terms_title(),
            }),
            MailBody::ConfirmAddress(ConfirmAddress { link: link("new-address"), hours: 24 }),
            MailBody::AddressAsked(AddressAsked {
                link: link("take-back"),
                masked_email: masked(),
                when,
                hours: 24,
            }),
            MailBody::AddressReplaced(AddressReplaced {
                link: link("take-back"),
                masked_email: masked(),
                when,
                days: 7,
            }),
            MailBody::AddressChanged(AddressChanged { when }),
            MailBody::AddressTakenBack(AddressTakenBack { masked_email: masked(), when }),
            device(Some("Firefox"), Some("Windows")),
            device(Some("Safari"), None),
            device(None, None),
        ]
    }
}
