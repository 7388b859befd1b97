//! The project's tasks: commands that build, check and test moncompte, for people and CI.
//!
//! `cargo xtask test` is the README's test command and all that `.ci/run` calls. `cargo xtask services` starts the services that tests need
//! and keeps them running, for `cargo test -p …` in another terminal.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to the terminal")]

mod bench;
mod checks;
mod demo;
mod dependencies;
mod dist;
mod fuzz;
mod gallery;
mod http;
mod interrupt;
mod node;
mod package;
mod postgres;
mod programs;
mod proxy;
mod python;
mod readme;
mod report;
mod rootfs;
mod sabotage;
#[cfg(test)]
mod scale;
mod services;
mod shell;
mod side_by_side;
mod steps;
mod tools;
mod torture;
mod unit;

use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, checks and tests moncompte")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs what is missing, then runs every check and every test
    Test(TestArgs),
    /// Looks for inputs that break the fuzz targets, for as long as told
    Fuzz(fuzz::FuzzArgs),
    /// Removes one guard at a time in a copy of the tree, and demands that tests fail
    Sabotage(sabotage::SabotageArgs),
    /// Simulates people on two nodes under random failures, for as long as told
    Torture(torture::TortureArgs),
    /// Takes a picture of every page and mail in every state
    Gallery(gallery::GalleryArgs),
    /// Measures the release build beside what this machine can do
    Bench(bench::BenchArgs),
    /// Makes the Debian package, the image, the list of libraries and the sums of a release, in target/dist
    Dist(dist::DistArgs),
    /// Starts PostgreSQL, prints the export lines that tests read, and stays until Ctrl-C
    Services,
}

/// The options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Runs only this step (may be repeated)
    #[arg(long, value_name = "STEP")]
    only: Vec<steps::Step>,
    /// Skips the tests that need Chromium
    #[arg(long)]
    skip_browser: bool,
    /// Also runs what takes longer than a change should wait: torture, clients that others wrote, fuzzing, every sabotage
    #[arg(long)]
    deep: bool,
    /// Keeps this run's PostgreSQL running, and prints its address
    #[arg(long)]
    keep_postgres: bool,
    /// Fails if a tool is missing, instead of skipping the tests that need it
    #[arg(long, env = "MONCOMPTE_CI", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    require_all: bool,
}

fn main() -> ExitCode {
    let done = interrupt::listen().and_then(|()| match Cli::parse().command {
        Command::Test(args) => steps::run(&args),
        Command::Fuzz(args) => fuzz::command(&args),
        Command::Sabotage(args) => sabotage::run(&args),
        Command::Torture(args) => torture::command(&args),
        Command::Gallery(args) => gallery::command(&args),
        Command::Bench(args) => bench::command(&args),
        Command::Dist(args) => dist::run(&args),
        Command::Services => services::run(),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("xtask: {cause:#}");
            ExitCode::FAILURE
        }
    }
}
