//! The settings of `moncompte.toml`; the published schema is generated from them.

use schemars::JsonSchema;
use serde::Deserialize;

/// `moncompte.toml`. Unknown keys are refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The provider's address, exactly as clients know it: https, without a slash at its end.
    pub(crate) issuer: String,
    /// The address to listen on.
    #[serde(default = "default_listen")]
    pub(crate) listen: String,
    /// The address for health and metrics: never reachable from the internet.
    #[serde(default = "default_ops_listen")]
    pub(crate) ops_listen: String,
    /// Seconds for which a node that was told to stop serves on while it says that it is not ready, so that the proxy sends nobody to it any more: more than
    /// the proxy's interval of checks.
    #[serde(default = "default_drain")]
    pub(crate) drain_seconds: u64,
    /// `sqlite://path/to/file` or `postgres://user@host/database`, with several servers as `host1:5432,host2:5432`.
    pub(crate) database: Option<String>,
    /// A file that holds the database's address, for addresses that contain a password.
    pub(crate) database_file: Option<String>,
    /// Allow a PostgreSQL server on another machine without TLS: only on a private network.
    #[serde(default)]
    pub(crate) database_without_tls: bool,
    /// Connections of one node to PostgreSQL at most, half of them for reads. All nodes together must leave some of the server's `max_connections` to others.
    #[serde(default = "default_database_connections")]
    pub(crate) database_connections: u32,
    /// A file with the newest key that seals secrets in the database: `openssl rand -base64 32`.
    pub(crate) secret_key_file: String,
    /// Files with older keys, which open what they sealed until `moncompte keys reseal` has sealed it with the key above (docs/operate/keys.md).
    #[serde(default)]
    pub(crate) older_secret_key_files: Vec<String>,
    /// Trusted proxies, e.g. `["10.0.0.0/8"]`. Without them, all clients behind a proxy are counted as one.
    #[serde(default)]
    pub(crate) trusted_proxies: Vec<String>,
    /// The header in which trusted proxies report the client's address.
    #[serde(default)]
    pub(crate) forwarded_header: ForwardedHeader,
    /// Attempts (sign-in, reset, old identifiers) that one network may make in a minute; it may open five times as many visits.
    #[serde(default = "default_attempts")]
    pub(crate) attempts_per_minute: u32,
    /// Wrong secrets of one client that one network may send in a minute; all networks together, ten times as many.
    #[serde(default = "default_attempts")]
    pub(crate) client_failures_per_minute: u32,
    /// Limits on the number and duration of connections.
    #[serde(default)]
    pub(crate) connections: ConnectionsSection,
    /// Weak old hashes that all nodes together wrap in Argon2id in a second.
    #[serde(default = "default_wrap")]
    pub(crate) wrap_per_second: u16,
    /// The rules for passwords.
    #[serde(default)]
    pub(crate) password: PasswordSection,
    /// The cost of a password hash.
    #[serde(default)]
    pub(crate) argon2: Argon2Section,
    /// The rules for locking an account.
    #[serde(default)]
    pub(crate) lock: LockSection,
    /// The duration of sessions.
    #[serde(default)]
    pub(crate) session: SessionSection,
    /// The lifetime of mailed links.
    #[serde(default)]
    pub(crate) links: LinksSection,
    /// Outgoing mail.
    pub(crate) mail: MailSection,
    /// Outgoing calls.
    #[serde(default)]
    pub(crate) outbound: OutboundSection,
    /// Traces.
    #[serde(default)]
    pub(crate) telemetry: TelemetrySection,
    /// The vendor's people who help at the desk, for all agencies (docs/operate/desk.md).
    #[serde(default)]
    pub(crate) staff: Vec<StaffSection>,
}

