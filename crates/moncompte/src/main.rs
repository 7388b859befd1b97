//! moncompte: one account per person for every agency's portal. This program reads config, wires the parts together, and runs its commands
//! and the worker.

mod bounce;
mod command;
mod config;
mod delivery;
mod hosts;
mod mailbox;
mod ops;
mod outbound;
mod post;
mod print;
mod return_path;
mod serving;
mod smtp;
mod standing;
mod telemetry;
mod wire;
mod worker;

use std::process::ExitCode;

use clap::Parser;
use print::err;
use tikv_jemallocator::Jemalloc;

/// Requests are small and many, and are served on several threads: a fifth of a token's cost was in the C library's allocator, and this one halves that
/// (docs/performance.md). How it is set up stands in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Whatever the program makes is its user's alone: database, log, mails, the demo's secrets. SQLite makes three files, and more libraries make theirs.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let code = command::Cli::parse().run().await.unwrap_or_else(|error| {
        telemetry::end();
        tell(&error);
        ExitCode::FAILURE
    });
    telemetry::end();
    print::ended(code)
}

/// One sentence that says what to do; causes follow on one line each.
fn tell(error: &anyhow::Error) {
    err!("moncompte: {error}");
    for cause in error.chain().skip(1) {
        err!("  because: {cause}");
    }
}
