//! `cargo xtask bench`: what the provider does in a second, beside what the machine can do of the same work, in one run. Figures of one run can be
//! compared, those of two cannot: the rounds of both alternate, and the ratio's median counts.

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
    /// Short rounds and small tables: whether it works, not how fast it is
    #[arg(long)]
    quick: bool,
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    out: PathBuf,
    /// Only rows that have this word in the name of their measurement
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    /// Given by `cargo bench`; without it (`cargo test --benches`) nothing is measured
    #[arg(long, hide = true)]
    bench: bool,
}

/// The measurements of one database.
const PARTS: [&str; 10] =
    ["start", "sign-in", "refresh", "userinfo", "documents", "storm", "crowd", "memory", "million", "import"];

/// One thread plays everybody: it takes little of the cores that are measured.
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
        for bed in Bed::both().await {
            let name = if bed.name == "sqlite" { "SQLite" } else { "PostgreSQL" };
            measure(part, name, bed, effort, &mut rows).await;
        }
    }
    let table = report::write(&cli.out, cli.quick, &rows).expect("the report is written");
    println!("\n{table}");
}

async fn measure(part: &str, name: &str, bed: Bed, effort: Effort, rows: &mut Vec<Row>) {
    // What has to do with one process alone is measured once.
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
                "memory" => rows.push(load::memory(name, &site, effort).await),
                other => panic!("no measurement {other}"),
            }
        }
    }
    for row in &rows[before..] {
        println!("{}", row.line());
    }
}
