use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Args;
use kernel::{Invariant, Reading, SealKeys, Verdict};
use serde_json::{Value, json};

use super::Where;
use crate::{config::Config, print::out, telemetry, tell};

#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    place: Where,
    /// Look at the invariants: what is always true of the rows, whatever happened to them (docs/security.md).
    #[arg(long, required = true)]
    invariants: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

struct Finding {
    invariant: &'static Invariant,
    verdict: Verdict,
}

impl Doctor {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let found = match look(&self.place).await {
            Ok(found) => found,
            Err(error) => {
                // Not 1: whoever watches must be able to tell "broken" from "not known".
                tell(&error);
                return Ok(ExitCode::from(2));
            }
        };
        if self.json {
            out!("{}", json!({ "invariants": found.iter().map(Finding::told).collect::<Vec<_>>() }));
        } else {
            found.iter().for_each(Finding::show);
            let count = |is: fn(&Verdict) -> bool| found.iter().filter(|f| is(&f.verdict)).count();
            out!(
                "{} hold, {} broken, {} cannot be seen in a database.",
                count(|v| matches!(v, Verdict::Holds)),
                count(|v| matches!(v, Verdict::Broken(_))),
                count(|v| matches!(v, Verdict::Told(_)))
            );
        }
        let broken = found.iter().any(|finding| matches!(finding.verdict, Verdict::Broken(_)));
        Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// All that is known of what is always true, in the order of its numbers.
fn all() -> Vec<&'static Invariant> {
    let lists = [kernel::INVARIANTS, accounts::INVARIANTS, idp::grant::INVARIANTS];
    let mut all: Vec<&Invariant> = lists.into_iter().flatten().collect();
    all.sort_by_key(|invariant| invariant.id.trim_start_matches('I').parse::<u8>().unwrap_or(u8::MAX));
    all
}

async fn look(place: &Where) -> anyhow::Result<Vec<Finding>> {
    let config = Config::read(&place.config)?;
    let keys = Arc::new(SealKeys::new(config.key, config.older_keys));
    let why =
        "the database cannot be read; is `database` right, and was this version of moncompte started on it?";
    let reading = Reading::open(&config.database, keys).await.context(why)?;
    let all = all();
    let verdicts = reading.judge(&all).await.context(why)?;
    Ok(all.into_iter().zip(verdicts).map(|(invariant, verdict)| Finding { invariant, verdict }).collect())
}

impl Finding {
    fn told(&self) -> Value {
        let Invariant { id, says, otherwise, .. } = self.invariant;
        match self.verdict {
            Verdict::Holds => json!({ "id": id, "says": says, "state": "holds" }),
            Verdict::Broken(count) => {
                json!({ "id": id, "says": says, "state": "broken", "count": count, "otherwise": otherwise })
            }
            Verdict::Told(words) => json!({ "id": id, "says": says, "state": "not seen", "held_by": words }),
        }
    }

    fn show(&self) {
        let Invariant { id, says, otherwise, .. } = self.invariant;
        match self.verdict {
            Verdict::Holds => out!("{id:4} holds     {says}"),
            Verdict::Broken(count) => out!("{id:4} BROKEN    {says}: {count}\n{:15}{otherwise}", ""),
            Verdict::Told(words) => out!("{id:4} not seen  {says}\n{:15}{words}", ""),
        }
    }
}
