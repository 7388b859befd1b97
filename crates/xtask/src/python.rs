//! The Python installation of the tests: a virtual environment under `target/` with exactly what `python.txt` lists.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;
use crate::tools::on_path;

const REQUIREMENTS: &str = include_str!("../python.txt");

fn folder() -> PathBuf {
    shell::target().join("test-venv")
}

/// Returns a copy of the list that the environment was made from, written last: if it is missing or differs, the environment is made again.
fn stamp() -> PathBuf {
    folder().join("made-from.txt")
}

/// Returns the environment's interpreter, if it is complete.
pub(crate) fn environment() -> Option<PathBuf> {
    let interpreter = folder().join("bin/python");
    let complete = fs::read_to_string(stamp()).is_ok_and(|made_from| made_from == REQUIREMENTS);
    (complete
        && shell::succeeds(
            Command::new(&interpreter).args(["-c", "import aiosmtpd.smtp, authlib, requests"]),
        ))
    .then_some(interpreter)
}

/// Makes the environment with the first suitable Python 3.
pub(crate) fn make() -> Result<()> {
    let base = base().context("no Python 3 with venv and ensurepip")?;
    let folder = folder();
    shell::run(Command::new(base).args(["-m", "venv", "--clear"]).arg(&folder))?;
    let list = folder.join("requirements.txt");
    fs::write(&list, REQUIREMENTS).with_context(|| format!("cannot write {}", list.display()))?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "2", "-r"])
        .arg(list);
    shell::run(&mut pip)?;
    fs::write(stamp(), REQUIREMENTS).context("cannot finish the Python environment")
}

/// Returns a Python 3 that can make environments; Debian's needs `python3-venv`.
fn base() -> Option<PathBuf> {
    let candidates = [on_path("python3"), Some(PathBuf::from("/usr/bin/python3"))];
    candidates
        .into_iter()
        .flatten()
        .find(|python| shell::succeeds(Command::new(python).args(["-c", "import venv, ensurepip"])))
}
