//! Loads the terms of use: a folder per version, a file per language.

use std::collections::BTreeMap;

use accounts::{Edition, TermsLibrary, TermsVersion};
use kernel::Unix;
use serde::Deserialize;

use super::{read::Reader, source::SHARED};

impl Reader<'_> {
    /// Returns all versions; one of them must be in force.
    pub(super) fn terms(&mut self, now: Unix) -> TermsLibrary {
        let mut versions = Vec::new();
        for version in self.names("terms") {
            let folder = format!("terms/{version}");
            let mut editions = BTreeMap::new();
            let mut front: Option<Front> = None;
            let before = self.mistakes.len();
            let names = self.names(&folder);
            if self.mistakes.len() == before && !names.iter().any(|name| name == "fr.md") {
                self.wrong(&folder, None, "fr.md", "is missing: every version is there in French");
            }
            for name in names {
                let Some(language) = name.strip_suffix(".md") else { continue };
                let file = format!("{folder}/{name}");
                let Some(text) = self.text(SHARED, &file) else { continue };
                // The accepted hash is that of the original text.
                let text = if text.starts_with("+++\r\n") { text.replace("\r\n", "\n") } else { text };
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
                    Err(reason) => self.wrong(&file, Some(1), "front matter", reason),
                }
            }
            match front.map(|f| (f.consent, date(&f.effective))) {
                Some((consent, Some(effective))) => {
                    let twin = versions.iter().find(|known: &&TermsVersion| known.effective == effective);
                    if let Some(twin) = twin.map(|twin| twin.version.clone()) {
                        let reason = format!(
                            "is the same as that of terms/{twin}: one of the two would never be shown"
                        );
                        self.wrong(&folder, None, "effective", reason);
                    }
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
            // Otherwise every move would fail at its last step.
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
    fn terms_that_are_all_to_come_or_without_a_text_are_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("terms/2026-11")).unwrap();
        let text = "+++\ntitle = \"CGU\"\neffective = \"2026-11-01\"\nconsent = true\n+++\nArticle 1\n";
        std::fs::write(folder.path().join("terms/2026-11/fr.md"), text).unwrap();
        let mistakes = |now| {
            let mut reader = Reader::of(folder.path());
            reader.terms(now);
            reader.mistakes.len()
        };
        let effective = date("2026-11-01").unwrap();
        assert_eq!(mistakes(effective), 0);
        assert_eq!(mistakes(effective - 1), 1);
        // A version whose text did not arrive is nobody's wish.
        std::fs::create_dir(folder.path().join("terms/2027-01")).unwrap();
        assert_eq!(mistakes(effective), 1);
    }

    #[test]
    fn terms_are_read_as_windows_writes_them_and_none_is_hidden() {
        let folder = tempfile::tempdir().unwrap();
        let text =
            "+++\ntitle = \"CGU\"\neffective = \"2026-11-01\"\nconsent = true\n+++\nArticle 1\n\nArticle 2\n";
        let write = |file: &str, text: &str| {
            let path = folder.path().join("terms").join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let read = || {
            let mut reader = Reader::of(folder.path());
            let library = reader.terms(date("2026-12-01").unwrap());
            let told: Vec<String> =
                reader.mistakes.iter().map(|m| format!("{} {}: {}", m.file, m.key, m.reason)).collect();
            (library, told)
        };
        write("2026-11/fr.md", text);
        let (plain, told) = read();
        assert_eq!(told, [""; 0]);
        let hash = |library: &TermsLibrary| library.version("2026-11").unwrap().editions["fr"].sha256.clone();
        for windows in [
            text.replace('\n', "\r\n"),
            format!("\u{feff}{text}"),
            format!("\u{feff}{}", text.replace('\n', "\r\n")),
        ] {
            write("2026-11/fr.md", &windows);
            let (library, told) = read();
            assert_eq!((told, hash(&library)), (vec![], hash(&plain)), "{windows:?}");
        }
        write("2026-12/en.md", text);
        let (_, told) = read();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("terms/2026-12 fr.md: is missing") && told[1].contains("that of terms/2026-11"),
            "{told:?}"
        );
    }
}
