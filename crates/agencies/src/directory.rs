use schemars::JsonSchema;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// The rules for an agency's legacy identifiers: their label, and which spellings are the same identifier.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Directory {
    /// The agency's name for its identifiers, e.g. `Numéro client`.
    pub identifier_label: String,
    /// True if `DUPONT` and `dupont` are different identifiers.
    pub case_sensitive: bool,
    /// Characters without meaning, which people add or leave out, e.g. ` .-`.
    pub ignored: String,
    /// True if `00042` and `42` are the same identifier.
    pub leading_zeros_ignored: bool,
    /// The character encoding in which the old site hashed its passwords, e.g. `cp850`; windows-1252 and UTF-8 are tried anyway.
    pub charset: Option<String>,
    /// The changes that the old site made to a password before it hashed it, each tried in turn: steps such as `lower`, `html`, `slashes` or `cut-8`, joined by `+`.
    pub password_rules: Vec<String>,
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            identifier_label: "Identifiant".into(),
            case_sensitive: false,
            ignored: String::new(),
            leading_zeros_ignored: false,
            charset: None,
            password_rules: Vec::new(),
        }
    }
}

impl Directory {
    /// The maximum length of an identifier, in characters.
    pub const LONGEST: usize = 128;

    /// Returns the canonical form under which an identifier is stored and looked up; `None` if it cannot be an identifier.
    pub fn canonical(&self, typed: &str) -> Option<String> {
        self.canonical_of(spelling::fold(typed).into_owned())
    }

    /// Returns true if the same spellings are the same identifier in both.
    pub fn has_rules_of(&self, other: &Self) -> bool {
        let rules = |of: &Self| (of.case_sensitive, of.leading_zeros_ignored);
        rules(self) == rules(other) && self.ignored == other.ignored
    }

    /// Returns the canonical form under which an identifier was stored before quotes, dashes and characters that nobody sees were folded; `None` where it is
    /// the same.
    pub fn canonical_before(&self, typed: &str) -> Option<String> {
        if typed.is_ascii() {
            return None;
        }
        let before = self.canonical_of(typed.trim().nfkc().collect())?;
        (self.canonical(typed).as_ref() != Some(&before)).then_some(before)
    }

    fn canonical_of(&self, text: String) -> Option<String> {
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
        // FINDING B9
        for spelling in ["d’Arcy–12", "\u{200b}D'ARCY-12", " d‘arcy‐1\u{ad}2", "d´Arcy\u{2212}12"] {
            assert_eq!(form(&plain, spelling).as_deref(), Some("d'arcy-12"), "{spelling:?}");
        }
        assert_eq!(plain.canonical_before("d’Arcy").as_deref(), Some("d’arcy"));
        assert_eq!((plain.canonical_before("Évian"), plain.canonical_before("d'Arcy")), (None, None));
        let lax = Directory { ignored: " .-".into(), leading_zeros_ignored: true, ..Directory::default() };
        assert_eq!(form(&lax, "00 04-2"), form(&lax, "42"));
        let strict = Directory { case_sensitive: true, ..Directory::default() };
        assert_ne!(form(&strict, "Dupont"), form(&strict, "dupont"));
        for nobody in ["", "   ", "a\0b", "a\nb", &"x".repeat(129)] {
            assert_eq!(form(&plain, nobody), None, "{nobody:?}");
        }
        assert_eq!(form(&lax, "0-0"), None);
        let named = Directory { identifier_label: "Numéro".into(), ..lax.clone() };
        assert!(lax.has_rules_of(&named) && !lax.has_rules_of(&plain) && !strict.has_rules_of(&plain));
    }
}
