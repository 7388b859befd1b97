use schemars::JsonSchema;
use serde::Deserialize;

/// The agency's contact details, shown at the end of the help page.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The phone number as people dial it.
    pub phone: Option<String>,
    /// The email address for questions.
    pub email: Option<String>,
    /// Opening hours as text.
    pub hours: Option<String>,
    /// The agency's site.
    pub website: Option<String>,
    /// The address of its office.
    pub address: Option<String>,
}

/// The controller of the data that the agency hands over (GDPR art. 14; PEOPLE F-17, F-19), named in the notice.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// The company, with its address.
    pub name: String,
    /// The data protection officer's address.
    pub dpo: String,
}
