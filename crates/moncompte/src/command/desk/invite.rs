//! `moncompte desk invite`: a mail to each of the staff of a file who have no account here.

use std::process::ExitCode;

use accounts::{Email, Invited, Invitee};
use agencies::canonical_address;
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Standby, Where};
use crate::{change::plan::day, print::out};

#[derive(Args)]
pub(crate) struct DeskCommand {
    #[command(subcommand)]
    what: DeskWhat,
}

#[derive(Subcommand)]
enum DeskWhat {
    /// Invite the staff of a file who have no account here, each by a mail with a link that works for seven days and once.
    ///
    /// They choose a password, accept the terms, and are at the desk. Without --agency: the vendor's staff, of moncompte.toml. A newer invitation replaces the one before, and
    /// whom the file no longer names is let in by none.
    Invite(Invite),
}

#[derive(Args)]
struct Invite {
    #[command(flatten)]
    place: Where,
    /// Agency: the name of its file in agencies/.
    #[arg(long)]
    agency: Option<String>,
    /// Address of one of them, as the file has it.
    #[arg(long)]
    email: Option<String>,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Somebody whom a file names.
struct Named {
    email: String,
    name: String,
}

impl DeskCommand {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let DeskWhat::Invite(invite) = self.what;
        invite.run().await
    }
}

impl Invite {
    async fn run(self) -> anyhow::Result<ExitCode> {
        let Standby { desk, actor, opened, .. } = Standby::open(&self.place, self.by.clone()).await?;
        let (mut staff, locale) = self.named(&opened.config)?;
        if let Some(typed) = &self.email {
            let meant = canonical_address(typed);
            staff.retain(|one| one.email == meant);
            if staff.is_empty() {
                bail!(
                    "the file does not name {typed} as staff: add a [[staff]] entry, and `moncompte apply`"
                );
            }
        }
        let mut told = Vec::new();
        for Named { email, name } in &staff {
            let parsed = Email::parse(email).with_context(|| format!("{email} is no address"))?;
            let agency = self.agency.as_deref();
            let invitee = Invitee { email: &parsed, name, agency, locale: &locale };
            let outcome = desk.invite(&actor, invitee).await?;
            let (state, words) = match outcome {
                Invited::Done { until } => ("invited", format!("invited, until {}", day(until))),
                Invited::HasAccount => ("has_account", "has an account".to_owned()),
                Invited::Wait(seconds) => ("wait", format!("invited a moment ago: wait {seconds} s")),
            };
            if !self.json {
                out!("{email}  {name}  {words}");
            }
            told.push(json!({ "email": email, "name": name, "state": state }));
        }
        if self.json {
            out!("{}", json!({ "staff": told }));
        } else if staff.is_empty() {
            out!("The file names no staff.");
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Returns the staff of the file, and the language of its mails.
    fn named(&self, config: &crate::config::Config) -> anyhow::Result<(Vec<Named>, String)> {
        let Some(id) = &self.agency else {
            let vendors = config.settings.staff.iter();
            let named = vendors
                .map(|one| Named { email: canonical_address(&one.email), name: one.name.trim().to_owned() });
            return Ok((named.collect(), "fr".to_owned()));
        };
        let agency = config.contents.agencies.agency(id);
        let agency = agency.with_context(|| format!("there is no agency {id} in agencies/"))?;
        let named = agency.staff.iter().map(|one| Named { email: one.email.clone(), name: one.name.clone() });
        Ok((named.collect(), agency.language.clone()))
    }
}
