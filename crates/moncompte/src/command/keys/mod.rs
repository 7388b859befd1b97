//! `moncompte keys`: the keys that sign, and those that seal what is in the database (docs/operate/keys.md).

mod reseal;

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use generations::Generations;
use idp::{
    Grants,
    grant::{KeyInfo, KeyState, Revocation},
};
use serde_json::{Value, json};

use super::{
    Where,
    import::{moment, operator},
};
use crate::{change::operator_at_host, config::Config, print::out, telemetry, wire::Wired};

/// The minutes for which caches and portals may keep the key set (`Cache-Control` of `/jwks`).
const CACHED_MINUTES: u32 = 5;

#[derive(Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the keys and their current state: those that sign, and those that seal.
    List(KeysArgs),
    /// Replace the signing keys: publish new keys now, which sign from tomorrow on. The old ones stay published until their last token has expired.
    Rotate(Rotate),
    /// Revoke a signing key that was stolen: it leaves the key set of every node at once, and what it signed is verified no longer.
    Revoke(Revoke),
    /// Seal everything in the database with the newest key, `secret_key_file`, while nodes run. Begun anew, it goes on where it was cut short.
    Reseal(reseal::Reseal),
}

#[derive(Args)]
struct KeysArgs {
    #[command(flatten)]
    place: Where,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Rotate {
    #[command(flatten)]
    args: KeysArgs,
    /// Sign with the new keys at once. Portals that keep the key set must read it again when they meet a key that they do not know.
    #[arg(long)]
    now: bool,
}

#[derive(Args)]
struct Revoke {
    #[command(flatten)]
    args: KeysArgs,
    /// Id of the key, as `list` shows it.
    kid: String,
    /// Operator whom the evidence names; the user of this machine unless given.
    #[arg(long)]
    by: Option<String>,
}

impl Keys {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            What::List(args) => list(&args.open().await?, args.json).await?,
            What::Rotate(Rotate { args, now }) => {
                let wired = args.open().await?;
                let new = match now {
                    true => wired.idp.grants.rotate_keys_now().await?,
                    false => {
                        wired.idp.grants.rotate_keys().await?;
                        Vec::new()
                    }
                };
                list(&wired, args.json).await?;
                if !args.json && now {
                    signs_at_once(&new);
                }
            }
            What::Revoke(asked) => asked.run().await?,
            What::Reseal(reseal) => return reseal.run().await,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl KeysArgs {
    async fn open(&self) -> anyhow::Result<Wired> {
        telemetry::begin(self.place.log, "warn");
        Wired::new(Config::read(&self.place.config)?).await
    }
}

impl Revoke {
    async fn run(self) -> anyhow::Result<()> {
        let Self { args, kid, by } = self;
        let wired = args.open().await?;
        let by = operator_at_host(&operator(by));
        let done = match wired.idp.grants.revoke_key(&kid, &by).await? {
            Revocation::Done(done) => done,
            Revocation::Already(at) => bail!("the key {kid} was revoked at {}", moment(at)),
            Revocation::Unknown => bail!("there is no signing key {kid}: see `moncompte keys list`"),
        };
        list(&wired, args.json).await?;
        if !args.json {
            out!("");
            out!("{kid} is revoked, by {by}; the evidence says so. Every node leaves it out within seconds.");
            out!(
                "Portals that keep the key set go on trusting it for {CACHED_MINUTES} minutes, or until they read the set again: tell them now if the thief is at work."
            );
            out!(
                "ID tokens and JWT access tokens that it signed are verified here no longer. Sessions and refresh tokens live on."
            );
            if let Some(successor) = done.successor {
                signs_at_once(&[successor]);
            }
            for node in Generations::new(wired.idp.context.clone()).nodes().await? {
                if node.live && node.report.sealing_keys.is_empty() {
                    out!("");
                    out!(
                        "The node {} runs an earlier version, which goes on trusting {kid}: stop or update it now.",
                        node.report.name
                    );
                }
            }
        }
        Ok(())
    }
}

/// Says what portals will see.
fn signs_at_once(kids: &[String]) {
    out!("");
    out!("{} signs from now on, on every node within seconds.", kids.join(", "));
    out!(
        "Portals must read the key set again when they meet a `kid` that they do not know (OpenID Connect Core §10.1.1). One that does not, refuses sign-ins until it reads the set again."
    );
}

async fn list(wired: &Wired, json: bool) -> anyhow::Result<()> {
    let (grants, context): (&Grants, _) = (&wired.idp.grants, &wired.idp.context);
    let keys = grants.keys().await?;
    let (seals, since) = context.sealing_key().await?;
    let older = context.keys.fingerprints().into_iter().filter(|key| *key != seals);
    if json {
        let listed: Vec<Value> = keys.iter().map(to_json).collect();
        let sealing = json!({ "seals": seals, "since": moment(since), "opens": older.collect::<Vec<_>>() });
        out!("{}", json!({ "keys": listed, "sealing": sealing }));
        return Ok(());
    }
    for key in &keys {
        let (alg, from) = (key.alg.as_str(), moment(key.active_from));
        let revoked = key.revoked_at.map(|at| format!(", revoked {}", moment(at))).unwrap_or_default();
        out!("{}  {alg:5}  {:7}  signs from {from}{revoked}", key.kid, word(key.state));
    }
    out!("{seals}  seals the database since {}", moment(since));
    older.for_each(|key| out!("{key}  opens what it sealed"));
    Ok(())
}

fn to_json(key: &KeyInfo) -> Value {
    json!({
        "kid": key.kid, "alg": key.alg.as_str(), "state": word(key.state),
        "created_at": moment(key.created_at), "active_from": moment(key.active_from),
        "revoked_at": key.revoked_at.map(moment),
    })
}

fn word(state: KeyState) -> &'static str {
    match state {
        KeyState::Next => "next",
        KeyState::Current => "current",
        KeyState::Retired => "retired",
        KeyState::Gone => "gone",
        KeyState::Revoked => "revoked",
    }
}
