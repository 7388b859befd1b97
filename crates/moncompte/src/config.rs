//! `config/moncompte.toml`, `config/agencies/*.toml`, `config/terms/<version>/<lang>.md`: read and judged whole before any of it applies. Every mistake is
//! told with file, line, key and mend.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use accounts::{
    Edition, HashCost, LockPolicy, PasswordPolicy, Rules, SessionPolicy, TermsLibrary, TermsVersion,
};
use agencies::{Agencies, Agency};
use ipnet::IpNet;
use kernel::{Clock, SealKey, SystemClock, Unix};
use schemars::JsonSchema;
use serde::Deserialize;

/// `moncompte.toml`. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The provider's address, exactly as clients know it: https, without a slash at its end.
    pub(crate) issuer: String,
    /// Where it listens.
    #[serde(default = "default_listen")]
    pub(crate) listen: String,
    /// Where health and metrics are answered: never the internet.
    #[serde(default = "default_ops_listen")]
    pub(crate) ops_listen: String,
    /// `sqlite://path/to/file` or `postgres://…`.
    pub(crate) database: Option<String>,
    /// A file that holds the database's address, where it has a password in it.
    pub(crate) database_file: Option<String>,
    /// A file with the key that seals what must not be readable in a copy of the database: `openssl rand -base64 32`.
    pub(crate) secret_key_file: String,
    /// Older keys that still open.
    #[serde(default)]
    pub(crate) older_secret_key_files: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed, e.g. `["10.0.0.0/8"]`.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<String>,
    /// Attempts (sign-in, reset, old identifiers) that one network may make in a minute.
    #[serde(default = "default_attempts")]
    pub(crate) attempts_per_minute: u32,
    /// Wrong client secrets that one network may send in a minute.
    #[serde(default = "default_attempts")]
    pub(crate) client_failures_per_minute: u32,
    /// What a password must be.
    #[serde(default)]
    pub(crate) password: PasswordSection,
    /// What a hash costs.
    #[serde(default)]
    pub(crate) argon2: Argon2Section,
    /// When an account locks.
    #[serde(default)]
    pub(crate) lock: LockSection,
    /// How long people stay signed in.
    #[serde(default)]
    pub(crate) session: SessionSection,
    /// How long mailed links live.
    #[serde(default)]
    pub(crate) links: LinksSection,
    /// How mail leaves.
    pub(crate) mail: MailSection,
    /// What the provider may call.
    #[serde(default)]
    pub(crate) outbound: OutboundSection,
}

fn default_listen() -> String {
    "127.0.0.1:8080".into()
}
fn default_ops_listen() -> String {
    "127.0.0.1:9090".into()
}
fn default_attempts() -> u32 {
    60
}

/// `[password]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PasswordSection {
    /// Characters at least, from 8.
    pub(crate) min_length: usize,
}

impl Default for PasswordSection {
    fn default() -> Self {
        Self { min_length: 12 }
    }
}

/// `[argon2]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Argon2Section {
    /// KiB, from 19456.
    pub(crate) memory: u32,
    /// Passes, from 2.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
    /// Hashes at once; one a core unless set.
    pub(crate) slots: Option<usize>,
    /// How many more may wait.
    pub(crate) queue: usize,
}

impl Default for Argon2Section {
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1, slots: None, queue: 200 }
    }
}

/// `[lock]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LockSection {
    /// Failures that lock, 3 to 10.
    pub(crate) failures: u8,
    /// After how many minutes the lock of an old identifier ends by itself.
    pub(crate) legacy_minutes: i64,
}

impl Default for LockSection {
    fn default() -> Self {
        Self { failures: 5, legacy_minutes: 60 }
    }
}

/// `[session]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SessionSection {
    /// Idle hours, when "keep me signed in" was not ticked.
    pub(crate) idle_hours: i64,
    /// Idle days, when it was: they slide.
    pub(crate) kept_days: i64,
    /// Days at most, when it was.
    pub(crate) kept_days_at_most: i64,
}

impl Default for SessionSection {
    fn default() -> Self {
        Self { idle_hours: 8, kept_days: 30, kept_days_at_most: 90 }
    }
}

/// `[links]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LinksSection {
    /// Days that the confirmation link of a move lives.
    pub(crate) confirm_days: i64,
    /// Minutes that a reset link lives.
    pub(crate) reset_minutes: i64,
}

impl Default for LinksSection {
    fn default() -> Self {
        Self { confirm_days: 7, reset_minutes: 30 }
    }
}

