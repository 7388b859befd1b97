//! Checks of the systemd unit: `systemd-analyze` finds no error in it, and its exposure stays low.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::report::Outcome;
use crate::shell;
use crate::tools::Tool;

const UNIT: &str = "deploy/systemd/moncompte.service";
/// The maximum exposure that `systemd-analyze security` may report, in tenths: 0 is none, 100 is an unconfined service.
const EXPOSURE: &str = "12";

/// Verifies the unit below a root of its own, in which the program that it starts exists.
pub(crate) fn check() -> Result<Outcome> {
    let analyze = Tool::SystemdAnalyze.find().context("systemd-analyze is missing")?;
    let unit = shell::root().join(UNIT);
    let text = fs::read_to_string(&unit).with_context(|| format!("cannot read {UNIT}"))?;
    let root = tempfile::Builder::new().prefix("moncompte-unit-").tempdir()?;
    let installed = root.path().join("etc/systemd/system");
    fs::create_dir_all(&installed)?;
    fs::write(installed.join("moncompte.service"), &text)?;
    verify(root.path(), &text)?;
    let mut security = Command::new(&analyze);
    security.args(["security", "--no-pager", "--offline=true", "--threshold", EXPOSURE]).arg(&unit);
    let exposure = shell::capture(&mut security)?;
    let listing = String::from_utf8_lossy(&exposure.stdout);
    if !exposure.status.success() {
        bail!("systemd-analyze security:\n{listing}{}", String::from_utf8_lossy(&exposure.stderr));
    }
    let overall = listing.lines().find(|line| line.contains("Overall exposure")).unwrap_or_default();
    Ok(Outcome::Passed(overall.trim_start_matches(['→', ' ']).to_owned()))
}

/// Lets systemd read the unit that is installed below `root`, and whose text this is.
pub(crate) fn verify(root: &Path, text: &str) -> Result<()> {
    let analyze = Tool::SystemdAnalyze.find().context("systemd-analyze is missing")?;
    populate(root, text)?;
    let mut verify = Command::new(analyze);
    verify.args(["verify", "--man=no", "--recursive-errors=no", "--root"]).arg(root).arg("moncompte.service");
    let verdict = shell::capture(&mut verify)?;
    let complaints = String::from_utf8_lossy(&verdict.stderr);
    // Some errors, e.g. an unknown key, do not change the exit status.
    if !verdict.status.success() || complaints.lines().any(|line| line.contains("moncompte.service")) {
        bail!("systemd-analyze verify: {complaints}");
    }
    Ok(())
}

/// Puts what is missing of the programs that the unit names, and empty copies of the targets that it orders itself by, below `root`.
fn populate(root: &Path, unit: &str) -> Result<()> {
    let targets = root.join("usr/lib/systemd/system");
    fs::create_dir_all(&targets)?;
    for word in unit.split(['=', ' ', '\n']).filter(|word| word.ends_with(".target")) {
        fs::write(targets.join(word), "[Unit]\n")?;
    }
    for target in ["sysinit.target", "basic.target", "shutdown.target", "umount.target"] {
        fs::write(targets.join(target), "[Unit]\nDefaultDependencies=no\n")?;
    }
    let commands =
        unit.lines().filter(|line| line.starts_with("Exec")).filter_map(|line| line.split_once('='));
    for (_, command) in commands {
        let program = command.split(' ').next().unwrap_or_default().trim_start_matches(['-', '/']);
        let file = root.join(program);
        if file.exists() {
            continue;
        }
        fs::create_dir_all(file.parent().unwrap_or(root))?;
        fs::write(&file, "#!/bin/sh\n")?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
