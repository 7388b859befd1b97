//! `moncompte keys reseal`: the sealing key is replaced while nodes run.
//!
//! Every live node has to have the new key before any of them seals with it; every live node has to seal with it before the last walk over the database, or
//! something would stay sealed with the old one.

use std::{cell::Cell, process::ExitCode, time::Duration};

use anyhow::bail;
use clap::Args;
use generations::{Generations, Node};
use kernel::{Context, Resealed, outbox};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    change::keys::{NEXT, all_open_hashes},
    command::{Where, import::moment},
    config::Config,
    print::out,
    telemetry,
    wire::Wired,
};

/// The time in which every live node reads a key file, or takes the key that the database names. A node looks every second.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause between two looks at the nodes.
const LOOK: Duration = Duration::from_millis(100);
/// The pause between two lines of progress.
const TELL: Duration = Duration::from_secs(2);
/// The seconds for which a browser may carry what was sealed for it, a request that nothing remembers yet.
const CARRIED: i64 = 86_400;

#[derive(Args)]
pub(super) struct Reseal {
    #[command(flatten)]
    place: Where,
    /// Print JSON at the end, and no progress.
    #[arg(long)]
    json: bool,
}

impl Reseal {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::begin(self.place.log, "warn");
        let config = Config::read(&self.place.config)?;
        let older_files = config.settings.older_secret_key_files.clone();
        let wired = Wired::new(config).await?;
        let context = &wired.idp.context;
        let all = Generations::new(context.clone());
        let key = context.keys.newest();
        replace(context, &all, &key).await?;
        context.keys.seal_hashes(all_open_hashes(&all.nodes().await?));
        if !self.json {
            out!("{key} seals on every node from now on.");
        }
        let walk = Walk { wired: &wired, silent: self.json };
        let done = walk.to_the_end().await?;
        if self.json {
            out!("{}", json!({ "key": key, "looked_at": done.seen, "sealed_anew": done.renewed }));
            return Ok(ExitCode::SUCCESS);
        }
        out!("{} sealed anew. Nothing in the database is sealed with another key any more.", done.renewed);
        if !context.keys.seals_hashes() {
            out!(
                "Password hashes that were not sealed stay as they are, for a node of an earlier version runs: update it, then run this again."
            );
        }
        let others: Vec<String> = context.keys.fingerprints().into_iter().skip(1).collect();
        if !others.is_empty() {
            out!(
                "The older key ({}) may go from {} on, when no browser carries what it sealed: take {} out of older_secret_key_files, on every node.",
                others.join(", "),
                moment(context.now() + CARRIED),
                older_files.join(", ")
            );
            out!(
                "Keep it where your backups are, for as long as you keep one that was made before now: a backup opens with its own key alone."
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Makes the newest key of this folder the one that every node seals with.
async fn replace(context: &Context, all: &Generations, key: &str) -> anyhow::Result<()> {
    if context.keys.fingerprint() != key {
        context.db.store(NEXT, key).await?;
        let lacking = wait(all, |node| node.report.sealing_keys.iter().any(|held| held == key)).await?;
        if let [node, ..] = lacking.as_slice() {
            context.db.forget_stored(NEXT).await?;
            bail!("nothing changed: {}", lack(node, key));
        }
        let replaced = context.replace_sealing_key().await?;
        context.db.forget_stored(NEXT).await?;
        if !replaced {
            bail!("nothing changed: somebody else replaced the key meanwhile; see `moncompte keys list`");
        }
    }
    let late = wait(all, |node| node.report.sealing_keys.first().is_some_and(|seals| seals == key)).await?;
    if let [node, ..] = late.as_slice() {
        bail!(
            "the node {} still seals with the older key, which has to stay: stop that node, or see its log, then run this again",
            node.report.name
        );
    }
    Ok(())
}

fn lack(node: &Node, key: &str) -> String {
    let name = &node.report.name;
    if node.report.sealing_keys.is_empty() {
        return format!(
            "the node {name} runs an earlier version, which reads no second key: update it first"
        );
    }
    format!(
        "the node {name} does not have the key {key}: put its file and its moncompte.toml into that node's folder, the new key in secret_key_file, the old one in older_secret_key_files"
    )
}

/// Waits until every live node is ready; returns those that are not in time.
async fn wait(all: &Generations, ready: impl Fn(&Node) -> bool) -> anyhow::Result<Vec<Node>> {
    let begun = Instant::now();
    loop {
        let nodes = all.nodes().await?;
        let waits: Vec<Node> = nodes.into_iter().filter(|node| node.live && !ready(node)).collect();
        if waits.is_empty() || begun.elapsed() > PATIENCE {
            return Ok(waits);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The walk over everything that is sealed.
struct Walk<'a> {
    wired: &'a Wired,
    silent: bool,
}

impl Walk<'_> {
    /// Walks until nothing is left that another key sealed.
    async fn to_the_end(&self) -> anyhow::Result<Resealed> {
        let mut done = self.once().await?;
        loop {
            let again = self.once_silently().await?;
            done.renewed += again.renewed;
            let grants = &self.wired.idp.grants;
            grants.forget_children().await?;
            let children = grants.children_of_older_keys().await?;
            if again.renewed == 0 && children == 0 {
                return Ok(done);
            }
            if children > 0 {
                self.say(&format!("{children} refresh tokens may be asked for again for a minute: waiting"));
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        }
    }

    async fn once(&self) -> anyhow::Result<Resealed> {
        let mut sum = Resealed::default();
        for place in PLACES {
            let done = self.place(place, self.silent).await?;
            self.say(&format!("{}: {} looked at, {} sealed anew", place.word(), done.seen, done.renewed));
            sum += done;
        }
        Ok(sum)
    }

    async fn once_silently(&self) -> anyhow::Result<Resealed> {
        let mut sum = Resealed::default();
        for place in PLACES {
            sum += self.place(place, true).await?;
        }
        Ok(sum)
    }

    async fn place(&self, place: Place, silent: bool) -> anyhow::Result<Resealed> {
        let idp = &self.wired.idp;
        let (seen, last) = (Cell::new(0), Cell::new(Instant::now()));
        let told = |step: Resealed| {
            seen.set(seen.get() + step.seen);
            if !silent && last.get().elapsed() > TELL {
                last.set(Instant::now());
                self.say(&format!("{}: {} so far", place.word(), seen.get()));
            }
        };
        Ok(match place {
            Place::Root => idp.context.reseal_root().await?,
            Place::Signing => idp.grants.reseal(&told).await?,
            Place::Messages => outbox::reseal(&idp.context, &told).await?,
            Place::Configuration => Generations::new(idp.context.clone()).reseal(&told).await?,
            Place::Passwords => idp.accounts.reseal_passwords(&told).await?,
            Place::Identities => idp.accounts.reseal_identities(&told).await?,
        })
    }

    fn say(&self, line: &str) {
        if !self.silent {
            out!("  {line}");
        }
    }
}

/// A kind of rows that hold what is sealed.
#[derive(Clone, Copy)]
enum Place {
    Root,
    Signing,
    Messages,
    Configuration,
    Passwords,
    Identities,
}

/// All of them.
const PLACES: [Place; 6] =
    [Place::Root, Place::Signing, Place::Messages, Place::Configuration, Place::Passwords, Place::Identities];

impl Place {
    fn word(self) -> &'static str {
        match self {
            Self::Root => "the root of MACs",
            Self::Signing => "signing keys and the salt of subjects",
            Self::Messages => "messages",
            Self::Configuration => "secrets of the configuration",
            Self::Passwords => "password hashes",
            Self::Identities => "old hashes, and rows that deliveries keep",
        }
    }
}
