//! Benchmarks of the provider, beside what this machine can do of the same work: `crates/moncompte/benches/whole`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::postgres::{Cluster, Purpose};
use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, install_missing};

/// The options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct BenchArgs {
    /// Short rounds and small tables: checks that it works, not how fast it is
    #[arg(long)]
    quick: bool,
    /// Folder for the report: bench.json, bench.md and bench.svg
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Only the measurements whose names contain this word
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
}

/// Runs `cargo xtask bench`: the release build, on SQLite and, if installed, on a PostgreSQL cluster of its own with durability on.
pub(crate) fn command(args: &BenchArgs) -> Result<()> {
    for (_, cost) in install_missing(&[Tool::Postgres].into()) {
        eprintln!("{cost}");
    }
    let cluster = Tool::Postgres.find().map(|_| Cluster::start(Purpose::Measurements)).transpose()?;
    let mut bench = cargo(["bench", "--package", "moncompte", "--bench", "whole", "--"]);
    bench.arg("--out").arg(std::path::absolute(&args.out)?);
    bench.args(args.quick.then_some("--quick"));
    bench.args(args.only.iter().flat_map(|word| ["--only", word]));
    bench.envs(services::variables(cluster.as_ref(), false));
    // Results on the tests' server, whose durability is off, would be meaningless.
    if cluster.is_none() {
        bench.env("MONCOMPTE_SKIP_POSTGRES", "1");
    }
    shell::run(&mut bench)
}
