use std::{fs::File, io::BufReader, path::PathBuf, process::ExitCode};

use accounts::legacy::{
    Warned,
    row::{Charset, Format, Rows},
};
use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Where;
use crate::{
    config::{Config, Mistakes},
    print::{err, out},
    telemetry,
    wire::Wired,
};

#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    place: Where,
    /// Agency: the name of its file in agencies/.
    #[arg(long)]
    agency: String,
    /// Legacy identities, .csv or .jsonl (docs/import.md).
    file: PathBuf,
    /// Read and check everything, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Character encoding of the file.
    #[arg(long, value_enum, default_value_t)]
    charset: CharsetName,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum CharsetName {
    #[default]
    #[value(name = "utf-8")]
    Utf8,
    #[value(name = "windows-1252")]
    Windows1252,
}

impl Import {
    /// Exit code 0 if every row was imported, with or without warnings; 2 if some were left out.
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let format = match self.file.extension().and_then(|e| e.to_str()) {
            Some("csv") => Format::Csv,
            Some("jsonl" | "ndjson") => Format::Jsonl,
            _ => bail!(
                "{}: name the file .csv or .jsonl, so that it can be told how to read it",
                self.file.display()
            ),
        };
        let charset = match self.charset {
            CharsetName::Utf8 => Charset::Utf8,
            CharsetName::Windows1252 => Charset::Windows1252,
        };
        let file =
            File::open(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))?;
        let bar = self.bar(file.metadata()?.len())?;
        let rows = Rows::open(bar.wrap_read(BufReader::new(file)), format, charset)
            .with_context(|| format!("{} cannot be imported", self.file.display()))?;
        let wired = Wired::new(Config::read(&self.place.config)?).await?;
        let agencies = wired.idp.agencies.load();
        let Some(agency) = agencies.agency(&self.agency) else {
            if let Some(left_out) = wired.left_out.into_iter().find(|left_out| left_out.agency == self.agency)
            {
                return Err(Mistakes(left_out.mistakes).into());
            }
            let known: Vec<&str> = agencies.iter().map(|a| a.id.as_str()).collect();
            bail!("there is no agency \"{}\"; known are: {}", self.agency, known.join(", "));
        };
        let beside = tempfile::tempfile().context("no temporary file can be made")?;
        let mut importer = wired.idp.accounts.import(agency, rows, beside, self.dry_run);
        while importer.next_batch().await? > 0 {}
        bar.finish_and_clear();
        let report = importer.report();
        if self.json {
            let bad: Vec<_> =
                report.bad.iter().map(|b| json!({ "line": b.line, "reason": b.reason })).collect();
            out!(
                "{}",
                json!({
                    "dry_run": self.dry_run, "added": report.added, "updated": report.updated,
                    "unchanged": report.unchanged, "moved": report.moved, "bad": bad,
                    "warnings": report.warnings.iter().map(as_json).collect::<Vec<_>>(),
                })
            );
        } else {
            for bad in &report.bad {
                err!("{}:{}: {}", self.file.display(), bad.line, bad.reason);
            }
            for warned in &report.warnings {
                err!("{}: {}", self.file.display(), warning_text(warned));
            }
            let tried = if self.dry_run { " (tried only, nothing was written)" } else { "" };
            out!(
                "{} added, {} updated, {} unchanged, {} already moved, {} left out{tried}.",
                report.added,
                report.updated,
                report.unchanged,
                report.moved,
                report.bad.len()
            );
            if !self.dry_run {
                let progress = wired.idp.accounts.wrap_progress().await?;
                out!(
                    "Weak hashes: {} encrypted and waiting for Argon2id, {} done; `moncompte serve` goes on with them.",
                    progress.sealed,
                    progress.wrapped
                );
            }
        }
        Ok(if report.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }

    fn bar(&self, bytes: u64) -> anyhow::Result<ProgressBar> {
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new(bytes) };
        bar.set_style(ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes_per_sec}  {eta} left")?);
        Ok(bar)
    }
}

fn as_json(warned: &Warned) -> serde_json::Value {
    let Warned { column, what, count, lines } = warned;
    json!({ "column": column, "what": what.to_string(), "count": count, "lines": lines })
}

/// Returns `warning: birthdate, 10000 rows (line 2, 3, …): what was found there`.
fn warning_text(Warned { column, what, count, lines }: &Warned) -> String {
    let rows = if *count == 1 { "row" } else { "rows" };
    let shown: Vec<String> = lines.iter().map(u64::to_string).collect();
    let more = if *count > lines.len() as u64 { ", …" } else { "" };
    format!("warning: {column}, {count} {rows} (line {}{more}): {what}", shown.join(", "))
}
