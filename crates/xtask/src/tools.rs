//! The programs that steps and tests need: how to find and install them, and what is skipped without them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, cargo};
use crate::{node, postgres, python};

/// The path of the browser without a screen on Debian.
const CHROMIUM_SHELL: &str = "/usr/lib/chromium/chromium-headless-shell";
/// The path of the module on Debian.
const MOD_AUTH_OPENIDC: &str = "/usr/lib/apache2/modules/mod_auth_openidc.so";

/// A program that a step needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// `cargo fmt`
    Rustfmt,
    /// `cargo clippy`
    Clippy,
    /// `systemd-analyze`
    SystemdAnalyze,
    /// `initdb`, `postgres`, `pg_isready`
    Postgres,
    /// Chromium
    Chromium,
    /// Chromium without a screen, which asks for less
    ChromiumShell,
    /// Chromium's WebDriver
    Chromedriver,
    /// Python with the packages of `python.txt`
    Python,
    /// Node with the packages of `package.json`
    Node,
    /// Apache with `mod_auth_openidc`
    Apache,
    /// Patroni, which hands the role of a PostgreSQL primary over
    Patroni,
    /// etcd, where Patroni keeps who is primary
    Etcd,
    /// PgBouncer
    PgBouncer,
    /// The command line of OpenSSL
    Openssl,
    /// `pdftotext`
    Poppler,
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// The C++ compiler that builds libFuzzer
    Cxx,
    /// The build tool of the allocator
    Make,
}

impl Tool {
    /// Returns its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::SystemdAnalyze => "systemd-analyze",
            Self::Postgres => "PostgreSQL",
            Self::Chromium => "Chromium",
            Self::ChromiumShell => "Chromium's headless shell",
            Self::Chromedriver => "ChromeDriver",
            Self::Python => "Python with aiosmtpd and Authlib",
            Self::Node => "Node with openid-client",
            Self::Apache => "Apache with mod_auth_openidc",
            Self::Patroni => "Patroni",
            Self::Etcd => "etcd",
            Self::PgBouncer => "PgBouncer",
            Self::Openssl => "openssl",
            Self::Poppler => "pdftotext",
            Self::Nginx => "nginx",
            Self::Haproxy => "HAProxy",
            Self::Cxx => "g++",
            Self::Make => "make",
        }
    }

    /// Returns what is skipped without it.
    fn needed_for(self) -> &'static str {
        match self {
            Self::Rustfmt => "the check of the format",
            Self::Clippy => "the lints",
            Self::SystemdAnalyze => "the check of the systemd unit, and of the installed package",
            Self::Postgres => "every journey on PostgreSQL",
            Self::Chromium | Self::ChromiumShell | Self::Chromedriver => "the journeys in a browser",
            Self::Python => "mail over a real SMTP server, and the visit of a portal on Authlib",
            Self::Node => "the visits of portals on openid-client and oauth4webapi",
            Self::Apache => "the visit of a portal behind mod_auth_openidc",
            Self::Patroni | Self::Etcd => "the deaths of a primary in a cluster",
            Self::PgBouncer => "the visits of people behind a pooler of connections",
            Self::Openssl => "whatever needs a certificate or a hash made by another tool",
            Self::Poppler => "the letters, read back",
            Self::Nginx => "two nodes behind nginx",
            Self::Haproxy => "the trial of its sample",
            Self::Cxx => "the coverage-guided run of the fuzz targets",
            Self::Make => "whatever builds the program",
        }
    }

    /// Returns the Debian packages that install it.
    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Rustfmt | Self::Clippy => &[],
            Self::SystemdAnalyze => &["systemd"],
            Self::Postgres => &["postgresql"],
            Self::Chromium => &["chromium"],
            // All of one version: the driver starts no browser of another one.
            Self::ChromiumShell => &["chromium", "chromium-driver", "chromium-headless-shell"],
            Self::Chromedriver => &["chromium-driver"],
            Self::Python => &["python3", "python3-venv"],
            Self::Node => &["nodejs", "npm"],
            // Without Debian's `apache2`, which would start a service.
            Self::Apache => &["apache2-bin", "libapache2-mod-auth-openidc"],
            // Its driver of etcd is recommended, not required.
            Self::Patroni => &["patroni", "python3-etcd"],
            Self::Etcd => &["etcd-server"],
            Self::PgBouncer => &["pgbouncer"],
            Self::Openssl => &["openssl"],
            Self::Poppler => &["poppler-utils"],
            Self::Nginx => &["nginx-light"],
            Self::Haproxy => &["haproxy"],
            Self::Cxx => &["g++"],
            Self::Make => &["make"],
        }
    }

    /// Returns the function that makes its folder under `target/`, once its packages are installed.
    fn maker(self) -> Option<fn() -> anyhow::Result<()>> {
        match self {
            Self::Python => Some(python::make),
            Self::Node => Some(node::make),
            _ => None,
        }
    }

    /// Returns its path, if it is installed.
    pub(crate) fn find(self) -> Option<PathBuf> {
        match self {
            Self::Rustfmt => component("fmt"),
            Self::Clippy => component("clippy"),
            Self::SystemdAnalyze => on_path("systemd-analyze"),
            Self::Postgres => postgres::binaries(),
            Self::Chromium => on_path("chromium"),
            // Not the script on the `PATH`, which would stay between the driver and the browser.
            Self::ChromiumShell => Some(PathBuf::from(CHROMIUM_SHELL)).filter(|file| is_program(file)),
            Self::Chromedriver => on_path("chromedriver"),
            Self::Python => python::environment(),
            Self::Node => node::environment(),
            Self::Apache => on_path("apache2").filter(|_| Path::new(MOD_AUTH_OPENIDC).exists()),
            Self::Patroni => on_path("patroni"),
            Self::Etcd => on_path("etcd"),
            Self::PgBouncer => on_path("pgbouncer"),
            Self::Openssl => on_path("openssl"),
            Self::Poppler => on_path("pdftotext"),
            Self::Nginx => on_path("nginx"),
            Self::Haproxy => on_path("haproxy"),
            Self::Cxx => on_path("c++"),
            Self::Make => on_path("make"),
        }
    }
}

