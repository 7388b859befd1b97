//! Reads the folder into a [`Config`], or reports every mistake in it.

use std::{cell::RefCell, fs, io, path::Path};

use generations::Files;
use ipnet::IpNet;
use kernel::{Clock, SealKey, SealKeys, SystemClock, Unix};

use crate::audit::Place;

use super::{
    Config, Contents, LeftOut, Mistake, Mistakes, Settings, network,
    overlay::{Overlay, Unread, keys_of},
    source::{SHARED, Source},
    suggest::with_suggestion,
};

/// The state of reading.
pub(super) struct Reader<'a> {
    pub(super) folder: &'a Path,
    pub(super) source: Source<'a>,
    overlay: Overlay,
    pub(super) mistakes: Vec<Mistake>,
    /// The agencies with mistakes in their files.
    pub(super) left_out: Vec<LeftOut>,
}

pub(crate) const MAIN: &str = "moncompte.toml";

impl<'a> Reader<'a> {
    pub(super) fn of(folder: &'a Path) -> Self {
        let source = Source::Folder(folder, RefCell::default());
        let overlay = Overlay::default();
        Self { folder, source, overlay, mistakes: Vec::new(), left_out: Vec::new() }
    }

    /// Reads what one node has of its own over the file that nodes share.
    pub(super) fn over(self, overlay: &Overlay) -> Self {
        Self { overlay: overlay.clone(), ..self }
    }

    /// Reads a stored generation.
    pub(super) fn stored(files: &'a Files) -> Self {
        Self {
            folder: Path::new(""),
            source: Source::Stored(files),
            overlay: Overlay::default(),
            mistakes: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Reads the agencies and the terms.
    pub(super) fn contents(&mut self, now: Unix) -> Contents {
        let before = self.mistakes.len();
        let (agencies, terms) = (self.agencies(), self.terms(now));
        let files = match &self.source {
            Source::Folder(_, taken) => taken.take(),
            Source::Stored(_) => Files::new(),
        };
        let mistakes = self.mistakes.split_off(before);
        Contents { agencies, terms, left_out: std::mem::take(&mut self.left_out), mistakes, files }
    }

    /// Returns the configuration, or every mistake if there are any.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Mistakes> {
        match read {
            Some(read) if self.mistakes.is_empty() => Ok(read),
            _ => Err(Mistakes(self.mistakes)),
        }
    }

    pub(super) fn wrong(&mut self, file: &str, line: Option<usize>, key: &str, reason: impl Into<String>) {
        let reason = with_suggestion(reason.into());
        self.mistakes.push(Mistake { file: file.into(), line, key: key.into(), reason });
    }

    /// Reads a text of an agency, or one that all share.
    pub(super) fn text(&mut self, owner: &str, file: &str) -> Option<String> {
        match text(self.source.bytes(owner, file, false)) {
            Ok(text) => Some(text),
            Err((line, reason)) => {
                self.wrong(file, line, "file", reason);
                None
            }
        }
    }

    fn main(&mut self) -> Option<String> {
        match text(regular(&self.folder.join(MAIN)).and_then(fs::read)) {
            Ok(text) => Some(text),
            Err((line, reason)) => {
                let hint = if line.is_none() { "; is --config right?" } else { "" };
                self.wrong(MAIN, line, "file", reason + hint);
                None
            }
        }
    }

    pub(super) fn read(&mut self) -> Option<Config> {
        let text = self.main()?;
        let settings: Settings = match self.overlay.apply(self.folder, &text) {
            Ok(settings) => settings,
            Err(Unread::Overlay(file, reason)) => {
                self.wrong(&file, None, "file", reason);
                return None;
            }
            Err(Unread::Main(error)) => {
                let line = error
                    .span()
                    .map(|s| text.as_bytes()[..s.start].iter().filter(|b| **b == b'\n').count() + 1);
                let key = error.message().split('`').nth(1).unwrap_or("file").to_owned();
                self.wrong(MAIN, line, &key, error.message());
                return None;
            }
        };
        self.judge(&settings, &text);
        self.staff(&settings, &text);
        let trusted_proxies = self.proxies(&settings, &text);
        let key = self.key(&settings.secret_key_file, "secret_key_file", &text);
        let older_keys = settings.older_secret_key_files.iter();
        let older_keys: Vec<SealKey> =
            older_keys.filter_map(|file| self.key(file, "older_secret_key_files", &text)).collect();
        let mut known: Vec<String> = key.iter().chain(&older_keys).map(SealKey::fingerprint).collect();
        let all = known.len();
        known.sort();
        known.dedup();
        if known.len() < all {
            self.at(
                &text,
                "older_secret_key_files",
                "must not hold a key twice, nor that of secret_key_file",
            );
        }
        let database = self.database(&settings, &text);
        self.listening(&settings, &text);
        let contents = self.contents(SystemClock.now());
        let (Some(database), Some(key)) = (database, key) else {
            self.mistakes.extend(contents.all_mistakes());
            return None;
        };
        let seal = SealKeys::new(key, older_keys).into();
        let (folder, keys) = (self.folder.to_owned(), keys_of(&text));
        Some(Config { folder, settings, database, seal, trusted_proxies, keys, contents })
    }

    fn judge(&mut self, s: &Settings, text: &str) {
        if !is_issuer(&s.issuer) {
            self.at(text, "issuer", ISSUER_FORM);
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
        range("drain_seconds", s.drain_seconds <= 20, "must be 0 to 20");
        range("database_connections", (4..=1000).contains(&s.database_connections), "must be 4 to 1000");
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
        if let Some(audit) = &s.telemetry.audit {
            let reason = "must be \"stderr\", \"syslog\" or \"file:PATH\"";
            range("telemetry.audit", Place::parse(audit, Path::new("")).is_some(), reason);
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

    /// Reads a secret of this node, which is part of no generation.
    pub(super) fn secret(&self, file: &str) -> Result<String, String> {
        let own = Source::Folder(self.folder, RefCell::default());
        own.secret(SHARED, file)
    }

    /// Reads a secret of an agency.
    pub(super) fn secret_of(&self, agency: &str, file: &str) -> Result<String, String> {
        self.source.secret(agency, file)
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
        let right = address.and_then(|address| {
            network::database(&address, s.database_without_tls)?;
            Ok(match address.strip_prefix("sqlite://") {
                Some(path) => format!("sqlite://{}", self.folder.join(path).display()),
                None => address,
            })
        });
        right.map_err(|reason| self.at(text, key, &reason)).ok()
    }

    pub(super) fn names(&mut self, folder: &str) -> Vec<String> {
        match self.source.names(folder) {
            Ok(names) => names,
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
fn text(read: io::Result<Vec<u8>>) -> Result<String, (Option<usize>, String)> {
    let bytes = read.map_err(|error| (None, format!("cannot be read ({error})")))?;
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

/// The form of an issuer, for a person who gave another.
pub(crate) const ISSUER_FORM: &str =
    "must be https://host[:port], without path, query or slash at its end (http for localhost only)";

/// Returns true for the address that a provider can have.
pub(crate) fn is_issuer(text: &str) -> bool {
    let good = url::Url::parse(text).is_ok_and(|u| {
        let local = matches!(u.host_str(), Some("localhost" | "127.0.0.1"));
        (u.scheme() == "https" || (u.scheme() == "http" && local))
            && u.query().is_none()
            && u.fragment().is_none()
            && u.username().is_empty()
            && u.path() == "/"
    });
    good && !text.ends_with('/')
}
