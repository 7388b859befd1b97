//! Reads the folder into a [`Config`], or reports every mistake in it.

use std::{fs, io, path::Path};

use ipnet::IpNet;
use kernel::{Clock, SealKey, SystemClock};

use super::{Config, LeftOut, Mistake, Mistakes, Settings, network};

/// The state of reading.
pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    pub(super) mistakes: Vec<Mistake>,
    /// The agencies with mistakes in their files.
    pub(super) left_out: Vec<LeftOut>,
}

pub(super) const MAIN: &str = "moncompte.toml";

impl<'a> Reader<'a> {
    pub(super) fn of(folder: &'a Path) -> Self {
        Self { folder, mistakes: Vec::new(), left_out: Vec::new() }
    }

    /// Returns the configuration, or every mistake if there are any.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        match read {
            Some(read) if self.mistakes.is_empty() => Ok(read),
            _ => {
                let of_agencies = self.left_out.into_iter().flat_map(|left_out| left_out.mistakes);
                Err(Mistakes(self.mistakes.into_iter().chain(of_agencies).collect()))
            }
        }
    }

    pub(super) fn wrong(&mut self, file: &str, line: Option<usize>, key: &str, reason: impl Into<String>) {
        self.mistakes.push(Mistake { file: file.into(), line, key: key.into(), reason: reason.into() });
    }

    pub(super) fn text(&mut self, file: &str) -> Option<String> {
        match text(&self.folder.join(file)) {
            Ok(text) => Some(text),
            Err((line, reason)) => {
                let hint = if file == MAIN && line.is_none() { "; is --config right?" } else { "" };
                self.wrong(file, line, "file", reason + hint);
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
        // A database keeps the key that it was created with: a node with another key does not start.
        if !settings.older_secret_key_files.is_empty() {
            self.at(
                &text,
                "older_secret_key_files",
                "the key of a database cannot be replaced yet: leave this out, and keep the key that it was begun with",
            );
        }
        let database = self.database(&settings, &text);
        self.listening(&settings, &text);
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
            left_out: std::mem::take(&mut self.left_out),
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
        let mut range = |key: &str, good: bool, reason: &str| {
            if !good {
                self.at(text, key, reason);
            }
        };
        range("password.min_length", (8..=64).contains(&s.password.min_length), "must be 8 to 64");
        range(
            "argon2.memory",
            (19 * 1024..=1024 * 1024).contains(&s.argon2.memory),
            "must be 19456 KiB or more",
        );
        range("argon2.passes", (2..=20).contains(&s.argon2.passes), "must be 2 to 20");
        range("wrap_per_second", (1..=1000).contains(&s.wrap_per_second), "must be 1 to 1000");
        range("argon2.lanes", (1..=8).contains(&s.argon2.lanes), "must be 1 to 8");
        range(
            "argon2.slots",
            s.argon2.slots.is_none_or(|slots| (1..=1024).contains(&slots)),
            "must be 1 to 1024",
        );
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
        if let Some(smtp) = &s.mail.smtp {
            range("mail.smtp.port", smtp.port != Some(0), "must be 1 to 65535");
            range(
                "mail.smtp.password_file",
                smtp.username.is_some() == smtp.password_file.is_some(),
                "give both username and password_file, or neither",
            );
        }
        range("mail", s.mail.folder.is_some() != s.mail.smtp.is_some(), "give either folder or [mail.smtp]");
        range("telemetry.sample", (0.0..=1.0).contains(&s.telemetry.sample), "must be 0 to 1");
        if let Some(endpoint) = &s.telemetry.otlp_endpoint {
            let reason = "must be http:// or https://, a host and a port, such as \"http://localhost:4318\"";
            range("telemetry.otlp_endpoint", is_endpoint(endpoint), reason);
        }
        self.judge_bounces(s, text);
    }

    fn judge_bounces(&mut self, s: &Settings, text: &str) {
        if s.mail.return_path.as_deref().is_some_and(|address| !crate::return_path::fits(address)) {
            let reason = format!(
                "must be an address without \"+\", with at most {} characters before \"@\"",
                crate::return_path::MAX_LOCAL_PART
            );
            self.at(text, "mail.return_path", &reason);
        }
        if s.mail.bounces.is_some() && s.mail.return_path.is_none() {
            self.at(text, "mail.bounces", "needs mail.return_path, whose messages come back there");
        }
    }

    pub(super) fn at(&mut self, text: &str, key: &str, reason: &str) {
        self.wrong(MAIN, agencies::line_of(text, key, 0), key, reason);
    }

    fn proxies(&mut self, s: &Settings, text: &str) -> Vec<IpNet> {
        let mut nets = Vec::new();
        for entry in &s.trusted_proxies {
            match entry.parse::<IpNet>().or_else(|_| entry.parse::<std::net::IpAddr>().map(IpNet::from)) {
                // Every client in such a network could forge its address and be counted as somebody else.
                Ok(net) if network::is_too_wide(net) => self.at(
                    text,
                    "trusted_proxies",
                    "must not be so wide a part of the internet: name the networks of your own proxies",
                ),
                Ok(net) => nets.push(net),
                Err(_) => self.at(text, "trusted_proxies", "must be networks such as \"10.0.0.0/8\""),
            }
        }
        nets
    }

    pub(super) fn secret(&self, file: &str) -> Result<String, String> {
        let path = self.folder.join(file);
        let text = regular(&path).and_then(fs::read_to_string);
        let text = text.map_err(|e| format!("{file} cannot be read ({e})"))?;
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
                match network::postgres(&address, s.database_without_tls) {
                    Ok(()) => Some(address),
                    Err(reason) => {
                        self.at(text, key, &reason);
                        None
                    }
                }
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
}

/// Returns true for the address of a collector: traces go to `/v1/traces` below it.
fn is_endpoint(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

/// The maximum size of a file of the configuration, in bytes. The largest real ones, bundles of certificate authorities, have a quarter of a megabyte.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Returns the path if it is a regular file of at most [`LARGEST`] bytes. Reading anything else may block, or never end. Every file that the
/// configuration names is looked at by this before it is read.
pub(crate) fn regular(path: &Path) -> io::Result<&Path> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if found.len() > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(path)
}

/// Returns the text of a file, or the line of an error and what to do about it.
fn text(path: &Path) -> Result<String, (Option<usize>, String)> {
    let bytes =
        regular(path).and_then(fs::read).map_err(|error| (None, format!("cannot be read ({error})")))?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err((Some(1), "is UTF-16: save the file as UTF-8".into()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        (Some(line), "holds a character that is not UTF-8: save the file as UTF-8".to_owned())
    })?;
    // Editors on Windows write a byte order mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
