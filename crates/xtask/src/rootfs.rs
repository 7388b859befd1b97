//! A check of the container's file system: laid out as the Containerfile does, with the program running in it as an unprivileged user.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::report::Outcome;
use crate::shell;
use crate::tools::on_path;

const USER: &str = "--userspec=65532:65532";

/// Lays out the file system with the built program and runs it there.
pub(crate) fn check() -> Result<Outcome> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Outcome::Skipped(
            "not root: the program cannot be tried in the container's file system".into(),
        ));
    }
    let chroot = on_path("chroot").context("there is no chroot")?;
    let folder = tempfile::Builder::new().prefix("moncompte-rootfs-").tempdir()?;
    let root = folder.path().join("root");
    let mut lay_out = Command::new(shell::root().join("deploy/rootfs.sh"));
    shell::run(lay_out.arg(shell::target().join("debug/moncompte")).arg(&root))?;

    let mut start = Command::new(chroot);
    start.arg(USER).arg(&root).args(["/usr/local/bin/moncompte", "--help"]).env_clear();
    let answer = shell::capture(&mut start)?;
    if !answer.status.success() {
        bail!("the program does not start there: {}", String::from_utf8_lossy(&answer.stderr));
    }
    let help = String::from_utf8_lossy(&answer.stdout);
    ensure!(
        help.contains("serve"),
        "`moncompte --help` does not name the command that the container runs:\n{help}"
    );
    Ok(Outcome::passed())
}
