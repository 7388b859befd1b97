//! The guards, by area. Texts are as short as is unambiguous, so that ordinary edits around them leave them alone.

mod account;
mod crowd;
mod deliveries;
mod desk;
mod ending;
mod files;
mod granting;
mod guessing;
mod keys;
mod messages;
mod moving;
mod requests;
mod storage;
mod tokens;
mod web;
mod words;

use super::Sabotage;

/// All entries, those of one crate beside each other: the less there is to build again.
pub(super) fn all() -> impl Iterator<Item = &'static Sabotage> {
    let areas = [
        requests::GUARDS,
        tokens::GUARDS,
        guessing::GUARDS,
        ending::GUARDS,
        account::GUARDS,
        moving::GUARDS,
        granting::GUARDS,
        web::GUARDS,
        words::GUARDS,
        messages::GUARDS,
        crowd::GUARDS,
        storage::GUARDS,
        files::GUARDS,
        deliveries::GUARDS,
        desk::GUARDS,
        keys::GUARDS,
    ];
    areas.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::all;
    use crate::{checks::DEEP, shell};

    /// The names of the test functions in a file or in the files of a folder, each with the path of its modules before it.
    fn functions(path: &Path, module: &str) -> Vec<String> {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            return entries.flat_map(|entry| functions(&entry, &within(module, &entry))).collect();
        }
        let text = std::fs::read_to_string(path).unwrap();
        let functions = text
            .lines()
            .map(|line| line.trim_start().trim_start_matches("pub ").trim_start_matches("async "));
        let names = functions.filter_map(|line| line.strip_prefix("fn "));
        names.filter_map(|rest| Some(format!("{module}{}", rest.split('(').next()?))).collect()
    }

    fn within(module: &str, entry: &Path) -> String {
        match entry.file_stem().unwrap().to_str().unwrap() {
            "main" | "mod" => module.to_owned(),
            name => format!("{module}{name}::"),
        }
    }

    #[test]
    fn no_guard_is_held_by_tests_of_deep_runs_alone() {
        let root = shell::root();
        for entry in all().filter(|entry| entry.caught_by.binary == Some("it")) {
            let tests = functions(&root.join("crates").join(entry.caught_by.package).join("tests/it"), "");
            let held = |name: &str| {
                let named = tests.iter().filter(|test| test.rsplit("::").next() == Some(name));
                named.into_iter().any(|test| !DEEP.iter().any(|deep| test.starts_with(deep)))
            };
            assert!(
                entry.caught_by.names.iter().any(|name| held(name)),
                "{}: {:?}",
                entry.name,
                entry.caught_by.names
            );
        }
    }
}
