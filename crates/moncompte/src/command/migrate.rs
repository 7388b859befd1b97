//! `moncompte migrate`: the schema is brought up to date by a database user that may alter tables, so that nodes can serve with one that may not.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use kernel::POSTGRES_CONNECTIONS;
use serde_json::json;

use super::Where;
use crate::{config::Config, print::out, telemetry, wire};

#[derive(Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    place: Where,
    /// Change nothing: say what would be changed.
    #[arg(long)]
    plan: bool,
    /// File with the address of the database for the user that owns it, in place of the address of moncompte.toml.
    #[arg(long, value_name = "FILE")]
    database_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let address = match &self.database_file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?
                .trim()
                .to_owned(),
            None => Config::open(&self.place.config)?.database,
        };
        // Opened, a SQLite database that is not there would be made.
        let is_there = wire::sqlite_file(&address).is_none_or(Path::exists);
        let pending = if self.plan && !is_there {
            migrations::WORDS.iter().map(|(name, _)| *name).collect()
        } else {
            let db = wire::connected(&address, POSTGRES_CONNECTIONS).await?;
            let pending = migrations::pending(db.without_timeout()).await?;
            if !self.plan {
                wire::migrate(&db, &address).await?;
            }
            pending
        };
        if self.json {
            out!("{}", json!({ "pending": pending, "done": !self.plan }));
            return Ok(ExitCode::SUCCESS);
        }
        if pending.is_empty() {
            out!("The schema is up to date: nothing to change.");
        }
        for (name, words) in migrations::WORDS.iter().filter(|(name, _)| pending.contains(name)) {
            out!("{}{name}: {words}", if self.plan { "would run " } else { "done: " });
        }
        Ok(ExitCode::SUCCESS)
    }
}
