use schemars::JsonSchema;
use serde::Deserialize;

/// The look of the agency's pages and mails.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The first colour, `#rrggbb`: buttons and links. Used for text and behind text: a contrast of 4.5:1.
    pub accent: String,
    /// The second colour, `#rrggbb`: the band at the top of pages and mails, the current step, the edge of the agency's own texts. Never
    /// used for text: a contrast of 3:1. The first one unless set.
    pub second: Option<String>,
    /// A logo, in the folder of the configuration: `logos/tilleuls.svg`. SVG, PNG, JPEG or WebP, 6 kB at most, shown 48 pixels high.
    pub logo: Option<String>,
}

/// Texts of the agency, in a few fixed places. Plain text, in both languages.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomTexts {
    /// Under the heading of the sign-in page.
    pub sign_in: Option<LocalizedText>,
    /// In the notice that opens a move, e.g. how people were informed of it.
    pub notice: Option<LocalizedText>,
    /// Before the contact details: at the end of the help page, and where only the agency can help.
    pub contact: Option<LocalizedText>,
    /// The last line of its mails.
    pub mail: Option<LocalizedText>,
}

/// One or two sentences in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalizedText {
    /// In French.
    #[schemars(length(min = 1, max = LONGEST))]
    pub fr: String,
    /// In English.
    #[schemars(length(min = 1, max = LONGEST))]
    pub en: String,
}

/// The maximum length of a text, in characters.
const LONGEST: usize = 200;

impl CustomTexts {
    /// Returns all texts with their keys.
    pub fn all(&self) -> [(&'static str, Option<&LocalizedText>); 4] {
        [
            ("sign_in", self.sign_in.as_ref()),
            ("notice", self.notice.as_ref()),
            ("contact", self.contact.as_ref()),
            ("mail", self.mail.as_ref()),
        ]
    }
}

/// Returns the reason why a text may not be shown, if there is one.
pub(crate) fn text_error(text: &str) -> Option<String> {
    // Bidirectional control characters could make a text show as another (Unicode TR36 §2.7).
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let length = text.chars().count();
    if text.trim().is_empty() {
        Some("must not be empty: leave the whole place out where there is nothing to say".into())
    } else if length > LONGEST {
        Some(format!("is {length} characters long, and {LONGEST} are the most"))
    } else if text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns(c)) {
        Some("must be one line of plain text".into())
    } else if ["://", "www."].iter().any(|sign| text.to_lowercase().contains(sign)) {
        // Mail programs turn them into links, and our mails link to us alone (PEOPLE F-47).
        Some("must hold no web address: the agency's site stands in contact.website".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_line_of_plain_text_without_addresses() {
        for good in ["Bienvenue.", "L’équipe vous remercie — à bientôt !", &"é".repeat(200), "<b>", "a@b.fr"]
        {
            assert_eq!(text_error(good), None, "{good}");
        }
        let long = "é".repeat(201);
        for bad in
            ["", "  ", &long, "a\nb", "a\u{2028}b", "a\u{202e}b", "a\u{7}b", "http://x.fr", "voir WWW.x.fr"]
        {
            assert!(text_error(bad).is_some(), "{bad:?}");
        }
    }
}
