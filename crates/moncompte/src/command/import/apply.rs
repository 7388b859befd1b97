use std::process::ExitCode;

use accounts::{DeliveryId, UndoRefused, legacy::Charset};
use anyhow::bail;
use clap::Args;
use serde_json::json;

use super::{FileArgs, Opened, bar, moment, operator, refused_with, spool, tell, with_agency};
use crate::{
    command::Where,
    config::Config,
    print::{err, out},
    wire::Wired,
};

#[derive(Args)]
pub(super) struct Apply {
    /// Id of the plan.
    plan: DeliveryId,
    #[command(flatten)]
    file: FileArgs,
    /// Apply although guards do not hold. The evidence tells which.
    #[arg(long)]
    force: bool,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Apply {
    /// Exit code 0 if every row was taken; 2 if some were left out; 3 if a guard does not hold; 1 if the plan cannot be applied.
    pub(super) async fn run(self, place: &Where) -> anyhow::Result<ExitCode> {
        let wired = Wired::new(Config::read(&place.config)?).await?;
        let Some(delivery) = wired.idp.accounts.delivery(self.plan).await? else {
            bail!("there is no plan {}; see `moncompte import list`", self.plan);
        };
        drop(wired);
        let (wired, agency) = with_agency(place, &delivery.agency).await?;
        let spool = self.file.spool()?;
        let bar = bar(&spool, self.json, 2)?;
        // As it was planned, unless it is said otherwise.
        let planned = Charset::find(&delivery.report.charset);
        let Opened { rows, source, .. } = self.file.open(&spool, &bar, &agency, planned)?;
        let files = (rows, spool::scratch()?);
        let begun = wired.idp.accounts.apply(&agency, self.plan, files, (&source, self.force)).await?;
        let mut applier = match begun {
            Ok(applier) => applier,
            Err(refused) => {
                bar.finish_and_clear();
                return Ok(refused_with(&refused));
            }
        };
        while applier.next_batch().await? > 0 {}
        bar.finish_and_clear();
        let (report, gone) = applier.report();
        if self.json {
            out!(
                "{}",
                json!({
                    "delivery": self.plan, "state": "applied", "added": report.added, "updated": report.updated,
                    "unchanged": report.unchanged, "moved": report.moved, "gone": gone, "bad": report.bad.len(),
                })
            );
        } else {
            out!(
                "{} added, {} updated, {} unchanged, {} already moved, {gone} gone, {} left out.",
                report.added,
                report.updated,
                report.unchanged,
                report.moved,
                report.bad.len()
            );
            out!("To take it back within 30 days: moncompte import undo {}", self.plan);
            tell::wrap(&wired).await?;
        }
        Ok(if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

#[derive(Args)]
pub(super) struct Undo {
    /// Id of the delivery.
    delivery: DeliveryId,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

impl Undo {
    pub(super) async fn run(self, place: &Where) -> anyhow::Result<ExitCode> {
        let wired = Wired::new(Config::read(&place.config)?).await?;
        let accounts = &wired.idp.accounts;
        let undone = match accounts.undo(self.delivery, &operator(self.by)).await? {
            Ok(undone) => undone,
            Err(refused) => {
                match refused {
                    UndoRefused::Unknown => err!("There is no delivery {}.", self.delivery),
                    UndoRefused::Over(state) => {
                        err!("The delivery is {}: there is nothing to take back.", state.as_str())
                    }
                    UndoRefused::Late => {
                        let delivery = accounts.delivery(self.delivery).await?;
                        let until = delivery.and_then(|delivery| delivery.undo_until()).map(moment);
                        err!("It could be taken back until {}.", until.unwrap_or_default());
                    }
                    UndoRefused::Later(id) => err!("A later delivery builds on it: take {id} back first."),
                }
                return Ok(ExitCode::FAILURE);
            }
        };
        if self.json {
            out!(
                "{}",
                json!({
                    "delivery": self.delivery, "state": "undone", "restored": undone.restored,
                    "removed": undone.removed, "left_alone": undone.left_alone, "moved_since": undone.moved_since,
                })
            );
        } else {
            out!("{} restored, {} removed.", undone.restored, undone.removed);
            if undone.left_alone > 0 {
                out!("{} moved since and are left alone:", undone.left_alone);
                undone.moved_since.iter().for_each(|identifier| out!("  {identifier}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
