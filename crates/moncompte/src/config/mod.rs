//! `config/moncompte.toml`, `config/agencies/*.toml`, `config/terms/<version>/<lang>.md`: read and judged whole before any of it applies. Every mistake is
//! told with file, line, key and mend.

mod agencies;
mod network;
mod prepare;
mod read;
mod settings;
mod terms;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ::agencies::Agencies;
use accounts::{HashCost, LockPolicy, PasswordPolicy, Rules, SessionPolicy, TermsLibrary};
use ipnet::IpNet;
use kernel::SealKey;

pub(crate) use prepare::Prepared;
use read::Reader;
pub(crate) use settings::{Argon2Section, ConnectionsSection, Settings, SmtpSecurity};

/// All of config, judged.
pub(crate) struct Config {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) database: String,
    pub(crate) key: SealKey,
    pub(crate) older_keys: Vec<SealKey>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) agencies: Agencies,
    /// The agencies whose files have mistakes: the others are served (SECURITY D20).
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) terms: TermsLibrary,
}

/// An agency that is not served, or a client of it that is not, and why.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// The name of its file, without the ending.
    pub(crate) agency: String,
    /// What the log says of it.
    pub(crate) what: &'static str,
    pub(crate) mistakes: Vec<Mistake>,
}

impl LeftOut {
    /// Tells the operator, one line a mistake.
    pub(crate) fn log(&self) {
        for Mistake { file, line, key, mend } in &self.mistakes {
            tracing::error!(agency = self.agency, file, line, key, mend, "{}", self.what);
        }
    }
}

/// A mistake, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Mistake {
    file: String,
    line: Option<usize>,
    key: String,
    mend: String,
}

/// Everything that is wrong.
#[derive(Debug)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let things = if self.0.len() == 1 {
            "one thing in the configuration"
        } else {
            "several things in the configuration"
        };
        write!(f, "{things} cannot stand:")?;
        for Mistake { file, line, key, mend } in &self.0 {
            let line = line.map(|l| format!(":{l}")).unwrap_or_default();
            write!(f, "\n  {file}{line}: {key}: {mend}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

impl Config {
    /// Reads the folder. An agency with a mistake in its file is left out.
    ///
    /// # Errors
    /// [`Mistakes`], all of them at once, those of agencies too.
    pub(crate) fn read(folder: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::of(folder);
        let config = reader.read();
        reader.judged(config)
    }

    /// What is allowed and most likely forgotten. The program speaks HTTP without TLS, so an issuer of https has a proxy in front.
    pub(crate) fn doubt(&self) -> Option<&'static str> {
        let proxied = self.settings.issuer.starts_with("https:");
        (proxied && self.trusted_proxies.is_empty()).then_some(
            "trusted_proxies is empty: if a proxy ends TLS in front of this node, all who come through it are counted as one, and soon told to wait",
        )
    }

    /// What `accounts` is told.
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
            ..Rules::default()
        }
    }

    pub(crate) fn hash_cost(&self) -> HashCost {
        let Argon2Section { memory, passes, lanes, .. } = self.settings.argon2;
        HashCost { memory, passes, lanes }
    }

    /// A path in config is relative to its folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}
