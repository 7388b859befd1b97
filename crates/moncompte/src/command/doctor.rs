use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use kernel::{Clock, Invariant, Snapshot, SystemClock, Unix, Verdict};
use serde_json::{Value, json};

use super::{Where, import::moment};
use crate::{config::Config, print::out, telemetry, tell};

#[derive(Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    place: Where,
    /// Check the invariants of the stored rows (docs/security.md).
    #[arg(long, required = true)]
    invariants: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// An invariant and what became of it.
struct Finding {
    invariant: &'static Invariant,
    verdict: Verdict,
}

impl Doctor {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let (found, last) = match judge(&self.place).await {
            Ok(judged) => judged,
            Err(error) => {
                // Not 1, which means broken: a monitor must be able to tell broken from unknown.
                tell(&error);
                return Ok(ExitCode::from(2));
            }
        };
        if self.json {
            let invariants: Vec<Value> = found.iter().map(Finding::to_json).collect();
            out!("{}", json!({ "invariants": invariants, "last_entry_at": last }));
        } else {
            found.iter().for_each(Finding::print);
            let count = |is: fn(&Verdict) -> bool| found.iter().filter(|f| is(&f.verdict)).count();
            out!(
                "{} hold, {} broken, {} cannot be seen in a database.",
                count(|v| matches!(v, Verdict::Holds)),
                count(|v| matches!(v, Verdict::Broken(_))),
                count(|v| matches!(v, Verdict::Tested(_)))
            );
            out!("{}", age(last));
        }
        let broken = found.iter().any(|finding| matches!(finding.verdict, Verdict::Broken(_)));
        Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

/// The invariants of all crates, in the order of their numbers.
fn all() -> Vec<&'static Invariant> {
    let lists = [kernel::INVARIANTS, accounts::INVARIANTS, idp::grant::INVARIANTS];
    let mut all: Vec<&Invariant> = lists.into_iter().flatten().collect();
    all.sort_by_key(|invariant| invariant.id.trim_start_matches('I').parse::<u8>().unwrap_or(u8::MAX));
    all
}

/// Judges every invariant in one snapshot of the database; returns the time of the last entry of the evidence too.
async fn judge(place: &Where) -> anyhow::Result<(Vec<Finding>, Option<Unix>)> {
    let config = Config::read(&place.config)?;
    let why =
        "the database cannot be read; is `database` right, and was this version of moncompte started on it?";
    let snapshot = Snapshot::open(&config.database, config.seal).await.context(why)?;
    let all = all();
    snapshot.take_keys().await.context(why)?;
    let last = accounts::last_recorded(&snapshot).await.context(why)?;
    let verdicts = snapshot.judge(&all).await.context(why)?;
    let found = all.into_iter().zip(verdicts);
    Ok((found.map(|(invariant, verdict)| Finding { invariant, verdict }).collect(), last))
}

/// Says how old the last entry of the evidence is: an old one tells of a database that was restored, or whose end was cut off.
fn age(last: Option<Unix>) -> String {
    let Some(last) = last else { return "The evidence has no entry yet.".into() };
    let old = (SystemClock.now() - last).max(0);
    let (hours, minutes) = (old / 3600, old % 3600 / 60);
    format!("The last entry of the evidence is of {}, {hours} h {minutes} min ago.", moment(last))
}

impl Finding {
    fn to_json(&self) -> Value {
        let Invariant { id, says, otherwise, .. } = self.invariant;
        match self.verdict {
            Verdict::Holds => json!({ "id": id, "says": says, "state": "holds" }),
            Verdict::Broken(count) => {
                json!({ "id": id, "says": says, "state": "broken", "count": count, "otherwise": otherwise })
            }
            Verdict::Tested(words) => {
                json!({ "id": id, "says": says, "state": "not seen", "held_by": words })
            }
        }
    }

    fn print(&self) {
        let Invariant { id, says, otherwise, .. } = self.invariant;
        match self.verdict {
            Verdict::Holds => out!("{id:4} holds     {says}"),
            Verdict::Broken(count) => out!("{id:4} BROKEN    {says}: {count}\n{:15}{otherwise}", ""),
            Verdict::Tested(words) => out!("{id:4} not seen  {says}\n{:15}{words}", ""),
        }
    }
}
