use kernel::Password;
use unicode_normalization::UnicodeNormalization;

/// An address that mail can be sent to, and its form for comparison. ASCII after NFKC: a strict type of our own, because whatever passes here is
/// written into mail headers and SMTP commands (SECURITY #74, #95).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email {
    shown: String,
    canonical: String,
}

/// Domains that people mean when they type the left one (PEOPLE U-28).
const SLIPS: &[(&str, &str)] = &[
    ("gmial.com", "gmail.com"),
    ("gamil.com", "gmail.com"),
    ("gmai.com", "gmail.com"),
    ("gmail.fr", "gmail.com"),
    ("gmail.co", "gmail.com"),
    ("hotmal.fr", "hotmail.fr"),
    ("hotmail.f", "hotmail.fr"),
    ("hotmial.com", "hotmail.com"),
    ("orange.f", "orange.fr"),
    ("ornage.fr", "orange.fr"),
    ("orage.fr", "orange.fr"),
    ("wanadoo.ft", "wanadoo.fr"),
    ("wandoo.fr", "wanadoo.fr"),
    ("laposte.com", "laposte.net"),
    ("laposte.fr", "laposte.net"),
    ("yaho.fr", "yahoo.fr"),
    ("yahou.fr", "yahoo.fr"),
    ("outlok.fr", "outlook.fr"),
    ("outlok.com", "outlook.com"),
    ("fre.fr", "free.fr"),
    ("srf.fr", "sfr.fr"),
];

/// Why something that was typed is no address. It depends on the text alone, so it may be told (SECURITY #59).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAddress {
    /// Nothing was typed.
    Empty,
    /// It looks like an identifier that an agency issued.
    Identifier,
    /// Something else.
    Other,
}

impl Email {
    /// Reads what was typed, or says why no mail can be sent there.
    ///
    /// # Errors
    /// [`NoAddress`]: nothing is hashed or counted then (SECURITY D12).
    pub fn read(typed: &str) -> Result<Self, NoAddress> {
        Self::parse(typed).ok_or_else(|| NoAddress::of(typed))
    }

    /// Reads what was typed; `None` when no mail can be sent there.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        // ASCII is its own NFKC, and nearly every address is.
        let shown = if typed.is_ascii() { typed.to_owned() } else { typed.nfkc().collect() };
        let (local, domain) = shown.rsplit_once('@')?;
        let local_ok = !local.is_empty()
            && local.len() <= 64
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..")
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
        let label_ok = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let domain_ok = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label_ok);
        let canonical = shown.to_ascii_lowercase();
        (local_ok && domain_ok && shown.len() <= 254).then_some(Self { shown, canonical })
    }

    /// As typed, trimmed.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// For comparison: stored UNIQUE, never made by the database.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// What was probably meant, where the domain is a well-known slip. Never applied silently.
    pub fn suggestion(&self) -> Option<String> {
        let (local, _) = self.shown.rsplit_once('@')?;
        let (_, domain) = self.canonical.rsplit_once('@')?;
        SLIPS.iter().find(|(slip, _)| *slip == domain).map(|(_, meant)| format!("{local}@{meant}"))
    }

    /// A hint for its owner that tells a stranger little: `m•••••@g•••.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.canonical.rsplit_once('@').unwrap_or((&self.canonical, ""));
        let (name, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
        // A fixed number of dots, so that the length is not told either.
        let first = |s: &str| s.chars().next().map(String::from).unwrap_or_default();
        format!("{}•••••@{}•••.{end}", first(local), first(name))
    }
}

/// Characters of the longest identifier that is taken for one at the wrong door.
const LONGEST_IDENTIFIER: usize = 40;

impl NoAddress {
    fn of(typed: &str) -> Self {
        if Password::is_blank(typed) {
            return Self::Empty;
        }
        let text: String = typed.trim().nfkc().take(LONGEST_IDENTIFIER + 1).collect();
        let of_identifier = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '_' | '/');
        let numbered = text.chars().any(|c| c.is_ascii_digit());
        if numbered
            && text.chars().count() <= LONGEST_IDENTIFIER
            && text.chars().all(of_identifier)
            && !names_a_host(&text)
        {
            Self::Identifier
        } else {
            Self::Other
        }
    }
}

/// `marie56gmail.com` is an address whose sign was forgotten.
fn names_a_host(text: &str) -> bool {
    let ending = text.rsplit_once('.').map(|(_, ending)| ending).unwrap_or_default();
    (2..=4).contains(&ending.len()) && ending.chars().all(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_reach_one_mailbox_are_one_address() {
        let canonical = |t: &str| Email::parse(t).map(|e| e.canonical);
        for spelling in [
            "Marie.D@Example.org",
            " marie.d@example.ORG ",
            "\u{a0}ｍarie.d@example.org",
            "marie．d@example.org",
        ] {
            assert_eq!(canonical(spelling).as_deref(), Some("marie.d@example.org"), "{spelling}");
        }
        assert_eq!(Email::parse(" Marie@Example.org").unwrap().shown(), "Marie@Example.org");
    }

    #[test]
    fn what_could_break_a_header_or_name_a_twin_is_no_address() {
        for bad in [
            "",
            "a",
            "@b.fr",
            "a@",
            "a@b",
            "a b@c.fr",
            "a@b..fr",
            "a@-b.fr",
            ".a@b.fr",
            "a@b.fr\r\nBcc: x@y.fr",
            "a\0@b.fr",
            "\"a b\"@c.fr",
            "vıctim@example.gov",
            "a@exämple.fr",
            "a@b\u{2028}.fr",
            "<a@b.fr>",
            "a@[127.0.0.1]",
            "a,b@c.fr",
        ] {
            assert!(Email::parse(bad).is_none(), "{bad:?}");
        }
        assert!(Email::parse(&format!("{}@b.fr", "a".repeat(65))).is_none());
    }

    #[test]
    fn what_is_no_address_is_nothing_an_identifier_or_something_else() {
        use NoAddress::*;
        let table = [
            ("", Empty),
            (" \u{a0}\u{200b}", Empty),
            ("00012345", Identifier),
            (" C0001 ", Identifier),
            ("CL-004211", Identifier),
            ("Dupont.M-112", Identifier),
            ("００４２", Identifier),
            ("marie", Other),
            ("marie56gmail.com", Other),
            ("marie@", Other),
            ("4@5", Other),
            (&*"1".repeat(41), Other),
            ("1\u{0}2", Other),
        ];
        for (typed, expected) in table {
            assert_eq!(Email::read(typed), Err(expected), "{typed:?}");
        }
        assert!(Email::read(" Marie@exemple.fr").is_ok());
    }

    #[test]
    fn slips_are_suggested_and_hints_are_masked() {
        assert_eq!(Email::parse("m@gmial.com").unwrap().suggestion().as_deref(), Some("m@gmail.com"));
        assert_eq!(Email::parse("m@gmail.com").unwrap().suggestion(), None);
        assert_eq!(Email::parse("marie@gmail.com").unwrap().masked(), "m•••••@g•••.com");
    }
}
