//! The random schedules and the crash points of `crates/moncompte/tests/it/torture`: for as long as one likes, and all of them; what came of it is
//! said in words that can be quoted.

use std::hash::{BuildHasher, Hasher, RandomState};

use anyhow::Result;
use clap::Args;

use crate::postgres::{Cluster, Purpose};
use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, make_ready};

/// What `cargo xtask torture` can be told.
#[derive(Args)]
pub(crate) struct TortureArgs {
    /// People live and nodes die for so long, on each database
    #[arg(long, value_name = "N", default_value_t = 5)]
    minutes: u32,
    /// The seed of the schedule: the same seed throws the same troubles; without it, another one each time
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
    /// Instead: the program dies once at every point of every path that writes
    #[arg(long, conflicts_with_all = ["minutes", "seed"])]
    points: bool,
}

/// `cargo xtask torture`: on SQLite and, where it is installed, on PostgreSQL, both at once.
pub(crate) fn command(args: &TortureArgs) -> Result<()> {
    for (_, cost) in make_ready(&[Tool::Postgres].into()) {
        eprintln!("{cost}");
    }
    let cluster = Tool::Postgres.find().map(|_| Cluster::start(Purpose::Tests)).transpose()?;
    let mut tests = cargo(["test", "--package", "moncompte", "--test", "it"]);
    tests.envs(services::variables(cluster.as_ref(), false));
    if args.points {
        tests.arg("torture::crash").env("CRASH_POINTS", "all");
    } else {
        // The standard library's own randomness is enough to choose a schedule.
        let seed = args.seed.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("seed {seed}, {} minutes on each database", args.minutes);
        tests.arg("torture::whatever");
        tests.env("TORTURE_MINUTES", args.minutes.to_string()).env("TORTURE_SEED", seed.to_string());
    }
    tests.args(["--", "--nocapture", "--test-threads=2"]);
    shell::run(&mut tests)
}
