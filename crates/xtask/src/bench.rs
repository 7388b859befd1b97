//! What the provider does in a second, beside what this machine can do of the same work: `crates/moncompte/benches/whole`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::postgres::{Cluster, Purpose};
use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, make_ready};

/// What `cargo xtask bench` can be told.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Short rounds and small tables: whether it works, not how fast it is
    #[arg(long)]
    quick: bool,
    /// Where the report goes: bench.json, bench.md and bench.svg
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Only the measurements that have this word in their names
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

/// `cargo xtask bench`: the release build, on SQLite and, where it is installed, on a PostgreSQL of its own that forgets nothing.
pub(crate) fn command(args: &BenchArgs) -> Result<()> {
    for (_, cost) in make_ready(&[Tool::Postgres].into()) {
        eprintln!("{cost}");
    }
    let cluster = Tool::Postgres.find().map(|_| Cluster::start(Purpose::Measurements)).transpose()?;
    let mut bench = cargo(["bench", "--package", "moncompte", "--bench", "whole", "--"]);
    bench.arg("--out").arg(std::path::absolute(&args.out)?);
    bench.args(args.quick.then_some("--quick"));
    bench.args(args.only.iter().flat_map(|word| ["--only", word]));
    bench.envs(services::variables(cluster.as_ref(), false));
    // A server that tests use forgets what the power takes, and is no measure.
    if cluster.is_none() {
        bench.env_remove("TEST_POSTGRES_URL");
    }
    shell::run(&mut bench)
}
