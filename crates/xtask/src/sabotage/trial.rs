//! Builds the named tests of the copy, runs them, and parses their output.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Tests, tree::Tree};
use crate::{interrupt, services, shell};

/// The timeout of a run: a test without its guard may wait for ever.
const TEST_TIMEOUT: Duration = Duration::from_secs(300);
/// The timeout of a build: the first one builds the whole copy.
const BUILD_TIMEOUT: Duration = Duration::from_secs(3600);

/// The result of a sabotage.
pub(super) enum TrialResult {
    /// These tests failed, by an assertion.
    Caught(Vec<String>),
    /// All named tests passed without the guard.
    Survived,
    /// The entry proves nothing, for this reason: the list is wrong.
    Unsound(String),
}

impl fmt::Display for TrialResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caught(by) => write!(f, "caught by {}", by.join(", ")),
            Self::Survived => f.write_str("SURVIVED: every named test is green without the guard"),
            Self::Unsound(why) => write!(f, "UNSOUND: {why}"),
        }
    }
}

/// The output of a test run.
struct TestRun {
    /// The paths of the tests, and whether they passed.
    tests: Vec<(String, bool)>,
    text: String,
}

/// Runs the tests in a tree without the guard.
pub(super) fn judge(tree: &Tree, tests: &Tests) -> Result<TrialResult> {
    let Tests { package, binary, names } = *tests;
    if let Err(why) = build(tree, package, binary)? {
        return Ok(TrialResult::Unsound(format!("it does not compile: {why}")));
    }
    let Some(said) = run(tree, package, binary, names)? else {
        return Ok(TrialResult::Unsound(format!(
            "the tests did not end within {} s",
            TEST_TIMEOUT.as_secs()
        )));
    };
    let failed: Vec<String> = named(&said, names).filter(|(_, passed)| !passed).map(|(n, _)| n).collect();
    Ok(match failed.is_empty() {
        true if said.tests.is_empty() => TrialResult::Unsound("no test ran to its end".into()),
        true => TrialResult::Survived,
        false if failed.iter().all(|name| asserted(&said.text, name)) => TrialResult::Caught(failed),
        false => TrialResult::Unsound("a test failed, and by no assertion".into()),
    })
}

/// Checks that every named test exists and passes.
pub(super) fn green(tree: &Tree, package: &str, binary: Option<&str>, names: &[&str]) -> Result<()> {
    if let Err(why) = build(tree, package, binary)? {
        bail!("the tree as it is does not compile: {why}");
    }
    let said = run(tree, package, binary, names)?.context("the tests of the tree as it is do not end")?;
    for name in names {
        let found: Vec<_> = named(&said, &[name]).collect();
        ensure!(!found.is_empty(), "{package} has no test {name}");
        ensure!(found.iter().all(|(_, passed)| *passed), "{name} is red with its guard in place");
    }
    Ok(())
}

/// Returns the tests of these functions: their paths, and whether they passed.
fn named<'a>(said: &'a TestRun, names: &'a [&str]) -> impl Iterator<Item = (String, bool)> + 'a {
    said.tests.iter().filter(move |(path, _)| names.contains(&function(path))).cloned()
}

/// Returns the name of a test's function. `testbed::both!` makes a module of it, with a test for each database.
fn function(path: &str) -> &str {
    let path = ["::sqlite", "::postgres"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns true if the test with this path panicked itself, as an assertion does.
fn asserted(text: &str, path: &str) -> bool {
    let head = |line: &str| line == format!("---- {path} stdout ----");
    let told: Vec<&str> = text.lines().skip_while(|line| !head(line)).skip(1).collect();
    told.iter().take_while(|line| !line.starts_with("---- ")).any(|line| line.contains("panicked at"))
}

/// Builds the tests; the inner error is the compiler's first.
fn build(tree: &Tree, package: &str, binary: Option<&str>) -> Result<Result<(), String>> {
    let mut command = tests_of(tree, package, binary);
    command.arg("--no-run");
    let (status, text) = watch(tree, &mut command, BUILD_TIMEOUT)?.context("the compiler did not end")?;
    if status.success() {
        return Ok(Ok(()));
    }
    let error: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("error")).take(6).collect();
    Ok(Err(error.join("\n")))
}

/// Runs the tests; returns `None` after a timeout.
fn run(tree: &Tree, package: &str, binary: Option<&str>, names: &[&str]) -> Result<Option<TestRun>> {
    let mut command = tests_of(tree, package, binary);
    command.args(["--no-fail-fast", "--", "--color=never"]).args(names);
    let Some((_, text)) = watch(tree, &mut command, TEST_TIMEOUT)? else { return Ok(None) };
    let outcome = |line: &str| {
        let (path, end) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((path.trim_end_matches(" - should panic").to_owned(), end.starts_with("ok")))
    };
    Ok(Some(TestRun { tests: text.lines().filter_map(outcome).collect(), text }))
}

fn tests_of(tree: &Tree, package: &str, binary: Option<&str>) -> Command {
    let mut command = shell::cargo(["test", "--package", package, "--target-dir"]);
    command.arg(&tree.target).current_dir(&tree.root).env_remove("CARGO_TARGET_DIR");
    // The address of PostgreSQL comes from our own environment, if set; the tools are those that `cargo xtask test` has made.
    command.envs(services::variables(None, false));
    match binary {
        Some(binary) => command.args(["--test", binary]),
        None if package == "moncompte" => command.arg("--bins"),
        None => command.arg("--lib"),
    };
    command
}

/// Runs a command with a timeout; returns its complete output.
fn watch(tree: &Tree, command: &mut Command, timeout: Duration) -> Result<Option<(ExitStatus, String)>> {
    let log = tree.target.with_file_name("last.log");
    let file = File::create(&log)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
    let mut child = command.spawn().with_context(|| format!("cannot start `{}`", shell::show(command)))?;
    let reached = interrupt::reach(child.id());
    let ended = shell::poll(timeout, || Ok(child.try_wait()?));
    if !matches!(ended, Ok(Some(_))) {
        end(&mut child);
    }
    drop(reached);
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    Ok(ended?.map(|status| (status, text)))
}

/// Kills the whole process group: a test's server would block the next build.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_looked_for_in_the_tests_own_words() {
        let text = "---- a::one stdout ----\nthread 'a::one' panicked at x.rs:1\n---- a::two stdout ----\nError: no\n";
        assert!(asserted(text, "a::one") && !asserted(text, "a::two") && !asserted(text, "a::three"));
    }

    #[test]
    fn a_function_is_named_by_its_tests_on_both_databases() {
        let tests = ["a::one::sqlite", "a::one::postgres", "a::one", "a::another_one"];
        let tests = tests.map(|path| (path.to_owned(), true)).to_vec();
        let found: Vec<_> =
            named(&TestRun { tests, text: String::new() }, &["one"]).map(|(p, _)| p).collect();
        assert_eq!(found, ["a::one::sqlite", "a::one::postgres", "a::one"]);
    }
}
