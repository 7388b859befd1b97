//! `moncompte.toml` as it is written: the published schema is made of these.

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
    /// Whether a PostgreSQL on another machine may be spoken to without TLS: only on a network that is nobody else's.
    #[serde(default)]
    pub(crate) database_without_tls: bool,
    /// A file with the key that seals what must not be readable in a copy of the database: `openssl rand -base64 32`.
    pub(crate) secret_key_file: String,
    /// Reserved: the key of a database cannot be replaced yet.
    #[serde(default)]
    pub(crate) older_secret_key_files: Vec<String>,
    /// Proxies whose word on addresses is believed, e.g. `["10.0.0.0/8"]`. Without them, all who come through a proxy are counted as one.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<String>,
    /// The header in which they write it.
    #[serde(default)]
    pub(crate) forwarded_header: ForwardedHeader,
    /// Attempts (sign-in, reset, old identifiers) that one network may make in a minute; it may begin five times as many visits.
    #[serde(default = "default_attempts")]
    pub(crate) attempts_per_minute: u32,
    /// Wrong secrets of one client that one network may send in a minute; all networks together, ten times as many.
    #[serde(default = "default_attempts")]
    pub(crate) client_failures_per_minute: u32,
    /// How many may be connected, and how long they may take.
    #[serde(default)]
    pub(crate) connections: ConnectionsSection,
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

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For` where it is there, `Forwarded` where it is not: right for proxies that write the first, and for those that write the second and
    /// drop the first.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone: for proxies that pass `X-Forwarded-For` on as it came.
    Forwarded,
}

impl From<ForwardedHeader> for idp::ForwardedHeader {
    fn from(header: ForwardedHeader) -> Self {
        match header {
            ForwardedHeader::Either => Self::Either,
            ForwardedHeader::XForwardedFor => Self::XForwardedFor,
            ForwardedHeader::Forwarded => Self::Forwarded,
        }
    }
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

/// `[connections]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConnectionsSection {
    /// Connections at once, as far as the limit of open files allows; then whoever has been quiet for longest gives way.
    pub(crate) most: usize,
    /// Connections of one network at once: an IPv4 address or an IPv6 /64. Trusted proxies are not counted.
    pub(crate) most_per_network: usize,
    /// Seconds within which the address and the headers of a request must have come.
    pub(crate) head_seconds: u64,
    /// Seconds within which what follows them must have come.
    pub(crate) body_seconds: u64,
    /// Seconds that a connection may be quiet between two requests: more than the proxy keeps one.
    pub(crate) idle_seconds: u64,
}

impl Default for ConnectionsSection {
    fn default() -> Self {
        Self { most: 4096, most_per_network: 256, head_seconds: 10, body_seconds: 10, idle_seconds: 60 }
    }
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
    /// The address that letters come back to, e.g. `"bounce@retour.compte.example.fr"`: what is written to it and to `bounce+…@` the same domain is read from
    /// `bounces`, or piped into `moncompte mail bounce`. The sender's address unless set.
    pub(crate) return_path: Option<String>,
    /// A Maildir of its own into which what comes back is delivered; what has been read there is deleted.
    pub(crate) bounces: Option<String>,
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
