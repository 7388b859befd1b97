//! SPEC J14: the desk, at which staff find a person. A person's own page is in `desk_person`.
//!
//! `{seat}` is `/desk/{agency}`, or `/desk/_all` for the vendor's staff across agencies.

use serde::Serialize;

use super::Page;

/// The choice of an agency, for those who have several.
#[derive(Clone, Debug, Serialize)]
pub struct Desk {
    /// The agencies, ordered by name.
    pub agencies: Vec<DeskAgency>,
    /// The address at which people of all agencies are found by their own address, for the vendor's support.
    pub anywhere: Option<String>,
}

/// An agency for which somebody may act.
#[derive(Clone, Debug, Serialize)]
pub struct DeskAgency {
    /// The name that people know.
    pub name: String,
    /// The city; distinguishes agencies of the same name.
    pub city: Option<String>,
    /// `{seat}`.
    pub url: String,
}

/// The place at which a member of staff stands.
#[derive(Clone, Debug, Serialize)]
pub struct Seat {
    /// `{seat}`.
    pub url: String,
    /// The agency's name; `None` across agencies.
    pub agency: Option<String>,
    /// In which capacity they act.
    pub role: DeskRole,
    /// True if they may choose another agency.
    pub several: bool,
}

/// In which capacity somebody looked at a person, or acts for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeskRole {
    /// An agency's desk.
    Desk,
    /// Somebody who leads an agency's move.
    Manager,
    /// The vendor's support.
    Support,
    /// The vendor's planning of moves.
    Campaign,
    /// An operator of the provider.
    Operator,
}

/// The search. `POST {seat}/search` with `by` and `typed`.
#[derive(Clone, Debug, Serialize)]
pub struct DeskSearch {
    /// Where they stand.
    pub seat: Seat,
    /// By what is searched, as it was chosen last.
    pub by: SearchBy,
    /// The typed text; may be empty.
    pub typed: String,
    /// The people found; `None` before a search.
    pub found: Option<Vec<DeskFound>>,
    /// True if there are more than are shown.
    pub more: bool,
    /// The reason why nothing was searched.
    pub error: Option<DeskSearchError>,
    /// The agency's staff without an account, for who may invite them.
    pub colleagues: Vec<DeskColleague>,
}

/// Somebody of an agency's staff who has no account. `POST {seat}/invite` with `email`.
#[derive(Clone, Debug, Serialize)]
pub struct DeskColleague {
    /// The name in the agency's file.
    pub name: String,
    /// The address there.
    pub email: String,
    /// The time until which their invitation works, in Unix seconds; `None` for one who is not invited.
    pub invited_until: Option<i64>,
}

/// By what people are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchBy {
    /// The name in the agency's file.
    Name,
    /// The agency's reference.
    Reference,
    /// The identifier that the agency issued.
    Identifier,
    /// The address of an account or of a move, across agencies.
    Email,
}

/// The reason why nothing was searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeskSearchError {
    /// Nothing to search for was typed.
    Empty,
    /// No address was typed.
    NoAddress,
    /// Too many searches, or too many people looked at: wait so many seconds.
    TooOften {
        /// Seconds.
        seconds: u32,
    },
}

/// A person who was found. What was not typed is masked, until their page is opened, which is counted.
#[derive(Clone, Debug, Serialize)]
pub struct DeskFound {
    /// The address of their page.
    pub url: String,
    /// The name in the agency's file, masked unless it was searched for.
    pub name: Option<String>,
    /// The agency's reference, masked unless it was searched for.
    pub reference: Option<String>,
}

/// An activation code, shown once, on a sheet to print.
#[derive(Clone, Debug, Serialize)]
pub struct DeskCode {
    /// Where they stand.
    pub seat: Seat,
    /// The address of the person's page.
    pub back: String,
    /// The code, in groups.
    pub code: String,
    /// The identifier with which it is typed.
    pub identifier: String,
    /// The name in the agency's file.
    pub name: Option<String>,
    /// The address at which both are typed, as people type it.
    pub address: String,
    /// The time until which it works, in Unix seconds.
    pub until: i64,
}

