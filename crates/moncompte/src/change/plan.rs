//! The difference between what is served and what is wanted, in words. Pure: it compares files.

use std::collections::{BTreeMap, BTreeSet};

use accounts::TermsLibrary;
use agencies::Agencies;
use generations::Files;
use kernel::Unix;

use crate::config::Contents;

/// A difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// The agency, or the version of the terms.
    pub(crate) subject: String,
    pub(crate) what: String,
}

/// A step that cannot be undone for those whom it concerns: it has to be named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Danger {
    /// The agency, the client or the version, as `--yes-remove` wants it.
    pub(crate) name: String,
    pub(crate) what: String,
}

/// The way from one generation to another.
pub(crate) struct Plan {
    pub(crate) changes: Vec<Change>,
    pub(crate) dangers: Vec<Danger>,
    /// The agencies that vanish.
    pub(crate) removed: Vec<String>,
    /// The terms before, and after if they change.
    pub(crate) terms: Option<(TermsLibrary, TermsLibrary)>,
}

impl Plan {
    /// Compares.
    pub(crate) fn new(from: &Files, to: &Files, now: Unix) -> Self {
        let (old, new) = (Contents::of(from, now), Contents::of(to, now));
        let (before, after) = (owners(from), owners(to));
        let mut plan = Self { changes: vec![], dangers: vec![], removed: vec![], terms: None };
        for agency in before.union(&after).filter(|owner| !owner.is_empty()) {
            match (before.contains(agency), after.contains(agency)) {
                (false, _) => {
                    let portals = new.agencies.agency(agency).map_or(0, |agency| agency.portals.len());
                    plan.change(agency, format!("added, {}", count(portals, "portal")));
                }
                (true, false) => {
                    plan.change(agency, "removed".into());
                    plan.removed.push((*agency).to_owned());
                    plan.danger(
                        agency,
                        format!("the agency {agency} would vanish: its people could not sign in to it"),
                    );
                }
                (true, true) => plan.agency(agency, from, to),
            }
            if after.contains(agency) {
                plan.portals(agency, &old.agencies, &new.agencies);
            }
        }
        if plan.terms_differ(&old.terms, &new.terms, now) {
            plan.terms = Some((old.terms, new.terms));
        }
        plan
    }

    fn change(&mut self, subject: &str, what: String) {
        self.changes.push(Change { subject: subject.to_owned(), what });
    }

    fn danger(&mut self, name: &str, what: String) {
        self.dangers.push(Danger { name: name.to_owned(), what });
    }

    fn agency(&mut self, agency: &str, from: &Files, to: &Files) {
        let of = |files: &Files| -> BTreeMap<String, Vec<u8>> {
            let own = files.iter().filter(|((owner, _), _)| owner == agency);
            own.map(|((_, path), file)| (path.clone(), file.content.clone())).collect()
        };
        let (old, new) = (of(from), of(to));
        let secret = |path: &str| {
            let key = (agency.to_owned(), path.to_owned());
            [from, to].iter().any(|files| files.get(&key).is_some_and(|file| file.secret))
        };
        for (path, content) in &new {
            let Some(was) = old.get(path).filter(|was| *was != content) else { continue };
            if path.ends_with(".toml") {
                for what in keys_differ(was, content) {
                    self.change(agency, what);
                }
            } else if secret(path) {
                self.change(agency, format!("{path} holds another secret"));
            } else {
                self.change(agency, format!("{path} is another picture"));
            }
        }
    }

    /// A portal that vanishes takes the sign-in of everybody there.
    fn portals(&mut self, agency: &str, old: &Agencies, new: &Agencies) {
        let Some(old) = old.agency(agency) else { return };
        for portal in &old.portals {
            let client = &portal.client.client_id;
            if new.portal(client).is_none() && !new.withholds(client) {
                let what =
                    format!("the portal {client} of {agency} would vanish: nobody could sign in to it");
                self.danger(client, what);
            }
        }
    }

