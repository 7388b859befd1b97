//! `cargo xtask bench`: the provider's rates beside the machine's limits for the same work, in one run. Figures of one run can be compared, those of
//! two cannot: rounds of both alternate, and the median of their ratios counts.

#![allow(clippy::unwrap_used, reason = "a measurement says what broke by breaking")]
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "a measurement measures on the clock, reckons with what it counted and tells the figures"
)]

mod bulk;
mod crowd;
mod http;
mod limit;
mod load;
mod pace;
#[path = "../../tests/it/person.rs"]
#[allow(dead_code, reason = "the tests' own, of which a part is needed")]
mod person;
#[path = "../../tests/it/place.rs"]
#[allow(dead_code, reason = "the tests' own, of which a part is needed")]
mod place;
mod report;
mod site;
mod storm;

use std::path::PathBuf;

use clap::Parser;
use testbed::Bed;

use report::Row;
use site::{Effort, Site};

#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Cli {
    /// Short rounds and small tables: checks that the benchmark works
    #[arg(long)]
    quick: bool,
    /// Folder for the report
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Only measurements whose names contain this word
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// Set by `cargo bench`; without it (`cargo test --benches`) nothing is measured
    #[arg(long, hide = true)]
    bench: bool,
}

/// Groups of measurements, by the names that `--only` searches.
const PARTS: [&str; 10] =
    ["start", "sign-in", "refresh", "userinfo", "documents", "storm", "crowd", "memory", "million", "import"];

/// One thread plays all clients, so that it takes little time of the measured cores.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cli = Cli::parse();
    if !cli.bench {
        return;
    }
    let effort = Effort::new(cli.quick);
    let mut rows = Vec::new();
    for part in PARTS {
        if cli.only.as_ref().is_some_and(|word| !part.contains(word.as_str())) {
            continue;
        }
        for bed in [Some(Bed::sqlite().await), Bed::postgres().await].into_iter().flatten() {
            let name = if bed.name == "sqlite" { "SQLite" } else { "PostgreSQL" };
            measure(part, name, bed, effort, &mut rows).await;
        }
    }
    let table = report::write(&cli.out, cli.quick, &rows).expect("the report is written");
    println!("\n{table}");
}

async fn measure(part: &str, name: &str, bed: Bed, effort: Effort, rows: &mut Vec<Row>) {
    // The documents depend on no database: measure them once.
    let once = name == "SQLite";
    let before = rows.len();
    match part {
        "start" => rows.extend(bulk::start(name, bed, effort).await),
        "import" => rows.extend(bulk::import(name, bed, effort).await),
        "million" => rows.push(bulk::million(name, bed, effort).await),
        "documents" if !once => {}
        _ => {
            let site = Site::on(bed, 1000).await;
            match part {
                "sign-in" => rows.push(load::sign_in(name, &site, effort).await),
                "refresh" => rows.extend(load::refresh(name, &site, effort).await),
                "userinfo" => rows.extend(load::reads(name, &site, effort).await),
                "documents" => rows.extend(load::documents(&site, effort).await),
                "storm" => rows.push(storm::token(name, &site, effort).await),
                "crowd" => rows.extend(crowd::finish(name, &site, effort).await),
                "memory" => rows.extend(load::memory(name, &site, effort).await),
                other => panic!("no measurement {other}"),
            }
        }
    }
    for row in &rows[before..] {
        println!("{}", row.line());
    }
}
