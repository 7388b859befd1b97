//! The readings of an old password: what the old site may have hashed of what a person types today.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::Charset;

/// The most readings of one password. Each costs a hash, for an unknown identifier as for a known one.
const MOST: usize = 8;

/// One reading of a password.
pub struct Reading {
    /// The reading in words, as behind "the password".
    pub name: String,
    /// The bytes that are hashed.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// The changes that an old site made to a password before it hashed it: steps, one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasswordRule(Vec<Step>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Lower,
    Upper,
    Trim,
    Html,
    HtmlQuotes,
    Slashes,
    NoAccents,
    Cut(usize),
}

impl PasswordRule {
    /// The steps that [`Self::parse`] knows, and what each does.
    pub const STEPS: &[(&str, &str)] = &[
        ("lower", "in small letters"),
        ("upper", "in capitals"),
        ("trim", "without the spaces around it"),
        ("html", "with &amp; &lt; &gt; &quot; (htmlspecialchars of PHP before 8.1)"),
        ("html-quotes", "the same with &#039; (of PHP since 8.1)"),
        ("slashes", "with a backslash before quotes and backslashes (magic quotes of PHP)"),
        ("no-accents", "without accents"),
        ("cut-8", "its first 8 characters, or as many as the number says"),
    ];

    /// Reads steps that are joined by `+`, such as `lower+cut-8`.
    ///
    /// # Errors
    /// A sentence that names the steps.
    pub fn parse(text: &str) -> Result<Self, String> {
        let steps: Option<Vec<Step>> = text.split('+').map(|step| Step::parse(step.trim())).collect();
        steps.filter(|steps| steps.len() <= 6).map(Self).ok_or_else(|| {
            let known: Vec<&str> = Self::STEPS.iter().map(|(name, _)| *name).collect();
            format!("must be steps such as \"lower+cut-8\"; known are {}", known.join(", "))
        })
    }

    fn of(&self, text: &str) -> Zeroizing<String> {
        self.0.iter().fold(Zeroizing::new(text.to_owned()), |text, step| Zeroizing::new(step.of(&text)))
    }

    fn name(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|step| step.name()).collect();
        names.join("+")
    }
}

