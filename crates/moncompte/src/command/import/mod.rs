//! `moncompte import`: deliveries of an agency, planned, applied and taken back, or in one step.

mod apply;
mod list;
mod plan;
mod rejects;
mod spool;
mod tell;
#[cfg(test)]
mod tell_tests;
mod try_hash;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use accounts::{
    ApplyRefused, OldSite, Source,
    legacy::{Charset, Found, row::Rows},
};
use agencies::Agency;
use anyhow::bail;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use self::{
    rejects::Rejects,
    spool::{FormatName, Spool},
};
use super::Where;
use crate::{
    config::{Config, Mistakes},
    print::{err, out},
    telemetry,
    wire::Wired,
};

#[derive(Args)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct Import {
    #[command(flatten)]
    place: Where,
    #[command(subcommand)]
    what: Option<What>,
    /// Agency: the name of its file in agencies/.
    #[arg(long, required = true)]
    agency: Option<String>,
    #[command(flatten)]
    file: FileArgs,
    /// Plan only, and store no plan.
    #[arg(long)]
    dry_run: bool,
    /// Import although guards do not hold. The evidence tells which.
    #[arg(long)]
    force: bool,
    /// Import nothing: ask for the old password of this identifier, as `import try` does.
    #[arg(long = "try", value_name = "IDENTIFIER", conflicts_with_all = ["file", "dry_run", "force", "complete", "html", "rejects"])]
    tried: Option<String>,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum What {
    /// Read a file and tell what it would do. Nothing of it is written but the plan.
    Plan(plan::Plan),
    /// Apply a plan, or go on with one that stopped.
    Apply(apply::Apply),
    /// Take a delivery back, up to thirty days after it was applied. Whoever moved since is listed and left alone.
    Undo(apply::Undo),
    /// List deliveries, and how far weak hashes are.
    List(list::List),
    /// Ask for the old password of an identifier and tell what kind of hash takes it. Counts as no attempt.
    Try(try_hash::Try),
}

/// A file of an agency.
#[derive(Args)]
struct FileArgs {
    /// Legacy identities, .csv or .jsonl (docs/import.md); - for standard input.
    file: Option<PathBuf>,
    /// Format of a file whose name does not tell it.
    #[arg(long, value_enum)]
    format: Option<FormatName>,
    /// Character encoding of the file, where it is not recognised: windows-1252, macroman, cp850 and others (docs/import.md).
    #[arg(long, value_parser = charset)]
    charset: Option<Charset>,
    /// The file has all clients of the agency: whoever is missing has left it.
    #[arg(long)]
    complete: bool,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
}

#[derive(Args)]
struct Output {
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    /// Write the report as a page in French for the agency.
    #[arg(long)]
    html: Option<PathBuf>,
    /// Write the rows that are left out, with the reason, to a file.
    #[arg(long)]
    rejects: Option<PathBuf>,
}

/// Reads the name of an encoding.
fn charset(name: &str) -> Result<Charset, String> {
    Charset::find(name).ok_or_else(|| format!("known are {}", Charset::list()))
}

/// A file that is open: its rows, the encoding by which they are read, and what the delivery tells of it.
struct Opened<R> {
    rows: Rows<R>,
    found: Found,
    source: Source,
}

