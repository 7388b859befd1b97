//! SPEC J1, J2.7, J9, J13: arriving, the person's agencies, help.

use serde::Serialize;

use super::Page;
use crate::Provider;

/// The end of a move: "Vous êtes maintenant connecté".
#[derive(Clone, Debug, Serialize)]
pub struct Connected {
    /// The account.
    pub email: String,
    /// The agency whose client space waits.
    pub agency_name: Option<String>,
    /// Whether this ends a move: the old identifier has just died.
    pub moved: bool,
    /// What was accepted just now; `None` when nothing was due.
    pub receipt: Option<Receipt>,
    /// Where the button leads.
    pub continue_url: String,
}

/// Proof for the person of what they accepted.
#[derive(Clone, Debug, Serialize)]
pub struct Receipt {
    /// Of the terms.
    pub version: String,
    /// Of the exact text.
    pub sha256: String,
    /// Unix seconds; shown as a date and time in Paris.
    pub accepted_at: i64,
}

/// SPEC J13: signed in, but nothing links this account to the agency. Attach: `{base}/legacy`. `POST {base}/continue` if
/// allowed; `POST {base}/switch` to sign in as someone else.
#[derive(Clone, Debug, Serialize)]
pub struct NotLinked {
    /// The account.
    pub email: String,
    /// The agency asked for.
    pub agency_name: String,
    /// Whether the agency lets in accounts without a link.
    pub may_continue: bool,
}

/// The provider's own front page: the person's agencies, and the way to each part of their account, `/account/…`. `POST /sign-out`;
/// `/attach` attaches one more.
#[derive(Clone, Debug, Serialize)]
pub struct Home {
    /// How to greet.
    pub name: Option<String>,
    /// The account.
    pub email: String,
    /// In the order shown; may be empty.
    pub agencies: Vec<HomeAgency>,
    /// What was changed just now.
    pub notice: Option<HomeNotice>,
}

/// What was changed in the account.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HomeNotice {
    /// The password.
    Password,
    /// The name.
    Name,
    /// The language.
    Language,
    /// The address.
    Email,
    /// The older address is the account's again, with a new password.
    TakenBack,
}

impl HomeNotice {
    /// Each of them.
    const ALL: [HomeNotice; 5] = [Self::Password, Self::Name, Self::Language, Self::Email, Self::TakenBack];
}

/// One agency, one click away.
#[derive(Clone, Debug, Serialize)]
pub struct HomeAgency {
    /// The name people know.
    pub name: String,
    /// The portal's address that starts a sign-in.
    pub url: String,
    /// Tells apart agencies of the same name.
    pub city: Option<String>,
}

/// SPEC J9. The agency's phone, email and hours come from [`crate::Frame::look`].
#[derive(Clone, Debug, Serialize)]
pub struct Help {
    /// Whether this agency's old identifiers may still be used.
    pub legacy_door: bool,
    /// Whose folder of unwanted mail is told of, in this order.
    pub providers: Vec<Provider>,
    /// Failures before an account locks.
    pub lock_failures: u8,
    /// How long the link of the move works, in days.
    pub confirm_days: u16,
    /// How long a reset link works, in minutes.
    pub reset_minutes: u16,
    /// Back to where the person was.
    pub back_url: String,
}

impl Page for Connected {
    const NAME: &'static str = "connected";

    fn samples() -> Vec<Connected> {
        let first = Connected {
            email: "marie.durand@example.fr".into(),
            agency_name: Some("Agence des Tilleuls".into()),
            moved: true,
            receipt: Some(Receipt {
                version: "2026-11".into(),
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                accepted_at: 1_794_222_300,
            }),
            continue_url: "/authorize/0192".into(),
        };
        vec![
            first.clone(),
            Connected { moved: false, ..first.clone() },
            Connected { agency_name: None, moved: false, receipt: None, continue_url: "/".into(), ..first },
        ]
    }
}

impl Page for NotLinked {
    const NAME: &'static str = "not-linked";

    fn samples() -> Vec<NotLinked> {
        [true, false]
            .map(|may_continue| NotLinked {
                email: "marie.durand@example.fr".into(),
                agency_name: "Cabinet Rivage".into(),
                may_continue,
            })
            .into()
    }
}

impl Page for Home {
    const NAME: &'static str = "home";

    fn samples() -> Vec<Home> {
        let agency = |name: &str, city: Option<&str>| HomeAgency {
            name: name.into(),
            url: "http://localhost:8081/sign-in".into(),
            city: city.map(Into::into),
        };
        let first = Home {
            name: Some("Marie Durand".into()),
            email: "marie.durand@example.fr".into(),
            agencies: vec![agency("Agence des Tilleuls", Some("Lyon")), agency("Cabinet Rivage", None)],
            notice: None,
        };
        vec![first.clone(), Home { name: None, agencies: vec![], ..first.clone() }]
            .into_iter()
            .chain(HomeNotice::ALL.map(|notice| Home { notice: Some(notice), ..first.clone() }))
            .collect()
    }
}

impl Page for Help {
    const NAME: &'static str = "help";

    fn samples() -> Vec<Help> {
        let first = Help {
            legacy_door: true,
            providers: Provider::KNOWN.to_vec(),
            lock_failures: 5,
            confirm_days: 7,
            reset_minutes: 30,
            back_url: "/authorize/0192".into(),
        };
        vec![first.clone(), Help { legacy_door: false, ..first }]
    }
}
