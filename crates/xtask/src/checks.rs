//! The steps that cargo does: checks of the manifests, one build of everything, and the tests. None sets compiler flags, so none invalidates what another one
//! built.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::programs::{self, TestProgram};
use crate::report::Outcome;
use crate::shell::{self, cargo};
use crate::side_by_side::{self, Done, Job};
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
    let linted = Tool::Clippy.find().is_some();
    let programs = test_programs()?.len();
    let note =
        format!("{programs} test programs{}", if linted { "" } else { ", without lints: clippy is missing" });
    Ok(Outcome::Passed(note))
}

/// Builds everything, which takes a moment where nothing has changed.
fn test_programs() -> Result<Vec<TestProgram>> {
    let mut everything = cargo(["test", "--workspace", "--all-targets"]);
    linted(&mut everything).current_dir(shell::root());
    let (status, programs) = programs::build(&mut everything)?;
    ensure!(status.success(), "`{}` failed ({status})", shell::show(&everything));
    ensure!(!programs.is_empty(), "there is no test program");
    Ok(programs)
}

/// The tests that `--deep` alone runs, by their modules or the beginning of their names: faults made under a running program at moments that chance chooses,
/// drills of whole days, and clients that others wrote. They look for what nobody thought of; whatever is known to break has a cheaper test too, which an
/// ordinary run keeps: no guard of `cargo xtask sabotage` is held by these alone (a test of the sabotage's list looks at it).
pub(crate) const DEEP: [&str; 12] = [
    "torture::",
    "thirdparty::",
    "kill::",
    "cut_short::",
    "drills::",
    "deliveries::killed_",
    "ends::killed_",
    "reseal::a_reseal_that_is_killed_",
    "faults::storm::",
    "faults::away::the_commands_",
    "faults::away::a_database_that_falls_",
    "generations::changes_under_",
];
/// The packages whose tests last longest, and how many of their tests run at a time for each core. They begin first, beside each other. A browser works all the
/// time; the provider's tests wait for the database; the program's start providers, kill them, and wait for what they then do.
const LONGEST: [(&str, usize); 3] = [("e2e", 1), ("moncompte", 3), ("idp", 2)];
/// The package whose tests judge durations.
const JUDGES_TIME: &str = "moncompte";
/// The tests of that package that judge how long an answer takes, by their modules or the beginning of their names. They run when all others have ended, for
/// beside them they would judge the machine.
const TIMED: [&str; 5] = [
    "faults::",
    "generations::changes_under_",
    "generations::four_hundred_",
    "hanging::",
    "torture::failover::",
];
/// So many of them at a time: most of them wait.
const TIMED_AT_ONCE: &str = "3";
/// The maximum duration of one test program.
const TIMEOUT: Duration = Duration::from_secs(2 * 3600);

/// Runs all tests, with the variables that they read: some programs beside each other, and what one prints only if it fails.
pub(crate) fn test(variables: &[(&'static str, OsString)], deep: bool) -> Result<Outcome> {
    let mut programs = test_programs()?;
    let rank = |program: &TestProgram| {
        let place = LONGEST.iter().position(|(package, _)| *package == program.package);
        (program.binary.is_none(), place.unwrap_or(LONGEST.len()))
    };
    programs.sort_by_key(rank);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = |package: &str| {
        let per_core = LONGEST.into_iter().find(|(name, _)| *name == package);
        (per_core.map_or(1, |(_, tests)| tests) * cores).max(2).to_string()
    };
    let job = |program: &TestProgram| {
        let mut command = program.command();
        command.env("RUST_TEST_THREADS", threads(&program.package));
        Job { name: program.name(), command }
    };
    let mut jobs: Vec<Job> = programs.iter().map(job).collect();
    let is_timed = |program: &&TestProgram| program.package == JUDGES_TIME && program.binary.is_some();
    let mut timed: Vec<Job> = programs.iter().filter(is_timed).map(job).collect();
    for (_, job) in programs.iter().zip(&mut jobs).filter(|(program, _)| is_timed(program)) {
        job.command.args(TIMED.iter().flat_map(|name| ["--skip", name]));
    }
    for job in &mut timed {
        job.name += ", timed";
        job.command.args(TIMED).env("RUST_TEST_THREADS", TIMED_AT_ONCE);
    }
    if !deep {
        for job in jobs.iter_mut().chain(&mut timed) {
            job.command.args(DEEP.iter().flat_map(|module| ["--skip", module]));
        }
    }
    let mut examples = cargo(["test", "--workspace", "--doc"]);
    linted(&mut examples).current_dir(shell::root());
    jobs.push(Job { name: "examples in documentation".into(), command: examples });
    for job in jobs.iter_mut().chain(&mut timed) {
        // What chance decides is tried more often then (`testbed::tries`).
        job.command.env("MONCOMPTE_DEEP", if deep { "1" } else { "0" });
        job.command.envs(variables.iter().cloned());
    }
    let mut done = side_by_side::run(jobs, LONGEST.len(), TIMEOUT, tell)?;
    done.extend(side_by_side::run(timed, 1, TIMEOUT, tell)?);
    let failed: Vec<&str> = done.iter().filter(|job| !job.passed).map(|job| job.name.as_str()).collect();
    if !failed.is_empty() {
        bail!("tests failed: {}", failed.join(", "));
    }
    let tests: usize = done.iter().map(|job| passed_tests(&job.text)).sum();
    Ok(Outcome::Passed(format!(
        "{tests} tests{}",
        if deep { String::new() } else { format!(", without {}", DEEP.join(", ")) }
    )))
}

/// Prints a line for a test program that passed, and all that it said for one that failed.
fn tell(done: &Done) {
    let seconds = done.took.as_secs_f64();
    if done.passed {
        println!("{}: {} tests, {seconds:.1} s", done.name, passed_tests(&done.text));
    } else {
        let how = if done.late { "DID NOT END" } else { "FAILED" };
        println!("{}: {how} after {seconds:.1} s\n{}", done.name, done.text);
    }
}

/// Returns the number of tests that passed, by the sums of the output: one for each test program and each crate of examples.
fn passed_tests(text: &str) -> usize {
    let sums = text.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    sums.filter_map(|rest| rest.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_summed_over_the_parts_of_an_output() {
        let text = "running 2 tests\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\n\
                    test result: ok. 13 passed; 0 failed\ntest result: FAILED. 5 passed; 1 failed\n";
        assert_eq!(passed_tests(text), 15);
    }
}
