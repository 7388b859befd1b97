//! Shows nodes, generations and queues.

use std::process::ExitCode;

use clap::Args;
use generations::{Generation, Node, State};
use idp::grant::{CLIENT_SECRET, TICKET_KEY, secret_uses};
use kernel::outbox;
use serde_json::{Value, json};

use super::{Opened, Where, moment};
use crate::{change::plan::day, config::Contents, print::out};

/// The number of generations that are shown.
const SHOWN: u64 = 5;

#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    place: Where,
    /// Show each secret of a client and each ticket key as well: its first digits, its end, and when it was last used.
    #[arg(long)]
    secrets: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let opened = Opened::at(&self.place).await?;
        let (nodes, newest) = (opened.all.nodes().await?, opened.all.newest(SHOWN).await?);
        let (db, now) = (opened.context.db.reader(), opened.context.now());
        let paused = outbox::paused(db).await?.is_some();
        let queues: Vec<Queue> = (outbox::status(db).await?.into_iter())
            .map(|of| Queue {
                kind: of.kind.clone(),
                waiting: of.waiting,
                oldest_seconds: of.oldest.map_or(0, |at| (now - at).max(0)),
                dead: of.dead.iter().map(|(_, messages)| messages).sum(),
            })
            .collect();
        let secrets = if self.secrets { secrets(&opened).await? } else { Vec::new() };
        if self.json {
            out!(
                "{}",
                json!({
                    "nodes": nodes.iter().map(node_json).collect::<Vec<_>>(),
                    "generations": newest.iter().map(generation_json).collect::<Vec<_>>(),
                    "queues": queues.iter().map(Queue::json).collect::<Vec<_>>(),
                    "mail_paused": paused,
                    "secrets": secrets.iter().map(Secret::json).collect::<Vec<_>>(),
                })
            );
            return Ok(ExitCode::SUCCESS);
        }
        out!("Nodes");
        for node in &nodes {
            let report = &node.report;
            let state = if node.live { "live" } else { "silent" };
            let ago = (opened.context.clock.now_millis() - node.seen_at).max(0) / 1000;
            out!(
                "  {}  {}  {state}, seen {ago} s ago  generation {}",
                report.name,
                report.version,
                report.serves
            );
            report.error.iter().for_each(|error| out!("    {error}"));
        }
        out!("Generations");
        for generation in &newest {
            let (id, at, by) = (generation.id, moment(generation.made_at), &generation.by);
            out!("  {id}  {at}  {}  {by}{}", word(&generation.state), why(generation));
        }
        out!("Queues{}", if paused { " (mail is paused: the mail server refuses all messages)" } else { "" });
        for Queue { kind, waiting, oldest_seconds, dead } in &queues {
            out!("  {kind}  {waiting} waiting, the oldest for {oldest_seconds} s; {dead} given up");
        }
        if self.secrets {
            out!("Secrets");
        }
        for Secret { kind, owner, mark, ends_at, used_at } in &secrets {
            let used = used_at.map_or("never used".to_owned(), |at| format!("last used on {}", day(at)));
            let ends = ends_at.map(|at| format!(", until {}", day(at - 1))).unwrap_or_default();
            out!("  {owner}  {kind} {mark}…  {used}{ends}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A secret of the served generation.
struct Secret {
    kind: &'static str,
    owner: String,
    mark: String,
    ends_at: Option<i64>,
    used_at: Option<i64>,
}

impl Secret {
    fn json(&self) -> Value {
        let Self { kind, owner, mark, ends_at, used_at } = self;
        json!({ "kind": kind, "owner": owner, "sha256": mark, "ends_at": ends_at, "used_at": used_at })
    }
}

/// Returns the secrets of the served generation.
async fn secrets(opened: &Opened) -> anyhow::Result<Vec<Secret>> {
    let Some(latest) = opened.all.latest().await? else { return Ok(Vec::new()) };
    let served = Contents::of(&opened.all.files(latest.id).await?, opened.context.now());
    let used = secret_uses(&opened.context.db).await?;
    let secret = |kind: &'static str, owner: &str, mark: String, ends_at| {
        let last = used.iter().find(|used| used.kind == kind && used.owner == owner && used.mark == mark);
        Secret { kind, owner: owner.to_owned(), mark, ends_at, used_at: last.map(|last| last.used_at) }
    };
    let mut all = Vec::new();
    for agency in served.agencies.iter() {
        for client in agency.portals.iter().map(|portal| &portal.client) {
            let of_client =
                |s: &oidc::client::Secret| secret(CLIENT_SECRET, &client.client_id, s.mark(), s.ends_at);
            all.extend(client.secrets.iter().map(of_client));
        }
        let key = |key: &agencies::TicketKey| secret(TICKET_KEY, &agency.id, key.mark.clone(), key.ends_at);
        all.extend(agency.tickets.iter().map(key));
    }
    Ok(all)
}

/// The messages of a kind.
struct Queue {
    kind: String,
    waiting: i64,
    oldest_seconds: i64,
    dead: i64,
}

impl Queue {
    fn json(&self) -> Value {
        let Self { kind, waiting, oldest_seconds, dead } = self;
        json!({ "kind": kind, "waiting": waiting, "oldest_seconds": oldest_seconds, "dead": dead })
    }
}

fn word(state: &State) -> &'static str {
    match state {
        State::Preparing => "preparing",
        State::Accepted(_) => "accepted",
        State::Refused(_) => "refused",
    }
}

fn why(generation: &Generation) -> String {
    let bad = match &generation.kept[..] {
        [] => String::new(),
        kept => format!("; as last accepted for mistakes: {}", kept.join(", ")),
    };
    match &generation.state {
        State::Refused(why) => format!(": {why}"),
        _ => bad,
    }
}

fn node_json(node: &Node) -> Value {
    let report = &node.report;
    json!({
        "name": report.name,
        "version": report.version,
        "live": node.live,
        "seen_at_ms": node.seen_at,
        "generation": report.serves,
        "prepared": report.prepared,
        "error": report.error,
    })
}

fn generation_json(generation: &Generation) -> Value {
    let refused = match &generation.state {
        State::Refused(why) => Some(why),
        _ => None,
    };
    let switch_at = match generation.state {
        State::Accepted(millis) => Some(millis),
        _ => None,
    };
    json!({
        "generation": generation.id,
        "state": word(&generation.state),
        "sha256": generation.digest,
        "by": generation.by,
        "made_at": generation.made_at,
        "switch_at_ms": switch_at,
        "kept": generation.kept,
        "refused": refused,
    })
}
