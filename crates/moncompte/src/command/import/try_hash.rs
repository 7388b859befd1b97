use std::{
    io::{BufRead, IsTerminal, Read, stdin},
    process::ExitCode,
};

use accounts::Tried;
use anyhow::Context as _;
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::json;
use zeroize::Zeroizing;

use super::{operator, with_agency};
use crate::{
    command::Where,
    print::{err, out},
};

/// The most bytes of a password that are read.
const LONGEST: u64 = 4096;

#[derive(Args)]
pub(super) struct Try {
    /// Agency: the name of its file in agencies/.
    #[arg(long)]
    pub(super) agency: String,
    /// The old identifier.
    pub(super) identifier: String,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    pub(super) by: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Try {
    /// Exit code 0 if the password is right; 1 if not.
    pub(super) async fn run(self, place: &Where) -> anyhow::Result<ExitCode> {
        let (wired, agency) = with_agency(place, &self.agency).await?;
        let password = password()?;
        let tried =
            wired.idp.accounts.try_hash(&agency, &self.identifier, &password, &operator(self.by)).await?;
        let (right, kind, told) = match &tried {
            Tried::Unknown => (false, None, "No identity of this agency has this identifier.".to_owned()),
            Tried::Moved => {
                (false, None, "This person has moved: their old password signs nobody in.".to_owned())
            }
            Tried::Left => {
                let told = "A complete file did not have this person: their old password signs nobody in until a file has them again.";
                (false, None, told.to_owned())
            }
            Tried::NoHash => {
                (false, None, "The identity has no hash: only a ticket of the portal moves it.".to_owned())
            }
            Tried::NoPassword => (false, None, "Nothing was typed that can be a password.".to_owned()),
            Tried::Right { kind, stored, reading } => {
                (true, Some(kind), format!("Right: {kind} ({stored}) took the password {reading}."))
            }
            Tried::Wrong { kind, stored, readings } => (
                false,
                Some(kind),
                format!("Not right: {kind} ({stored}) was tried with the password {}.", readings.join(", ")),
            ),
        };
        if self.json {
            out!("{}", json!({ "right": right, "kind": kind, "said": told }));
        } else {
            out!("{told}");
        }
        Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Asks for a password without showing it; reads a line where nobody types.
fn password() -> anyhow::Result<Zeroizing<String>> {
    let input = stdin();
    let shown =
        input.is_terminal().then(|| tcgetattr(&input)).transpose().context("the terminal cannot be asked")?;
    if let Some(shown) = &shown {
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&input, OptionalActions::Flush, &hidden)
            .context("the terminal cannot hide what is typed")?;
        err!("Old password:");
    }
    let mut typed = Zeroizing::new(String::new());
    let read = input.lock().take(LONGEST).read_line(&mut typed);
    if let Some(shown) = &shown {
        let _ = tcsetattr(&input, OptionalActions::Flush, shown);
    }
    read.context("the password cannot be read")?;
    Ok(Zeroizing::new(typed.trim_end_matches(['\r', '\n']).to_owned()))
}
