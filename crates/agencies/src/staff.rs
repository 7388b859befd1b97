use schemars::JsonSchema;
use serde::Deserialize;

/// Somebody of the agency who helps its clients at the desk: `[[staff]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffSection {
    /// The address of their own account here.
    pub email: String,
    /// Their name, as the evidence keeps it with whatever they do.
    pub name: String,
    /// `desk`: helps on the telephone; `manager`: leads the agency's move.
    #[schemars(with = "StaffRole")]
    pub role: String,
}

/// The role of an agency's staff.
#[derive(Clone, Copy, PartialEq, Eq, Debug, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum StaffRole {
    /// Helps on the telephone.
    Desk,
    /// Leads the agency's move.
    Manager,
}

impl StaffRole {
    /// Reads a name; `None` for another one.
    pub(crate) fn read(name: &str) -> Option<Self> {
        match name {
            "desk" => Some(Self::Desk),
            "manager" => Some(Self::Manager),
            _ => None,
        }
    }
}

/// Somebody of the agency who helps its clients at the desk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Staff {
    /// The address of their account, in the form by which addresses are compared.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: StaffRole,
}

/// Returns an address in the form by which addresses are compared. Says nothing of whether mail can be sent there.
pub fn canonical_address(typed: &str) -> String {
    spelling::fold(typed).to_ascii_lowercase()
}
