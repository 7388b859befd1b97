//! `cargo xtask sabotage`: takes out one guard at a time, and demands that the tests notice.
//!
//! A test that has never failed is no evidence. Every entry of [`list`] removes what keeps one promise and names the tests that must go red for it.
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

use crate::{interrupt, shell};
use tree::Tree;
use trial::Verdict;

/// What `cargo xtask sabotage` can be told.
#[derive(Args)]
pub(crate) struct SabotageArgs {
    /// Tries only entries that have this word in their name, their file or their items (`#17`); can be told more than once
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Prints the table of docs/security.md and tries nothing
    #[arg(long)]
    list: bool,
}

/// A guard, how to take it out, and who notices.
pub(crate) struct Sabotage {
    /// What is done, as a sentence without its subject.
    name: &'static str,
    /// The attacks of docs/requirements/security-attacks.md that it belongs to.
    items: &'static [u16],
    /// From the workspace's root.
    file: &'static str,
    /// Stands exactly once in the file.
    find: &'static str,
    /// Stands there instead.
    replace: &'static str,
    /// At least one of them must fail.
    caught_by: Tests,
}

/// Tests of one binary, by the names of their functions.
#[derive(Clone)]
pub(crate) struct Tests {
    package: &'static str,
    /// `None`: beside the code; otherwise the name of the integration tests' folder.
    binary: Option<&'static str>,
    names: &'static [&'static str],
}

/// Tests beside the code of `package`.
const fn beside(package: &'static str, names: &'static [&'static str]) -> Tests {
    Tests { package, binary: None, names }
}

/// Integration tests of `package`.
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

/// How one entry fared.
struct Row {
    entry: &'static Sabotage,
    verdict: Verdict,
    took: Duration,
}

/// `cargo xtask sabotage`.
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
    let escaped = rows.iter().filter(|row| !matches!(row.verdict, Verdict::Caught(_))).count();
    if escaped > 0 {
        bail!("{escaped} of {} were not caught", rows.len());
    }
    Ok(())
}

/// The named tests on the tree as it is: a test that is red anyway catches nothing.
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
