//! The libraries in the program, as cargo resolves them, and the bill of materials (SPDX 2.3) that lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package};
use serde_json::{Value, json};

use super::{Release, digest, text};
use crate::shell;

/// A package of cargo that is compiled into the program.
pub(crate) struct Library {
    pub(crate) name: String,
    pub(crate) version: String,
    /// An SPDX expression.
    pub(crate) licence: String,
    /// SHA-256 of its source, as in `Cargo.lock`; none for our own.
    sum: Option<String>,
    /// The libraries that it uses, by place in the list.
    uses: Vec<usize>,
    /// Its licences and notices, as its authors wrote them.
    pub(crate) texts: Vec<String>,
}

impl Library {
    /// Returns the reference by which a bill names it.
    fn id(&self) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        format!("SPDXRef-{}-{}", self.name, self.version).chars().map(plain).collect()
    }
}

/// Returns the program, first, and everything that is compiled into it: no tools of tests, none of the build.
pub(crate) fn all() -> Result<Vec<Library>> {
    let host = text(std::process::Command::new("rustc").arg("-vV"))?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let mut asked = MetadataCommand::new();
    asked.manifest_path(shell::root().join("Cargo.toml"));
    asked.other_options(["--locked", "--offline", "--filter-platform", host].map(str::to_owned));
    let metadata = asked.exec().context("cargo metadata failed")?;
    let sums = sums(&fs::read_to_string(shell::root().join("Cargo.lock"))?);
    let nodes = reached(&metadata)?;
    let places: BTreeMap<_, usize> = nodes.iter().enumerate().map(|(at, node)| (&node.id, at)).collect();
    let library = |node: &&Node| -> Result<Library> {
        let package = &metadata[&node.id];
        let (name, version) = (package.name.to_string(), package.version.to_string());
        let uses = compiled(node).filter_map(|id| places.get(id).copied()).collect();
        Ok(Library {
            licence: licence(package)?,
            sum: sums.get(&(name.clone(), version.clone())).cloned(),
            texts: if package.source.is_some() { texts(package)? } else { Vec::new() },
            name,
            version,
            uses,
        })
    };
    nodes.iter().map(library).collect()
}

/// Returns the ids of what a package compiles into itself.
fn compiled(node: &Node) -> impl Iterator<Item = &cargo_metadata::PackageId> {
    let normal =
        |dep: &&cargo_metadata::NodeDep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
    node.deps.iter().filter(normal).map(|dep| &dep.pkg)
}

/// Returns the program's node, and then what it reaches, by name.
fn reached(metadata: &Metadata) -> Result<Vec<&Node>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolves nothing")?;
    let nodes: BTreeMap<_, &Node> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let ours = |node: &&&Node| {
        metadata[&node.id].name.as_str() == "moncompte" && metadata[&node.id].source.is_none()
    };
    let program: &Node = nodes.values().find(ours).context("the workspace has no program")?;
    let (mut seen, mut next) = (BTreeSet::new(), vec![program]);
    while let Some(node) = next.pop() {
        if seen.insert(&node.id) {
            next.extend(compiled(node).filter_map(|id| nodes.get(id).copied()));
        }
    }
    let mut found: Vec<&Node> = seen.into_iter().filter_map(|id| nodes.get(id).copied()).collect();
    found.sort_by_key(|node| {
        let package = &metadata[&node.id];
        (node.id != program.id, package.name.clone(), package.version.clone())
    });
    Ok(found)
}

/// Returns the sums in a lock file, by name and version.
fn sums(lock: &str) -> BTreeMap<(String, String), String> {
    let blocks = lock.split("\n[[package]]\n").skip(1);
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.map(|rest| rest.trim_end_matches('"').to_owned())
    };
    blocks
        .filter_map(|block| {
            Some(((value(block, "name")?, value(block, "version")?), value(block, "checksum")?))
        })
        .collect()
}

/// Returns the licence as an expression; older packages part a choice by a slash.
fn licence(package: &Package) -> Result<String> {
    let told = package.license.as_ref().with_context(|| format!("{} names no licence", package.name))?;
    Ok(told.split('/').map(str::trim).collect::<Vec<_>>().join(" OR "))
}

/// Reads the licences and notices that a package carries.
fn texts(package: &Package) -> Result<Vec<String>> {
    let folder = package.manifest_path.parent().context("a manifest has a folder")?;
    let is_notice = |name: &str| {
        let upper = name.to_ascii_uppercase();
        ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"].iter().any(|word| upper.starts_with(word))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && is_notice(&entry.file_name().to_string_lossy()) {
            files.push(entry.path());
        }
    }
    files.sort();
    files.iter().map(|file: &std::path::PathBuf| read(file)).collect()
}

fn read(file: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(file).with_context(|| file.display().to_string())?).into_owned())
}

/// Returns the bill of materials of a release.
pub(super) fn bill(release: &Release) -> Result<String> {
    let libraries = &release.libraries;
    let program = digest(&release.program)?;
    let packages: Vec<Value> = libraries.iter().map(|library| package(library, &program)).collect();
    let describes = libraries.first().map(|program| {
        json!({ "spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": program.id() })
    });
    let depends = libraries.iter().flat_map(|library| {
        let used = library.uses.iter().filter_map(|place| libraries.get(*place));
        used.map(|used| json!({ "spdxElementId": library.id(), "relationshipType": "DEPENDS_ON", "relatedSpdxElement": used.id() }))
    });
    let relationships: Vec<Value> = describes.into_iter().chain(depends).collect();
    let document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": release.stem(),
        "documentNamespace": format!("https://spdx.org/spdxdocs/{}-{program}", release.stem()),
        "creationInfo": { "created": release.date("+%Y-%m-%dT%H:%M:%SZ")?, "creators": ["Tool: moncompte-xtask-dist"] },
        "packages": packages,
        "relationships": relationships,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn package(library: &Library, program: &str) -> Value {
    let (name, version) = (&library.name, &library.version);
    let mut package = json!({
        "name": name,
        "SPDXID": library.id(),
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": library.licence,
        "copyrightText": "NOASSERTION",
    });
    // The program's sum is that of the built file, which the bill is about.
    let sum = library.sum.as_deref().or((name == "moncompte").then_some(program));
    if let Some(sum) = sum {
        package["checksums"] = json!([{ "algorithm": "SHA256", "checksumValue": sum }]);
    }
    if library.sum.is_some() {
        package["downloadLocation"] =
            json!(format!("https://crates.io/api/v1/crates/{name}/{version}/download"));
        let reference = format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"));
        package["externalRefs"] = json!([
            { "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": reference }
        ]);
    }
    package
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_from_a_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"r\"\nchecksum = \"ab\"\n\
                    dependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\n";
        assert_eq!(sums(lock), BTreeMap::from([(("a".to_owned(), "1.0.0".to_owned()), "ab".to_owned())]));
    }
}