    fn terms_differ(&mut self, old: &TermsLibrary, new: &TermsLibrary, now: Unix) -> bool {
        let before = self.changes.len();
        for version in new.iter() {
            let name = format!("terms {}", version.version);
            match old.version(&version.version) {
                None => {
                    let asks = if version.consent { "people are asked" } else { "nobody is asked" };
                    self.change(&name, format!("added, in force from {}; {asks}", day(version.effective)));
                }
                Some(known) => {
                    let texts = |v: &accounts::TermsVersion| -> Vec<(String, String)> {
                        v.editions.iter().map(|(tag, e)| (tag.clone(), e.sha256.clone())).collect()
                    };
                    if texts(known) != texts(version) {
                        self.change(&name, "another text".into());
                        if known.effective <= now {
                            let what = format!(
                                "the text of the terms {} would change under those who accepted it: add a new version",
                                version.version
                            );
                            self.danger(&version.version, what);
                        }
                    }
                    if (known.effective, known.consent) != (version.effective, version.consent) {
                        self.change(&name, format!("in force from {}", day(version.effective)));
                    }
                }
            }
        }
        for version in old.iter().filter(|version| new.version(&version.version).is_none()) {
            self.change(&format!("terms {}", version.version), "removed".into());
            let what = format!("the text of the terms {} would be kept nowhere", version.version);
            self.danger(&version.version, what);
        }
        self.changes.len() > before
    }
}

fn owners(files: &Files) -> BTreeSet<&str> {
    files.keys().map(|(owner, _)| owner.as_str()).collect()
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Prints a day.
pub(crate) fn day(unix: Unix) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(unix).ok();
    at.map(|at| at.date().to_string()).unwrap_or_default()
}

/// Returns the keys whose values differ.
pub(crate) fn different(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names.into_iter().filter(|name| a.get(*name) != b.get(*name)).cloned().collect()
}

/// The keys whose values are told by number alone.
const COUNTED: [&str; 2] = ["client_secret_sha256", "client_secrets"];

/// Says which keys of an agency's file differ, and how.
fn keys_differ(old: &[u8], new: &[u8]) -> Vec<String> {
    let read = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let table = text.trim_start_matches('\u{feff}').parse::<toml::Table>();
        table.map(|table| flat(&toml::Value::Table(table))).unwrap_or_default()
    };
    let (old, new) = (read(old), read(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let nothing = BTreeSet::new();
    let mut said = Vec::new();
    for name in names {
        let (was, is) = (old.get(name).unwrap_or(&nothing), new.get(name).unwrap_or(&nothing));
        if was == is {
            continue;
        }
        let (dropped, added): (Vec<_>, Vec<_>) = (was.difference(is).collect(), is.difference(was).collect());
        if COUNTED.iter().any(|key| name.ends_with(key)) {
            said.push(format!("{name}: {} added, {} dropped", count(added.len(), "secret"), dropped.len()));
        } else if let ([was], [is]) = (&dropped[..], &added[..]) {
            said.push(format!("{name}: {was} -> {is}"));
        } else {
            let signed = |sign: char, values: &[&String]| -> String {
                values.iter().map(|value| format!(" {sign}{value}")).collect()
            };
            said.push(format!("{name}:{}{}", signed('+', &added), signed('-', &dropped)));
        }
    }
    said
}

/// Returns each key with its values, as `look.accent` and `portal tilleuls.redirect_uris`.
fn flat(value: &toml::Value) -> BTreeMap<String, BTreeSet<String>> {
    fn add(to: &mut BTreeMap<String, BTreeSet<String>>, at: &str, value: &toml::Value) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                    add(to, &at, value);
                }
            }
            toml::Value::Array(all) => {
                for one in all {
                    match one.get("client_id").and_then(toml::Value::as_str) {
                        Some(client) => add(to, &format!("{at} {client}"), one),
                        None => drop(to.entry(at.to_owned()).or_default().insert(one.to_string())),
                    }
                }
            }
            other => drop(to.entry(at.to_owned()).or_default().insert(other.to_string())),
        }
    }
    let mut keys = BTreeMap::new();
    add(&mut keys, "", value);
    keys
}

