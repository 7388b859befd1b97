//! The steps of `cargo xtask test`, in order: cheap ones first.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::postgres::{Cluster, Purpose};
use crate::report::{Outcome, Row, table};
use crate::tools::{Tool, install_missing};
use crate::{
    TestArgs, checks, demo, dependencies, fuzz, interrupt, package, proxy, readme, rootfs, sabotage,
    services, shell, torture, unit,
};

/// A step of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Installs what the other steps need
    Tools,
    /// Compares the README's commands with those that run here
    Readme,
    /// Checks the formatting
    Format,
    /// Checks that there is one crypto library, and no OpenSSL
    Crypto,
    /// Checks that every declared dependency is used
    Dependencies,
    /// Checks licences, bans and sources by cargo-deny, if installed
    Deny,
    /// Checks the systemd unit
    Unit,
    /// Compiles everything once, tests included; warnings of the compiler and of clippy are errors
    Build,
    /// Runs all tests, on SQLite and PostgreSQL
    Test,
    /// Runs each fuzz target for a few seconds (`--deep`)
    Fuzz,
    /// Removes one guard after the other, and demands that tests fail (`--deep`)
    Sabotage,
    /// Kills the program at every point of every writing path (`--deep`)
    Torture,
    /// Puts the samples of nginx and HAProxy before stand-in nodes (`--deep`)
    Proxy,
    /// Runs the README's demo command, from start to SIGTERM
    Demo,
    /// Starts the program in the container's file system
    Rootfs,
    /// Makes a release of the built program, and runs docs/operate/install.md on its package
    Package,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Readme => "readme",
            Self::Format => "format",
            Self::Crypto => "crypto",
            Self::Dependencies => "dependencies",
            Self::Deny => "deny",
            Self::Unit => "unit",
            Self::Build => "build",
            Self::Test => "test",
            Self::Fuzz => "fuzz",
            Self::Sabotage => "sabotage",
            Self::Torture => "torture",
            Self::Proxy => "proxy",
            Self::Demo => "demo",
            Self::Rootfs => "rootfs",
            Self::Package => "package",
        }
    }

    fn needs(self, browser: bool, deep: bool) -> Vec<Tool> {
        match self {
            Self::Format => vec![Tool::Rustfmt],
            Self::Build => vec![Tool::Clippy, Tool::Make],
            Self::Unit => vec![Tool::SystemdAnalyze],
            Self::Fuzz => vec![Tool::Cxx],
            // Their installation starts a service, where services are started: not on a developer's machine.
            Self::Package | Self::Proxy if Path::new("/run/systemd/system").exists() => vec![Tool::Openssl],
            Self::Package => vec![Tool::SystemdAnalyze, Tool::Postgres, Tool::Openssl, Tool::Nginx],
            Self::Proxy => vec![Tool::Openssl, Tool::Nginx, Tool::Haproxy],
            Self::Test => services::TOOLS
                .into_iter()
                .filter(|tool| browser || !services::BROWSER.contains(tool))
                .chain(services::DEEP.into_iter().filter(|_| deep))
                .collect(),
            Self::Tools
            | Self::Readme
            | Self::Crypto
            | Self::Dependencies
            | Self::Deny
            | Self::Demo
            | Self::Sabotage
            | Self::Torture
            | Self::Rootfs => Vec::new(),
        }
    }

    /// Returns true if the step takes longer than a change should wait: `--deep` runs it, or its name.
    fn is_deep(self) -> bool {
        matches!(self, Self::Fuzz | Self::Sabotage | Self::Torture | Self::Proxy)
    }

    /// Returns true if the step is pointless after a failed build.
    fn needs_build(self) -> bool {
        matches!(
            self,
            Self::Test
                | Self::Fuzz
                | Self::Sabotage
                | Self::Torture
                | Self::Demo
                | Self::Rootfs
                | Self::Package
        )
    }
}

/// Runs the steps and prints the summary; an error if one of them failed.
pub(crate) fn run(args: &TestArgs) -> Result<()> {
    let chosen = |step: &Step| match args.only.is_empty() {
        true => args.deep || !step.is_deep(),
        false => args.only.contains(step) || *step == Step::Tools,
    };
    let steps: Vec<Step> = Step::value_variants().iter().copied().filter(chosen).collect();
    let mut rows: Vec<Row> = Vec::new();
    for step in &steps {
        println!("\n── {} ──", step.name());
        let (start, cpu) = (shell::now(), shell::cpu_of_children());
        let built = !rows.iter().any(|row| row.step == Step::Build.name() && row.outcome.is_failure());
        let outcome = if built || !step.needs_build() {
            take(*step, &steps, args).unwrap_or_else(|cause| Outcome::Failed(format!("{cause:#}")))
        } else {
            Outcome::Skipped("the build failed".into())
        };
        if let Outcome::Failed(why) | Outcome::Skipped(why) = &outcome {
            println!("{why}");
        }
        rows.push(Row {
            step: step.name(),
            took: start.elapsed(),
            cpu: shell::cpu_of_children().saturating_sub(cpu),
            outcome,
        });
        if interrupt::check().is_err() {
            break;
        }
    }
    print!("{}", table(&rows));
    interrupt::check()?;
    let failed: Vec<&str> = rows.iter().filter(|row| row.outcome.is_failure()).map(|row| row.step).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn take(step: Step, steps: &[Step], args: &TestArgs) -> Result<Outcome> {
    match step {
        Step::Tools => Ok(tools(steps, args)),
        Step::Readme => readme::check(),
        Step::Format => where_found(Tool::Rustfmt, checks::format),
        Step::Crypto => checks::crypto(),
        Step::Dependencies => dependencies::check(),
        Step::Deny => checks::deny(),
        Step::Unit => where_found(Tool::SystemdAnalyze, unit::check),
        Step::Build => checks::build(),
        Step::Test => test(args),
        Step::Fuzz => where_found(Tool::Cxx, fuzz::short_run),
        Step::Sabotage => sabotage::everything(),
        Step::Torture => torture::every_point(),
        Step::Proxy => proxy::check(),
        Step::Demo => demo::check(),
        Step::Rootfs => rootfs::check(),
        Step::Package => package::check(),
    }
}

fn tools(steps: &[Step], args: &TestArgs) -> Outcome {
    let needed: BTreeSet<Tool> =
        steps.iter().flat_map(|step| step.needs(!args.skip_browser, args.deep)).collect();
    let missing: Vec<String> = install_missing(&needed).into_iter().map(|(_, cost)| cost).collect();
    if missing.is_empty() {
        return Outcome::passed();
    }
    let missing = missing.join("; ");
    if args.require_all { Outcome::Failed(missing) } else { Outcome::Skipped(missing) }
}

fn where_found(tool: Tool, check: fn() -> Result<Outcome>) -> Result<Outcome> {
    if tool.find().is_some() { check() } else { Ok(Outcome::Skipped(format!("{} is missing", tool.name()))) }
}

fn test(args: &TestArgs) -> Result<Outcome> {
    let purpose = if args.keep_postgres { Purpose::Afterwards } else { Purpose::Tests };
    let cluster = Tool::Postgres.find().map(|_| Cluster::start(purpose)).transpose()?;
    let outcome = checks::test(&services::variables(cluster.as_ref(), !args.skip_browser), args.deep);
    if let Some(cluster) = cluster.filter(|_| args.keep_postgres) {
        println!("{}", cluster.leave());
    }
    outcome
}