/// `[mail]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailSection {
    /// The sender, e.g. `"Mon compte immobilier <ne-pas-repondre@compte.example.fr>"`.
    pub(crate) from: String,
    /// A folder into which mails are written instead of being sent.
    pub(crate) folder: Option<String>,
    /// The server that takes them.
    pub(crate) smtp: Option<SmtpSection>,
}

/// `[mail.smtp]`. There is no way to send without TLS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpSection {
    /// Its name, as in its certificate.
    pub(crate) host: String,
    /// 587 for STARTTLS, 465 for TLS from the start, unless set.
    pub(crate) port: Option<u16>,
    /// `starttls` or `tls`.
    #[serde(default = "default_smtp_security")]
    pub(crate) security: SmtpSecurity,
    /// Who signs in there.
    pub(crate) username: Option<String>,
    /// A file that holds the password.
    pub(crate) password_file: Option<String>,
    /// A private certificate authority, PEM.
    pub(crate) ca_file: Option<String>,
}

fn default_smtp_security() -> SmtpSecurity {
    SmtpSecurity::Starttls
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SmtpSecurity {
    /// The server must offer STARTTLS.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// `[outbound]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OutboundSection {
    /// Hosts that may be private addresses.
    pub(crate) allow: Vec<String>,
    /// A private certificate authority, PEM.
    pub(crate) extra_ca: Option<String>,
}

/// All of config, judged.
pub(crate) struct Config {
    pub(crate) folder: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) database: String,
    pub(crate) key: SealKey,
    pub(crate) older_keys: Vec<SealKey>,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) agencies: Agencies,
    pub(crate) terms: TermsLibrary,
}

/// A mistake, and where it is.
#[derive(Debug)]
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
    /// Reads the folder.
    ///
    /// # Errors
    /// [`Mistakes`], all of them at once.
    pub(crate) fn read(folder: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader { folder, mistakes: Vec::new() };
        match reader.read() {
            Some(config) if reader.mistakes.is_empty() => Ok(config),
            _ => Err(Mistakes(reader.mistakes)),
        }
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

struct Reader<'a> {
    folder: &'a Path,
    mistakes: Vec<Mistake>,
}

const MAIN: &str = "moncompte.toml";

