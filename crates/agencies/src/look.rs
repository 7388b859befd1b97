use schemars::JsonSchema;
use serde::Deserialize;

/// How the agency's pages and mails look.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The agency's colour, `#rrggbb`; white text on it must be readable (4.5:1).
    pub accent: String,
    /// A logo on the provider's own host, e.g. `/logo/tilleuls.svg`.
    pub logo: Option<String>,
}

impl Look {
    pub(crate) fn well_formed(&self) -> bool {
        let digits = self.accent.strip_prefix('#').unwrap_or_default();
        digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit())
    }
}
