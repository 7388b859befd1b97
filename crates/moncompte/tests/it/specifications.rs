//! `docs/specifications.md` maps requirements to the tests that hold them. Every row names a test that exists; every check in the code, every tested module of
//! the certification plans and each numbered item of docs/requirements has a row.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::place::project;

/// The tests of each requirement, from every table of the page.
fn rows() -> BTreeMap<String, Vec<String>> {
    let page = fs::read_to_string(project().join("docs/specifications.md")).unwrap();
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [requirement, .., tests] = cells[..] else { panic!("a row with one cell: {line}") };
        if requirement == "requirement" {
            continue;
        }
        let names = tests.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let before = rows.insert(requirement.trim_matches('`').to_owned(), names);
        assert!(before.is_none(), "{requirement} is there twice");
    }
    rows
}

/// All tests of the workspace, as `crate::name`.
pub fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(project().join("crates")).unwrap().flatten() {
        let krate = entry.file_name().to_string_lossy().into_owned();
        for folder in ["src", "tests"] {
            collect(&entry.path().join(folder), &krate, &mut names);
        }
    }
    names
}

fn collect(folder: &Path, krate: &str, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, krate, names);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            names.extend(in_source(&text).map(|name| format!("{krate}::{name}")));
        }
    }
}

/// The functions that follow a test's attribute, and those of the plans' tables, whose macro makes a test of each row.
fn in_source(text: &str) -> impl Iterator<Item = &str> {
    let attributed = text.match_indices("test]").chain(text.match_indices("test(")).filter_map(|(at, _)| {
        let (before, after) = (text[..at].rsplit('\n').next()?, &text[at..]);
        let marked = matches!(before.trim(), "#[" | "#[tokio::");
        let name = after.split_once("fn ")?.1.split(['(', '<']).next()?;
        marked.then_some(name)
    });
    let listed = text.match_indices("\"oidcc-").filter_map(|(at, _)| {
        let (_, after) = text[at + 1..].split_once("\" =>")?;
        let name = after.trim_start().split(',').next()?;
        (after.len() < text.len() && name.starts_with("oidcc_")).then_some(name)
    });
    attributed.chain(listed)
}

/// The requirements that must have a row: the sections of every check in the code.
fn listed() -> Vec<&'static str> {
    let mut all: Vec<&str> = Vec::new();
    all.extend(oidc::request::RETURN_PATH_CHECKS.iter().map(|(section, _)| *section));
    all.extend(oidc::request::CHECKS.iter().map(|(section, _)| *section));
    all.extend(oidc::authentication::CHECKS.iter().map(|(section, _)| *section));
    all.extend(oidc::token::REQUEST_CHECKS.iter().map(|(section, _)| *section));
    all.extend(oidc::token::CODE_CHECKS.iter().map(|(section, _)| *section));
    all.extend(oidc::token::REFRESH_CHECKS.iter().map(|(section, _)| *section));
    all
}

#[test]
fn every_requirement_has_a_test_that_is_there() {
    let (rows, tests) = (rows(), tests());
    let mut wrong = Vec::new();
    for (requirement, named) in &rows {
        if named.is_empty() {
            wrong.push(format!("{requirement}: no test"));
        }
        wrong.extend(
            named.iter().filter(|n| !tests.contains(*n)).map(|n| format!("{requirement}: no such test: {n}")),
        );
    }
    let missing = |name: &str| !rows.contains_key(name);
    wrong.extend(listed().into_iter().filter(|s| missing(s)).map(|s| format!("no row for the check {s}")));
    wrong.extend((1..=39).map(|n| format!("#{n}")).filter(|n| missing(n)).map(|n| format!("no row for {n}")));
    // A tested module of the certification plans must be on the page.
    let modules = tests.iter().filter_map(|t| t.strip_prefix("idp::oidcc_")).map(|m| format!("oidcc_{m}"));
    let told: BTreeSet<String> = rows.keys().map(|name| name.replace('-', "_")).collect();
    wrong.extend(modules.filter(|m| !told.contains(m)).map(|m| format!("no row for the module {m}")));
    assert!(wrong.is_empty(), "docs/specifications.md:\n{}", wrong.join("\n"));
}