impl Reader<'_> {
    fn wrong(&mut self, file: &str, line: Option<usize>, key: &str, mend: impl Into<String>) {
        self.mistakes.push(Mistake { file: file.into(), line, key: key.into(), mend: mend.into() });
    }

    fn text(&mut self, file: &str) -> Option<String> {
        match std::fs::read_to_string(self.folder.join(file)) {
            Ok(text) => Some(text),
            Err(error) => {
                self.wrong(file, None, "file", format!("cannot be read ({error}); is --config right?"));
                None
            }
        }
    }

    fn read(&mut self) -> Option<Config> {
        let text = self.text(MAIN)?;
        let settings: Settings = match toml::from_str(&text) {
            Ok(settings) => settings,
            Err(error) => {
                let line = error
                    .span()
                    .map(|s| text.as_bytes()[..s.start].iter().filter(|b| **b == b'\n').count() + 1);
                let key = error.message().split('`').nth(1).unwrap_or("file").to_owned();
                self.wrong(MAIN, line, &key, error.message());
                return None;
            }
        };
        self.judge(&settings, &text);
        let trusted_proxies = self.proxies(&settings, &text);
        let key = self.key(&settings.secret_key_file, "secret_key_file", &text);
        let older_keys = settings.older_secret_key_files.iter();
        let older_keys =
            older_keys.filter_map(|file| self.key(file, "older_secret_key_files", &text)).collect();
        let database = self.database(&settings, &text);
        let agencies = self.agencies();
        let terms = self.terms(SystemClock.now());
        Some(Config {
            folder: self.folder.to_owned(),
            settings,
            database: database?,
            key: key?,
            older_keys,
            trusted_proxies,
            agencies,
            terms,
        })
    }

    fn judge(&mut self, s: &Settings, text: &str) {
        let issuer = url::Url::parse(&s.issuer);
        let local = issuer.as_ref().is_ok_and(|u| matches!(u.host_str(), Some("localhost" | "127.0.0.1")));
        let good = issuer.as_ref().is_ok_and(|u| {
            (u.scheme() == "https" || (u.scheme() == "http" && local))
                && u.query().is_none()
                && u.fragment().is_none()
                && u.username().is_empty()
                && u.path() == "/"
        });
        if !good || s.issuer.ends_with('/') {
            self.at(text, "issuer", "must be https://host[:port], without path, query or slash at its end (http for localhost only)");
        }
        let mut range = |key: &str, good: bool, mend: &str| {
            if !good {
                self.at(text, key, mend);
            }
        };
        range("password.min_length", (8..=64).contains(&s.password.min_length), "must be 8 to 64");
        range(
            "argon2.memory",
            (19 * 1024..=1024 * 1024).contains(&s.argon2.memory),
            "must be 19456 KiB or more",
        );
        range("argon2.passes", (2..=20).contains(&s.argon2.passes), "must be 2 to 20");
        range("argon2.lanes", (1..=8).contains(&s.argon2.lanes), "must be 1 to 8");
        range("argon2.queue", (1..=100_000).contains(&s.argon2.queue), "must be 1 or more");
        range(
            "lock.failures",
            (3..=10).contains(&s.lock.failures),
            "must be 3 to 10 (CNIL 2022-100: at most 10)",
        );
        range("lock.legacy_minutes", (1..=1440).contains(&s.lock.legacy_minutes), "must be 1 to 1440");
        range("session.idle_hours", (1..=24).contains(&s.session.idle_hours), "must be 1 to 24");
        range("session.kept_days", (1..=90).contains(&s.session.kept_days), "must be 1 to 90");
        range(
            "session.kept_days_at_most",
            (1..=365).contains(&s.session.kept_days_at_most),
            "must be 1 to 365",
        );
        range("links.confirm_days", (1..=30).contains(&s.links.confirm_days), "must be 1 to 30");
        range("links.reset_minutes", (5..=1440).contains(&s.links.reset_minutes), "must be 5 to 1440");
        range("attempts_per_minute", s.attempts_per_minute > 0, "must be 1 or more");
        range("client_failures_per_minute", s.client_failures_per_minute > 0, "must be 1 or more");
        range(
            "mail.from",
            s.mail.from.parse::<lettre::message::Mailbox>().is_ok(),
            "must be an address such as \"Mon compte <nepasrepondre@exemple.fr>\"",
        );
        range("mail", s.mail.folder.is_some() != s.mail.smtp.is_some(), "give either folder or [mail.smtp]");
    }

    fn at(&mut self, text: &str, key: &str, mend: &str) {
        self.wrong(MAIN, line_of(text, key), key, mend);
    }

    fn proxies(&mut self, s: &Settings, text: &str) -> Vec<IpNet> {
        let mut nets = Vec::new();
        for entry in &s.trusted_proxies {
            match entry.parse::<IpNet>().or_else(|_| entry.parse::<std::net::IpAddr>().map(IpNet::from)) {
                Ok(net) if net.prefix_len() == 0 => {
                    self.at(text, "trusted_proxies", "must not be the whole internet")
                }
                Ok(net) => nets.push(net),
                Err(_) => self.at(text, "trusted_proxies", "must be networks such as \"10.0.0.0/8\""),
            }
        }
        nets
    }

    fn secret(&self, file: &str) -> Result<String, String> {
        let path = self.folder.join(file);
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{file} cannot be read ({e})"))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).map(|m| m.permissions().mode()).unwrap_or(0);
            if mode & 0o007 != 0 {
                return Err(format!("{file} can be read by everybody: chmod 600 it"));
            }
        }
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn key(&mut self, file: &str, key: &str, text: &str) -> Option<SealKey> {
        match self.secret(file) {
            Ok(secret) => {
                let parsed = SealKey::parse(&secret);
                if parsed.is_none() {
                    self.at(text, key, "must hold 32 bytes in base64: openssl rand -base64 32");
                }
                parsed
            }
            Err(sentence) => {
                self.at(text, key, &sentence);
                None
            }
        }
    }

    fn database(&mut self, s: &Settings, text: &str) -> Option<String> {
        let key =
            if s.database.is_none() && s.database_file.is_some() { "database_file" } else { "database" };
        let address = match (&s.database, &s.database_file) {
            (Some(address), None) => Ok(address.clone()),
            (None, Some(file)) => self.secret(file),
            _ => Err("give either database or database_file".into()),
        };
        match address {
            Ok(address) if address.starts_with("postgres://") || address.starts_with("postgresql://") => {
                Some(address)
            }
            Ok(address) => match address.strip_prefix("sqlite://") {
                Some(path) => Some(format!("sqlite://{}", self.folder.join(path).display())),
                None => {
                    self.at(text, key, "must begin with sqlite:// or postgres://");
                    None
                }
            },
            Err(sentence) => {
                self.at(text, key, &sentence);
                None
            }
        }
    }

    fn names(&mut self, folder: &str) -> Vec<String> {
        match std::fs::read_dir(self.folder.join(folder)) {
            Ok(entries) => {
                let mut names: Vec<String> = entries
                    .flatten()
                    .map(|e| e.file_name().to_string_lossy().into_owned())
                    .filter(|n| !n.starts_with('.'))
                    .collect();
                names.sort();
                names
            }
            Err(error) => {
                self.wrong(folder, None, "folder", format!("cannot be read ({error})"));
                Vec::new()
            }
        }
    }

    fn agencies(&mut self) -> Agencies {
        let mut all = Vec::new();
        for name in self.names("agencies") {
            let Some(id) = name.strip_suffix(".toml") else { continue };
            let file = format!("agencies/{name}");
            let Some(text) = self.text(&file) else { continue };
            match Agency::read(id, &text, &|path| self.secret(path)) {
                Ok(agency) => {
                    if let Err(error) = pages::contrast(&agency.look.accent) {
                        let mend =
                            format!("{error}: choose a darker colour, so that white text on it can be read");
                        self.wrong(&file, line_of(&text, "look.accent"), "look.accent", mend);
                    }
                    all.push(agency);
                }
                Err(problems) => {
                    for problem in problems {
                        self.wrong(&file, problem.line, &problem.key, problem.mend);
                    }
                }
            }
        }
        match Agencies::new(all) {
            Ok(agencies) => agencies,
            Err(problem) => {
                self.wrong("agencies", problem.line, &problem.key, problem.mend);
                Agencies::default()
            }
        }
    }

    fn terms(&mut self, now: Unix) -> TermsLibrary {
        let mut versions = Vec::new();
        for version in self.names("terms") {
            let folder = format!("terms/{version}");
            let mut editions = BTreeMap::new();
            let mut front: Option<Front> = None;
            for name in self.names(&folder) {
                let Some(language) = name.strip_suffix(".md") else { continue };
                let file = format!("{folder}/{name}");
                let Some(text) = self.text(&file) else { continue };
                match split_front(&text) {
                    Ok((head, body)) => {
                        editions
                            .insert(language.to_owned(), Edition::new(head.title.clone(), body.to_owned()));
                        if front
                            .as_ref()
                            .is_some_and(|f| (f.consent, &f.effective) != (head.consent, &head.effective))
                        {
                            self.wrong(
                                &file,
                                None,
                                "effective",
                                "must say the same as the other languages of this version",
                            );
                        }
                        front = Some(head);
                    }
                    Err(mend) => self.wrong(&file, Some(1), "front matter", mend),
                }
            }
            match front.map(|f| (f.consent, date(&f.effective))) {
                Some((consent, Some(effective))) => {
                    versions.push(TermsVersion { version, effective, consent, editions })
                }
                Some((_, None)) => {
                    self.wrong(&folder, None, "effective", "must be a date such as \"2026-11-01\"")
                }
                None => {}
            }
        }
        if versions.is_empty() {
            self.wrong("terms", None, "folder", "holds no version: add terms/<version>/fr.md");
        } else if versions.iter().all(|v| v.effective > now) {
            // Every move would fail at its last step.
            self.wrong(
                "terms",
                None,
                "effective",
                "no version is in force yet: give one a date that is not to come",
            );
        }
        TermsLibrary::new(versions)
    }
}

