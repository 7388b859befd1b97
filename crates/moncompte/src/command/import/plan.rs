use std::process::ExitCode;

use clap::Args;

use super::{FileArgs, Opened, Output, bar, spool, tell, with_agency};
use crate::{command::Where, print::out};

#[derive(Args)]
pub(super) struct Plan {
    /// Agency: the name of its file in agencies/.
    #[arg(long)]
    agency: String,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    output: Output,
}

impl Plan {
    /// Exit code 0 if the plan can be applied and every row is taken; 2 if some are left out; 3 if a guard does not hold.
    pub(super) async fn run(self, place: &Where) -> anyhow::Result<ExitCode> {
        let (wired, agency) = with_agency(place, &self.agency).await?;
        let spool = self.file.spool()?;
        let bar = bar(&spool, self.output.json, 2)?;
        let Opened { rows, found, source } = self.file.open(&spool, &bar, &agency, None)?;
        let mut rejects = self.output.rejects(&spool, &found, rows.header())?;
        let accounts = &wired.idp.accounts;
        let mut planner = accounts
            .plan(&agency, rows, spool::scratch()?, (source.clone(), self.file.complete))
            .among(&wired.idp.agencies.load());
        while planner.next_batch().await? > 0 {
            rejects.write(planner.take_rejected())?;
        }
        let (id, report, rest) = planner.finish(true).await?;
        rejects.write(rest)?;
        bar.finish_and_clear();
        self.output.page(&agency, &spool, self.file.complete, &report)?;
        if self.output.json {
            out!("{}", tell::plan_json(id, &source, &report));
        } else {
            tell::plan(&spool.name, self.file.complete, &report);
            if let Some(id) = id {
                let (name, force) = (&spool.name, if report.broken.is_empty() { "" } else { " --force" });
                let all_the_same = if force.is_empty() { "" } else { " although guards do not hold" };
                out!("Plan {id}. To apply it{all_the_same}: moncompte import apply {id} {name}{force}");
            }
        }
        Ok(match (report.broken.is_empty(), report.bad) {
            (false, _) => ExitCode::from(3),
            (true, 0) => ExitCode::SUCCESS,
            (true, _) => ExitCode::from(2),
        })
    }
}