impl Step {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "lower" => Self::Lower,
            "upper" => Self::Upper,
            "trim" => Self::Trim,
            "html" => Self::Html,
            "html-quotes" => Self::HtmlQuotes,
            "slashes" => Self::Slashes,
            "no-accents" => Self::NoAccents,
            _ => Self::Cut(text.strip_prefix("cut-")?.parse().ok().filter(|n| (1..=128).contains(n))?),
        })
    }

    fn name(self) -> String {
        match self {
            Self::Lower => "lower".into(),
            Self::Upper => "upper".into(),
            Self::Trim => "trim".into(),
            Self::Html => "html".into(),
            Self::HtmlQuotes => "html-quotes".into(),
            Self::Slashes => "slashes".into(),
            Self::NoAccents => "no-accents".into(),
            Self::Cut(n) => format!("cut-{n}"),
        }
    }

    fn of(self, text: &str) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
            Self::Trim => text.trim().to_owned(),
            Self::Html => html(text),
            Self::HtmlQuotes => html(text).replace('\'', "&#039;"),
            Self::Slashes => {
                let mut out = String::with_capacity(2 * text.len());
                for c in text.chars() {
                    if matches!(c, '\'' | '"' | '\\') {
                        out.push('\\');
                    }
                    out.push(c);
                }
                out
            }
            Self::NoAccents => {
                text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect()
            }
            Self::Cut(n) => text.chars().take(n).collect(),
        }
    }
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(6 * text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// Returns the readings of a password, the likeliest first, each once, [`MOST`] at most. They depend on what was typed and on the settings of the agency,
/// never on whom it is meant for, so that their number tells nothing of an identifier (SECURITY #60).
///
/// `charset`: of the old site's passwords; windows-1252 is tried anyway. `rules`: what the old site did to them.
pub fn readings(typed: &str, charset: Option<Charset>, rules: &[PasswordRule]) -> Vec<Reading> {
    let mut found: Vec<Reading> = Vec::new();
    let mut add = |name: String, bytes: Option<Vec<u8>>| {
        let Some(bytes) = bytes.map(Zeroizing::new) else { return };
        if !bytes.is_empty() && found.len() < MOST && !found.iter().any(|known| known.bytes == bytes) {
            found.push(Reading { name, bytes });
        }
    };
    let bytes = |text: &str| Some(text.as_bytes().to_vec());
    let trimmed = typed.trim();
    let folded = Zeroizing::new(spelling::fold(typed).into_owned());
    add("as typed".into(), bytes(typed));
    // Old systems often trimmed (PEOPLE U-62).
    add("without the spaces around it".into(), bytes(trimmed));
    let composed = Zeroizing::new(trimmed.nfc().collect::<String>());
    let of_site = charset.unwrap_or(Charset::Windows1252);
    add(format!("in {}", of_site.name()), of_site.encode(&composed));
    for rule in rules {
        add(format!("by {}", rule.name()), bytes(&rule.of(&composed)));
        add(format!("by {} in {}", rule.name(), of_site.name()), of_site.encode(&rule.of(&composed)));
    }
    add("with its accents in one character".into(), bytes(&composed));
    add("with straight quotes and dashes".into(), bytes(&folded));
    add(format!("with straight quotes and dashes in {}", of_site.name()), of_site.encode(&folded));
    add("with its accents apart".into(), bytes(&Zeroizing::new(trimmed.nfd().collect::<String>())));
    add("in windows-1252".into(), Charset::Windows1252.encode(&composed));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(typed: &str, charset: Option<Charset>, rules: &[&str]) -> Vec<String> {
        let rules: Vec<PasswordRule> = rules.iter().map(|rule| PasswordRule::parse(rule).unwrap()).collect();
        readings(typed, charset, &rules).into_iter().map(|reading| reading.name).collect()
    }

    fn has(typed: &str, charset: Option<Charset>, rules: &[&str], bytes: &[u8]) -> bool {
        let rules: Vec<PasswordRule> = rules.iter().map(|rule| PasswordRule::parse(rule).unwrap()).collect();
        readings(typed, charset, &rules).iter().any(|reading| *reading.bytes == bytes)
    }

    #[test]
    fn a_plain_password_is_read_once_and_an_accented_one_as_old_sites_wrote_it() {
        assert_eq!(names("Tilleul-42", None, &[]), ["as typed"]);
        assert_eq!(names(" Tilleul-42", None, &[]), ["as typed", "without the spaces around it"]);
        for bytes in [
            &b"\xc9t\xe9 \xe0 \xc9vian"[..],
            "Été à Évian".as_bytes(),
            "E\u{301}te\u{301} a\u{300} E\u{301}vian".as_bytes(),
        ] {
            assert!(has("Été à Évian", None, &[], bytes));
            assert!(has("E\u{301}te\u{301} a\u{300} E\u{301}vian", None, &[], bytes), "typed on a Mac");
        }
        assert!(has("l’été", None, &[], "l'été".as_bytes()) && has("l’été", None, &[], b"l'\xe9t\xe9"));
        assert!(has("l’été", None, &[], b"l\x92\xe9t\xe9"));
        assert!(has("été", Some(Charset::Cp850), &[], b"\x82t\x82"));
        assert!(has("été", Some(Charset::Cp850), &[], b"\xe9t\xe9"), "some of its people came later");
        assert!(has("été", Some(Charset::MacRoman), &[], b"\x8et\x8e"));
        assert!(has("a1", Some(Charset::Utf16Le), &[], b"a\x001\x00"));
        // No character of it has a place there.
        assert!(names("пароль", None, &[]).iter().all(|name| !name.contains("1252")));
    }

    /// By `php -r 'echo htmlspecialchars("…");'`, `addslashes` and `substr`.
    #[test]
    fn a_rule_is_what_the_code_of_a_site_did() {
        for (rule, typed, hashed) in [
            ("lower", "ÉTÉ-42", "été-42"),
            ("upper", "été-42", "ÉTÉ-42"),
            ("html", "a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c'"),
            ("html-quotes", "a&'", "a&amp;&#039;"),
            ("slashes", "l'a\"b\\", "l\\'a\\\"b\\\\"),
            ("cut-8", "tilleuls-42", "tilleuls"),
            ("lower + cut-8", "TILLEULS-42", "tilleuls"),
            ("no-accents", "Évian", "Evian"),
        ] {
            assert!(has(typed, None, &[rule], hashed.as_bytes()), "{rule}");
        }
        assert!(has("ÉTÉ", None, &["lower"], b"\xe9t\xe9"), "and in its encoding");
        for wrong in ["", "lowercase", "cut-", "cut-0", "cut-999", "lower,upper", "lower+"] {
            assert!(PasswordRule::parse(wrong).is_err_and(|told| told.contains("html-quotes")), "{wrong}");
        }
        for (name, _) in PasswordRule::STEPS {
            assert_eq!(PasswordRule::parse(name).unwrap().name(), *name);
        }
    }

    #[test]
    fn readings_are_few_and_none_comes_twice() {
        let many = ["lower", "upper", "html", "slashes", "cut-8", "lower+cut-8"];
        let all = names(" “l’Été & l\"hiver” ", Some(Charset::Cp858), &many);
        assert_eq!(all.len(), MOST, "{all:?}");
        assert_eq!(all[0], "as typed");
        let rules: Vec<PasswordRule> = many.iter().map(|rule| PasswordRule::parse(rule).unwrap()).collect();
        let found = readings("été", None, &rules);
        for (at, one) in found.iter().enumerate() {
            assert!(!one.bytes.is_empty() && found[..at].iter().all(|other| other.bytes != one.bytes));
        }
    }
}
