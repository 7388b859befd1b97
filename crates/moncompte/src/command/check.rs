use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Where;
use crate::{
    config::{Mistakes, Prepared, Settings},
    print::out,
};

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Where,
    /// Print the JSON Schema of moncompte.toml instead, for editors.
    #[arg(long)]
    schema: bool,
    /// Print the schema of an agency's file instead.
    #[arg(long)]
    agency_schema: bool,
}

impl Check {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.schema || self.agency_schema {
            let schema = if self.schema {
                schemars::schema_for!(Settings)
            } else {
                schemars::schema_for!(agencies::AgencyFile)
            };
            out!("{}", serde_json::to_string_pretty(&json!(schema))?);
            return Ok(ExitCode::SUCCESS);
        }
        // The same checks as `serve` makes before it opens the database and its ports.
        let config = Prepared::read(&self.place.config)?.config;
        if !config.left_out.is_empty() {
            // `serve` starts without these agencies.
            let mistakes = config.left_out.into_iter().flat_map(|left_out| left_out.mistakes);
            return Err(Mistakes(mistakes.collect()).into());
        }
        out!(
            "{} agencies, issuer {}: nothing is wrong.",
            config.agencies.iter().count(),
            config.settings.issuer
        );
        if let Some(warning) = config.warning() {
            out!("{warning}.");
        }
        let length = config.settings.password.min_length;
        let meets = if length >= 15 {
            "NIST SP 800-63B-4 for a password alone, and CNIL 2022-100"
        } else {
            "CNIL 2022-100 with a lock"
        };
        out!("password.min_length = {length} meets {meets}.");
        Ok(ExitCode::SUCCESS)
    }
}
