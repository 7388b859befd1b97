use kernel::Password;
use legacy::MailAddress;
use unicode_normalization::UnicodeNormalization;

/// The address of a person: the rules of [`MailAddress`], and what its owner and strangers are shown of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email(MailAddress);

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

/// The reason why something that was typed is no address. It depends on the text alone, so it may be told (SECURITY #59).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoAddress {
    /// Nothing was typed.
    Empty,
    /// The text looks like an identifier that an agency issued.
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
        MailAddress::find(typed).map(Self)
    }

    /// The address as typed, trimmed.
    pub fn shown(&self) -> &str {
        self.0.shown()
    }

    /// The form for comparison: stored UNIQUE, never made by the database.
    pub fn canonical(&self) -> &str {
        self.0.canonical()
    }

    /// The address that was probably meant, where the domain is a well-known slip. Never applied silently.
    pub fn suggestion(&self) -> Option<String> {
        let (local, _) = self.shown().rsplit_once('@')?;
        let (_, domain) = self.canonical().rsplit_once('@')?;
        SLIPS.iter().find(|(slip, _)| *slip == domain).map(|(_, meant)| format!("{local}@{meant}"))
    }

    /// A hint for its owner that tells a stranger little: `m•••••@g•••.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.canonical().rsplit_once('@').unwrap_or((self.canonical(), ""));
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
        // Agencies make identifiers of names as well as of numbers: the page asks.
        if text.chars().count() <= LONGEST_IDENTIFIER
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
            ("DURANDM", Identifier),
            ("marie.durand", Identifier),
            ("marie gmail.com", Other),
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
