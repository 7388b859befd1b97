//! moncompte: one account per person for every agency's portal. This program reads the configuration, wires the parts together, and runs its commands
//! and the worker.

mod audit;
mod backup;
mod bounce;
mod change;
mod command;
mod config;
mod current;
mod delivery;
mod hosts;
mod mailbox;
mod measures;
mod ops;
mod outbound;
mod post;
mod print;
mod process;
mod requests;
mod return_path;
mod serving;
mod smtp;
mod supervisor;
mod telemetry;
mod traces;
mod wire;
mod worker;

use std::process::ExitCode;

use print::err;
use tikv_jemallocator::Jemalloc;

/// Many small requests run on several threads: the C library's allocator took a fifth of the cost of a token, and this one halves that
/// (docs/performance.md). Its settings are in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    // Files are readable by their user alone: database, log, mails, the demo's secrets. SQLite creates three files, and other libraries create theirs.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    let code = command::run().await.unwrap_or_else(|error| {
        telemetry::end();
        tell(&error);
        ExitCode::FAILURE
    });
    telemetry::end();
    print::ended(code)
}

/// Prints an error as one sentence that says what to do, and its causes on one line each.
fn tell(error: &anyhow::Error) {
    err!("moncompte: {error}");
    for cause in error.chain().skip(1) {
        err!("  because: {cause}");
    }
}
