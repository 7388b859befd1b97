mod colours;
mod connect;
mod sender;
mod staff;

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context;
use clap::Args;
use kernel::{Clock, SystemClock};
use lettre::Address;
use serde_json::json;

use self::{colours::Fixed, connect::Trial};
use super::Where;
use crate::{
    config::{Config, Mistake, Mistakes, Overlay, Prepared, Settings},
    print::{err, out},
};

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    overlay: Overlay,
    /// Tell the mistakes of this agency alone.
    #[arg(long, value_name = "AGENCY")]
    agency: Option<String>,
    /// Print JSON: `mistakes`, `warnings`, `trials` and `fixed`.
    #[arg(long)]
    json: bool,
    /// End with exit code 2 if there are warnings.
    #[arg(long)]
    strict: bool,
    /// Also try what the configuration names, and change nothing: the database, the mail server up to AUTH, the sender's names in DNS, the key sets and other
    /// addresses of portals.
    #[arg(long)]
    connect: bool,
    /// Send a mail to this address too.
    #[arg(long, value_name = "ADDRESS", requires = "connect")]
    mail_to: Option<Address>,
    /// Ask this DNS server of the sender's names, e.g. 9.9.9.9:53, in place of this machine's.
    #[arg(long, value_name = "ADDRESS", requires = "connect")]
    resolver: Option<SocketAddr>,
    /// Write the nearest readable colour into agencies' files, in place of each that is too faint.
    #[arg(long)]
    fix_colours: bool,
    /// Print the JSON Schema of moncompte.toml instead, for editors.
    #[arg(long)]
    schema: bool,
    /// Print the schema of an agency's file instead.
    #[arg(long)]
    agency_schema: bool,
}

impl Check {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        if self.schema || self.agency_schema {
            let schema = if self.schema {
                schemars::schema_for!(Settings)
            } else {
                schemars::schema_for!(agencies::AgencyFile)
            };
            out!("{}", serde_json::to_string_pretty(&json!(schema))?);
            return Ok(ExitCode::SUCCESS);
        }
        let fixed = match self.fix_colours {
            true => colours::fix(&self.place.config, self.agency.as_deref())
                .context("an agency's file cannot be read or written")?,
            false => Vec::new(),
        };
        // The same checks as `serve` makes before it opens the database and its ports.
        let (prepared, mistakes) = match Prepared::read(&self.place.config, &self.overlay) {
            // A node that runs goes on with what was accepted last.
            Ok(prepared) => {
                let mistakes = self.mistakes(&prepared.config)?;
                (Some(prepared), mistakes)
            }
            Err(Mistakes(found)) => (None, found),
        };
        let trials = match &prepared {
            Some(prepared) if self.connect => {
                connect::try_all(prepared, self.agency.as_deref(), self.mail_to.as_ref(), self.resolver).await
            }
            _ => Vec::new(),
        };
        let config = prepared.as_ref().map(|prepared| &prepared.config);
        let warnings = config.map(|config| config.warnings(SystemClock.now())).unwrap_or_default();
        if self.json {
            let mistakes: Vec<_> = mistakes.iter().map(Mistake::to_json).collect();
            let trials: Vec<_> = trials.iter().map(Trial::to_json).collect();
            let fixed: Vec<_> = fixed.iter().map(Fixed::to_json).collect();
            let told =
                json!({ "mistakes": mistakes, "warnings": warnings, "trials": trials, "fixed": fixed });
            out!("{told}");
        } else {
            fixed.iter().for_each(|fixed| out!("{fixed}."));
            if let (Some(config), true) = (config, mistakes.is_empty()) {
                praise(config, &warnings);
            }
            trials.iter().for_each(|trial| out!("{trial}."));
        }
        let has_failed = trials.iter().any(Trial::has_failed);
        let is_doubtful = !warnings.is_empty() || trials.iter().any(Trial::is_doubtful);
        match (mistakes.is_empty(), !is_doubtful) {
            (false, _) if self.json => Ok(ExitCode::FAILURE),
            (false, _) => {
                warnings.iter().for_each(|warning| err!("{warning}."));
                Err(Mistakes(mistakes).into())
            }
            (true, _) if has_failed => Ok(ExitCode::FAILURE),
            (true, false) if self.strict => Ok(ExitCode::from(2)),
            (true, _) => Ok(ExitCode::SUCCESS),
        }
    }

    /// Returns the mistakes in what is served: all, or those of one agency.
    fn mistakes(&self, config: &Config) -> anyhow::Result<Vec<Mistake>> {
        let contents = &config.contents;
        let Some(agency) = &self.agency else { return Ok(contents.all_mistakes()) };
        let bad = contents.left_out.iter().find(|left_out| left_out.agency == *agency);
        if bad.is_none() && contents.agencies.agency(agency).is_none() {
            anyhow::bail!("there is no agency \"{agency}\": its file would be agencies/{agency}.toml");
        }
        Ok(bad.map(|left_out| left_out.mistakes.clone()).unwrap_or_default())
    }
}

fn praise(config: &Config, warnings: &[String]) {
    let (count, issuer) = (config.contents.agencies.iter().count(), &config.settings.issuer);
    let agencies = if count == 1 { "agency" } else { "agencies" };
    out!("{count} {agencies}, issuer {issuer}: nothing is wrong.");
    warnings.iter().for_each(|warning| out!("{warning}."));
    let length = config.settings.password.min_length;
    let meets = if length >= 15 {
        "NIST SP 800-63B-4 for a password alone, and CNIL 2022-100"
    } else {
        "CNIL 2022-100 with a lock"
    };
    out!("password.min_length = {length} meets {meets}.");
}
