//! The configuration: `config/moncompte.toml`, `config/agencies/*.toml`, `config/terms/<version>/<lang>.md`, read and checked as a whole before it applies.
//! Every mistake is reported with file, line, key and reason.

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
pub(crate) use read::regular;
pub(crate) use settings::{Argon2Section, ConnectionsSection, Settings, SmtpSecurity, TelemetrySection};

/// The checked configuration.
pub(crate) struct Config {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) database: String,
    pub(crate) key: SealKey,
    pub(crate) older_keys: Vec<SealKey>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) agencies: Agencies,
    /// The agencies left out for mistakes in their files: the others are served (SECURITY D20).
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) terms: TermsLibrary,
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

impl Config {
    /// Reads the folder. Agencies with mistakes in their files are left out.
    ///
    /// # Errors
    /// [`Mistakes`]: all of them, including those of agencies.
    pub(crate) fn read(folder: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::of(folder);
        let config = reader.read();
        reader.finish(config)
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

    /// Resolves a path of the configuration relative to its folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }
}