impl Seat {
    pub(super) fn sample() -> Self {
        Self {
            url: "/desk/tilleuls".into(),
            agency: Some("Agence des Tilleuls".into()),
            role: DeskRole::Desk,
            several: false,
        }
    }

    pub(super) fn sample_of_vendor() -> Self {
        Self { url: "/desk/_all".into(), agency: None, role: DeskRole::Support, several: true }
    }
}

impl Page for Desk {
    const NAME: &'static str = "desk";

    fn samples() -> Vec<Desk> {
        let agency = |name: &str, city: Option<&str>, id: &str| DeskAgency {
            name: name.into(),
            city: city.map(Into::into),
            url: format!("/desk/{id}"),
        };
        let two = vec![
            agency("Agence des Tilleuls", Some("Lorient"), "tilleuls"),
            agency("Cabinet Rivage", None, "rivage"),
        ];
        vec![
            Desk { agencies: two.clone(), anywhere: None },
            Desk { agencies: two, anywhere: Some("/desk/_all".into()) },
        ]
    }
}

impl Page for DeskSearch {
    const NAME: &'static str = "desk-search";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<DeskSearch> {
        let first = DeskSearch {
            seat: Seat::sample(),
            by: SearchBy::Name,
            typed: String::new(),
            found: None,
            more: false,
            error: None,
            colleagues: vec![],
        };
        let found = |name: Option<&str>, reference: Option<&str>| DeskFound {
            url: "/desk/tilleuls/person/0192f0a0-0000-7000-8000-000000000001".into(),
            name: name.map(Into::into),
            reference: reference.map(Into::into),
        };
        let wrong = |error| DeskSearch { error: Some(error), ..first.clone() };
        vec![
            first.clone(),
            DeskSearch {
                typed: "durand".into(),
                found: Some(vec![
                    found(Some("Marie Durand"), Some("•••142")),
                    found(Some("SCI Durand & Fils"), Some("•••907")),
                    found(Some("Durand Paul et Hélène"), None),
                ]),
                more: true,
                ..first.clone()
            },
            DeskSearch {
                by: SearchBy::Reference,
                typed: "CT-99".into(),
                found: Some(vec![found(None, Some("CT-99"))]),
                ..first.clone()
            },
            DeskSearch {
                by: SearchBy::Identifier,
                typed: "00012".into(),
                found: Some(vec![]),
                ..first.clone()
            },
            DeskSearch {
                seat: Seat { role: DeskRole::Manager, several: true, ..Seat::sample() },
                colleagues: vec![
                    DeskColleague {
                        name: "Léa Martin".into(),
                        email: "lea.martin@example.fr".into(),
                        invited_until: None,
                    },
                    DeskColleague {
                        name: "Hugo Petit".into(),
                        email: "hugo.petit@example.fr".into(),
                        invited_until: Some(1_795_000_000),
                    },
                ],
                ..first.clone()
            },
            DeskSearch {
                seat: Seat::sample_of_vendor(),
                by: SearchBy::Email,
                typed: "marie@exemple.fr".into(),
                found: Some(vec![found(None, None)]),
                ..first.clone()
            },
            wrong(DeskSearchError::Empty),
            wrong(DeskSearchError::TooOften { seconds: 40 }),
            DeskSearch {
                seat: Seat::sample_of_vendor(),
                by: SearchBy::Email,
                typed: "marie".into(),
                ..wrong(DeskSearchError::NoAddress)
            },
        ]
    }
}

impl Page for DeskCode {
    const NAME: &'static str = "desk-code";

    fn samples() -> Vec<DeskCode> {
        let code = DeskCode {
            seat: Seat::sample(),
            back: "/desk/tilleuls/person/0192f0a0-0000-7000-8000-000000000001".into(),
            code: "7K3M-9QXT-2HDR".into(),
            identifier: "000142".into(),
            name: Some("Marie Durand".into()),
            address: "compte.example.fr/activate?agency=tilleuls".into(),
            until: 1_803_484_800,
        };
        vec![code.clone(), DeskCode { name: None, seat: Seat::sample_of_vendor(), ..code }]
    }
}
