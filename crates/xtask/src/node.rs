//! The tests' own Node: a folder under `target/` with the interpreter and exactly the packages that `package.json` lists.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;
use crate::tools::on_path;

const PACKAGES: &str = include_str!("../package.json");
/// The oldest Node that runs the packages: Debian 12's.
const OLDEST: u32 = 18;

fn folder() -> PathBuf {
    shell::target().join("test-node")
}

/// A copy of the list that the folder was made from, written last: without it, or with another, it is made anew.
fn stamp() -> PathBuf {
    folder().join("made-from.json")
}

/// The folder's interpreter, if it is complete. The packages are in `node_modules`, beside its `bin`.
pub(crate) fn environment() -> Option<PathBuf> {
    let interpreter = folder().join("bin/node");
    let complete = fs::read_to_string(stamp()).is_ok_and(|made_from| made_from == PACKAGES);
    (complete && version(&interpreter).is_some_and(|found| found >= OLDEST)).then_some(interpreter)
}

/// Makes the folder with the first Node at hand that is new enough, and its npm.
pub(crate) fn make() -> Result<()> {
    let candidates = [on_path("node"), Some(PathBuf::from("/usr/bin/node"))];
    let node = candidates
        .into_iter()
        .flatten()
        .find(|node| version(node).is_some_and(|found| found >= OLDEST))
        .with_context(|| format!("no Node {OLDEST} or later"))?;
    let npm = on_path("npm").context("no npm")?;
    let folder = folder();
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the old folder of Node's packages")?;
    }
    fs::create_dir_all(folder.join("bin")).context("cannot make a folder for Node's packages")?;
    symlink(node, folder.join("bin/node")).context("cannot link Node")?;
    fs::write(folder.join("package.json"), PACKAGES).context("cannot write the list of Node's packages")?;
    // No package's own script runs, and no lock file names the registry.
    let quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
    shell::run(Command::new(npm).arg("install").args(quiet).arg("--prefix").arg(&folder))?;
    fs::write(stamp(), PACKAGES).context("cannot finish the folder of Node's packages")
}

/// The major version.
fn version(node: &Path) -> Option<u32> {
    let told = shell::capture(Command::new(node).arg("--version")).ok()?.stdout;
    String::from_utf8(told).ok()?.strip_prefix('v')?.split('.').next()?.parse().ok()
}
