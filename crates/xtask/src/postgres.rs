//! A PostgreSQL cluster for a whole run: made in a temporary folder, never as root, removed at the end.
//!
//! Durability and autovacuum are off, since the databases are thrown away, except for measurements. Each test makes its own database in it.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::shell;
use crate::tools::{is_program, on_path};

const START: Duration = Duration::from_secs(60);
const ATTEMPTS: usize = 3;

/// Returns the folder of PostgreSQL's binaries: Debian's newest, or the one on the `PATH`.
pub(crate) fn binaries() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| {
            ["initdb", "postgres", "pg_isready"].iter().all(|name| is_program(&bin.join(name)))
        })
        .collect();
    versions.sort();
    versions.pop().map(|(_, bin)| bin).or_else(|| on_path("initdb")?.parent().map(Path::to_path_buf))
}

/// A running cluster; dropping it stops the server and removes its folder.
pub(crate) struct Cluster {
    url: String,
    // Declared before the folder, since fields are dropped in this order.
    server: Server,
    folder: TempDir,
}

struct Server(Option<Child>);

/// The purpose of a cluster.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Tests: durability is off, and the server ends with this process.
    Tests,
    /// Tests to be inspected afterwards: the server does not end with this process.
    Afterwards,
    /// Measurements: durability is on, as in production.
    Measurements,
}

impl Cluster {
    /// Makes a cluster and waits until it answers.
    pub(crate) fn start(purpose: Purpose) -> Result<Self> {
        let bin = binaries().context("PostgreSQL is not installed")?;
        let user = User::for_server()?;
        let folder = tempfile::Builder::new().prefix("moncompte-postgres-").tempdir()?;
        let password = random_password()?;
        let password_file = folder.path().join("password");
        fs::write(&password_file, &password)?;
        fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600))?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
            chown(&password_file, Some(user.uid), Some(user.gid))?;
        }
        initialise(&bin, user.as_ref(), folder.path(), &password_file)?;
        for _ in 0..ATTEMPTS {
            let port = free_port()?;
            let server = Server(Some(spawn(&bin, user.as_ref(), folder.path(), port, purpose)?));
            if let Some(server) = answering(server, &bin, port)? {
                let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
                return Ok(Self { url, server, folder });
            }
        }
        let log = fs::read_to_string(folder.path().join("server.log")).unwrap_or_default();
        bail!("PostgreSQL does not start; its log says:\n{log}");
    }

    /// Returns the address of the maintenance database, as a superuser.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Leaves the server running and its folder in place; returns how to remove both.
    pub(crate) fn leave(mut self) -> String {
        let folder = self.folder.keep();
        let process = self.server.0.take().map(|child| child.id()).unwrap_or_default();
        format!(
            "PostgreSQL stays: TEST_POSTGRES_URL={}\nto end it: kill {process}; rm -r {}",
            self.url,
            folder.display()
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut child) = self.0.take() else { return };
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        // SIGQUIT is PostgreSQL's immediate shutdown, which also stops its child processes.
        let told = pid.is_some_and(|pid| kill_process(pid, Signal::QUIT).is_ok());
        if !told {
            let _ = child.kill();
        }
        let _ = child.wait();
    }
}

fn initialise(bin: &Path, user: Option<&User>, folder: &Path, password_file: &Path) -> Result<()> {
    let mut initdb = as_user(&bin.join("initdb"), user, None);
    initdb.args([
        "--username=postgres",
        // Not SCRAM, which lets each of some thousand connections hash four thousand times; the password is random and lives as long as the cluster.
        "--auth=md5",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    initdb.arg("--pwfile").arg(password_file).arg("--pgdata").arg(folder.join("data")).current_dir(folder);
    let made = shell::capture(&mut initdb)?;
    if !made.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    }
    Ok(())
}

fn spawn(bin: &Path, user: Option<&User>, folder: &Path, port: u16, purpose: Purpose) -> Result<Child> {
    let log = fs::File::create(folder.join("server.log"))?;
    // SIGQUIT even if this process is killed with -9.
    let ends = purpose != Purpose::Afterwards;
    let mut server = as_user(&bin.join("postgres"), user, ends.then_some("QUIT"));
    server.arg("-D").arg(folder.join("data")).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
    // Nor is it worth while to tidy up in hundreds of small databases, of which each lives for seconds.
    let forgetful = ["fsync=off", "full_page_writes=off", "autovacuum=off"];
    let forgetful = if purpose == Purpose::Measurements { &[][..] } else { &forgetful };
    for setting in ["max_connections=200", "log_min_messages=warning"].iter().chain(forgetful) {
        server.args(["-c", setting]);
    }
    server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).current_dir(folder).process_group(0);
    server.spawn().context("cannot start postgres")
}

/// Waits until the server answers on its port; returns `None` if it ended, e.g. because the port was taken meanwhile.
fn answering(mut server: Server, bin: &Path, port: u16) -> Result<Option<Server>> {
    let answers = shell::poll(START, || {
        let ended = server.0.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
        let mut ask = Command::new(bin.join("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
        Ok(if ended { Some(false) } else { shell::succeeds(&mut ask).then_some(true) })
    })?;
    match answers {
        Some(true) => Ok(Some(server)),
        Some(false) => Ok(None),
        None => bail!("PostgreSQL did not answer within {} s", START.as_secs()),
    }
}

/// The user that runs the server if we are root, since PostgreSQL refuses to run as root.
struct User {
    uid: u32,
    gid: u32,
}

impl User {
    fn for_server() -> Result<Option<Self>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
        let user = ["postgres", "nobody"].iter().find_map(|name| Self::in_passwd(&accounts, name));
        user.map(Some).context("no user `postgres` or `nobody` to run PostgreSQL as")
    }

    fn in_passwd(accounts: &str, name: &str) -> Option<Self> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some(Self { uid: ids.next()?.ok()?, gid: ids.next()?.ok()? })
    }
}

/// Returns a command that runs as that user, and gets a signal when this process dies, if the system has `setpriv` (any Linux).
fn as_user(program: &Path, user: Option<&User>, at_our_end: Option<&str>) -> Command {
    let Some(setpriv) = on_path("setpriv") else {
        return Command::new(program);
    };
    if user.is_none() && at_our_end.is_none() {
        return Command::new(program);
    }
    let mut command = Command::new(setpriv);
    if let Some(User { uid, gid }) = user {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
    }
    if let Some(signal) = at_our_end {
        command.args(["--pdeathsig", signal]);
    }
    command.arg(program);
    command
}

fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_user_is_found_by_its_whole_name() {
        let accounts =
            "root:x:0:0::/root:/bin/sh\npostgres2:x:1:1::/:/x\npostgres:x:105:110::/var:/bin/bash\n";
        let user = User::in_passwd(accounts, "postgres").unwrap();
        assert_eq!((user.uid, user.gid), (105, 110));
        assert!(User::in_passwd(accounts, "nobody").is_none());
    }
}
