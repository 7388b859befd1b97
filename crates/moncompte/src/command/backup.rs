//! `moncompte backup` and `moncompte restore` (docs/operate/backup.md).

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use kernel::{Clock, SystemClock};
use serde_json::json;

use super::{
    Where,
    import::{moment, operator},
};
use crate::{
    backup::{self, Checked, Manifest},
    change::operator_at_host,
    config::Config,
    print::out,
    telemetry,
};

#[derive(Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    place: Where,
    /// Folder of backups, in which a new one gets a name of its own; or the name of the new one.
    to: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    place: Where,
    /// The backup.
    backup: PathBuf,
    /// Change nothing: say whether the backup is whole and can be restored here.
    #[arg(long)]
    check: bool,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let config = Config::open(&self.place.config)?;
        let (place, manifest) = backup::write(config, &self.to).await?;
        if self.json {
            out!(
                "{}",
                json!({ "backup": place, "key": manifest.key, "keys": manifest.keys, "counts": manifest.counts })
            );
        } else {
            out!("{}", place.display());
            out!("  {}", counts(&manifest));
            match manifest.keys.as_slice() {
                [_, _, ..] => out!(
                    "  It opens with the keys {} together, which are not in it: keep them elsewhere.",
                    manifest.keys.join(", ")
                ),
                _ => out!(
                    "  It opens with the key {} alone, which is not in it: keep that key elsewhere.",
                    manifest.key
                ),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let config = Config::open(&self.place.config)?;
        let checked = Manifest::check(&self.backup, &config.seal)?;
        let age = (SystemClock.now() - checked.manifest.made_at).max(0);
        if self.check {
            self.tell_check(&checked, age);
            return Ok(ExitCode::SUCCESS);
        }
        let by = operator_at_host(&operator(self.by.clone()));
        let restored = backup::restore(config, &self.backup, &checked, &by).await?;
        if self.json {
            out!("{}", json!({ "backup": checked.manifest, "age_seconds": age, "ended": restored }));
            return Ok(ExitCode::SUCCESS);
        }
        out!("Restored to {}: {}.", moment(checked.manifest.made_at), counts(&checked.manifest));
        let people = restored.people;
        out!(
            "Ended, for they may have been ended since: {} sessions, {} grants with their tokens, {} mailed links, {} moves under way, {} messages.",
            people.sessions,
            restored.grants,
            people.links,
            people.moves,
            restored.messages
        );
        out!("Whoever moved since the backup moves again, and is the same person to every portal.");
        Ok(ExitCode::SUCCESS)
    }

    fn tell_check(&self, checked: &Checked, age: i64) {
        let Checked { manifest, files, bytes } = checked;
        if self.json {
            out!("{}", json!({ "backup": manifest, "age_seconds": age, "files": files, "bytes": bytes }));
            return;
        }
        out!("The backup is whole: {files} files, {bytes} bytes.");
        out!("  made {} ({} h {} min ago)", moment(manifest.made_at), age / 3600, age % 3600 / 60);
        let schema = manifest.schema.last().map(String::as_str).unwrap_or_default();
        out!("  by version {}, of {}, schema {schema}", manifest.version, manifest.database);
        out!("  {}", counts(manifest));
        match manifest.keys.as_slice() {
            [_, _, ..] => out!("  sealed with the keys {}, which are here", manifest.keys.join(", ")),
            _ => out!("  sealed with the key {}, which is here", manifest.key),
        }
    }
}

fn counts(manifest: &Manifest) -> String {
    let accounts::Totals { accounts, identities, links, evidence } = manifest.counts;
    format!("{accounts} accounts, {identities} identities, {links} links, {evidence} entries in the evidence")
}
