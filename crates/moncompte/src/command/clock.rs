use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use kernel::{Clock, Db, MAX_DATABASE_OFFSET, Snapshot, SystemClock};
use serde_json::json;

use super::Where;
use crate::{config::Config, print::out, telemetry};

#[derive(Args)]
pub(crate) struct ClockCommand {
    #[command(flatten)]
    place: Where,
    /// Accept this machine's clock and discard the later time that was reported. Stop every node first: a running one reports its time again. Links,
    /// codes and sessions that expired meanwhile by time alone become valid again.
    #[arg(long)]
    accept: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl ClockCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let config = Config::read(&self.place.config)?;
        let why = "the database cannot be read; is `database` right, and was this version of moncompte started on it?";
        let snapshot = Snapshot::open(&config.database, config.seal).await.context(why)?;
        let seen = snapshot.time_seen().await.context(why)?;
        let theirs = snapshot.database_time().await.context(why)?;
        drop(snapshot);
        let machine = SystemClock.now_millis();
        let ahead = theirs.map(|theirs| (machine - theirs) / 1000);
        let behind = seen.map_or(0, |seen| (seen - machine).max(0) / 1000);
        if self.accept {
            if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > MAX_DATABASE_OFFSET / 1000) {
                bail!(
                    "this machine's clock is {} s from the database's: correct it before it is accepted",
                    ahead.abs()
                );
            }
            Db::connect(&config.database).await?.accept_time(machine).await?;
        }
        if self.json {
            out!(
                "{}",
                json!({ "behind_seconds": behind, "ahead_of_database_seconds": ahead, "accepted": self.accept })
            );
        } else if self.accept {
            out!("This machine's clock is accepted. It was {behind} s behind the latest time that was seen.");
        } else {
            out!("This machine's clock is {behind} s behind the latest time that was seen.");
        }
        if let Some(ahead) = ahead.filter(|_| !self.json) {
            let (by, than) = (ahead.abs(), if ahead < 0 { "behind" } else { "ahead of" });
            out!(
                "It is {by} s {than} the database's. Beyond 120 s a node here is not ready and shares no time."
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