/// `[[staff]]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffSection {
    /// The address of their own account here.
    pub(crate) email: String,
    /// Their name, as the evidence keeps it with whatever they do.
    pub(crate) name: String,
    /// `support` helps people of all agencies; `campaign` finds and sees them, and changes nothing.
    pub(crate) role: StaffRole,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum StaffRole {
    /// Helps people of all agencies.
    Support,
    /// Plans the move of agencies: finds and sees people, and changes nothing.
    Campaign,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    /// `X-Forwarded-For` if present, `Forwarded` otherwise: for proxies that write the first, and for those that write the second and drop the first.
    #[default]
    Either,
    /// `X-Forwarded-For` alone.
    XForwardedFor,
    /// `Forwarded` (RFC 7239) alone: for proxies that pass `X-Forwarded-For` on unchanged.
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
fn default_drain() -> u64 {
    5
}
fn default_database_connections() -> u32 {
    kernel::POSTGRES_CONNECTIONS
}
fn default_wrap() -> u16 {
    10
}
fn default_attempts() -> u32 {
    60
}

/// `[connections]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConnectionsSection {
    /// Maximum number of connections, as far as the limit of open files allows; beyond it the connection that has been idle longest is closed.
    pub(crate) most: usize,
    /// Maximum number of connections of one network: an IPv4 address or an IPv6 /64. Trusted proxies are not counted.
    pub(crate) most_per_network: usize,
    /// Seconds until the address and the headers of a request must be complete.
    pub(crate) head_seconds: u64,
    /// Seconds until the body of a request must be complete.
    pub(crate) body_seconds: u64,
    /// Seconds that a connection may be idle between two requests: more than the proxy keeps one.
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
    /// Minimum number of characters, from 8.
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
    /// Memory in KiB, from 19456.
    pub(crate) memory: u32,
    /// Number of passes, from 2.
    pub(crate) passes: u32,
    /// Number of lanes.
    pub(crate) lanes: u32,
    /// Maximum number of concurrent hashes; one per core unless set.
    pub(crate) slots: Option<usize>,
    /// Maximum number of waiting hashes.
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
    /// Number of failures that lock an account, 3 to 10.
    pub(crate) failures: u8,
    /// Minutes after which the lock of an old identifier ends by itself.
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
    /// Hours of inactivity after which a session ends, without "keep me signed in".
    pub(crate) idle_hours: i64,
    /// Days of inactivity after which a session ends, with "keep me signed in".
    pub(crate) kept_days: i64,
    /// Maximum number of days of a session, with "keep me signed in".
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
    /// Days that the confirmation link of a move is valid.
    pub(crate) confirm_days: i64,
    /// Minutes that a reset link is valid.
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
    /// A folder into which mail is written instead of being sent.
    pub(crate) folder: Option<String>,
    /// The mail server.
    pub(crate) smtp: Option<SmtpSection>,
    /// The return path of mail, e.g. `"bounce@retour.compte.example.fr"`: mail to it and to `bounce+…@` the same domain is read from `bounces`, or piped into
    /// `moncompte mail bounce`. The sender's address unless set.
    pub(crate) return_path: Option<String>,
    /// A Maildir, for bounces only, into which returned mail is delivered; messages are deleted once read.
    pub(crate) bounces: Option<String>,
}

/// `[mail.smtp]`. Mail is never sent without TLS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SmtpSection {
    /// The host name, as in its certificate.
    pub(crate) host: String,
    /// The port; unless set, 587 for STARTTLS and 465 for TLS from the start.
    pub(crate) port: Option<u16>,
    /// `starttls` or `tls`.
    #[serde(default = "default_smtp_security")]
    pub(crate) security: SmtpSecurity,
    /// The user name.
    pub(crate) username: Option<String>,
    /// A file that holds the password.
    pub(crate) password_file: Option<String>,
    /// A file with a private certificate authority, PEM.
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
    /// Hosts that may have private addresses.
    pub(crate) allow: Vec<String>,
    /// A file with a private certificate authority, PEM.
    pub(crate) extra_ca: Option<String>,
}

/// `[telemetry]`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TelemetrySection {
    /// The collector to which traces are sent over OTLP/HTTP, e.g. `"http://localhost:4318"`; none are made unless set.
    pub(crate) otlp_endpoint: Option<String>,
    /// The part of the traces that is sent, 0 to 1; a trusted proxy that decided for its request is followed.
    pub(crate) sample: f64,
    /// The place of the audit stream: `"stderr"`, `"syslog"` or `"file:PATH"`; there is none unless set.
    pub(crate) audit: Option<String>,
}

impl Default for TelemetrySection {
    fn default() -> Self {
        Self { otlp_endpoint: None, sample: 1.0, audit: None }
    }
}
