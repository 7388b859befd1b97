//! A check that every declared dependency is used: one of a crate by a source file of that crate, one of the workspace by a member. It compares names in
//! the manifests with words in the sources, so it takes no build and runs in a moment.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::report::Outcome;
use crate::shell;

/// Packages whose library has another name.
const LIBRARIES: [(&str, &str); 1] = [("md-5", "md5")];

/// Checks the manifests of the workspace.
pub(crate) fn check() -> Result<Outcome> {
    let root = shell::root();
    let (mut unused, mut inherited) = (Vec::new(), BTreeSet::new());
    let members = members(&root)?;
    for member in &members {
        let manifest = read(&member.join("Cargo.toml"))?;
        let declared = dependencies(&manifest, &["dependencies", "dev-dependencies", "build-dependencies"]);
        let mut sources = String::new();
        append_sources(member, &mut sources)?;
        let name = member.strip_prefix(&root).unwrap_or(member).display();
        unused.extend(without_use(&declared, &sources).map(|dependency| format!("{name}: {dependency}")));
        inherited.extend(declared);
    }
    let workspace = dependencies(&read(&root.join("Cargo.toml"))?, &["workspace.dependencies"]);
    unused.extend(workspace.difference(&inherited).map(|dependency| format!("Cargo.toml: {dependency}")));
    if !unused.is_empty() {
        bail!("unused dependencies: {}", unused.join(", "));
    }
    Ok(Outcome::Passed(format!("{} crates, {} dependencies", members.len(), inherited.len())))
}

/// Returns the folders of the workspace's members.
fn members(root: &Path) -> Result<Vec<PathBuf>> {
    let mut all = vec![root.join("migrations")];
    for entry in fs::read_dir(root.join("crates")).context("cannot list crates/")? {
        let folder = entry?.path();
        if folder.join("Cargo.toml").is_file() {
            all.push(folder);
        }
    }
    all.sort();
    Ok(all)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Appends the content of every source file below a folder.
fn append_sources(folder: &Path, sources: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            append_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&read(&path)?);
        }
    }
    Ok(())
}

/// Returns the names in these tables of a manifest.
fn dependencies(manifest: &str, tables: &[&str]) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(table) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = tables.contains(&table);
        } else if inside && let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
            names.extend(key.split('.').next().map(|name| name.trim().to_owned()));
        }
    }
    names
}

/// Returns the dependencies whose library is no word of the sources.
fn without_use<'a>(declared: &'a BTreeSet<String>, sources: &str) -> impl Iterator<Item = &'a String> {
    let words: BTreeSet<&str> = sources.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let used: Vec<bool> = declared.iter().map(|name| words.contains(library(name).as_str())).collect();
    declared.iter().zip(used).filter(|(_, used)| !used).map(|(name, _)| name)
}

/// Returns the name by which sources refer to a package.
fn library(package: &str) -> String {
    let other = LIBRARIES.iter().find(|(name, _)| *name == package);
    other.map_or_else(|| package.replace('-', "_"), |(_, library)| (*library).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"x\"\n\n[dependencies]\nserde.workspace = true\n# toml = \"1\"\n\
                            md-5 = { workspace = true, optional = true }\n\n[[test]]\nname = \"it\"\n\n\
                            [dev-dependencies]\nserde-json = \"1\"\n";

    #[test]
    fn a_dependency_without_a_word_in_the_sources_is_reported() {
        let declared = dependencies(MANIFEST, &["dependencies", "dev-dependencies"]);
        assert_eq!(declared.iter().collect::<Vec<_>>(), ["md-5", "serde", "serde-json"]);
        let unused = |sources: &str| without_use(&declared, sources).cloned().collect::<Vec<_>>();
        assert!(unused("use md5::Md5; serde_json::json!(1); #[derive(serde::Serialize)]").is_empty());
        assert_eq!(unused("use md5::Md5; // serde_jsonx"), ["serde", "serde-json"]);
    }

    #[test]
    fn every_dependency_of_this_workspace_is_used() {
        check().unwrap();
    }
}
