//! The list of the measurements.

/// The kind of a measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// Of seconds.
    Histogram,
}

/// The scope of a number: one node, or all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Of {
    /// Each node has its own: add them up.
    Node,
    /// It is in the database, and every node says the same: take the largest.
    All,
}

impl Of {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Node => "each node",
            Self::All => "all",
        }
    }
}

/// A measurement.
pub(crate) struct Measure {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) of: Of,
    /// Its labels, each with its values, as the documentation has them.
    pub(crate) labels: &'static str,
    pub(crate) help: &'static str,
}

impl Measure {
    /// Returns what `/metrics` says of it.
    pub(super) fn described(&self) -> String {
        let labels = self.labels.replace('`', "");
        let by = if labels.is_empty() { labels } else { format!(", by {labels}") };
        format!("{}{by} ({})", self.help, self.of.word())
    }
}

const fn measure(
    name: &'static str,
    kind: Kind,
    of: Of,
    labels: &'static str,
    help: &'static str,
) -> Measure {
    Measure { name, kind, of, labels, help }
}

use Kind::{Counter, Gauge, Histogram};
use Of::{All, Node};

/// Every measurement. Labels are bounded: routes are the router's templates, agencies the files' or the imports', all others words of ours.
pub(crate) const MEASURES: &[Measure] = &[
    measure(
        "moncompte_http_requests_seconds",
        Histogram,
        Node,
        "`route`: a template, `none` for an address that nothing answers; `code`",
        "Requests to the public port, and how long they took",
    ),
    measure(
        "moncompte_ready",
        Gauge,
        Node,
        "",
        "1 if this node takes requests; `/health/ready` says why not",
    ),
    measure("moncompte_connections", Gauge, Node, "", "Connections to both ports"),
    measure(
        "moncompte_connections_refused_total",
        Counter,
        Node,
        "`full`: what was full",
        "Connections that were refused",
    ),
    measure(
        "moncompte_sign_in_total",
        Counter,
        Node,
        "`result`: right, move, wrong, locked, no_address, no_password, refused, busy",
        "Sign-ins by address and password",
    ),
    measure(
        "moncompte_lock_total",
        Counter,
        Node,
        "",
        "Accounts, old identifiers and links that wrong passwords locked",
    ),
    measure(
        "moncompte_reset_total",
        Counter,
        Node,
        "`result`: asked, done, problems, again, used, dead, busy",
        "Resets of a forgotten password that were asked for, and new passwords on their links",
    ),
    measure(
        "moncompte_move_steps_total",
        Counter,
        Node,
        "`agency`; `step`: begun, email, password, confirmed, linked, finished",
        "Steps of moves that were done; one that is done again counts again",
    ),
    measure(
        "moncompte_agency_paused_total",
        Counter,
        Node,
        "`agency`",
        "Requests that were told, with the status 503, that the agency's file has paused it",
    ),
    measure(
        "moncompte_throttled_total",
        Counter,
        Node,
        "`door`: a page, or client",
        "Requests of networks that have to wait",
    ),
    measure(
        "moncompte_client_failures_total",
        Counter,
        Node,
        "`known`: yes, no",
        "Clients that did not prove themselves",
    ),
    measure(
        "moncompte_unread_addresses_total",
        Counter,
        Node,
        "",
        "Requests of which a trusted proxy did not tell the address",
    ),
    measure("moncompte_outbox_waiting", Gauge, All, "`queue`: mail, work, calls", "Messages that wait"),
    measure(
        "moncompte_outbox_oldest_seconds",
        Gauge,
        All,
        "`queue`",
        "The age of the oldest message that waits",
    ),
    measure(
        "moncompte_outbox_dead",
        Gauge,
        All,
        "`queue`; `why`: refused, expired, dropped",
        "Messages that were given up, until they are purged",
    ),
    measure("moncompte_outbox_paused", Gauge, All, "", "1 while the mail server refuses all messages"),
    measure(
        "moncompte_letters_total",
        Counter,
        Node,
        "`kind`; `fate`: sent, retried, dead, expired, bounced",
        "Messages by what became of them",
    ),
    measure(
        "moncompte_smtp_seconds",
        Histogram,
        Node,
        "`result`: sent, address, message, server",
        "Deliveries of mails, by what the server accepted or refused, and how long they took",
    ),
    measure(
        "moncompte_logout_calls_total",
        Counter,
        Node,
        "`result`: taken, refused, silent",
        "Back-channel logout calls to portals",
    ),
    measure(
        "moncompte_logout_hosts_silent",
        Gauge,
        Node,
        "",
        "Hosts of portals that do not answer logout calls",
    ),
    measure(
        "moncompte_db_seconds",
        Histogram,
        Node,
        "`what`: statement, commit",
        "Waits for a statement, with the wait for a connection, and for a commit",
    ),
    measure(
        "moncompte_db_pool",
        Gauge,
        Node,
        "`pool`: readers, writers; `state`: busy, idle",
        "Connections to the database",
    ),
    measure(
        "moncompte_db_failovers_total",
        Counter,
        Node,
        "",
        "Turns to another server of the database's address, because it takes the writes now",
    ),
    measure("moncompte_hash_queue", Gauge, Node, "", "Passwords that wait to be hashed"),
    measure(
        "moncompte_hash_seconds",
        Histogram,
        Node,
        "",
        "Hashes of passwords, with their wait in the queue",
    ),
    measure("moncompte_hash_refused_total", Counter, Node, "", "Passwords for which the queue was full"),
    measure("moncompte_hashes_total", Counter, Node, "", "Argon2 hashes that were begun"),
    measure(
        "moncompte_identities",
        Gauge,
        All,
        "`agency`; `state`: waiting, moved",
        "Imported identities, counted every ten minutes",
    ),
    measure(
        "moncompte_wrap_remaining",
        Gauge,
        All,
        "",
        "Old hashes that are not wrapped in Argon2id yet, counted every ten minutes",
    ),
    measure("moncompte_agency_bad", Gauge, Node, "`agency`", "1 for an agency whose file has a mistake"),
    measure("moncompte_config_generation", Gauge, Node, "", "The configuration's generation"),
    measure("moncompte_config_folder_differs", Gauge, Node, "", "1 if this node's folder is not served"),
    measure(
        "moncompte_key_age_days",
        Gauge,
        All,
        "`alg`: of a key that signs, or `seal` for the one that seals the database",
        "The age of the key, every ten minutes",
    ),
    measure(
        "moncompte_clock_ahead_seconds",
        Gauge,
        Node,
        "",
        "How far this clock is ahead of the database's",
    ),
    measure(
        "moncompte_worker_restarts_total",
        Counter,
        Node,
        "`part`",
        "Parts of the worker that ended and began again",
    ),
    measure(
        "moncompte_log_lines_lost_total",
        Counter,
        Node,
        "",
        "Lines of the log that could not be written",
    ),
    measure(
        "moncompte_spans_total",
        Counter,
        Node,
        "`result`: sent, failed, dropped",
        "Spans for the collector: sent, not taken by it, or without room in the queue",
    ),
    measure("moncompte_build_info", Gauge, Node, "`version`", "1"),
    measure(
        "process_cpu_seconds_total",
        Counter,
        Node,
        "",
        "Processor time of this process, in whole seconds",
    ),
    measure("process_resident_memory_bytes", Gauge, Node, "", "Memory of this process"),
    measure("process_threads", Gauge, Node, "", "Threads of this process"),
    measure("process_open_fds", Gauge, Node, "", "Open files of this process"),
    measure("process_start_time_seconds", Gauge, Node, "", "The start of this process, in Unix seconds"),
];
