//! The table of docs/security.md.

use super::{Sabotage, items, list};

/// Returns the table: for each item what is removed and which tests fail; then the items without a guard.
pub(super) fn markdown() -> String {
    let mut text = String::from("| item | what | taken out | must go red |\n|---|---|---|---|\n");
    for (number, what) in items::P0 {
        for entry in list::all().filter(|entry| entry.items.contains(number)) {
            text.push_str(&format!("| #{number} | {what} | {} | {} |\n", entry.name, tests(entry)));
        }
    }
    for entry in list::all().filter(|entry| !entry.items.iter().any(is_listed)) {
        text.push_str(&format!("| {} | | {} | {} |\n", numbers(entry.items), entry.name, tests(entry)));
    }
    text.push_str("\n| item | what | no guard to take out, because |\n|---|---|---|\n");
    for (number, why) in items::NO_GUARD {
        let what = items::P0.iter().find(|(n, _)| n == number).map_or("", |(_, what)| what);
        text.push_str(&format!("| #{number} | {what} | {why} |\n"));
    }
    text
}

fn is_listed(number: &u16) -> bool {
    items::P0.iter().any(|(n, _)| n == number)
}

pub(super) fn numbers(items: &[u16]) -> String {
    items.iter().map(|n| format!("#{n}")).collect::<Vec<_>>().join(", ")
}

fn tests(entry: &Sabotage) -> String {
    let tests = &entry.caught_by;
    tests.names.iter().map(|name| format!("`{}::{name}`", tests.package)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::{sabotage::tree, shell};

    #[test]
    fn the_page_shows_the_list_as_it_is() {
        let page = fs::read_to_string(shell::root().join("docs/security.md")).unwrap();
        assert!(
            page.contains(&markdown()),
            "docs/security.md: put the tables there that `cargo xtask sabotage --list` prints"
        );
    }

    #[test]
    fn every_entry_finds_its_text_once_and_changes_it() {
        let root = shell::root();
        let mut wrong = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        for entry in list::all() {
            wrong.extend(tree::broken(entry, &root).err().map(|why| format!("{why:#}")));
            if entry.find == entry.replace || entry.items.is_empty() || !names.insert(entry.name) {
                wrong.push(format!("“{}” changes nothing, is for nothing, or is there twice", entry.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Checks at every build that the named tests exist; only running them shows that they fail.
    #[test]
    fn every_named_test_is_there() {
        let mut missing = Vec::new();
        for entry in list::all() {
            let Sabotage { caught_by, name, .. } = entry;
            let folder = shell::root().join("crates").join(caught_by.package);
            let place = folder.join(if caught_by.binary.is_some() { "tests" } else { "src" });
            assert!(!caught_by.names.is_empty(), "“{name}” names no test");
            let known = caught_by.names.iter().filter(|test| !holds(&place, &format!("fn {test}(")));
            missing.extend(known.map(|test| format!("“{name}”: no test {test} in {}", place.display())));
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    fn holds(folder: &Path, text: &str) -> bool {
        fs::read_dir(folder).unwrap().flatten().any(|entry| {
            let path = entry.path();
            if path.is_dir() {
                holds(&path, text)
            } else {
                fs::read_to_string(&path).is_ok_and(|t| t.contains(text))
            }
        })
    }
}
