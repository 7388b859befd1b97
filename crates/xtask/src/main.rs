//! The yard: what builds, checks and tests moncompte, in one command a person or a machine can run.
//!
//! `cargo xtask test` is the README's test command and all that `.ci/run` calls. `cargo xtask services` starts what
//! the tests lean on and stays, so that `cargo test -p …` in another terminal finds it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool talks to the terminal")]

mod bench;
mod checks;
mod demo;
mod fuzz;
mod gallery;
mod http;
mod interrupt;
mod node;
mod postgres;
mod python;
mod readme;
mod report;
mod rootfs;
mod sabotage;
mod services;
mod shell;
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
    /// Takes out one guard at a time in a copy of the tree, and demands that the tests notice
    Sabotage(sabotage::SabotageArgs),
    /// Lets people live on two nodes while everything that can break breaks, for as long as told
    Torture(torture::TortureArgs),
    /// Takes a picture of every page and mail in every state
    Gallery(gallery::GalleryArgs),
    /// Measures the release build beside what this machine can do, in one run
    Bench(bench::BenchArgs),
    /// Starts PostgreSQL, prints the export lines that tests read, and stays until Ctrl-C
    Services,
}

/// What `cargo xtask test` can be told.
#[derive(Args)]
pub(crate) struct TestArgs {
    /// Runs this step alone (may be repeated)
    #[arg(long, value_name = "STEP")]
    only: Vec<steps::Step>,
    /// Leaves out the tests that need Chromium
    #[arg(long)]
    skip_browser: bool,
    /// Leaves the PostgreSQL of this run alive, and says where it is
    #[arg(long)]
    keep_postgres: bool,
    /// Fails where a tool is missing, instead of skipping the tests that need it
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
