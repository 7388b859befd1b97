//! moncompte: one account per person for every agency's portal. This program reads config, wires the parts together, and runs its commands
//! and the worker.

// The program is where the clock, the environment and the terminal are.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod command;
mod config;
mod mailbox;
mod ops;
mod outbound;
mod post;
mod serving;
mod telemetry;
mod wire;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// Requests are small and many, and are served on several threads: a fifth of a token's cost was in the C library's allocator, and this one halves that
/// (docs/performance.md). How it is set up stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match command::Cli::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

/// One sentence that says what to do; causes follow on one line each.
fn tell(error: &anyhow::Error) {
    eprintln!("moncompte: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  because: {cause}");
    }
}
