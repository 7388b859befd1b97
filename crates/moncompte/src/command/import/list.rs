use std::process::ExitCode;

use accounts::Delivery;
use clap::Args;
use serde_json::{Value, json};

use super::{moment, tell};
use crate::{command::Where, config::Config, print::out, wire::Wired};

#[derive(Args)]
pub(super) struct List {
    /// Deliveries of this agency only.
    #[arg(long)]
    agency: Option<String>,
    /// Maximum number of deliveries.
    #[arg(long, default_value_t = 50)]
    most: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, place: &Where) -> anyhow::Result<ExitCode> {
        let wired = Wired::new(Config::read(&place.config)?).await?;
        let deliveries = wired.idp.accounts.deliveries(self.agency.as_deref(), self.most).await?;
        if self.json {
            let progress = wired.idp.accounts.wrap_progress().await?;
            let listed: Vec<Value> = deliveries.iter().map(to_json).collect();
            out!(
                "{}",
                json!({ "deliveries": listed, "weak_hashes": { "sealed": progress.sealed, "wrapped": progress.wrapped } })
            );
            return Ok(ExitCode::SUCCESS);
        }
        for delivery in &deliveries {
            let Delivery { id, agency, state, file, report, .. } = delivery;
            let (at, by) =
                delivery.undone.as_ref().or(delivery.applied.as_ref()).unwrap_or(&delivery.planned);
            out!(
                "{id}  {agency}  {:8}  {}  {by}  {file}  {} new, {} changed, {} corrected, {} left out{}{}",
                state.as_str(),
                moment(*at),
                report.added,
                report.updated,
                report.corrected,
                report.bad,
                if delivery.complete { format!(", {} gone", report.gone) } else { String::new() },
                if delivery.forced.is_empty() { "" } else { ", forced" },
            );
        }
        tell::wrap(&wired).await?;
        Ok(ExitCode::SUCCESS)
    }
}

fn to_json(delivery: &Delivery) -> Value {
    let done =
        |done: &Option<(i64, String)>| done.as_ref().map(|(at, by)| json!({ "at": moment(*at), "by": by }));
    json!({
        "id": delivery.id, "agency": delivery.agency, "state": delivery.state.as_str(),
        "complete": delivery.complete, "file": delivery.file, "sha256": delivery.sha256,
        "planned": done(&Some(delivery.planned.clone())), "applied": done(&delivery.applied),
        "undone": done(&delivery.undone), "undo_until": delivery.undo_until().map(moment),
        "report": delivery.report, "forced": delivery.forced,
    })
}
