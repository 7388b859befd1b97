//! A root of its own, as of a new Debian machine: what the commands of the page need, and dpkg's list of packages. Everything runs in it by chroot.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::unit::{Unit, variables};
use crate::dist::text;
use crate::interrupt::{self, InterruptGuard};
use crate::shell;
use crate::tools::on_path;

/// The programs that the page calls.
const PROGRAMS: [&str; 5] = ["sh", "runuser", "install", "rm", "openssl"];
/// The packages that this one depends on. This machine's own entries stand in dpkg's list, so that it compares versions that are real.
const DEPENDENCIES: [&str; 4] = ["libc6", "libgcc-s1", "systemd", "ca-certificates"];
/// runuser(1) asks PAM, which lets root be anybody.
const PAM: &str =
    "auth sufficient pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n";
const UNIT: &str = "usr/lib/systemd/system/moncompte.service";
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine.
pub(super) struct Root {
    folder: TempDir,
    running: Vec<Running>,
}

impl Root {
    /// Lays out a root with these programs too.
    pub(super) fn new(programs: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("moncompte-root-").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let root = Self { folder, running: Vec::new() };
        for name in ["bin", "sbin", "lib", "lib64"] {
            fs::create_dir_all(root.path("usr").join(name))?;
            symlink(Path::new("usr").join(name), root.path(name))?;
        }
        for path in [
            "dev",
            "etc/pam.d",
            "etc/ssl/certs",
            "root",
            "run",
            "var/log",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
        ] {
            fs::create_dir_all(root.path(path))?;
        }
        fs::create_dir(root.path("tmp"))?;
        fs::set_permissions(root.path("tmp"), fs::Permissions::from_mode(0o1777))?;
        root.write("dev/null", "")?;
        root.write("etc/pam.d/runuser", PAM)?;
        root.write(
            "etc/passwd",
            "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n",
        )?;
        root.write("etc/group", "root:x:0:\nwww-data:x:33:\n")?;
        root.write("etc/hosts", "127.0.0.1 localhost\n")?;
        let known = text(Command::new("dpkg").arg("--status").args(DEPENDENCIES))?;
        root.write("var/lib/dpkg/status", &(known + "\n"))?;
        root.bring(Path::new("/etc/ssl/certs/ca-certificates.crt"))?;
        root.bring(Path::new("/usr/lib/ssl/openssl.cnf"))?;
        let find = |name: &&str| on_path(name).with_context(|| format!("there is no {name}"));
        let found: Vec<PathBuf> = PROGRAMS.iter().chain(programs).map(find).collect::<Result<_>>()?;
        for program in &found {
            root.bring(program)?;
        }
        root.bring_libraries(&found)?;
        Ok(root)
    }

