//! The terms of use: their versions, which of them is in force, and which is due.

use std::collections::BTreeMap;

use kernel::Unix;

use crate::{AcceptanceId, store::AcceptanceRow};

/// Every version of the terms of use that config holds, oldest first.
#[derive(Clone, Default)]
pub struct TermsLibrary(Vec<TermsVersion>);

/// A version.
#[derive(Clone)]
pub struct TermsVersion {
    /// The folder's name, e.g. `2026-11`.
    pub version: String,
    /// The time from which it holds.
    pub effective: Unix,
    /// True if everybody is asked again; a minor edition asks nobody.
    pub consent: bool,
    /// The text by language.
    pub editions: BTreeMap<String, Edition>,
}

/// The text of a version in a language.
#[derive(Clone)]
pub struct Edition {
    /// Its title.
    pub title: String,
    /// Markdown, as in the file.
    pub text: String,
    /// SHA-256 of `text`, hex: what the acceptance records.
    pub sha256: String,
}

impl Edition {
    /// Computes the hash.
    pub fn new(title: String, text: String) -> Self {
        let sha256 = kernel::sha256(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect();
        Self { title, text, sha256 }
    }
}

impl TermsLibrary {
    /// Puts the versions in order.
    pub fn new(mut versions: Vec<TermsVersion>) -> Self {
        versions.sort_by(|a, b| (a.effective, &a.version).cmp(&(b.effective, &b.version)));
        Self(versions)
    }

    /// The version that holds now: the one that is shown.
    pub fn current(&self, now: Unix) -> Option<&TermsVersion> {
        self.0.iter().rfind(|v| v.effective <= now)
    }

    /// By its name.
    pub fn version(&self, version: &str) -> Option<&TermsVersion> {
        self.0.iter().find(|v| v.version == version)
    }

    /// Returns every version.
    pub fn iter(&self) -> impl Iterator<Item = &TermsVersion> {
        self.0.iter()
    }

    /// Returns the versions of which one suffices at a time, so that nobody who accepted it is asked; `None` if nobody is asked.
    pub fn sufficient(&self, now: Unix) -> Option<Vec<String>> {
        let held: Vec<&TermsVersion> = self.0.iter().filter(|v| v.effective <= now).collect();
        let newest_asking = held.iter().rposition(|v| v.consent)?;
        Some(held[newest_asking..].iter().map(|v| v.version.clone()).collect())
    }

    /// Returns the version that somebody who accepted `accepted` has yet to accept: the current one, if one that asks for consent came after all that they
    /// accepted.
    pub fn due(&self, accepted: &[String], now: Unix) -> Option<&TermsVersion> {
        let held: Vec<&TermsVersion> = self.0.iter().filter(|v| v.effective <= now).collect();
        let newest_accepted = held.iter().rposition(|v| accepted.contains(&v.version));
        let newest_asking = held.iter().rposition(|v| v.consent)?;
        (newest_accepted < Some(newest_asking)).then(|| held.last().copied()).flatten()
    }
}

/// The terms that a page showed and a person ticked.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The version on the page.
    pub version: String,
    /// Its language.
    pub language: String,
    /// The hash of the text on the page.
    pub sha256: String,
    /// The way in which it was accepted: [`Self::READ`] or [`Self::TICKED`].
    pub method: String,
}

impl Shown {
    /// The page saw the end of the text on the screen, and the box was ticked.
    pub const READ: &str = "read to the end, ticked";
    /// The box was ticked; whether the end was on the screen is not known: no script ran there, or it did not say so.
    pub const TICKED: &str = "ticked";
}

/// The receipt that a person keeps of an acceptance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The terms' version.
    pub version: String,
    /// The language in which they were shown.
    pub language: String,
    /// SHA-256 of the text shown, hex.
    pub sha256: String,
    /// The time of the acceptance.
    pub accepted_at: Unix,
}

impl Shown {
    pub(crate) fn receipt(&self, accepted_at: Unix) -> Receipt {
        let Self { version, language, sha256, .. } = self.clone();
        Receipt { version, language, sha256, accepted_at }
    }
}

/// An acceptance as the person who gave it sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acceptance {
    /// The id.
    pub id: AcceptanceId,
    /// The agency whose portal they came from.
    pub agency_id: Option<String>,
    /// The terms and the time.
    pub receipt: Receipt,
    /// True if the end of the text was seen on the screen first.
    pub read_to_the_end: bool,
}

impl From<AcceptanceRow> for Acceptance {
    fn from(row: AcceptanceRow) -> Self {
        let AcceptanceRow { version, language, sha256, accepted_at, method, .. } = row;
        let receipt = Receipt { version, language, sha256, accepted_at };
        let read_to_the_end = method == Shown::READ;
        Self { id: row.id, agency_id: row.agency_id, receipt, read_to_the_end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str, effective: Unix, consent: bool) -> TermsVersion {
        TermsVersion { version: name.into(), effective, consent, editions: BTreeMap::new() }
    }

    #[test]
    fn everybody_is_asked_again_for_a_new_version_but_not_for_a_minor_edition() {
        let library = TermsLibrary::new(vec![
            version("3", 300, false),
            version("1", 100, true),
            version("2", 200, true),
        ]);
        let due = |accepted: &[&str], now| {
            let accepted: Vec<String> = accepted.iter().map(|s| (*s).into()).collect();
            library.due(&accepted, now).map(|v| v.version.clone())
        };
        assert_eq!(due(&[], 50), None);
        assert_eq!(due(&[], 150).as_deref(), Some("1"));
        assert_eq!(due(&["1"], 150), None);
        assert_eq!(due(&["1"], 250).as_deref(), Some("2"));
        assert_eq!(due(&["2"], 350), None, "a minor edition");
        assert_eq!(due(&["1"], 350).as_deref(), Some("3"), "what is shown is what holds now");
        assert_eq!(due(&["3"], 350), None);
        let sufficient = |now| library.sufficient(now).map(|versions| versions.join(" "));
        assert_eq!([50, 150, 350].map(sufficient), [None, Some("1".into()), Some("2 3".into())]);
    }
}
