//! SPEC J1, J2.7, J9, J13: arriving, the person's agencies, help.

use serde::Serialize;

use super::Page;
use crate::Provider;

/// The end of a move: "Vous êtes maintenant connecté".
#[derive(Clone, Debug, Serialize)]
pub struct Connected {
    /// The account.
    pub email: String,
    /// The agency to whose portal the button leads.
    pub agency_name: Option<String>,
    /// The agency whose old identifier is no longer valid: at the end of a move, whichever agency's portal it ended at.
    pub moved: Option<String>,
    /// The receipt of a new acceptance; `None` if no terms were due.
    pub receipt: Option<Receipt>,
    /// The target of the button.
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

/// SPEC J13: signed in, but the account is not linked to the agency. Attach: `{base}/legacy`. `POST {base}/continue` if
/// allowed; `POST {base}/switch` to sign in with another account.
#[derive(Clone, Debug, Serialize)]
pub struct NotLinked {
    /// The account.
    pub email: String,
    /// The requested agency.
    pub agency_name: String,
    /// True if the agency admits accounts without a link.
    pub may_continue: bool,
}

/// The provider's own front page: the person's agencies, and the way to each part of their account, `/account/…`. `POST /sign-out`;
/// `/attach` attaches one more.
#[derive(Clone, Debug, Serialize)]
pub struct Home {
    /// The name for the greeting.
    pub name: Option<String>,
    /// The account.
    pub email: String,
    /// In the order shown; may be empty.
    pub agencies: Vec<HomeAgency>,
    /// True if the account is attached to an agency that is not known here now: its file is missing.
    pub away: bool,
    /// True for staff of an agency or of the vendor, who have a desk.
    pub desk: bool,
    /// The result of the last action.
    pub notice: Option<HomeNotice>,
}

/// A change of the account.
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
    /// The previous address was restored, with a new password.
    TakenBack,
}

impl HomeNotice {
    /// All of them.
    const ALL: [HomeNotice; 5] = [Self::Password, Self::Name, Self::Language, Self::Email, Self::TakenBack];
}

/// An agency with a link to its portal.
#[derive(Clone, Debug, Serialize)]
pub struct HomeAgency {
    /// The name that people know.
    pub name: String,
    /// The portal's address that starts a sign-in, unless it is closed or has none.
    pub url: Option<String>,
    /// The city; distinguishes agencies of the same name.
    pub city: Option<String>,
    /// The reason why it is closed.
    pub closed: Option<Closed>,
}

/// The reason why an agency's client space is closed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// For now.
    Paused,
    /// Until this day, in Unix seconds.
    Until(i64),
    /// The agency does not take part any more.
    Left,
}

/// SPEC J9: help. The agency's phone, email and hours come from [`crate::Frame::look`].
#[derive(Clone, Debug, Serialize)]
pub struct Help {
    /// The mail providers whose spam folders are described, in order.
    pub providers: Vec<Provider>,
    /// The number of failures that lock an account.
    pub lock_failures: u8,
    /// The lifetime of the link of the move, in days.
    pub confirm_days: u16,
    /// The lifetime of a reset link, in minutes.
    pub reset_minutes: u16,
    /// The address of the previous page.
    pub back_url: String,
}

impl Page for Connected {
    const NAME: &'static str = "connected";

    fn samples() -> Vec<Connected> {
        let first = Connected {
            email: "marie.durand@example.fr".into(),
            agency_name: Some("Agence des Tilleuls".into()),
            moved: Some("Agence des Tilleuls".into()),
            receipt: Some(Receipt {
                version: "2026-11".into(),
                sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
                accepted_at: 1_794_222_300,
            }),
            continue_url: "/authorize/0192".into(),
        };
        vec![
            first.clone(),
            Connected { moved: None, ..first.clone() },
            Connected { agency_name: None, moved: None, receipt: None, continue_url: "/".into(), ..first },
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
            url: Some("http://localhost:8081/sign-in".into()),
            city: city.map(Into::into),
            closed: None,
        };
        let shut = |closed| HomeAgency { url: None, closed, ..agency("Résidences du Lac", None) };
        let first = Home {
            name: Some("Marie Durand".into()),
            email: "marie.durand@example.fr".into(),
            agencies: vec![agency("Agence des Tilleuls", Some("Lyon")), agency("Cabinet Rivage", None)],
            away: false,
            desk: false,
            notice: None,
        };
        let all = [Some(Closed::Paused), Some(Closed::Until(1_796_083_200)), Some(Closed::Left), None];
        let closed = Home { agencies: all.map(shut).into(), away: true, ..first.clone() };
        let away = Home { agencies: vec![], away: true, ..first.clone() };
        let staff = Home { desk: true, ..first.clone() };
        vec![first.clone(), Home { name: None, agencies: vec![], ..first.clone() }, closed, away, staff]
            .into_iter()
            .chain(HomeNotice::ALL.map(|notice| Home { notice: Some(notice), ..first.clone() }))
            .collect()
    }
}

impl Page for Help {
    const NAME: &'static str = "help";

    fn samples() -> Vec<Help> {
        vec![Help {
            providers: Provider::KNOWN.to_vec(),
            lock_failures: 5,
            confirm_days: 7,
            reset_minutes: 30,
            back_url: "/authorize/0192".into(),
        }]
    }
}