    /// Returns a path below it, which begins without a slash.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(super) fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.path(path), text).with_context(|| format!("cannot write {path}"))
    }

    pub(super) fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.path(path)).with_context(|| format!("cannot read {path}"))
    }

    /// Puts settings, a line each, in place of those that stand in a configuration, commented or not.
    pub(super) fn set(&self, file: &str, settings: &str) -> Result<()> {
        let mut text = self.read(file)?;
        for line in settings.lines() {
            let key = line.split_once(" = ").map_or(line, |(key, _)| key);
            let is_it = |found: &&str| found.trim_start_matches("# ").starts_with(&format!("{key} = "));
            let old =
                text.lines().find(is_it).with_context(|| format!("the sample has no {key}"))?.to_owned();
            text = text.replacen(&format!("\n{old}\n"), &format!("\n{line}\n"), 1);
        }
        self.write(file, &text)
    }

    /// Copies the libraries that these programs load, and ours, for which the package asks by name.
    fn bring_libraries(&self, programs: &[PathBuf]) -> Result<()> {
        let told = text(Command::new("ldd").args(programs).arg(shell::target().join("debug/moncompte")))?;
        // `/path/of/program:`, and below it `name => /path (address)`.
        for library in told.split_whitespace().filter(|word| word.starts_with('/') && !word.ends_with(':')) {
            let library = Path::new(library);
            self.bring(library)?;
            // Modules of PAM stand beside the C library.
            let module = library.with_file_name("security/pam_permit.so");
            if library.ends_with("libc.so.6") && module.exists() {
                self.bring(&module)?;
            }
        }
        Ok(())
    }

    fn bring(&self, file: &Path) -> Result<()> {
        let to = self.path(file.strip_prefix("/")?);
        if to.exists() {
            return Ok(());
        }
        fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        fs::copy(file, &to).with_context(|| format!("cannot copy {}", file.display())).map(drop)
    }

    /// Runs dpkg on this root; returns all that it says. The package's scripts run on this machine with `DPKG_ROOT`, as where an image is made.
    pub(super) fn dpkg(&self, args: &[&str]) -> Result<String> {
        let mut dpkg = Command::new("dpkg");
        dpkg.arg(format!("--root={}", self.folder.path().display()));
        dpkg.args(["--force-script-chrootless", "--force-unsafe-io", "--log=/dev/null"]).args(args);
        dpkg.env("DEBIAN_FRONTEND", "noninteractive");
        let told = shell::capture(&mut dpkg)?;
        let said = both(&told);
        ensure!(told.status.success(), "`{}` failed:\n{said}", shell::show(&dpkg));
        Ok(said)
    }

    /// Runs a line in a shell of this root, as root; returns what it says. An error if it fails.
    pub(super) fn run(&self, line: &str) -> Result<String> {
        let told = shell::capture(self.chroot(&[]).args(["/bin/sh", "-c", line]))?;
        let said = both(&told);
        ensure!(told.status.success(), "`{line}` failed ({}):\n{said}", told.status);
        Ok(said)
    }

    fn chroot(&self, options: &[String]) -> Command {
        let mut command = Command::new("chroot");
        command.args(options).arg(self.folder.path());
        command.env_clear().env("PATH", "/usr/bin:/usr/sbin").env("LANG", "C.UTF-8");
        command
    }

    /// Returns the command that the unit would run, as its user.
    fn of_unit(&self, choose: fn(Unit) -> Vec<String>) -> Result<Command> {
        let unit = Unit::read(&self.read(UNIT)?)?;
        let users = self.read("etc/passwd")?;
        let own = users.lines().find(|line| line.split(':').next() == Some(&unit.user));
        let ids: Vec<&str> =
            own.with_context(|| format!("there is no user {}", unit.user))?.split(':').collect();
        let [uid, gid] = [ids[2], ids[3]];
        let mut command = self.chroot(&[format!("--userspec={uid}:{gid}"), format!("--groups={gid}")]);
        let file = unit.environment.trim_start_matches('/').to_owned();
        command.args(choose(unit)).envs(variables(&self.read(&file).unwrap_or_default()));
        Ok(command)
    }

    /// Returns the port that this node's own settings name.
    pub(super) fn listens(&self) -> Result<u16> {
        let settings = variables(&self.read("etc/default/moncompte")?);
        let port =
            settings.get("MONCOMPTE_LISTEN").and_then(|address| address.rsplit_once(':')?.1.parse().ok());
        port.context("/etc/default/moncompte names no port")
    }

    /// Does what `systemctl start` would.
    pub(super) fn start(&mut self) -> Result<()> {
        let command = self.of_unit(|unit| unit.start)?;
        self.spawn(command)
    }

    /// Does what `systemctl reload` would; returns what it says.
    pub(super) fn reload(&self) -> Result<String> {
        let told = shell::capture(&mut self.of_unit(|unit| unit.reload)?)?;
        ensure!(told.status.success(), "the reload failed:\n{}", both(&told));
        Ok(both(&told))
    }

    /// Starts a program of this root in the foreground.
    pub(super) fn start_program(&mut self, words: &[&str]) -> Result<()> {
        let mut command = self.chroot(&[]);
        command.args(words);
        self.spawn(command)
    }

    fn spawn(&mut self, mut command: Command) -> Result<()> {
        let log = self.path(format!("run/said-{}", self.running.len()));
        let file = fs::File::create(&log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
        let child = command.spawn().with_context(|| format!("cannot start `{}`", shell::show(&command)))?;
        let reached = interrupt::reach(child.id());
        self.running.push(Running { child, log, _interrupt: reached });
        Ok(())
    }

    /// Asks until there is an answer; an error, with what the programs said, if one has ended or the time is over.
    pub(super) fn wait<T>(&mut self, what: &str, mut ask: impl FnMut() -> Option<T>) -> Result<T> {
        let running = &mut self.running;
        let found = shell::poll(PATIENCE, || {
            for program in &mut *running {
                if let Some(status) = program.child.try_wait()? {
                    bail!("it ended ({status}) before {what}:\n{}", program.said());
                }
            }
            Ok(ask())
        })?;
        found.with_context(|| {
            let said: Vec<String> = self.running.iter().map(Running::said).collect();
            format!("no {what}:\n{}", said.join("\n"))
        })
    }

    /// Ends all that runs by SIGTERM, as `systemctl stop` does; an error unless it ends with success.
    pub(super) fn stop(&mut self) -> Result<()> {
        for mut program in self.running.drain(..) {
            let pid =
                i32::try_from(program.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
            // A second signal ends the seconds in which a node still serves, and says that it is not ready.
            let status = shell::poll(PATIENCE, || {
                let ended = program.child.try_wait()?;
                if ended.is_none() {
                    kill_process(pid, Signal::TERM)?;
                }
                Ok(ended)
            })?;
            let status = status.with_context(|| format!("SIGTERM does not end it:\n{}", program.said()))?;
            ensure!(status.success(), "after SIGTERM it ended with {status}:\n{}", program.said());
        }
        Ok(())
    }

    /// Returns mode and owner of a file, as `0640 root:moncompte`.
    pub(super) fn owner(&self, path: &str) -> Result<String> {
        let meta = fs::symlink_metadata(self.path(path)).with_context(|| format!("there is no /{path}"))?;
        let name = |file: &str, id: u32| -> Result<String> {
            let all = self.read(file)?;
            let of = |line: &str| {
                let parts: Vec<&str> = line.split(':').collect();
                (parts.get(2)?.parse() == Ok(id)).then(|| parts[0].to_owned())
            };
            Ok(all.lines().find_map(of).unwrap_or_else(|| id.to_string()))
        };
        let (user, group) = (name("etc/passwd", meta.uid())?, name("etc/group", meta.gid())?);
        Ok(format!("{:04o} {user}:{group}", meta.mode() & 0o7777))
    }
}

/// A program that runs in a root.
struct Running {
    child: Child,
    log: PathBuf,
    _interrupt: InterruptGuard,
}

impl Running {
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail, harmlessly, if it has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn both(told: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr))
}
