//! `cargo xtask sabotage`: removes one guard at a time, and demands that tests fail.
//!
//! A test that has never failed proves nothing. Every entry of [`list`] removes the code that keeps one promise and names the tests that must fail without it.
//! All of it happens in a copy of the tree, with a target folder of its own that stays warm.

mod items;
mod list;
mod table;
mod tree;
mod trial;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::report::Outcome;
use crate::{interrupt, shell};
use tree::Tree;
use trial::TrialResult;

/// The options of `cargo xtask sabotage`.
#[derive(Args)]
pub(crate) struct SabotageArgs {
    /// Only entries with this word in their name, their file or their items (`#17`); may be repeated
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Prints the table of docs/security.md and tries nothing
    #[arg(long)]
    list: bool,
}

/// Tries every entry.
pub(crate) fn everything() -> Result<Outcome> {
    run(&SabotageArgs { only: Vec::new(), list: false })?;
    Ok(Outcome::passed())
}

/// A guard, how to remove it, and the tests that must fail.
pub(crate) struct Sabotage {
    /// The effect of the removal, as a sentence without its subject.
    name: &'static str,
    /// The attacks of docs/requirements/security-attacks.md that it belongs to.
    items: &'static [u16],
    /// The path from the workspace's root.
    file: &'static str,
    /// The text to find, which occurs exactly once in the file.
    find: &'static str,
    /// The text to put in its place.
    replace: &'static str,
    /// The tests, of which at least one must fail.
    caught_by: Tests,
}

/// Tests of one binary, by the names of their functions.
#[derive(Clone)]
pub(crate) struct Tests {
    package: &'static str,
    /// The name of the integration tests' folder, or `None` for unit tests.
    binary: Option<&'static str>,
    names: &'static [&'static str],
}

/// Returns unit tests of `package`.
const fn beside(package: &'static str, names: &'static [&'static str]) -> Tests {
    Tests { package, binary: None, names }
}

/// Returns integration tests of `package`.
const fn it(package: &'static str, names: &'static [&'static str]) -> Tests {
    Tests { package, binary: Some("it"), names }
}

impl Sabotage {
    fn is_about(&self, word: &str) -> bool {
        self.name.contains(word)
            || self.file.contains(word)
            || self.items.iter().any(|n| format!("#{n}") == word)
    }
}

/// The result of one entry.
struct Row {
    entry: &'static Sabotage,
    verdict: TrialResult,
    took: Duration,
}

/// Runs `cargo xtask sabotage`.
pub(crate) fn run(args: &SabotageArgs) -> Result<()> {
    if args.list {
        print!("{}", table::markdown());
        return Ok(());
    }
    let chosen: Vec<&Sabotage> = list::all()
        .filter(|entry| args.only.is_empty() || args.only.iter().any(|w| entry.is_about(w)))
        .collect();
    ensure!(!chosen.is_empty(), "no entry has such a word in its name, its file or its items");
    let root = shell::root();
    for entry in &chosen {
        tree::broken(entry, &root)?;
    }
    let start = shell::now();
    let tree = Tree::copy(&root, &shell::target().join("sabotage"))?;
    unbroken(&tree, &chosen)?;
    let mut rows = Vec::new();
    for (n, entry) in chosen.iter().enumerate() {
        println!("[{}/{}] {}", n + 1, chosen.len(), entry.name);
        let begun = shell::now();
        let verdict = tree.with(entry, || trial::judge(&tree, &entry.caught_by))?;
        interrupt::check()?;
        println!("    {verdict}");
        rows.push(Row { entry, verdict, took: begun.elapsed() });
    }
    print!("{}", report(&rows));
    println!("{} entries, {:.1} min", rows.len(), start.elapsed().as_secs_f64() / 60.0);
    let escaped = rows.iter().filter(|row| !matches!(row.verdict, TrialResult::Caught(_))).count();
    if escaped > 0 {
        bail!("{escaped} of {} were not caught", rows.len());
    }
    Ok(())
}

/// Runs the named tests on the unchanged tree: a test that fails anyway proves nothing.
fn unbroken(tree: &Tree, chosen: &[&Sabotage]) -> Result<()> {
    let mut binaries: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for entry in chosen {
        let Tests { package, binary, names } = entry.caught_by;
        binaries.entry((package, binary)).or_default().extend(names);
    }
    for ((package, binary), mut names) in binaries {
        names.sort_unstable();
        names.dedup();
        println!("unbroken: {} tests of {package}", names.len());
        trial::green(tree, package, binary, &names)?;
    }
    Ok(())
}

fn report(rows: &[Row]) -> String {
    let line = |Row { entry, verdict, took }: &Row| {
        format!(
            "{:>6.1} s  {} ({}): {verdict}\n",
            took.as_secs_f64(),
            entry.name,
            table::numbers(entry.items)
        )
    };
    std::iter::once("\n".to_owned()).chain(rows.iter().map(line)).collect()
}
