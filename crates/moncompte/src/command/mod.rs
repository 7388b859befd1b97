//! The commands, one file each.

mod check;
mod clock;
mod demo;
mod doctor;
mod import;
mod keys;
mod mail;
mod serve;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

use crate::telemetry::LogFormat;

/// One account per person for every agency's portal: an OpenID Connect provider that moves people over from their old identifiers.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine to look at: the provider, two agencies' portals and a mailbox.
    Demo(demo::Demo),
    /// Run the provider.
    Serve(serve::Serve),
    /// Read the configuration and say everything that is wrong with it.
    Check(check::Check),
    /// Look whether the database is as it should be.
    ///
    /// Exit code 0: everything that can be seen holds; 1: something is broken; 2: it could not be looked at. Nothing is written, no row and no
    /// schema, so it may run beside a provider, and every hour. It prints counts, never what is in a row.
    Doctor(doctor::Doctor),
    /// Say how far this machine's clock is from the database's, and behind the latest time that any node saw, or accept it.
    ///
    /// A node whose clock is more than two minutes from that of PostgreSQL is not ready, goes by the database's time and shares none: correct its clock. Time
    /// never goes back: where the clock does, it goes on from the latest that was seen, at half its speed. Beyond an hour the node is not
    /// ready. Correct the clock; where it was wrong before, in the future, `--accept` takes back what was seen.
    Clock(clock::ClockCommand),
    /// Read an agency's legacy identities from a CSV or JSONL file.
    Import(import::Import),
    /// List the signing keys, or replace them.
    Keys(keys::Keys),
    /// List the letters that were not sent, send them again, end them, or read one that came back.
    ///
    /// A letter is a mail, a logout call to a portal, or other work that is done beside requests. The commands may run beside a provider. They print neither
    /// an address in full nor what a letter says.
    Mail(mail::Mail),
}

/// Where the configuration is.
#[derive(Args)]
pub(crate) struct Where {
    /// The folder with moncompte.toml, agencies/ and terms/.
    #[arg(long, global = true, env = "MONCOMPTE_CONFIG", default_value = "config")]
    pub(crate) config: PathBuf,
    /// How the log is written.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) log: LogFormat,
}

impl Cli {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Check(check) => check.run(),
            Command::Doctor(doctor) => doctor.run().await,
            Command::Clock(clock) => clock.run().await,
            Command::Import(import) => import.run().await,
            Command::Keys(keys) => keys.run().await,
            Command::Mail(mail) => mail.run().await,
        }
    }
}
