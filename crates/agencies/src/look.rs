use schemars::JsonSchema;
use serde::Deserialize;

/// How the agency's pages and mails look.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The first colour, `#rrggbb`: buttons and links. It is words, or stands under words: a contrast of 4.5:1.
    pub accent: String,
    /// The second colour, `#rrggbb`: the band at the head of pages and mails, the step that one is at, the edge of the agency's own words. Never
    /// words: a contrast of 3:1. The first one unless set.
    pub second: Option<String>,
    /// A logo, in the folder of the configuration: `logos/tilleuls.svg`. SVG, PNG, JPEG or WebP, 6 kB at most, shown 48 pixels high.
    pub logo: Option<String>,
}

/// What the agency says in its own words, in the few places that are kept for them. Plain text, in both languages.
#[derive(Clone, Default, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Under the heading of the sign-in page.
    pub sign_in: Option<Said>,
    /// In the notice that a move begins with: how people were told of it, say.
    pub notice: Option<Said>,
    /// Before how to reach the agency: at the end of the help page, and where only the agency can help.
    pub contact: Option<Said>,
    /// The last line of its mails.
    pub mail: Option<Said>,
}

/// One sentence or two.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// In French.
    #[schemars(length(min = 1, max = LONGEST))]
    pub fr: String,
    /// In English.
    #[schemars(length(min = 1, max = LONGEST))]
    pub en: String,
}

/// In characters.
const LONGEST: usize = 200;

impl Words {
    /// All of them, by key.
    pub fn all(&self) -> [(&'static str, Option<&Said>); 4] {
        [
            ("sign_in", self.sign_in.as_ref()),
            ("notice", self.notice.as_ref()),
            ("contact", self.contact.as_ref()),
            ("mail", self.mail.as_ref()),
        ]
    }
}

/// What keeps a text from standing on pages and in mails, if anything does.
pub(crate) fn unsaid(text: &str) -> Option<String> {
    // Signs that turn the direction of what follows: a text could show itself as another (Unicode TR36 §2.7).
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
        // Mail programs make links of them; PEOPLE F-47: a mail leads to us alone.
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
            assert_eq!(unsaid(good), None, "{good}");
        }
        let long = "é".repeat(201);
        for bad in
            ["", "  ", &long, "a\nb", "a\u{2028}b", "a\u{202e}b", "a\u{7}b", "http://x.fr", "voir WWW.x.fr"]
        {
            assert!(unsaid(bad).is_some(), "{bad:?}");
        }
    }
}