impl Import {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        match self.what {
            Some(What::Plan(plan)) => plan.run(&self.place).await,
            Some(What::Apply(apply)) => apply.run(&self.place).await,
            Some(What::Undo(undo)) => undo.run(&self.place).await,
            Some(What::List(list)) => list.run(&self.place).await,
            Some(What::Try(tried)) => tried.run(&self.place).await,
            None => match self.tried {
                Some(identifier) => {
                    let agency = self.agency.unwrap_or_default();
                    let (by, json) = (self.file.by, self.output.json);
                    try_hash::Try { agency, identifier, by, json }.run(&self.place).await
                }
                None => self.in_one_step().await,
            },
        }
    }

    /// Plans, and applies if the guards hold. Exit code 0 if every row was imported, with or without warnings; 2 if some were left out; 3 if a guard does
    /// not hold.
    async fn in_one_step(self) -> anyhow::Result<ExitCode> {
        let (wired, agency) = with_agency(&self.place, self.agency.as_deref().unwrap_or_default()).await?;
        let spool = self.file.spool()?;
        let bar = bar(&spool, self.output.json, if self.dry_run { 2 } else { 3 })?;
        let Opened { rows, found, source } = self.file.open(&spool, &bar, &agency, None)?;
        let (scratch, source) = (spool::scratch()?, (source, self.file.complete));
        let mut rejects = self.output.rejects(&spool, &found, rows.header())?;
        let mut importer = wired
            .idp
            .accounts
            .import_from(&agency, rows, scratch, source)
            .among(&wired.idp.agencies.load())
            .dry(self.dry_run)
            .force(self.force);
        while importer.next_batch().await? > 0 {
            rejects.write(importer.take_rejected())?;
        }
        rejects.write(importer.take_rejected())?;
        bar.finish_and_clear();
        self.output.page(&agency, &spool, self.file.complete, importer.plan_report())?;
        let refused = importer.refused().cloned();
        let (plan, delivery) = (importer.plan_report().clone(), importer.delivery());
        let report = importer.report();
        tell::imported(&tell::Imported {
            file: &spool.name,
            json: self.output.json,
            dry: self.dry_run,
            report: &report,
            plan: &plan,
            delivery,
            refused: refused.as_ref(),
        });
        if let Some(refused) = refused {
            return Ok(refused_with(&refused));
        }
        if !self.output.json && !self.dry_run {
            tell::wrap(&wired).await?;
        }
        Ok(if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}

impl FileArgs {
    fn spool(&self) -> anyhow::Result<Spool> {
        let Some(file) = self.file.as_deref() else {
            bail!("which file? Name it, or give - for standard input");
        };
        Spool::read(file, self.format)
    }

    /// Opens the rows of a file. `planned`: the encoding by which it was planned.
    fn open(
        &self,
        spool: &Spool,
        bar: &ProgressBar,
        agency: &Agency,
        planned: Option<Charset>,
    ) -> anyhow::Result<Opened<spool::OneWay>> {
        // The configuration was checked.
        let site = OldSite::of(agency).unwrap_or_default();
        let found = spool.found(self.charset.or(planned).or(site.charset()));
        let rows = spool.rows(bar, site.layout(spool.format, &found))?;
        let source = spool.source(self.by.clone(), &found);
        Ok(Opened { rows, found, source })
    }
}

impl Output {
    /// `header`: the lines down to its end, and the character between its names.
    fn rejects(&self, spool: &Spool, found: &Found, header: Option<(u64, char)>) -> anyhow::Result<Rejects> {
        Rejects::begin(self.rejects.as_deref(), spool, found, header)
    }

    /// Writes the page for the agency, if one is wanted.
    fn page(
        &self,
        agency: &Agency,
        spool: &Spool,
        complete: bool,
        report: &accounts::PlanReport,
    ) -> anyhow::Result<()> {
        let Some(path) = &self.html else { return Ok(()) };
        let page = tell::page(agency, &spool.name, complete, report)?;
        spool::private_file(path, page.as_bytes())
    }
}

/// Connects to the database, and returns the agency.
async fn with_agency(place: &Where, id: &str) -> anyhow::Result<(Wired, Arc<Agency>)> {
    let mut config = Config::read(&place.config)?;
    let left_out = std::mem::take(&mut config.contents.left_out);
    let wired = Wired::new(config).await?;
    let agencies = wired.idp.agencies.load_full();
    if let Some(agency) = agencies.agency(id) {
        return Ok((wired, agency.clone()));
    }
    if let Some(left_out) = left_out.into_iter().find(|left_out| left_out.agency == id) {
        return Err(Mistakes(left_out.mistakes).into());
    }
    let known: Vec<&str> = agencies.iter().map(|a| a.id.as_str()).collect();
    bail!("there is no agency \"{id}\"; known are: {}", known.join(", "));
}

/// Tells why nothing was applied; exit code 3 where a guard does not hold, 1 otherwise.
fn refused_with(refused: &ApplyRefused) -> ExitCode {
    match refused {
        ApplyRefused::Guards(broken) => {
            for guard in broken {
                err!("guard: {guard}");
            }
            err!("Nothing was imported. Look at the report; if the file is right, use --force.");
            return ExitCode::from(3);
        }
        ApplyRefused::Unknown => err!("This agency has no such plan; see `moncompte import list`."),
        ApplyRefused::Over(state) => err!("The delivery is {} already.", state.as_str()),
        ApplyRefused::OtherFile => {
            err!("The file is not the one that was planned (its SHA-256 differs): plan it anew.");
        }
        ApplyRefused::Stale => {
            err!(
                "Another delivery of the agency is at work, or was applied or taken back since the plan: plan anew."
            );
        }
    }
    ExitCode::FAILURE
}

/// Returns a bar for so many passes through a file.
fn bar(spool: &Spool, hidden: bool, passes: u64) -> anyhow::Result<ProgressBar> {
    let bar = if hidden { ProgressBar::hidden() } else { ProgressBar::new(spool.bytes * passes) };
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes_per_sec}  {eta} left")?);
    Ok(bar)
}

/// Returns the operator: as given, or the user of this machine.
pub(crate) fn operator(given: Option<String>) -> String {
    let user = |name| {
        #[allow(clippy::disallowed_methods, reason = "the program reads the environment")]
        std::env::var(name).ok().filter(|value| !value.is_empty())
    };
    let own = || ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(user);
    let by = given.or_else(own).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    by.chars().filter(|c| !c.is_control()).take(100).collect()
}

/// Prints a moment of time.
pub(crate) fn moment(unix: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(unix).ok();
    at.and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok()).unwrap_or_default()
}

/// Prints a line of a report.
fn line(text: &str) {
    out!("{text}");
}
