use std::process::ExitCode;

use clap::{Args, Subcommand};
use idp::grant::{KeyInfo, KeyState};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::Where;
use crate::{config::Config, print::out, telemetry, wire::Wired};

#[derive(Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the keys and their current state.
    List(KeysArgs),
    /// Publish new keys now. They sign from tomorrow on; the old ones stay published until their last token has expired.
    Rotate(KeysArgs),
}

#[derive(Args)]
struct KeysArgs {
    #[command(flatten)]
    place: Where,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Keys {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let (asked, rotate) = match self.what {
            What::List(asked) => (asked, false),
            What::Rotate(asked) => (asked, true),
        };
        telemetry::begin(asked.place.log, "warn");
        let grants = Wired::new(Config::read(&asked.place.config)?).await?.idp.grants;
        if rotate {
            grants.rotate_keys().await?;
        }
        let keys = grants.keys().await?;
        if asked.json {
            let listed: Vec<Value> = keys.iter().map(to_json).collect::<anyhow::Result<_>>()?;
            out!("{}", json!({ "keys": listed }));
        } else {
            for key in &keys {
                let (alg, from) = (key.alg.as_str(), moment(key.active_from)?);
                out!("{}  {alg:5}  {:7}  signs from {from}", key.kid, word(key.state));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn to_json(key: &KeyInfo) -> anyhow::Result<Value> {
    Ok(json!({
        "kid": key.kid, "alg": key.alg.as_str(), "state": word(key.state),
        "created_at": moment(key.created_at)?, "active_from": moment(key.active_from)?,
    }))
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::Next => "next",
        KeyState::Current => "current",
        KeyState::Retired => "retired",
        KeyState::Gone => "gone",
    }
}

fn moment(unix: i64) -> anyhow::Result<String> {
    Ok(OffsetDateTime::from_unix_timestamp(unix)?.format(&Rfc3339)?)
}
