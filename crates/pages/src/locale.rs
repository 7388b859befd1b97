//! The two languages of the pages, and their negotiation.

use serde::{Deserialize, Serialize};

/// A language of pages and mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// French, the default.
    Fr,
    /// English.
    En,
}

impl Locale {
    /// Both languages, French first.
    pub const ALL: [Locale; 2] = [Locale::Fr, Locale::En];

    /// Negotiates the language: what the portal asked for (`ui_locales`, OIDC Core §3.1.2.1, space-separated, best first), then
    /// what the browser prefers (`Accept-Language`, RFC 9110 §12.5.4), then `fallback` (the agency's setting).
    /// Unknown or malformed tags are skipped, never an error.
    pub fn negotiate(ui_locales: Option<&str>, accept_language: Option<&str>, fallback: Locale) -> Locale {
        ui_locales
            .and_then(|tags| tags.split_ascii_whitespace().find_map(Locale::from_tag))
            .or_else(|| accept_language.and_then(Locale::from_accept_language))
            .unwrap_or(fallback)
    }

    /// Returns the language of a BCP 47 tag (`fr`, `fr-CA`, `EN_gb`), if it is one of ours.
    pub fn from_tag(tag: &str) -> Option<Locale> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Locale::ALL.into_iter().find(|locale| primary.eq_ignore_ascii_case(locale.tag()))
    }

    /// Returns the tag for `lang` attributes, `Content-Language` and records: `fr` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Locale::Fr => "fr",
            Locale::En => "en",
        }
    }

    fn from_accept_language(header: &str) -> Option<Locale> {
        let mut best: Option<(f32, Locale)> = None;
        for item in header.split(',') {
            let mut parts = item.split(';');
            let Some(locale) = parts.next().and_then(Locale::from_tag) else {
                continue;
            };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(found, _)| weight > found) {
                best = Some((weight, locale));
            }
        }
        best.map(|(_, locale)| locale)
    }
}

#[cfg(test)]
mod tests {
    use super::Locale::{self, En, Fr};

    #[test]
    fn the_portal_speaks_before_the_browser_and_the_browser_before_the_agency() {
        assert_eq!(Locale::negotiate(Some("en fr"), Some("fr"), Fr), En);
        assert_eq!(Locale::negotiate(Some("de-DE en-GB"), Some("fr"), Fr), En);
        assert_eq!(Locale::negotiate(Some("de"), Some("en-GB,fr;q=0.8"), Fr), En);
        assert_eq!(Locale::negotiate(None, Some("de, en;q=0.3, fr-CH;q=0.7"), En), Fr);
        assert_eq!(Locale::negotiate(None, None, En), En);
    }

    #[test]
    fn nonsense_is_passed_over() {
        for header in ["", ";;;", "*", "x-klingon;q=2;q=", ",,,q=1", "français"] {
            assert_eq!(Locale::negotiate(Some(header), Some(header), Fr), Fr, "{header}");
        }
        assert_eq!(Locale::negotiate(None, Some("en;q=0, fr;q=0.1"), En), Fr);
        assert_eq!(Locale::negotiate(None, Some("en;q=high"), Fr), Fr);
    }
}
