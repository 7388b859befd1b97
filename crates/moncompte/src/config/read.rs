//! From the folder to a [`Config`], or to all that is wrong with it.

use std::path::{Component, Path};

use agencies::{Agencies, Agency, AgencyFile, Logo, Look};
use ipnet::IpNet;
use kernel::{Clock, SealKey, SystemClock};
use pages::ColourError;

use super::{Config, Mistake, Settings};

/// What has been found so far.
pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    pub(super) mistakes: Vec<Mistake>,
}

const MAIN: &str = "moncompte.toml";

impl Reader<'_> {
    pub(super) fn wrong(&mut self, file: &str, line: Option<usize>, key: &str, mend: impl Into<String>) {
        self.mistakes.push(Mistake { file: file.into(), line, key: key.into(), mend: mend.into() });
    }

    pub(super) fn text(&mut self, file: &str) -> Option<String> {
        match std::fs::read_to_string(self.folder.join(file)) {
            Ok(text) => Some(text),
            Err(error) => {
                self.wrong(file, None, "file", format!("cannot be read ({error}); is --config right?"));
                None
            }
        }
    }

    pub(super) fn read(&mut self) -> Option<Config> {
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
        let c = &s.connections;
        range("connections.most", (16..=1_000_000).contains(&c.most), "must be 16 to 1000000");
        range(
            "connections.most_per_network",
            (16..=1_000_000).contains(&c.most_per_network),
            "must be 16 to 1000000",
        );
        range("connections.head_seconds", (1..=60).contains(&c.head_seconds), "must be 1 to 60");
        range("connections.body_seconds", (1..=30).contains(&c.body_seconds), "must be 1 to 30");
        range("connections.idle_seconds", (1..=3600).contains(&c.idle_seconds), "must be 1 to 3600");
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

    pub(super) fn names(&mut self, folder: &str) -> Vec<String> {
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

    /// Looks whether an agency's colours can be seen. What is no colour at all, its file was told.
    fn colours(&mut self, look: &Look, file: &str, text: &str) {
        let faults = pages::faults(&look.accent, look.second.as_deref()).into_iter();
        for (colour, error) in faults.filter(|(_, error)| !matches!(error, ColourError::NotAColour(_))) {
            let key = format!("look.{colour}");
            self.wrong(file, line_of(text, &key), &key, error.to_string());
        }
    }

    fn with_logo(&mut self, mut agency: Agency, file: &str, text: &str) -> Agency {
        if let Some(name) = &agency.look.logo {
            match self.picture(name) {
                Ok(logo) => agency.logo = Some(logo),
                Err(mend) => self.wrong(file, line_of(text, "look.logo"), "look.logo", mend),
            }
        }
        agency
    }

    fn picture(&self, name: &str) -> Result<Logo, String> {
        let path = Path::new(name);
        // What an agency's file names is published: nothing beside the configuration.
        if !path.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(
                "must be a file in the folder of the configuration, such as \"logos/exemple.svg\"".into()
            );
        }
        let bytes =
            std::fs::read(self.folder.join(path)).map_err(|e| format!("{name} cannot be read ({e})"))?;
        Logo::read(bytes).map_err(|mend| format!("{name} {mend}"))
    }

    fn agencies(&mut self) -> Agencies {
        let mut all = Vec::new();
        for name in self.names("agencies") {
            let Some(id) = name.strip_suffix(".toml") else { continue };
            let file = format!("agencies/{name}");
            let Some(text) = self.text(&file) else { continue };
            match Agency::read(id, &text, &|path| self.secret(path)) {
                Ok(agency) => {
                    self.colours(&agency.look, &file, &text);
                    all.push(self.with_logo(agency, &file, &text));
                }
                Err(problems) => {
                    if let Ok(other) = toml::from_str::<AgencyFile>(&text) {
                        self.colours(&other.look, &file, &text);
                    }
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
