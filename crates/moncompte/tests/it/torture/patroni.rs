//! A cluster of two PostgreSQL servers that Patroni runs over etcd: one takes writes, the other one is its synchronous standby. Everything is in a temporary
//! folder, on free ports, and never root's.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use crate::place::{Running, eventually, free_port, secret_file, signal};

/// The password of the superuser and of the standby.
const PASSWORD: &str = "a-password-of-this-test";

/// The programs, by their paths.
pub struct Programs {
    patroni: PathBuf,
    etcd: PathBuf,
    postgres: PathBuf,
}

impl Programs {
    /// Returns Debian's; `None`, after a line that says why, without `TEST_PATRONI` and `TEST_ETCD`.
    pub fn find() -> Option<Self> {
        let told = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let (Some(patroni), Some(etcd)) = (told("TEST_PATRONI"), told("TEST_ETCD")) else {
            println!(
                "skipped: no Patroni here (TEST_PATRONI, TEST_ETCD, which `cargo xtask test --deep` sets)"
            );
            return None;
        };
        let versions = fs::read_dir("/usr/lib/postgresql").unwrap().flatten().map(|entry| entry.path());
        let newest = versions.max_by_key(|path| {
            path.file_name().unwrap().to_string_lossy().parse::<u32>().unwrap_or_default()
        });
        Some(Self { patroni, etcd, postgres: newest.unwrap().join("bin") })
    }
}

/// A cluster. It ends with the test.
pub struct Cluster {
    /// The address that lists both servers.
    pub address: String,
    members: [Member; 2],
    programs: Programs,
    client: reqwest::Client,
    _etcd: Running,
    _folder: tempfile::TempDir,
}

struct Member {
    folder: PathBuf,
    api: u16,
    patroni: Option<Running>,
}

impl Member {
    fn config(&self) -> PathBuf {
        self.folder.join("patroni.json")
    }

    /// The process of its server, if there is one.
    fn server(&self) -> Option<u32> {
        let text = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        let id: u32 = text.lines().next()?.parse().ok()?;
        Path::new(&format!("/proc/{id}")).exists().then_some(id)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for member in &mut self.members {
            drop(member.patroni.take());
            if let Some(server) = member.server() {
                // The server may end by itself meanwhile.
                let _ = Command::new("kill").args(["-QUIT", &server.to_string()]).status();
            }
        }
    }
}

impl Cluster {
    /// Starts one and waits for its synchronous standby.
    pub async fn start(programs: Programs) -> Self {
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        let [etcd_port, peer] = [free_port(), free_port()];
        let [client, other] = [etcd_port, peer].map(|port| format!("http://127.0.0.1:{port}"));
        let mut etcd = as_postgres(&programs.etcd);
        etcd.arg("--data-dir").arg(folder.path().join("etcd")).args([
            "--unsafe-no-fsync",
            "--log-level",
            "error",
        ]);
        etcd.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
        etcd.args(["--listen-peer-urls", &other, "--initial-advertise-peer-urls", &other]);
        etcd.args(["--initial-cluster", &format!("default={other}")]);
        let etcd = Running::start(etcd);
        let ports = [free_port(), free_port()];
        let members = ["one", "two"].map(|name| {
            let folder = folder.path().join(name);
            fs::create_dir(&folder).unwrap();
            own(&folder);
            Member { folder, api: free_port(), patroni: None }
        });
        for (member, port) in members.iter().zip(ports) {
            let config = config(member, port, etcd_port, &programs.postgres);
            secret_file(&member.config(), &config.to_string());
            own(&member.config());
        }
        let address =
            format!("postgres://postgres:{PASSWORD}@127.0.0.1:{},127.0.0.1:{}/postgres", ports[0], ports[1]);
        let client = reqwest::Client::builder().timeout(std::time::Duration::from_secs(2)).build().unwrap();
        let mut cluster = Self { address, members, programs, client, _etcd: etcd, _folder: folder };
        for member in 0..2 {
            cluster.run(member);
        }
        cluster.whole().await;
        cluster
    }

    /// Starts Patroni on a machine.
    fn run(&mut self, member: usize) {
        let mut command = as_postgres(&self.programs.patroni);
        command.arg(self.members[member].config());
        self.members[member].patroni = Some(Running::start(command));
    }

