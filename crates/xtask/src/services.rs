//! The services and tools that tests need, as the environment variables that they (and nothing else) read.

use std::ffi::OsString;

use anyhow::Result;

use crate::interrupt;
use crate::postgres::{Cluster, Purpose};
use crate::shell;
use crate::tools::{Tool, install_missing};

/// The tools that tests use.
pub(crate) const TOOLS: [Tool; 9] = [
    Tool::Postgres,
    Tool::Chromium,
    Tool::ChromiumShell,
    Tool::Chromedriver,
    Tool::Python,
    Tool::Node,
    Tool::Apache,
    Tool::Openssl,
    Tool::Poppler,
];
/// The tools that only tests of `--deep` use.
pub(crate) const DEEP: [Tool; 3] = [Tool::Patroni, Tool::Etcd, Tool::PgBouncer];
/// The tools that only browser tests use.
pub(crate) const BROWSER: [Tool; 3] = [Tool::Chromium, Tool::ChromiumShell, Tool::Chromedriver];

/// Returns the variables of what is installed; a test reports what it misses. Without a cluster, and without one in our own environment, PostgreSQL is left out.
pub(crate) fn variables(cluster: Option<&Cluster>, browser: bool) -> Vec<(&'static str, OsString)> {
    let path = |name, tool: Tool| tool.find().map(|file| (name, file.into_os_string()));
    let all = [
        ("TEST_CHROMIUM", Tool::Chromium),
        ("TEST_CHROMIUM_SHELL", Tool::ChromiumShell),
        ("TEST_CHROMEDRIVER", Tool::Chromedriver),
    ];
    let browser = browser.then_some(all);
    let postgres = match cluster {
        Some(cluster) => Some(("TEST_POSTGRES_URL", OsString::from(cluster.url()))),
        None if shell::variable("TEST_POSTGRES_URL").is_some() => None,
        None => Some(("MONCOMPTE_SKIP_POSTGRES", "1".into())),
    };
    let browser = browser.into_iter().flatten().filter_map(|(name, tool)| path(name, tool));
    let others = [
        ("TEST_PYTHON", Tool::Python),
        ("TEST_NODE", Tool::Node),
        ("TEST_APACHE", Tool::Apache),
        ("TEST_PATRONI", Tool::Patroni),
        ("TEST_ETCD", Tool::Etcd),
        ("TEST_PGBOUNCER", Tool::PgBouncer),
    ];
    let others = others.into_iter().filter_map(|(name, tool)| path(name, tool));
    postgres.into_iter().chain(browser).chain(others).collect()
}

/// Runs `cargo xtask services`: starts them, prints the export lines and waits for Ctrl-C.
pub(crate) fn run() -> Result<()> {
    for (_, cost) in install_missing(&TOOLS.into()) {
        eprintln!("{cost}");
    }
    let cluster = Cluster::start(Purpose::Tests)?;
    for (name, value) in variables(Some(&cluster), true) {
        println!("export {name}='{}'", value.to_string_lossy());
    }
    eprintln!("Paste these lines into another terminal; Ctrl-C here ends PostgreSQL and removes its folder.");
    interrupt::wait();
    Ok(())
}
