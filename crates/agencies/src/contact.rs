use schemars::JsonSchema;
use serde::Deserialize;

/// How to reach the agency: what the help page ends with.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// As people dial it.
    pub phone: Option<String>,
    /// For questions.
    pub email: Option<String>,
    /// Opening hours, in words.
    pub hours: Option<String>,
    /// The agency's site.
    pub website: Option<String>,
    /// Where its office is.
    pub address: Option<String>,
}

/// Who answers for the data that the agency hands over (GDPR art. 14; PEOPLE F-17, F-19): printed in the notice.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// The company, with its address.
    pub name: String,
    /// The data protection officer's address.
    pub dpo: String,
}
