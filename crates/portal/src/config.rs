//! The configuration of a portal, and its checks before anything starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::Error;
use crate::records::{Clients, LegacyLogins};

/// The configuration. Unknown keys are refused, so that a misspelt one is never ignored.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address to listen on; used by the program `portal` only, since [`crate::serve`] is given its listener.
    #[serde(default = "any_loopback_port")]
    pub listen: SocketAddr,
    /// The address that people type, without a path: `https://clients.agence.example` or `http://localhost:8081`.
    pub base_url: String,
    /// The agency's name, as on its letterhead.
    pub agency_name: String,
    /// The agency's city.
    pub city: String,
    /// One sentence under the name on the front page.
    #[serde(default)]
    pub tagline: Option<String>,
    /// Telephone number, shown as written.
    #[serde(default)]
    pub phone: Option<String>,
    /// The agency's address for its clients' mail.
    #[serde(default)]
    pub email: Option<String>,
    /// Opening hours, shown as written.
    #[serde(default)]
    pub hours: Option<String>,
    /// Colour of buttons and links, `#rrggbb`. Darkened where text would be hard to read on it.
    #[serde(default = "default_accent")]
    pub accent: String,
    /// The small emblem beside the name.
    #[serde(default)]
    pub mark: Mark,
    /// The OpenID provider's issuer, compared byte for byte (OIDC Discovery §4.3).
    pub issuer: String,
    /// This portal's `client_id` at the provider.
    pub client_id: String,
    /// This portal's `client_secret`, sent with HTTP Basic.
    pub client_secret: Secret,
    /// Name of the session cookie. Browsers do not tell ports apart: portals on one host need different names.
    pub cookie_name: String,
    /// The requested scopes; `openid` is always added.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The key of migration tickets, with which this portal vouches for people who signed in with their old identifiers. The old sign-in form needs it.
    #[serde(default)]
    pub ticket: Option<Ticket>,
    /// The agency's records of its clients, by client reference.
    pub clients_file: Source<Clients>,
    /// The portal's own old identifiers. Without them, or without `ticket`, there is no old sign-in form.
    #[serde(default)]
    pub legacy_logins: Option<Source<LegacyLogins>>,
}

/// The key and terms of migration tickets: JWTs signed with HS256, valid for one sign-in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// The secret shared with the provider; its UTF-8 bytes are the key. At least 32 bytes (RFC 7518 §3.2).
    pub key: Secret,
    /// The `iss` claim; the `client_id` when left out.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The lifetime of a ticket in seconds, at most 300.
    #[serde(default = "default_ticket_lifetime")]
    pub lifetime_seconds: u32,
}

/// An inline value, or the path of a JSON file that holds it (relative to the configuration file).
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Source<T> {
    /// A file, read when the portal starts.
    File(PathBuf),
    /// An inline value.
    Data(T),
}

/// The emblem beside the agency's name.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// A gable.
    #[default]
    House,
    /// A lime leaf.
    Leaf,
    /// Waves at a shore.
    Wave,
}

impl Mark {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::House => "house",
            Self::Leaf => "leaf",
            Self::Wave => "wave",
        }
    }
}

/// A string that never prints.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl Config {
    /// Reads a TOML text; relative paths in it start at `folder`.
    ///
    /// # Errors
    /// If the text is not TOML, or has missing or unknown keys.
    pub fn from_toml(text: &str, folder: &Path) -> Result<Self, Error> {
        let mut config: Self = toml::from_str(text).map_err(|error| Error::Toml(Box::new(error)))?;
        config.clients_file.start_at(folder);
        if let Some(logins) = &mut config.legacy_logins {
            logins.start_at(folder);
        }
        Ok(config)
    }

    /// Checks each value before the portal starts.
    pub(crate) fn check(&self) -> Result<Addresses, Error> {
        let base = Url::parse(&self.base_url).map_err(|_| refused("base_url", "is not an address"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            return Err(refused("base_url", "must start with http:// or https://"));
        }
        if base.path() != "/"
            || base.query().is_some()
            || base.fragment().is_some()
            || !base.username().is_empty()
        {
            return Err(refused("base_url", "must have no path, query or fragment"));
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| refused("issuer", "is not an address"))?;
        if !matches!(issuer.scheme(), "http" | "https") || issuer.host().is_none() {
            return Err(refused("issuer", "must start with http:// or https://"));
        }
        let name = &self.cookie_name;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(refused("cookie_name", "must be letters, digits, - and _"));
        }
        if let Some(ticket) = &self.ticket {
            if ticket.key.expose().len() < 32 {
                return Err(refused("ticket.key", "must be at least 32 bytes long"));
            }
            if !(1..=300).contains(&ticket.lifetime_seconds) {
                return Err(refused("ticket.lifetime_seconds", "must be between 1 and 300"));
            }
        }
        Ok(Addresses {
            origin: base.origin().ascii_serialization(),
            issuer_origin: issuer.origin().ascii_serialization(),
        })
    }
}

impl<T> Source<T> {
    fn start_at(&mut self, folder: &Path) {
        if let Self::File(path) = self {
            *path = folder.join(&path);
        }
    }
}

/// The origins that addresses are compared with.
pub(crate) struct Addresses {
    /// This portal's origin: no trailing slash, default port omitted, as browsers write it.
    pub origin: String,
    /// The provider's origin.
    pub issuer_origin: String,
}

impl Addresses {
    pub fn is_https(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// Returns an address of this portal; `path` begins with a slash.
    pub fn own(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

pub(crate) fn refused(field: &'static str, problem: &'static str) -> Error {
    Error::Config { field, problem }
}

fn any_loopback_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn default_accent() -> String {
    "#1f5f8b".to_owned()
}

fn default_scopes() -> Vec<String> {
    ["openid", "profile", "email"].map(str::to_owned).to_vec()
}

fn default_ticket_lifetime() -> u32 {
    300
}
