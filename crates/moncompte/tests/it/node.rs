//! The tests' own Node, which `cargo xtask test` makes and names in `TEST_NODE`.

use std::{
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::place::{Place, copy, project};

/// Returns a command that runs one of the portals in `thirdparty/`; `None`, after a line that says why, without Node.
///
/// Node looks for packages beside the script, so the scripts are copied to the place, beside a link to the packages.
pub fn portal(place: &Place, name: &str) -> Option<Command> {
    let Some(interpreter) = interpreter() else {
        println!("skipped: no Node here (TEST_NODE, which `cargo xtask test` makes)");
        return None;
    };
    let folder = place.path("portal");
    copy(&project().join("crates/moncompte/tests/it/thirdparty"), &folder);
    // The interpreter is `bin/node`; `node_modules` is beside `bin`.
    symlink(interpreter.ancestors().nth(2).unwrap().join("node_modules"), folder.join("node_modules"))
        .unwrap();
    let mut command = Command::new(interpreter);
    command.arg(folder.join(name)).stdin(Stdio::piped());
    Some(command)
}

fn interpreter() -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods, reason = "tests are told by the environment where Node is")]
    let told = std::env::var_os("TEST_NODE").map(PathBuf::from);
    let made = project().join("target/test-node/bin/node");
    told.or_else(|| made.exists().then_some(made))
}
