//! The tests' own Python, which `cargo xtask test` makes and names in `TEST_PYTHON`.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::place::project;

/// A command that runs one of the scripts beside this file.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(interpreter());
    command.arg(project().join("crates/moncompte/tests/it").join(name)).stdin(Stdio::piped());
    command
}

/// The interpreter with the packages of `crates/xtask/python.txt`.
pub fn interpreter() -> PathBuf {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where Python is")]
    let told = std::env::var_os("TEST_PYTHON").map(PathBuf::from);
    let made = project().join("target/test-venv/bin/python");
    told.or_else(|| made.exists().then_some(made))
        .expect("no Python: run `cargo xtask test`, which makes one")
}
