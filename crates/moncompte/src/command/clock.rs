use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use kernel::{Clock, Db, Reading, SealKeys, SystemClock};
use serde_json::json;

use super::Where;
use crate::{config::Config, telemetry};

#[derive(Args)]
pub(crate) struct ClockCommand {
    #[command(flatten)]
    place: Where,
    /// Take this machine's clock for right and forget the later time that was seen. Stop every node first: one that runs tells of it again. What
    /// expired meanwhile by time alone, and was neither used nor ended, lives again.
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
        let keys = SealKeys::new(config.key, config.older_keys);
        let why = "the database cannot be read; is `database` right, and was this version of moncompte started on it?";
        let seen = Reading::open(&config.database, keys.into())
            .await
            .context(why)?
            .time_seen()
            .await
            .context(why)?;
        let machine = SystemClock.now_millis();
        let behind = seen.map_or(0, |seen| (seen - machine).max(0) / 1000);
        if self.accept {
            Db::connect(&config.database).await?.accept_time(machine).await?;
        }
        if self.json {
            println!("{}", json!({ "behind_seconds": behind, "accepted": self.accept }));
        } else if self.accept {
            println!(
                "This machine's clock is accepted. It was {behind} s behind the latest time that was seen."
            );
        } else {
            println!("This machine's clock is {behind} s behind the latest time that was seen.");
        }
        Ok(ExitCode::SUCCESS)
    }
}
