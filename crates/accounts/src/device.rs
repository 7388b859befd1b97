//! The name of a browser in familiar words, and the mail to the owner about a new browser.

use kernel::{Fault, Tx};

use crate::{
    Accounts, Visitor,
    mail::{self, Mail, MailBody, Whose},
    store::AccountRow,
};

/// A browser and its system, as far as its `User-Agent` tells. Products' names are the same in every language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Device {
    /// `Firefox`; `None` if unknown.
    pub browser: Option<&'static str>,
    /// `Windows`, `iPhone`.
    pub system: Option<&'static str>,
}

/// Signs of browsers, in the order of the search: most browsers also name their ancestors.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Opera", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chromium", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("Trident/", "Internet Explorer"),
];

/// Signs of systems, likewise: an iPhone also names the Mac, an Android telephone Linux.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

impl Device {
    /// Reads a `User-Agent`.
    pub fn of(user_agent: &str) -> Self {
        let named = |list: &[(&str, &'static str)]| {
            list.iter().find(|(sign, _)| user_agent.contains(sign)).map(|(_, name)| *name)
        };
        Self { browser: named(BROWSERS), system: named(SYSTEMS) }
    }
}

impl Accounts {
    /// Queues a mail to the owner about a sign-in in an unknown browser: one mail, since the browser is known from then on.
    pub(crate) async fn tell_of_device(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        visitor: &Visitor,
    ) -> Result<(), Fault> {
        let device = Device::of(&visitor.user_agent);
        let message = Mail {
            to: owner.email.clone(),
            locale: owner.locale.clone(),
            agency_id: visitor.origin.agency_id.clone(),
            body: MailBody::NewDevice {
                browser: device.browser.map(str::to_owned),
                system: device.system.map(str::to_owned),
                at: self.context.now(),
            },
        };
        mail::send(tx, &self.context, Whose::Account(owner.id), &message, None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_the_name_that_its_owner_knows() {
        let table: &[(&str, Option<&str>, Option<&str>)] = &[
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0",
                Some("Firefox"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
                Some("Edge"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                Some("Safari"),
                Some("iPhone"),
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/130.0 Mobile/15E148 Safari/604.1",
                Some("Chrome"),
                Some("iPad"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A546B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
                Some("Samsung Internet"),
                Some("Android"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15",
                Some("Safari"),
                Some("Mac"),
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
                Some("Chrome"),
                Some("Chromebook"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                Some("Firefox"),
                Some("Linux"),
            ),
            ("curl/8.9.1", None, None),
            ("", None, None),
        ];
        for (text, browser, system) in table {
            assert_eq!(Device::of(text), Device { browser: *browser, system: *system }, "{text}");
        }
    }
}
