//! The steps that run a single cargo command. None sets compiler flags, so none invalidates what another one built.

use std::collections::BTreeSet;
use std::ffi::OsString;

use anyhow::{Context, Result, bail};

use crate::report::Outcome;
use crate::shell::{self, cargo};
use crate::tools::component;

/// Crates that must not be in the graph: another crypto library, or the system's.
const BANNED: [&str; 4] = ["ring", "openssl", "openssl-sys", "native-tls"];

/// Checks the formatting.
pub(crate) fn format() -> Result<Outcome> {
    shell::run(&mut cargo(["fmt", "--all", "--check", "--", "-l"]))
        .context("the files above differ from what `cargo fmt --all` writes")?;
    Ok(Outcome::passed())
}

/// Checks that aws-lc-rs is the only crypto library. A lock file also names crates that no feature enables; the tree does not.
pub(crate) fn crypto() -> Result<Outcome> {
    let all =
        ["tree", "--workspace", "--edges", "all", "--target", "all", "--prefix", "none", "--format", "{p}"];
    let tree = shell::capture(&mut cargo(all))?;
    if !tree.status.success() {
        bail!("cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    }
    let tree = String::from_utf8_lossy(&tree.stdout);
    let packages: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let found: Vec<&str> = BANNED.into_iter().filter(|banned| packages.contains(banned)).collect();
    for banned in &found {
        // Prints the crates that depend on it.
        shell::run(&mut cargo([
            "tree",
            "--workspace",
            "--edges",
            "all",
            "--target",
            "all",
            "--invert",
            banned,
        ]))?;
    }
    if !found.is_empty() {
        bail!("in the dependency graph: {}", found.join(", "));
    }
    Ok(Outcome::Passed(format!("{} crates, none of {}", packages.len(), BANNED.join(", "))))
}

/// Checks licences, bans and sources. Advisories need the network: `cargo deny check advisories`.
pub(crate) fn deny() -> Result<Outcome> {
    if component("deny").is_none() {
        return Ok(Outcome::Skipped(
            "cargo-deny is not installed: licences and sources are not checked here".into(),
        ));
    }
    shell::run(&mut cargo(["deny", "check", "bans", "licenses", "sources"]))?;
    Ok(Outcome::passed())
}

/// Runs clippy, with warnings as errors.
pub(crate) fn clippy() -> Result<Outcome> {
    shell::run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(Outcome::passed())
}

/// Builds the program as `cargo run` does, so that the demo is what a reader of the README gets. clippy has compiled all other targets, and the tests build
/// what they run.
pub(crate) fn build() -> Result<Outcome> {
    shell::run(&mut cargo(["build"]))?;
    Ok(Outcome::passed())
}

/// The modules of tests that `--deep` alone runs: they last for minutes, and a change seldom touches what they guard.
const DEEP: [&str; 2] = ["torture::", "thirdparty::"];
/// Tests at a time, for each core: most of them wait, for a database, a browser or a timeout.
const TESTS_PER_CORE: usize = 2;

/// Runs all tests, with the variables that they read.
pub(crate) fn test(variables: &[(&'static str, OsString)], deep: bool) -> Result<Outcome> {
    let mut tests = cargo(["test", "--workspace", "--no-fail-fast"]);
    tests.envs(variables.iter().cloned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tests.env("RUST_TEST_THREADS", (TESTS_PER_CORE * cores).to_string());
    if !deep {
        tests.arg("--").args(DEEP.iter().flat_map(|module| ["--skip", module]));
    }
    shell::run(&mut tests)?;
    Ok(if deep { Outcome::passed() } else { Outcome::Passed(format!("without {}", DEEP.join(", "))) })
}
