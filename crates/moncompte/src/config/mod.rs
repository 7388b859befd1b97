//! The configuration: `config/moncompte.toml`, `config/agencies/*.toml`, `config/terms/<version>/<lang>.md`, read and checked as a whole before it applies.
//! Every mistake is reported with file, line, key and reason.

mod agencies;
mod contents;
mod network;
mod overlay;
mod prepare;
mod read;
mod settings;
mod source;
mod staff;
mod suggest;
mod terms;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use accounts::{HashCost, LockPolicy, PasswordPolicy, Rules, SessionPolicy};
use ipnet::IpNet;
use kernel::{SealKeys, Unix};

use crate::audit::Place;

pub(crate) use contents::Contents;
pub(crate) use network::database as check_database;
pub(crate) use overlay::Overlay;
pub(crate) use prepare::Prepared;
use read::Reader;
pub(crate) use read::{ISSUER_FORM, MAIN, is_issuer, regular};
pub(crate) use settings::{
    Argon2Section, ConnectionsSection, Settings, SmtpSecurity, StaffRole, StaffSection, TelemetrySection,
};

/// The keys that differ from node to node.
/// Keys are files too, which nodes read anew when one is replaced.
const NODES_OWN: [&str; 4] = ["listen", "ops_listen", "secret_key_file", "older_secret_key_files"];

/// The checked configuration.
pub(crate) struct Config {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) database: String,
    /// The keys that seal what is in the database.
    pub(crate) seal: Arc<SealKeys>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The keys of `moncompte.toml` with their values, some of which are secrets.
    pub(crate) keys: BTreeMap<String, String>,
    /// The agencies and the terms of the folder.
    pub(crate) contents: Contents,
}

impl Config {
    /// Returns the place of the audit stream, if there is to be one.
    pub(crate) fn audit(&self) -> Option<Place> {
        Place::parse(self.settings.telemetry.audit.as_deref()?, &self.folder)
    }
}

/// An agency, or a client of one, that is not served, and the reason.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// The name of its file, without the extension.
    pub(crate) agency: String,
    /// The message for the log.
    pub(crate) what: &'static str,
    pub(crate) mistakes: Vec<Mistake>,
}

impl LeftOut {
    /// Logs each mistake as one event.
    pub(crate) fn log(&self) {
        for Mistake { file, line, key, reason } in &self.mistakes {
            tracing::error!(agency = self.agency, file, line, key, reason, "{}", self.what);
        }
    }
}

/// A mistake and its position.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    file: String,
    line: Option<usize>,
    key: String,
    reason: String,
}

impl Mistake {
    /// Returns it as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let Self { file, line, key, reason } = self;
        serde_json::json!({ "file": file, "line": line, "key": key, "reason": reason })
    }
}

/// All mistakes of a configuration.
#[derive(Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "Invalid configuration ({} error{plural}):", self.0.len())?;
        for Mistake { file, line, key, reason } in &self.0 {
            let line = line.map(|l| format!(":{l}")).unwrap_or_default();
            write!(f, "\n  {file}{line}: {key}: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Mistakes {
    fn and(mut self, more: Vec<Mistake>) -> Self {
        self.0.extend(more);
        self
    }
}

impl Config {
    /// Reads the folder. Agencies with mistakes in their files are left out.
    ///
    /// # Errors
    /// [`Mistakes`]: all of them, including those of agencies.
    pub(crate) fn read(folder: &Path) -> Result<Self, Mistakes> {
        let config = Self::open(folder)?;
        Ok(Self { contents: config.contents.shared_is_right()?, ..config })
    }

    /// Reads the folder for a command that can do without its agencies and terms: there may be mistakes in `contents`.
    ///
    /// # Errors
    /// [`Mistakes`]: all of them, if there is one in `moncompte.toml`.
    pub(crate) fn open(folder: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::of(folder);
        let config = reader.read();
        let of_contents = config.iter().flat_map(|config| config.contents.all_mistakes()).collect();
        reader.finish(config).map_err(|mistakes| mistakes.and(of_contents))
    }

    /// Returns what is allowed and probably not meant, a sentence each.
    pub(crate) fn warnings(&self, now: Unix) -> Vec<String> {
        let of_node = self.warning().map(str::to_owned).into_iter().chain(self.bounces_warning());
        of_node.chain(self.contents.warnings(now)).collect()
    }

    /// Returns a warning about a Maildir that is not there: many mail servers make it with the first message, and a name that is misspelt looks the same.
    fn bounces_warning(&self) -> Option<String> {
        let folder = self.path(self.settings.mail.bounces.as_ref()?);
        let is_there = folder.join("new").is_dir();
        (!is_there).then(|| {
            format!(
                "mail.bounces: {} is no Maildir yet, or this user may not read it: returned mail is read once it is",
                folder.display()
            )
        })
    }

    /// Returns a warning about a setting that is allowed but probably forgotten. The program speaks HTTP without TLS, so an https issuer has a proxy in front.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        let proxied = self.settings.issuer.starts_with("https:");
        (proxied && self.trusted_proxies.is_empty()).then_some(
            "trusted_proxies is empty: if a proxy ends TLS in front of this node, all who come through it are counted as one, and soon told to wait",
        )
    }

    /// Returns the settings for `accounts`.
    pub(crate) fn rules(&self) -> Rules {
        let s = &self.settings;
        Rules {
            lock: LockPolicy { limit: s.lock.failures, legacy_seconds: s.lock.legacy_minutes * 60 },
            password: PasswordPolicy { min_length: s.password.min_length },
            sessions: SessionPolicy {
                idle: s.session.idle_hours * 3600,
                kept_idle: s.session.kept_days * 86400,
                kept_most: s.session.kept_days_at_most * 86400,
                ..SessionPolicy::default()
            },
            confirm_link: s.links.confirm_days * 86400,
            reset_link: s.links.reset_minutes * 60,
            wrap_per_second: s.wrap_per_second,
            ..Rules::default()
        }
    }

    pub(crate) fn hash_cost(&self) -> HashCost {
        let Argon2Section { memory, passes, lanes, .. } = self.settings.argon2;
        HashCost { memory, passes, lanes }
    }

    /// Returns the keys of `moncompte.toml` that nodes share, each with a mark that tells one value from another and reveals none.
    /// `keys` are those of the open database, whose MACs are the same on every node.
    pub(crate) fn marks(&self, keys: &SealKeys) -> BTreeMap<String, String> {
        let key = keys.mac_key("settings of a node");
        let shared = self.keys.iter().filter(|(name, _)| !NODES_OWN.contains(&name.as_str()));
        let mark =
            |value: &str| key.mac(value.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        shared.map(|(name, value)| (name.clone(), mark(value))).collect()
    }

    /// Resolves a path of the configuration relative to its folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}
