//! The Node installation of the tests: a folder under `target/` with the interpreter and exactly the packages that `package.json` lists.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;
use crate::tools::on_path;

const PACKAGES: &str = include_str!("../package.json");
/// The minimum version of Node, that of Debian 12.
const MIN_VERSION: u32 = 18;

fn folder() -> PathBuf {
    shell::target().join("test-node")
}

/// Returns a copy of the list that the folder was made from, written last: if it is missing or differs, the folder is made again.
fn stamp() -> PathBuf {
    folder().join("made-from.json")
}

/// Returns the folder's interpreter, if it is complete. The packages are in `node_modules`, beside its `bin`.
pub(crate) fn environment() -> Option<PathBuf> {
    let interpreter = folder().join("bin/node");
    let complete = fs::read_to_string(stamp()).is_ok_and(|made_from| made_from == PACKAGES);
    (complete && version(&interpreter).is_some_and(|found| found >= MIN_VERSION)).then_some(interpreter)
}

/// Makes the folder with the first Node that is recent enough, and its npm.
pub(crate) fn make() -> Result<()> {
    let candidates = [on_path("node"), Some(PathBuf::from("/usr/bin/node"))];
    let node = candidates
        .into_iter()
        .flatten()
        .find(|node| version(node).is_some_and(|found| found >= MIN_VERSION))
        .with_context(|| format!("no Node {MIN_VERSION} or later"))?;
    let npm = on_path("npm").context("no npm")?;
    let folder = folder();
    if folder.exists() {
        fs::remove_dir_all(&folder).context("cannot remove the old folder of Node's packages")?;
    }
    fs::create_dir_all(folder.join("bin")).context("cannot make a folder for Node's packages")?;
    symlink(node, folder.join("bin/node")).context("cannot link Node")?;
    fs::write(folder.join("package.json"), PACKAGES).context("cannot write the list of Node's packages")?;
    // Scripts of packages do not run, and no lock file names the registry.
    let quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
    shell::run(Command::new(npm).arg("install").args(quiet).arg("--prefix").arg(&folder))?;
    fs::write(stamp(), PACKAGES).context("cannot finish the folder of Node's packages")
}

/// Returns the major version.
fn version(node: &Path) -> Option<u32> {
    let told = shell::capture(Command::new(node).arg("--version")).ok()?.stdout;
    String::from_utf8(told).ok()?.strip_prefix('v')?.split('.').next()?.parse().ok()
}
