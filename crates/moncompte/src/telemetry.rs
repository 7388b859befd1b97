use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// For a terminal.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Begins to log to standard error; `MONCOMPTE_LOG` (e.g. `info,sqlx=warn`) says what.
pub(crate) fn begin(format: LogFormat, default: &str) {
    let filter = EnvFilter::try_from_env("MONCOMPTE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // A second call (in tests) changes nothing.
    let _ = match format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