#[cfg(test)]
mod tests {
    use generations::File;

    use super::*;

    const AGENCY: &str = "name = \"A\"\n[controller]\nname = \"A\"\ndpo = \"d@a.example\"\n[look]\naccent = \"#1f6f54\"\n\
        [[portal]]\nclient_id = \"a\"\nclient_secret_file = \"a.secret\"\nredirect_uris = [\"https://a.example/one\"]\n";
    const TERMS: &str = "+++\ntitle = \"CGU\"\neffective = \"2026-11-01\"\nconsent = true\n+++\nArticle 1\n";

    fn files(changes: &[(&str, &str, &str)]) -> Files {
        let mut all = Files::new();
        for (owner, path, content) in [
            ("ag001", "agencies/ag001.toml", AGENCY),
            ("ag001", "a.secret", "a secret of twenty-two letters or more"),
            ("", "terms/2026-11/fr.md", TERMS),
        ]
        .iter()
        .chain(changes)
        {
            let secret = path.ends_with("secret");
            all.insert(((*owner).into(), (*path).into()), File { content: (*content).into(), secret });
        }
        all
    }

    fn plan(to: &Files) -> (Vec<String>, Vec<String>) {
        let now = 1_795_428_000;
        let plan = Plan::new(&files(&[]), to, now);
        let said = plan.changes.iter().map(|change| format!("{}: {}", change.subject, change.what));
        (said.collect(), plan.dangers.into_iter().map(|danger| danger.name).collect())
    }

    #[test]
    fn a_plan_says_what_changes_and_never_a_secret() {
        assert_eq!(plan(&files(&[])), (vec![], vec![]));
        let changed = AGENCY
            .replace("#1f6f54", "#224488")
            .replace("[\"https://a.example/one\"]", "[\"https://a.example/one\", \"https://a.example/two\"]\nclient_secret_sha256 = [\"0000000000000000000000000000000000000000000000000000000000000000\"]");
        let second = AGENCY.replace("\"a\"", "\"b\"");
        let to = files(&[
            ("ag001", "agencies/ag001.toml", &changed),
            ("ag001", "a.secret", "another secret of twenty-two letters"),
            ("ag002", "agencies/ag002.toml", &second),
            ("ag002", "a.secret", "another secret of twenty-two letters"),
            ("", "terms/2026-12/fr.md", &TERMS.replace("2026-11-01", "2026-12-01")),
        ]);
        let (said, dangers) = plan(&to);
        assert_eq!(
            said,
            [
                "ag001: a.secret holds another secret",
                "ag001: look.accent: \"#1f6f54\" -> \"#224488\"",
                "ag001: portal a.client_secret_sha256: 1 secret added, 0 dropped",
                "ag001: portal a.redirect_uris: +\"https://a.example/two\"",
                "ag002: added, 1 portal",
                "terms 2026-12: added, in force from 2026-12-01; people are asked",
            ]
        );
        assert_eq!(dangers, [""; 0]);
    }

    #[test]
    fn what_cannot_be_taken_back_wants_its_name() {
        let mut gone = files(&[]);
        gone.retain(|(owner, _), _| owner.is_empty());
        assert_eq!(plan(&gone).1, ["ag001"]);
        let other = AGENCY.replace("client_id = \"a\"", "client_id = \"z\"");
        assert_eq!(plan(&files(&[("ag001", "agencies/ag001.toml", &other)])).1, ["a"]);
        let text = TERMS.replace("Article 1", "Article 2");
        assert_eq!(plan(&files(&[("", "terms/2026-11/fr.md", &text)])).1, ["2026-11"]);
        let mut renamed = files(&[("", "terms/2026-10/fr.md", TERMS)]);
        renamed.remove(&(String::new(), "terms/2026-11/fr.md".into()));
        assert_eq!(plan(&renamed).1, ["2026-11"]);
    }
}
