use serde::Serialize;

/// A mail provider: each has its own name for the spam folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Orange and Wanadoo.
    Orange,
    /// Free.
    Free,
    /// SFR and the brands that it took over: Neuf, Cegetel, Club-Internet, Numericable.
    Sfr,
    /// laposte.net.
    LaPoste,
    /// Google.
    Gmail,
    /// Microsoft: Outlook, Hotmail, Live, MSN.
    Outlook,
    /// Yahoo.
    Yahoo,
    /// Apple: iCloud, me.com, mac.com.
    Icloud,
    /// Any other.
    Other,
}

/// A domain, or the first part of one (`yahoo.`) for providers with a domain in each country.
const DOMAINS: &[(&str, Provider)] = &[
    ("orange.fr", Provider::Orange),
    ("orange.com", Provider::Orange),
    ("wanadoo.fr", Provider::Orange),
    ("voila.fr", Provider::Orange),
    ("free.fr", Provider::Free),
    ("freesbee.fr", Provider::Free),
    ("libertysurf.fr", Provider::Free),
    ("online.fr", Provider::Free),
    ("sfr.fr", Provider::Sfr),
    ("neuf.fr", Provider::Sfr),
    ("cegetel.net", Provider::Sfr),
    ("club-internet.fr", Provider::Sfr),
    ("numericable.fr", Provider::Sfr),
    ("noos.fr", Provider::Sfr),
    ("laposte.net", Provider::LaPoste),
    ("gmail.com", Provider::Gmail),
    ("googlemail.com", Provider::Gmail),
    ("outlook.", Provider::Outlook),
    ("hotmail.", Provider::Outlook),
    ("live.", Provider::Outlook),
    ("msn.com", Provider::Outlook),
    ("yahoo.", Provider::Yahoo),
    ("ymail.com", Provider::Yahoo),
    ("rocketmail.com", Provider::Yahoo),
    ("icloud.com", Provider::Icloud),
    ("me.com", Provider::Icloud),
    ("mac.com", Provider::Icloud),
];

impl Provider {
    /// The providers with their own texts, as the help page lists them.
    pub const KNOWN: [Provider; 8] = [
        Provider::Orange,
        Provider::Free,
        Provider::Sfr,
        Provider::LaPoste,
        Provider::Gmail,
        Provider::Outlook,
        Provider::Yahoo,
        Provider::Icloud,
    ];

    /// Returns the provider by the address's domain.
    pub fn of(email: &str) -> Provider {
        let domain = email.rsplit('@').next().unwrap_or_default().trim().to_ascii_lowercase();
        // `outlook.fr` and `yahoo.co.uk`, but not `outlook.example.org`: a suffix has at most two parts, each of two or three letters.
        let ending = |rest: &str| {
            rest.split('.').count() <= 2 && rest.split('.').all(|part| matches!(part.len(), 2 | 3))
        };
        let found = DOMAINS.iter().find(|(known, _)| match known.strip_suffix('.') {
            Some(_) => domain.strip_prefix(known).is_some_and(ending),
            None => domain == *known,
        });
        found.map_or(Provider::Other, |(_, provider)| *provider)
    }
}

#[cfg(test)]
mod tests {
    use super::Provider::{self, *};

    #[test]
    fn an_address_tells_whose_mailbox_it_is() {
        for (email, provider) in [
            ("marie@orange.fr", Orange),
            ("Marie.Durand@WANADOO.FR", Orange),
            ("marie@free.fr", Free),
            ("marie@sfr.fr", Sfr),
            ("marie@neuf.fr", Sfr),
            ("marie@club-internet.fr", Sfr),
            ("marie@laposte.net", LaPoste),
            ("marie@gmail.com", Gmail),
            ("marie@outlook.fr", Outlook),
            ("marie@hotmail.com", Outlook),
            ("marie@live.co.uk", Outlook),
            ("marie@msn.com", Outlook),
            ("marie@yahoo.fr", Yahoo),
            ("marie@yahoo.co.uk", Yahoo),
            ("marie@icloud.com", Icloud),
            ("marie@me.com", Icloud),
        ] {
            assert_eq!(Provider::of(email), provider, "{email}");
        }
    }

    #[test]
    fn a_domain_that_only_looks_like_one_is_another() {
        for email in [
            "marie@exemple.test",
            "marie@notorange.fr",
            "marie@orange.fr.example.org",
            "marie@outlook.example.org",
            "marie@yahoo.",
            "marie@live.example",
            "marie@gmail.com.evil.test",
            "",
            "@",
        ] {
            assert_eq!(Provider::of(email), Other, "{email}");
        }
    }
}
