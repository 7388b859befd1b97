//! The terms of use: a folder a version, a file a language.

use std::collections::BTreeMap;

use accounts::{Edition, TermsLibrary, TermsVersion};
use kernel::Unix;
use serde::Deserialize;

use super::read::Reader;

impl Reader<'_> {
    /// All versions; one of them must be in force.
    pub(super) fn terms(&mut self, now: Unix) -> TermsLibrary {
        let mut versions = Vec::new();
        for version in self.names("terms") {
            let folder = format!("terms/{version}");
            let mut editions = BTreeMap::new();
            let mut front: Option<Front> = None;
            for name in self.names(&folder) {
                let Some(language) = name.strip_suffix(".md") else { continue };
                let file = format!("{folder}/{name}");
                let Some(text) = self.text(&file) else { continue };
                match split_front(&text) {
                    Ok((head, body)) => {
                        editions
                            .insert(language.to_owned(), Edition::new(head.title.clone(), body.to_owned()));
                        if front
                            .as_ref()
                            .is_some_and(|f| (f.consent, &f.effective) != (head.consent, &head.effective))
                        {
                            self.wrong(
                                &file,
                                None,
                                "effective",
                                "must say the same as the other languages of this version",
                            );
                        }
                        front = Some(head);
                    }
                    Err(mend) => self.wrong(&file, Some(1), "front matter", mend),
                }
            }
            match front.map(|f| (f.consent, date(&f.effective))) {
                Some((consent, Some(effective))) => {
                    versions.push(TermsVersion { version, effective, consent, editions })
                }
                Some((_, None)) => {
                    self.wrong(&folder, None, "effective", "must be a date such as \"2026-11-01\"")
                }
                None => {}
            }
        }
        if versions.is_empty() {
            self.wrong("terms", None, "folder", "holds no version: add terms/<version>/fr.md");
        } else if versions.iter().all(|v| v.effective > now) {
            // Every move would fail at its last step.
            self.wrong(
                "terms",
                None,
                "effective",
                "no version is in force yet: give one a date that is not to come",
            );
        }
        TermsLibrary::new(versions)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: String,
    effective: String,
    consent: bool,
}

fn split_front(text: &str) -> Result<(Front, &str), String> {
    let rest = text.strip_prefix("+++\n").ok_or("begin the file with +++, title, effective, consent, +++")?;
    let (head, body) = rest.split_once("\n+++\n").ok_or("the second +++ is missing")?;
    let front = toml::from_str(head).map_err(|e| e.message().to_owned())?;
    Ok((front, body.trim_start()))
}

fn date(text: &str) -> Option<i64> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).ok().map(|d| d.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_are_all_to_come_are_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("terms/2026-11")).unwrap();
        let text = "+++\ntitle = \"CGU\"\neffective = \"2026-11-01\"\nconsent = true\n+++\nArticle 1\n";
        std::fs::write(folder.path().join("terms/2026-11/fr.md"), text).unwrap();
        let mistakes = |now| {
            let mut reader = Reader { folder: folder.path(), mistakes: Vec::new() };
            reader.terms(now);
            reader.mistakes.len()
        };
        let effective = date("2026-11-01").unwrap();
        assert_eq!(mistakes(effective), 0);
        assert_eq!(mistakes(effective - 1), 1);
    }
}
