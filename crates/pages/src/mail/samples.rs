//! A sample of each mail.

use super::{
    AccountClosed, AccountLocked, AccountReopened, AccountUnlocked, AddressAsked, AddressChanged,
    AddressChosen, AddressReplaced, AddressTakenBack, Confirm, ConfirmAddress, FinishEnrolment, LinkAdded,
    LinkEnding, LinkGiven, LinkTaken, MailBody, NewDevice, PasswordChanged, ResetPassword, SessionsEnded,
    StaffInvited, TermsAccepted, Welcome,
};

impl MailBody {
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
            MailBody::LinkTaken(LinkTaken { agency_name: agency(), when }),
            MailBody::LinkGiven(LinkGiven { agency_name: agency(), when }),
            MailBody::StaffInvited(StaffInvited {
                agency_name: Some(agency()),
                link: link("invitation"),
                email: "lea.martin@example.fr".into(),
                days: 7,
            }),
            MailBody::StaffInvited(StaffInvited {
                agency_name: None,
                link: link("invitation"),
                email: "nadia@example.fr".into(),
                days: 7,
            }),
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
