use schemars::JsonSchema;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Where an agency's legacy identities are checked, and what counts as the same identifier there.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Directory {
    /// What the agency calls its identifiers, e.g. `Numéro client`.
    pub identifier_label: String,
    /// Whether `DUPONT` and `dupont` are two people.
    pub case_sensitive: bool,
    /// Characters that people add or leave out and that mean nothing, e.g. ` .-`.
    pub ignored: String,
    /// Whether `00042` and `42` are the same. They are not unless this says so.
    pub leading_zeros_ignored: bool,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            identifier_label: "Identifiant".into(),
            case_sensitive: false,
            ignored: String::new(),
            leading_zeros_ignored: false,
        }
    }
}

impl Directory {
    /// The longest identifier, in characters.
    pub const LONGEST: usize = 128;

    /// The one form under which an identifier is stored and looked for; `None` when it can be nobody's.
    pub fn canonical(&self, typed: &str) -> Option<String> {
        let typed = typed.trim();
        // ASCII is its own NFKC, and nearly every identifier is.
        let text = if typed.is_ascii() { typed.to_owned() } else { typed.nfkc().collect() };
        if text.is_empty() || text.chars().count() > Self::LONGEST || text.chars().any(char::is_control) {
            return None;
        }
        let mut text: String = text.chars().filter(|c| !self.ignored.contains(*c)).collect();
        if !self.case_sensitive {
            text = text.to_lowercase();
        }
        if self.leading_zeros_ignored {
            text = text.trim_start_matches('0').to_owned();
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_one_form_by_the_rules_of_its_agency() {
        let plain = Directory::default();
        let form = |d: &Directory, t: &str| d.canonical(t);
        assert_eq!(form(&plain, " Dupont.M-112 ").as_deref(), Some("dupont.m-112"));
        assert_eq!(form(&plain, "００４２").as_deref(), Some("0042"));
        assert_ne!(form(&plain, "00042"), form(&plain, "42"));
        let lax = Directory { ignored: " .-".into(), leading_zeros_ignored: true, ..Directory::default() };
        assert_eq!(form(&lax, "00 04-2"), form(&lax, "42"));
        let strict = Directory { case_sensitive: true, ..Directory::default() };
        assert_ne!(form(&strict, "Dupont"), form(&strict, "dupont"));
        for nobody in ["", "   ", "a\0b", "a\nb", &"x".repeat(129)] {
            assert_eq!(form(&plain, nobody), None, "{nobody:?}");
        }
        assert_eq!(form(&lax, "0-0"), None);
    }
}
