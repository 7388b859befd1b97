//! SPEC J2, J4: the agency's old identifiers.

use serde::Serialize;

use super::Page;

/// `POST {base}/legacy` with `agency`, `identifier`, and `password` or `activation`; with `carry` in place of the password it only fills the field in. Links to `{base}` and `{base}/help`.
#[derive(Clone, Debug, Serialize)]
pub struct Legacy {
    /// The agency's label: `Identifiant`, `Numéro de client`; empty for the default.
    pub identifier_label: String,
    /// Fills the field in; may be empty.
    pub identifier: String,
    /// The value of the field `agency`.
    pub agency_id: String,
    /// Asks for an activation code in place of the password. Fills the field in; may be empty.
    pub code: Option<String>,
    /// The error of the last attempt.
    pub error: Option<LegacyError>,
}

/// The reason why old identifiers are refused.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LegacyError {
    /// Identifier or password wrong.
    Wrong {
        /// Attempts left.
        remaining: u8,
    },
    /// Too many failures for this identifier.
    Locked {
        /// Minutes until the next attempt, rounded up.
        minutes: u32,
        /// True if the agency's portal checks old passwords itself.
        portal: bool,
    },
    /// SPEC J4: the identifier was exchanged for an account.
    Moved {
        /// The masked email, only if the old password was right: `m•••••@g•••.com`.
        hint: Option<String>,
    },
    /// The account that replaced it is closed. Only if the old password was right.
    Closed,
    /// The agency does not count this person among its clients any more. Only if the old password was right.
    Left,
    /// The agency's own service does not answer; nothing was counted.
    Unavailable,
    /// Too many attempts from this network.
    Throttled {
        /// Seconds until the next attempt.
        seconds: u32,
    },
    /// The service is very busy; nothing was checked, nothing was counted.
    Busy,
    /// A field is empty; nothing was checked, nothing was counted.
    Missing {
        /// True if the identifier is empty.
        identifier: bool,
        /// True if the password is empty.
        password: bool,
    },
    /// The activation code has a slip; nothing was checked, nothing was counted.
    Misspelt,
    /// The input is too long, or has a control character; nothing was checked, nothing was counted.
    Unusable,
}

/// A list of agencies, each a link to `{base}/legacy?agency=ID`.
#[derive(Clone, Debug, Serialize)]
pub struct ChooseAgency {
    /// In the order shown.
    pub agencies: Vec<AgencyChoice>,
    /// The purpose of the choice.
    pub purpose: ChoosePurpose,
}

/// One agency to choose.
#[derive(Clone, Debug, Serialize)]
pub struct AgencyChoice {
    /// The agency's id, as in the name of its file.
    pub id: String,
    /// The name that people know.
    pub name: String,
    /// The city; distinguishes agencies of the same name.
    pub city: Option<String>,
}

/// The purpose of choosing an agency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoosePurpose {
    /// To use that agency's old identifiers for the first time.
    Move,
    /// To attach one more agency to the account that is signed in.
    Attach,
}

impl Page for Legacy {
    const NAME: &'static str = "legacy";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<Legacy> {
        let first = Legacy {
            identifier_label: String::new(),
            identifier: String::new(),
            agency_id: "tilleuls".into(),
            code: None,
            error: None,
        };
        let typed = Legacy {
            identifier_label: "Numéro de client".into(),
            identifier: "CL-004211".into(),
            ..first.clone()
        };
        let errors = [
            LegacyError::Wrong { remaining: 4 },
            LegacyError::Wrong { remaining: 1 },
            LegacyError::Locked { minutes: 1, portal: false },
            LegacyError::Locked { minutes: 15, portal: true },
            LegacyError::Moved { hint: None },
            LegacyError::Moved { hint: Some("m•••••@g•••.com".into()) },
            LegacyError::Closed,
            LegacyError::Left,
            LegacyError::Unavailable,
            LegacyError::Throttled { seconds: 20 },
            LegacyError::Busy,
            LegacyError::Missing { identifier: true, password: true },
            LegacyError::Missing { identifier: false, password: true },
            LegacyError::Unusable,
        ];
        let by_code = Legacy { code: Some(String::new()), ..first.clone() };
        let with_code = Legacy { code: Some("ADQR-7KXC-4PN9".into()), ..typed.clone() };
        let errors_of_code = [
            LegacyError::Wrong { remaining: 3 },
            LegacyError::Misspelt,
            LegacyError::Missing { identifier: false, password: true },
        ];
        let mut all = vec![first];
        all.extend(errors.map(|error| Legacy { error: Some(error), ..typed.clone() }));
        all.push(by_code);
        all.extend(errors_of_code.map(|error| Legacy { error: Some(error), ..with_code.clone() }));
        all
    }
}

impl Page for ChooseAgency {
    const NAME: &'static str = "choose-agency";

    fn samples() -> Vec<ChooseAgency> {
        let agencies = vec![
            AgencyChoice {
                id: "tilleuls".into(),
                name: "Agence des Tilleuls".into(),
                city: Some("Lyon".into()),
            },
            AgencyChoice { id: "rivage".into(), name: "Cabinet Rivage".into(), city: None },
        ];
        vec![
            ChooseAgency { agencies: agencies.clone(), purpose: ChoosePurpose::Move },
            ChooseAgency { agencies, purpose: ChoosePurpose::Attach },
            ChooseAgency { agencies: vec![], purpose: ChoosePurpose::Attach },
        ]
    }
}
