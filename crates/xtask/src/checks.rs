//! The steps that run a single cargo command. None sets compiler flags, so none invalidates what another one built.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::report::Outcome;
use crate::shell::{self, cargo};
use crate::tools::{Tool, component, is_program, on_path};

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

/// Makes clippy the compiler of the workspace's own crates, with warnings as errors. `cargo clippy` does the same for `cargo check`, which would read every
/// library and every crate a second time. Clippy's driver leaves out some optimisations of the compiler, which does not matter without optimisation. Every
/// command of a run must be made so, or cargo compiles the crates again.
pub(crate) fn linted(command: &mut Command) -> &mut Command {
    let Some(clippy) = clippy_driver() else { return command };
    // The form in which cargo-clippy hands over `-D warnings`.
    let denied = "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";
    command.env("RUSTC_WORKSPACE_WRAPPER", clippy).env("CLIPPY_ARGS", denied)
}

/// Returns the compiler that is clippy, beside the one that cargo would take.
fn clippy_driver() -> Option<PathBuf> {
    Tool::Clippy.find()?;
    let told = shell::capture(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
    let sysroot = String::from_utf8(told.stdout).ok()?;
    let driver = Path::new(sysroot.trim()).join("bin/clippy-driver");
    if is_program(&driver) { Some(driver) } else { on_path("clippy-driver") }
}

/// Compiles everything once, tests and benches included, with clippy's lints.
pub(crate) fn build() -> Result<Outcome> {
    shell::run(linted(&mut cargo(["test", "--workspace", "--all-targets", "--no-run"])))?;
    Ok(match clippy_driver() {
        Some(_) => Outcome::passed(),
        None => Outcome::Passed("without lints: clippy is missing".into()),
    })
}

/// The modules of tests that `--deep` alone runs: they last for minutes, and a change seldom touches what they guard.
const DEEP: [&str; 2] = ["torture::", "thirdparty::"];
/// Tests at a time, for each core: most of them wait, for a database, a browser or a timeout.
const TESTS_PER_CORE: usize = 2;

/// Runs all tests, with the variables that they read.
pub(crate) fn test(variables: &[(&'static str, OsString)], deep: bool) -> Result<Outcome> {
    let mut tests = cargo(["test", "--workspace", "--no-fail-fast"]);
    linted(&mut tests).envs(variables.iter().cloned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tests.env("RUST_TEST_THREADS", (TESTS_PER_CORE * cores).to_string());
    if !deep {
        tests.arg("--").args(DEEP.iter().flat_map(|module| ["--skip", module]));
    }
    shell::run(&mut tests)?;
    Ok(if deep { Outcome::passed() } else { Outcome::Passed(format!("without {}", DEEP.join(", "))) })
}
