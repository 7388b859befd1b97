//! A trial of the samples of nginx and HAProxy before stand-in nodes, by `deploy/proxy/try.py`, which lists what it demands.

use std::process::Command;

use anyhow::{Context, Result};

use crate::report::Outcome;
use crate::shell;
use crate::tools::{Tool, on_path};

/// Tries each that is installed.
pub(crate) fn check() -> Result<Outcome> {
    let python = on_path("python3").context("there is no python3")?;
    let mut tried = Vec::new();
    for (tool, name) in [(Tool::Nginx, "nginx"), (Tool::Haproxy, "haproxy")] {
        if let Some(program) = tool.find() {
            shell::run(Command::new(&python).arg("deploy/proxy/try.py").arg(name).arg(program))?;
            tried.push(name);
        }
    }
    Ok(match tried[..] {
        [] => Outcome::Skipped("neither nginx nor HAProxy is installed: their samples are not tried".into()),
        _ => Outcome::Passed(tried.join(", ")),
    })
}
