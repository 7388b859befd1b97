//! The requests of the package's scripts to systemd, where it runs. A stand-in takes what systemctl takes of them, refuses the rest as it does, and writes it down: the page's
//! roots have no systemd, so the scripts ask nothing of it there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::root::Root;
use crate::dist::{Made, text};

/// The words of systemctl(1) that the scripts may use; a unit that is not installed is an error of its own.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "systemctl $*" >> /root/asked
case "$*" in
daemon-reload) ;;
"try-restart moncompte.service" | "--no-reload disable --now moncompte.service")
    if [ ! -f /usr/lib/systemd/system/moncompte.service ]; then
        echo "Unit moncompte.service not found." >&2
        exit 5
    fi ;;
*) echo "Unknown command verb $1." >&2; exit 1 ;;
esac
"#;
const UNIT: &str = "usr/lib/systemd/system/moncompte.service";
const RELOAD: &str = "systemctl daemon-reload";
const USERS: &str = "systemd-sysusers moncompte.conf";
const FOLDERS: &str = "systemd-tmpfiles --create moncompte.conf";

/// Each call of dpkg's (deb-policy §6.5), and what it asks of a system that systemd runs.
const CALLS: [(&str, &[&str]); 8] = [
    ("postinst configure", &[USERS, FOLDERS, RELOAD]),
    ("postinst configure 0.1.0-1", &[USERS, FOLDERS, RELOAD, "systemctl try-restart moncompte.service"]),
    ("postinst abort-upgrade 0.1.0-2", &[]),
    ("prerm upgrade 0.1.0-2", &[]),
    ("prerm remove", &["systemctl --no-reload disable --now moncompte.service"]),
    ("postrm upgrade 0.1.0-2", &[RELOAD]),
    ("postrm remove", &[RELOAD]),
    ("postrm purge", &[RELOAD]),
];

/// Runs each script as dpkg does, with systemd and without.
pub(super) fn check(made: &Made) -> Result<()> {
    let root = Root::new(&["ls"])?;
    text(Command::new("dpkg-deb").arg("--control").arg(&made.package).arg(root.path("root/control")))?;
    fs::create_dir_all(root.path("etc/moncompte"))?;
    for (name, script) in [
        ("systemctl", SYSTEMCTL),
        ("systemd-sysusers", "#!/bin/sh\necho \"systemd-sysusers $*\" >> /root/asked\n"),
        ("systemd-tmpfiles", "#!/bin/sh\necho \"systemd-tmpfiles $*\" >> /root/asked\n"),
    ] {
        let path = format!("usr/bin/{name}");
        root.write(&path, script)?;
        fs::set_permissions(root.path(&path), fs::Permissions::from_mode(0o755))?;
    }
    for runs in [false, true] {
        if runs {
            fs::create_dir_all(root.path("run/systemd/system"))?;
        }
        for (call, asked) in CALLS {
            // The files of the package are there before its scripts, and gone after `postrm remove`.
            let unit = root.path(UNIT);
            if call.starts_with("postrm") {
                let _ = fs::remove_file(&unit);
            } else {
                fs::create_dir_all(unit.parent().context("a file has a folder")?)?;
                fs::write(&unit, "")?;
            }
            root.write("root/asked", "")?;
            root.run(&format!("/root/control/{call}"))?;
            let expected: Vec<&str> =
                asked.iter().copied().filter(|line| runs || !line.starts_with("systemctl")).collect();
            let said = root.read("root/asked")?;
            let said: Vec<&str> = said.lines().collect();
            ensure!(said == expected, "`{call}`, with systemd: {runs}, asks {said:?}, and not {expected:?}");
        }
    }
    Ok(())
}