/// Installs the missing tools of `needed` where that is possible, and returns those that are still missing, each with one sentence about the
/// consequence.
pub(crate) fn install_missing(needed: &BTreeSet<Tool>) -> Vec<(Tool, String)> {
    let missing = |tool: &Tool| tool.find().is_none();
    let first: Vec<Tool> = needed.iter().copied().filter(missing).collect();
    if first.is_empty() {
        return Vec::new();
    }
    let obstacle = install(&first).err().map(|cause| format!("{cause:#}"));
    let why = obstacle.unwrap_or_else(|| "installing it did not help".into());
    let still = first.into_iter().filter(missing);
    still
        .map(|tool| {
            let (name, cost) = (tool.name(), tool.needed_for());
            (tool, format!("{name} is missing ({why}); not done because of it: {cost}"))
        })
        .collect()
}

fn install(tools: &[Tool]) -> anyhow::Result<()> {
    let components = tools.iter().filter(|tool| matches!(tool, Tool::Rustfmt | Tool::Clippy));
    for component in components {
        shell::run(Command::new("rustup").args(["component", "add", component.name()]))?;
    }
    // Python and Node may be installed and lack only packages of pip and npm, which need no root.
    let made = |tool: &&Tool| tool.maker().is_some_and(|make| make().is_ok());
    let lacking: Vec<Tool> = tools.iter().filter(|tool| !made(tool)).copied().collect();
    let installed = install_packages(lacking.iter());
    // Each is tried, even if another one's package could not be installed.
    let makers = lacking.iter().filter_map(|tool| tool.maker());
    let made: Vec<anyhow::Result<()>> = makers.map(|make| make()).collect();
    installed.and(made.into_iter().collect())
}

fn install_packages<'a>(tools: impl Iterator<Item = &'a Tool>) -> anyhow::Result<()> {
    let packages: Vec<&str> = tools.flat_map(|tool| tool.packages()).copied().collect();
    if packages.is_empty() {
        return Ok(());
    }
    anyhow::ensure!(rustix::process::geteuid().is_root(), "not root, so it cannot be installed from here");
    let apt = on_path("apt-get").ok_or_else(|| anyhow::anyhow!("there is no apt-get to install it with"))?;
    let apt_get = |args: &[&str]| {
        let mut command = Command::new(&apt);
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-q", "-o", "DPkg::Lock::Timeout=300"])
            .args(args);
        shell::run(&mut command)
    };
    apt_get(&["update"])?;
    let install = ["install", "-y", "--no-install-recommends"];
    let all: Vec<&str> = install.into_iter().chain(packages.iter().copied()).collect();
    // One retry, for a flaky mirror; then one by one, so that one bad package does not block the others.
    if apt_get(&all).or_else(|_| apt_get(&all)).is_ok() {
        return Ok(());
    }
    let each: Vec<anyhow::Result<()>> =
        packages.iter().map(|package| apt_get(&[install.as_slice(), &[package]].concat())).collect();
    each.into_iter().collect()
}

/// Returns the path of a program on the `PATH` or in Debian's system folders.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = shell::variable("PATH").unwrap_or_default();
    let system = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(program))
        .find(|file| is_program(file))
}

/// Returns true for a file that may be executed.
pub(crate) fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Returns the path of a cargo subcommand, if this toolchain has it.
pub(crate) fn component(name: &str) -> Option<PathBuf> {
    shell::succeeds(&mut cargo([name, "--version"])).then(|| PathBuf::from(format!("cargo-{name}")))
}