/// The line of `key` (dotted) in a TOML text.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let (table, last) = key.rsplit_once('.').unwrap_or(("", key));
    let mut inside = table.is_empty();
    let mut line = None;
    for (n, row) in text.lines().enumerate() {
        if let Some(header) = row.trim().strip_prefix('[') {
            inside = header.trim_end_matches(']') == table;
        } else if inside && row.split_once('=').is_some_and(|(k, _)| k.trim() == last) {
            line = Some(n + 1);
        }
    }
    line
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    title: String,
    effective: String,
    consent: bool,
}

fn split_front(text: &str) -> Result<(Front, &str), String> {
    let rest = text.strip_prefix("+++\n").ok_or("begin the file with +++, title, effective, consent, +++")?;
    let (head, body) = rest.split_once("\n+++\n").ok_or("the second +++ is missing")?;
    let front = toml::from_str(head).map_err(|e| e.message().to_owned())?;
    Ok((front, body.trim_start()))
}

fn date(text: &str) -> Option<i64> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, format).ok().map(|d| d.midnight().assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_are_all_to_come_are_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("terms/2026-11")).unwrap();
        let text = "+++\ntitle = \"CGU\"\neffective = \"2026-11-01\"\nconsent = true\n+++\nArticle 1\n";
        std::fs::write(folder.path().join("terms/2026-11/fr.md"), text).unwrap();
        let mistakes = |now| {
            let mut reader = Reader { folder: folder.path(), mistakes: Vec::new() };
            reader.terms(now);
            reader.mistakes.len()
        };
        let effective = date("2026-11-01").unwrap();
        assert_eq!(mistakes(effective), 0);
        assert_eq!(mistakes(effective - 1), 1);
    }
}
