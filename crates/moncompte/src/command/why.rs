//! `moncompte why`: what happened where a page showed a reference.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::Value;

use super::Where;
use crate::{audit::Place, print::out};

/// The lines before and after the one with the reference in which others of its request are looked for.
const AROUND: usize = 2000;
/// The most bytes of a line that are read.
const LONGEST: u64 = 64 * 1024;

#[derive(Args)]
pub(crate) struct Why {
    #[command(flatten)]
    place: Where,
    /// Reference on the page, as it is read out: SG8K-MPKW, or sg8k mpkw.
    #[arg(required = true)]
    reference: Vec<String>,
    /// Audit stream to look in; - for standard input. The file that `telemetry.audit` names unless given.
    #[arg(long)]
    from: Option<PathBuf>,
    /// Print the lines of the stream as they are.
    #[arg(long)]
    json: bool,
}

impl Why {
    /// Exit code 0 if the reference is found; 1 if not.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let reference = self.reference.join("-");
        let path = match (self.from, Place::of(&self.place.config)) {
            (Some(path), _) | (None, Some(Place::File(path))) => path,
            (None, _) => bail!(
                "the audit stream of this folder is no file: give it with --from, e.g. `journalctl -o cat -u moncompte | moncompte why {reference} --from -`"
            ),
        };
        let input: Box<dyn Read> = match path == Path::new("-") {
            true => Box::new(io::stdin().lock()),
            false => {
                Box::new(File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?)
            }
        };
        let found = request_of(BufReader::new(input), &letters(&reference))?;
        if found.is_empty() {
            out!(
                "{reference} is not in this stream. Each node has its own, and older ones may be in files that were rotated."
            );
            return Ok(ExitCode::FAILURE);
        }
        for line in &found {
            if self.json {
                out!("{line}");
            } else {
                tell(line);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Returns the letters of a reference, as it is compared: somebody read it out on the telephone.
fn letters(reference: &str) -> String {
    reference.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Returns the lines of the request whose page had the reference.
fn request_of(mut stream: impl BufRead, reference: &str) -> io::Result<Vec<Value>> {
    let mut before: VecDeque<Value> = VecDeque::new();
    let mut found: Vec<Value> = Vec::new();
    let mut after = 0;
    loop {
        let mut line = Vec::new();
        if stream.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 || after > AROUND {
            return Ok(found);
        }
        // The journal may have written something before it.
        let text = String::from_utf8_lossy(&line);
        let text = text.find('{').map_or("", |at| &text[at..]);
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        if let Some(of) = found.first() {
            after += 1;
            if value["request"].is_string() && value["request"] == of["request"] {
                found.push(value);
            }
        } else if value["reference"].as_str().is_some_and(|known| letters(known) == reference) {
            found.extend(before.drain(..).filter(|other| other["request"] == value["request"]));
            found.push(value);
        } else {
            before.push_back(value);
            if before.len() > AROUND {
                before.pop_front();
            }
        }
    }
}

fn tell(line: &Value) {
    let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut shown = format!("{}  {}", word("at"), word("event"));
    for name in ["outcome", "result", "step", "agency", "client", "route", "node", "request"] {
        if let Some(value) = line[name].as_str() {
            shown.push_str(&format!("  {name}={value}"));
        }
    }
    out!("{shown}");
    if let Some(words) = in_words(&word("outcome")) {
        out!("  {words}");
    }
    if let Some(cause) = line["cause"].as_str() {
        out!("  because: {cause}");
    }
}

/// Returns what a page that says no means.
fn in_words(outcome: &str) -> Option<&'static str> {
    Some(match outcome {
        "bad_request" => "The request was not one of ours: a broken link, or a portal that asks wrongly.",
        "unknown_client" => "No agency's file names the client that the portal gave.",
        "bad_redirect" => "The portal asked for an address that its agency's file does not list.",
        "not_found" => "There is no such page.",
        "forbidden" => "The form came from another page than ours, or was too old.",
        "foreign_browser" => {
            "The link belongs to another browser: it has to be opened where the person began."
        }
        "cookies_refused" => "The browser refuses cookies.",
        "too_large" | "too_slow" => "The request was too large, or came too slowly.",
        "too_often" => {
            "Too many tries from one network: wait a minute; see `trusted_proxies` if many people tell of it."
        }
        "busy" => "The node had more to do than it can: see moncompte_hash_queue.",
        "unavailable" => "The database did not answer or took no writes.",
        "internal" => "A fault of the program or of its database: the cause is below.",
        "agency_paused" => "The agency is paused by its file.",
        "agency_left" => "The agency has left, by its file.",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_leads_to_all_lines_of_its_request_and_to_no_others() {
        let stream = "not json\n\
            {\"event\":\"sign_in\",\"request\":\"aa\",\"result\":\"busy\"}\n\
            {\"event\":\"sign_in\",\"request\":\"bb\"}\n\
            Nov 29 node moncompte[7]: {\"event\":\"page_refused\",\"request\":\"aa\",\"reference\":\"SG8K-MPKW\"}\n\
            {\"event\":\"late\",\"request\":\"aa\"}\n{\"event\":\"operator_command\"}\n";
        let found = |reference: &str| {
            let lines = request_of(stream.as_bytes(), &letters(reference)).unwrap();
            lines.iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("sg8k mpkw"), ["sign_in", "page_refused", "late"]);
        assert!(found("AAAA-AAAA").is_empty());
    }
}
