//! The commands, one file each.

mod backup;
mod campaign;
mod change;
mod check;
mod clock;
mod demo;
mod desk;
mod doctor;
mod import;
mod init;
mod keys;
mod mail;
mod manual;
mod migrate;
mod opened;
mod serve;
mod why;

use std::{path::PathBuf, process::ExitCode};

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    audit,
    telemetry::{self, LogFormat},
};

/// One account per person for every agency's portal: an OpenID Connect provider that moves people over from their old identifiers.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start a complete demo on this machine: the provider, two agencies' portals and a mailbox.
    Demo(demo::Demo),
    /// Run the provider.
    Serve(serve::Serve),
    /// Write a new folder with a configuration that is right but for the mail server's password.
    Init(init::Init),
    /// Check the configuration and print every error in it.
    Check(check::Check),
    /// Say what `apply` would change on the running nodes: agencies, portals, addresses, secrets, terms, and what needs a restart.
    Plan(change::PlanCommand),
    /// Take in the agencies and terms of the folder, on all nodes at one moment, without a restart.
    ///
    /// Every live node prepares the new generation first; if one cannot, nobody switches. Requests under way keep the configuration they began with.
    /// Exit code 0: all nodes serve it; 1: nothing changed; 2: accepted, and a node is late.
    Apply(change::Apply),
    /// Go one generation of the configuration back, on all nodes.
    Rollback(change::Rollback),
    /// Show the nodes, what they serve, and the queues.
    Status(change::Status),
    /// Write a backup of the database and of the configuration, while nodes run: never a secret, never the key.
    Backup(backup::Backup),
    /// Restore a backup into an empty database, or check one.
    ///
    /// Sessions, tokens, mailed links and moves under way of before are ended: the database does not know which of them were ended since the backup.
    Restore(backup::Restore),
    /// Bring the schema of the database up to date, or say what an upgrade would change.
    ///
    /// A node does this itself when it starts, unless its database user may not.
    Migrate(migrate::Migrate),
    /// Check the database.
    ///
    /// Exit code 0: every invariant that can be checked holds; 1: one is broken; 2: the check was not possible. Nothing is written, no row and no
    /// schema, so it may run beside a provider, and every hour. It prints counts, never the content of rows.
    Doctor(doctor::Doctor),
    /// Print how far this machine's clock is from the database's and behind the latest time reported by any node, or accept it.
    ///
    /// A node whose clock is more than two minutes from PostgreSQL's is not ready, uses the database's time and shares none: correct its clock. Time
    /// never goes back: if the clock does, time continues from the latest reported, at half speed. Beyond an hour the node is not
    /// ready. Correct the clock; if it was wrong before, in the future, `--accept` discards the reported time.
    Clock(clock::ClockCommand),
    /// Import an agency's legacy identities from a CSV or JSONL file.
    Import(Box<import::Import>),
    /// List the keys that sign and seal, replace or revoke them.
    Keys(keys::Keys),
    /// List the messages that were not sent, retry them, drop them, or read one that was returned.
    ///
    /// A message is a mail, a logout call to a portal, or other work done outside requests. The commands may run beside a provider. They print neither
    /// full addresses nor the content of messages.
    Mail(mail::Mail),
    /// See a person who is on the telephone, and help them: unlock their account, send a mail again, end their sessions.
    ///
    /// Every change takes a reason, which the evidence keeps with your name, and the person is told by mail. No command shows or sets a password. The
    /// commands may run beside a provider.
    Account(desk::AccountCommand),
    /// See the links of a person with agencies, end one, or give it to another account.
    Link(desk::LinkCommand),
    /// See the identifiers that an agency issued to a person.
    Identity(desk::IdentityCommand),
    /// Invite the staff whom files name to an account here, with which they help at /desk.
    Desk(desk::DeskCommand),
    /// Write letters with activation codes to an agency's clients who have not moved.
    Campaign(campaign::CampaignCommand),
    /// Tell what happened where a page showed a reference, from the audit stream.
    Why(why::Why),
    /// Write the manual pages and the shells' completions, for who makes a package.
    #[command(hide = true)]
    Manual(manual::Manual),
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Where {
    /// Folder with moncompte.toml, agencies/ and terms/.
    #[arg(long, global = true, env = "MONCOMPTE_CONFIG", default_value = "config")]
    pub(crate) config: PathBuf,
    /// Format of the log.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) log: LogFormat,
}

/// Runs the command of this process, and tells the audit stream of it.
pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let matches = Cli::command().get_matches();
    let (words, folder) = named(&matches);
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // A node tells of its start and its end itself; a demo has no operator.
    let folder = folder.filter(|_| !matches!(words.as_str(), "serve" | "demo"));
    let audit = folder.and_then(|folder| audit::of_command(&folder, words == "check"));
    let audit = audit.map(telemetry::keep_audit);
    let ended = cli.run().await;
    if let Some(audit) = audit {
        let result = match &ended {
            Ok(code) if *code == ExitCode::SUCCESS => "done",
            Ok(_) => "done_with_remarks",
            Err(_) => "failed",
        };
        audit.tell_command(&words, &import::operator(None), result);
    }
    ended
}

/// Returns the words that name the command, and its folder. Values of options are in no audit stream: they may be secrets.
fn named(mut matches: &ArgMatches) -> (String, Option<PathBuf>) {
    let mut words = Vec::new();
    let mut folder = None;
    while let Some((word, of)) = matches.subcommand() {
        words.push(word);
        matches = of;
        folder = of.try_get_one::<PathBuf>("config").ok().flatten().cloned().or(folder);
    }
    (words.join(" "), folder)
}

impl Cli {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(serve) => serve.run().await,
            Command::Init(init) => init.run(),
            Command::Check(check) => check.run().await,
            Command::Plan(plan) => plan.run().await,
            Command::Apply(apply) => apply.run().await,
            Command::Rollback(rollback) => rollback.run().await,
            Command::Status(status) => status.run().await,
            Command::Backup(backup) => backup.run().await,
            Command::Restore(restore) => restore.run().await,
            Command::Migrate(migrate) => migrate.run().await,
            Command::Doctor(doctor) => doctor.run().await,
            Command::Clock(clock) => clock.run().await,
            Command::Import(import) => import.run().await,
            Command::Keys(keys) => keys.run().await,
            Command::Mail(mail) => mail.run().await,
            Command::Account(account) => account.run().await,
            Command::Link(link) => link.run().await,
            Command::Identity(identity) => identity.run().await,
            Command::Desk(desk) => desk.run().await,
            Command::Campaign(campaign) => campaign.run().await,
            Command::Why(why) => why.run(),
            Command::Manual(manual) => manual.run(),
        }
    }
}
