//! The commands that change the configuration of running nodes, and show what they serve: `plan`, `apply`, `rollback`, `status` (docs/operate/change.md).

mod status;

use std::{collections::BTreeSet, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::Args;
use generations::{Generation, Generations, Proposal};
use kernel::Context;
use serde_json::json;

use super::{
    Where,
    import::{moment, operator},
};
use crate::{
    change::{
        apply::{Applied, apply},
        operator_at_host,
        plan::{Plan, different},
    },
    config::{Config, Contents, Mistakes},
    print::{err, out},
    telemetry, tell, wire,
};
pub(crate) use status::Status;

/// Settings of moncompte.toml are read when a node starts.
const OTHER_SETTINGS: &str =
    "started with another moncompte.toml than this one; a restart with it takes these in:";

#[derive(Args)]
pub(crate) struct PlanCommand {
    #[command(flatten)]
    place: Where,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    place: Where,
    /// An agency or a client that vanishes, or a version of the terms that vanishes or changes: each has to be named. May be repeated.
    #[arg(long, value_name = "NAME")]
    yes_remove: Vec<String>,
    /// An agency with mistakes in its file that stays as it was accepted last. May be repeated.
    #[arg(long, value_name = "AGENCY")]
    keep_bad: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Rollback {
    #[command(flatten)]
    place: Where,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// The stored generations, and the configuration of the folder.
struct Opened {
    config: Config,
    context: Context,
    all: Generations,
}

impl Opened {
    async fn at(place: &Where) -> anyhow::Result<Self> {
        telemetry::begin(place.log, "warn");
        let config = Config::open(&place.config)?;
        let context = wire::context(&config).await?;
        let all = Generations::new(context.clone());
        Ok(Self { config, context, all })
    }

    /// Takes the contents of the folder.
    fn contents(&mut self) -> Contents {
        std::mem::replace(&mut self.config.contents, Contents::none())
    }

    /// Compares the folder with what is served, and adds the people whom it concerns.
    async fn plan(&self, latest: &Generation, contents: &Contents) -> anyhow::Result<Plan> {
        let served = self.all.files(latest.id).await?;
        let now = self.context.now();
        let mut plan = Plan::new(&served, &contents.files, now);
        if plan.removed.is_empty() && plan.terms.is_none() {
            return Ok(plan);
        }
        let accounts = wire::accounts(&self.config, &self.context, contents.terms.clone())?;
        let counted = accounts.count_identities().await?;
        for agency in &plan.removed {
            let people = counted.get(agency).copied().unwrap_or_default();
            let told = format!("; {} people have moved there, {} have not", people.moved, people.waiting);
            plan.changes.iter_mut().filter(|change| change.subject == *agency).for_each(|c| c.what += &told);
        }
        if let Some((old, new)) = &plan.terms {
            // A version that is to come asks on its day.
            let when = new.iter().map(|version| version.effective).max().unwrap_or(now).max(now);
            let (before, after) =
                (accounts.count_asked(old, now).await?, accounts.count_asked(new, when).await?);
            let what = format!("{after} people will be asked to accept terms, {before} are now");
            plan.changes.push(crate::change::plan::Change { subject: "terms".into(), what });
        }
        Ok(plan)
    }

    /// Says which live nodes were started with other settings than those of the folder.
    async fn others(&self) -> anyhow::Result<Vec<String>> {
        let marks = self.config.marks(&self.context.keys);
        let nodes = self.all.nodes().await?.into_iter().filter(|node| node.live);
        let told = nodes.filter_map(|node| {
            let keys = different(&node.report.settings, &marks);
            (!keys.is_empty()).then(|| format!("{} ({})", node.report.name, keys.join(", ")))
        });
        Ok(told.collect())
    }
}

impl PlanCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut opened = Opened::at(&self.place).await?;
        let contents = opened.contents().shared_is_right()?;
        let mistakes = contents.all_mistakes();
        let others = opened.others().await?;
        let Some(latest) = opened.all.latest().await? else {
            out!("Nothing is stored yet: the first node that starts stores this folder as generation 1.");
            return Ok(if mistakes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        };
        let served = opened.all.files(latest.id).await?;
        let (contents, kept) = contents.with_bad_as_accepted(&served, opened.context.now());
        let plan = opened.plan(&latest, &contents).await?;
        if self.json {
            let changes = plan.changes.iter().map(|c| json!({ "subject": c.subject, "what": c.what }));
            let dangers = plan.dangers.iter().map(|d| json!({ "name": d.name, "what": d.what }));
            out!(
                "{}",
                json!({
                    "generation": latest.id,
                    "changes": changes.collect::<Vec<_>>(),
                    "dangers": dangers.collect::<Vec<_>>(),
                    "bad": kept,
                    "other_settings": others,
                })
            );
        } else {
            out!("Generation {} is served, by {}, since {}.", latest.id, latest.by, moment(latest.made_at));
            plan.changes.iter().for_each(|change| out!("  {}: {}", change.subject, change.what));
            for danger in &plan.dangers {
                out!("  careful: {}; `apply` wants --yes-remove {}", danger.what, danger.name);
            }
            others.iter().for_each(|node| out!("  {OTHER_SETTINGS} {node}"));
            match plan.changes.len() {
                0 => out!("Nothing would change."),
                1 => out!("1 change: `moncompte apply` takes it in."),
                n => out!("{n} changes: `moncompte apply` takes them in."),
            }
        }
        if mistakes.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        tell(&Mistakes(mistakes).into());
        err!("These agencies can stay as they are: --keep-bad {}", list(&kept).join(" --keep-bad "));
        Ok(ExitCode::FAILURE)
    }
}

impl Apply {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut opened = Opened::at(&self.place).await?;
        let contents = opened.contents().shared_is_right().context("nothing changed")?;
        if contents.bad().iter().any(|agency| !self.keep_bad.contains(agency)) {
            return Err(anyhow::Error::from(Mistakes(contents.all_mistakes())).context("nothing changed"));
        }
        let latest = opened.all.latest().await?;
        let served = match &latest {
            Some(latest) => opened.all.files(latest.id).await?,
            None => generations::Files::new(),
        };
        let (contents, kept) = contents.with_bad_as_accepted(&served, opened.context.now());
        if let Some(also) = kept.iter().find(|agency| !self.keep_bad.contains(*agency)) {
            bail!(
                "nothing changed: with those agencies as accepted last, {also} has a mistake as well: it names a client of theirs"
            );
        }
        let kept = list(&kept);
        let unchanged =
            latest.iter().find(|l| l.digest == opened.all.digest(&contents.files) && l.kept == kept);
        if let Some(latest) = unchanged {
            return Ok(same(latest, self.json));
        }
        if latest.is_some() {
            let plan = Plan::new(&served, &contents.files, opened.context.now());
            let unnamed: Vec<String> = (plan.dangers.into_iter())
                .filter(|danger| !self.yes_remove.contains(&danger.name))
                .map(|danger| format!("\n  {}: --yes-remove {}", danger.what, danger.name))
                .collect();
            if !unnamed.is_empty() {
                bail!("nothing changed, for these steps have to be named:{}", unnamed.concat());
            }
        }
        let base = latest.map(|latest| latest.id);
        let by = operator_at_host(&operator(None));
        let proposal = Proposal { files: &contents.files, by: &by, base, before: base, kept: &kept };
        let applied = apply(&opened.all, &opened.context, &proposal, || ()).await?;
        let code = done(&applied, self.json);
        opened.others().await?.iter().for_each(|node| err!("{OTHER_SETTINGS} {node}"));
        Ok(code)
    }
}

impl Rollback {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let opened = Opened::at(&self.place).await?;
        let latest = opened.all.latest().await?.context("nothing is stored yet")?;
        let before = match latest.before {
            Some(before) => opened.all.by_id(before).await?,
            None => None,
        };
        let before = before.with_context(|| format!("there is no generation before {}", latest.id))?;
        let files = opened.all.files(before.id).await?;
        let plan = Plan::new(&opened.all.files(latest.id).await?, &files, opened.context.now());
        let by = format!("{}, back to {}", operator_at_host(&operator(None)), before.id);
        let (base, next) = (Some(latest.id), before.before);
        let proposal = Proposal { files: &files, by: &by, base, before: next, kept: &before.kept };
        let applied = apply(&opened.all, &opened.context, &proposal, || ()).await?;
        let code = done(&applied, self.json);
        plan.changes.iter().for_each(|change| err!("  {}: {}", change.subject, change.what));
        err!(
            "It holds the files of generation {}. The folder is as it was: the next `apply` or reload takes that in again.",
            before.id
        );
        Ok(code)
    }
}

fn list(agencies: &BTreeSet<String>) -> Vec<String> {
    agencies.iter().cloned().collect()
}

fn same(latest: &Generation, json: bool) -> ExitCode {
    if json {
        out!("{}", json!({ "generation": latest.id, "changed": false }));
    } else {
        out!("Nothing has changed: generation {} is served.", latest.id);
    }
    ExitCode::SUCCESS
}

/// Prints what came of it; exit code 2 if a node is late.
fn done(applied: &Applied, json: bool) -> ExitCode {
    let Applied { id, switched, late, took } = applied;
    if json {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        out!(
            "{}",
            json!({ "generation": id, "changed": true, "nodes": switched, "late": late, "milliseconds": millis })
        );
    } else {
        let nodes = match &switched[..] {
            [] => "no node runs: the next one that starts serves it".to_owned(),
            nodes => format!("served by {}", nodes.join(", ")),
        };
        out!("Generation {id}: {nodes} ({:.1} s).", took.as_secs_f64());
    }
    if late.is_empty() {
        return ExitCode::SUCCESS;
    }
    err!("Not yet switched: {}. They do by themselves; see `moncompte status`.", late.join(", "));
    ExitCode::from(2)
}