    /// Waits until one server takes writes and the other one is its synchronous standby; returns the first.
    pub async fn whole(&self) -> usize {
        eventually("a primary and its synchronous standby", async || {
            for first in 0..2 {
                if self.is(first, "primary").await && self.is(1 - first, "sync").await {
                    return Some(first);
                }
            }
            None
        })
        .await
    }

    /// Waits until this server takes writes.
    pub async fn promoted(&self, member: usize) {
        eventually("a promotion", async || self.is(member, "primary").await.then_some(())).await;
    }

    async fn is(&self, member: usize, role: &str) -> bool {
        let asked = self.client.get(format!("http://127.0.0.1:{}/{role}", self.members[member].api));
        asked.send().await.is_ok_and(|answer| answer.status().is_success())
    }

    /// Kills a server by SIGKILL; Patroni, which lives on, hands its role over.
    pub fn kill_server(&self, member: usize) {
        signal(self.members[member].server().expect("a server"), "KILL");
    }

    /// Kills a server and its Patroni, as when a machine dies: the other one waits until the lease has ended.
    pub fn kill_machine(&mut self, member: usize) {
        self.members[member].patroni.take().expect("a Patroni").kill();
        self.kill_server(member);
    }

    /// Starts the machine again, if it was killed.
    pub fn mend(&mut self, member: usize) {
        if self.members[member].patroni.is_none() {
            self.run(member);
        }
    }
}

/// The configuration of a member, in JSON, which YAML includes.
fn config(member: &Member, port: u16, etcd: u16, binaries: &Path) -> serde_json::Value {
    let folder = member.folder.display();
    let login = |name: &str| json!({ "username": name, "password": PASSWORD });
    json!({
        "scope": "moncompte",
        "name": member.folder.file_name().unwrap().to_string_lossy(),
        "restapi": {
            "listen": format!("127.0.0.1:{}", member.api),
            "connect_address": format!("127.0.0.1:{}", member.api),
        },
        "etcd3": { "host": format!("127.0.0.1:{etcd}") },
        "bootstrap": {
            "dcs": {
                // A dead machine is told by its lease: 20 s are the least that Patroni recommends.
                "ttl": 20, "loop_wait": 1, "retry_timeout": 3,
                // A server that died is not waited for: the standby takes over.
                "primary_start_timeout": 0,
                "synchronous_mode": true,
                "postgresql": {
                    "use_pg_rewind": true,
                    "parameters": { "max_connections": 80, "wal_log_hints": "on" },
                },
            },
            "initdb": [{ "encoding": "UTF8" }, { "locale": "C.UTF-8" }, "data-checksums"],
        },
        "postgresql": {
            "listen": format!("127.0.0.1:{port}"),
            "connect_address": format!("127.0.0.1:{port}"),
            "data_dir": format!("{folder}/data"),
            "bin_dir": binaries.display().to_string(),
            "pgpass": format!("{folder}/pgpass"),
            "pg_hba": ["host all all 127.0.0.1/32 md5", "host replication all 127.0.0.1/32 md5", "local all all trust"],
            "authentication": {
                "superuser": login("postgres"), "replication": login("replicator"), "rewind": login("postgres"),
            },
            // Only processes are killed here, never the machine: what is written survives without a wait for the disk.
            "parameters": { "unix_socket_directories": folder.to_string(), "fsync": "off", "shared_buffers": "32MB" },
        },
    })
}

/// The user that runs PostgreSQL if we are root.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let line =
        accounts.lines().find(|line| line.starts_with("postgres:")).expect("the user of Debian's package");
    let mut ids = line.split(':').skip(2).map(|id| id.parse().unwrap());
    Some((ids.next().unwrap(), ids.next().unwrap()))
}

/// Gives a file or folder to that user.
pub fn own(path: &Path) {
    if let Some((uid, gid)) = user() {
        chown(path, Some(uid), Some(gid)).unwrap();
    }
}

/// Returns a command that runs as that user, and ends when this process does.
pub fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    if let Some((uid, gid)) = user() {
        command.args([format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".into()]);
    }
    command.args(["--pdeathsig", "TERM"]).arg(program).stdin(Stdio::null()).current_dir("/");
    command
}
