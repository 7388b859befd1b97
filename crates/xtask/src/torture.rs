//! The random schedules and crash points of `crates/moncompte/tests/it/torture`: for any length of time, and completely; the result is printed in quotable
//! sentences.

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::Result;
use clap::Args;

use crate::postgres::{Cluster, Purpose};
use crate::report::Outcome;
use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, install_missing};

/// The options of `cargo xtask torture`.
#[derive(Args)]
pub(crate) struct TortureArgs {
    /// Minutes for which people live and nodes die, on each database
    #[arg(long, value_name = "N", default_value_t = 5)]
    minutes: u32,
    /// Seed of the schedule: the same seed repeats the same failures; random by default
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Instead: kills the program once at every point of every writing path
    #[arg(long, conflicts_with_all = ["minutes", "seed"])]
    points: bool,
}

/// Kills the program once at every point of every writing path, on each database.
pub(crate) fn every_point() -> Result<Outcome> {
    command(&TortureArgs { minutes: 0, seed: None, points: true })?;
    Ok(Outcome::passed())
}

/// Runs `cargo xtask torture`: on SQLite and, if installed, on PostgreSQL, both at once.
pub(crate) fn command(args: &TortureArgs) -> Result<()> {
    for (_, cost) in install_missing(&[Tool::Postgres].into()) {
        eprintln!("{cost}");
    }
    let cluster = Tool::Postgres.find().map(|_| Cluster::start(Purpose::Tests)).transpose()?;
    let mut tests = cargo(["test", "--package", "moncompte", "--test", "it"]);
    tests.envs(services::variables(cluster.as_ref(), false));
    if args.points {
        tests.arg("torture::crash").env("CRASH_POINTS", "all");
    } else {
        // The standard library's randomness suffices to choose a schedule.
        let seed = args.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("seed {seed}, {} minutes on each database", args.minutes);
        tests.arg("torture::whatever");
        tests.env("TORTURE_MINUTES", args.minutes.to_string()).env("TORTURE_SEED", seed.to_string());
    }
    tests.args(["--", "--nocapture", "--test-threads=2"]);
    shell::run(&mut tests)
}
