//! The audit stream: who did what, a JSON object a line with stable names (docs/observability.md), for people and operators alike. It holds no secret, no
//! identifier of an agency's client and no full address.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::{fs::OpenOptionsExt, net::UnixDatagram},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, filter::FilterFn, layer::Context, registry::LookupSpan};

use crate::{change::host, config::MAIN, print::err, telemetry::Log};

/// The target of the events that go to the stream, and of no line of the log.
pub(crate) const TARGET: &str = "audit";
/// The span that has the request's id.
const REQUEST: &str = "request";
/// Where the system takes messages for syslog or the journal.
const SYSLOG: &str = "/dev/log";
/// Facility 10 (security), severity 5 (notice): RFC 5424 §6.2.1.
const PRIORITY: u8 = 10 * 8 + 5;

/// The place of the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// Beside the log; under systemd the journal.
    Stderr,
    Syslog,
    File(PathBuf),
}

impl Place {
    /// Reads `stderr`, `syslog` or `file:PATH`; a path without a slash at its beginning is within `folder`.
    pub(crate) fn parse(text: &str, folder: &Path) -> Option<Self> {
        match text {
            "stderr" => Some(Self::Stderr),
            "syslog" => Some(Self::Syslog),
            _ => {
                let path = text.strip_prefix("file:").filter(|path| !path.is_empty())?;
                Some(Self::File(folder.join(path)))
            }
        }
    }

    /// Returns the place that a folder's configuration names, if it can be read and names one.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join(MAIN)).ok()?;
        let table: toml::Table = text.parse().ok()?;
        Self::parse(table.get("telemetry")?.get("audit")?.as_str()?, folder)
    }

    /// Checks that the stream can be written to, and makes no file.
    ///
    /// # Errors
    /// The system's error, in one sentence.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self::File(path) = self else { return self.open().map(drop) };
        let there = OpenOptions::new().append(true).open(path).map(drop);
        let could_be = there.or_else(|error| match path.parent() {
            Some(folder) if error.kind() == io::ErrorKind::NotFound => {
                tempfile::tempfile_in(folder).map(drop)
            }
            _ => Err(error),
        });
        could_be.with_context(|| format!("{} cannot be written", path.display()))
    }

    fn open(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stderr => Box::new(io::stderr()),
            Self::Syslog => Box::new(Syslog::open().with_context(|| format!("{SYSLOG} takes no messages"))?),
            Self::File(path) => {
                Box::new(append(path).with_context(|| format!("{} cannot be written", path.display()))?)
            }
        })
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// A message a line.
struct Syslog(UnixDatagram);

impl Syslog {
    fn open() -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(SYSLOG)?;
        Ok(Self(socket))
    }
}

impl Write for Syslog {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut message = format!("<{PRIORITY}>moncompte-audit[{}]: ", std::process::id()).into_bytes();
        message.extend_from_slice(line.trim_ascii_end());
        self.0.send(&message)?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The stream of a node.
pub(crate) struct Audit {
    log: Log,
    node: String,
}

impl Audit {
    /// Opens the stream. `node` is the name in its lines: a node's own, or that of the machine for a command.
    ///
    /// # Errors
    /// If it cannot be written to.
    pub(crate) fn begin(place: &Place, node: String) -> anyhow::Result<Self> {
        let open = place.open().context("telemetry.audit")?;
        Ok(Self { log: Log::to(open), node })
    }

    /// Returns the lines on their way.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Tells of an operator's command that ended.
    pub(crate) fn tell_command(&self, command: &str, by: &str, result: &str) {
        let line = json!({
            "at": moment(), "node": self.node, "event": "operator_command", "command": command, "by": by, "result": result,
        });
        self.log.put(format!("{line}\n").as_bytes());
    }

    /// Returns the layer that writes events of [`TARGET`].
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let of_request = |data: &Metadata<'_>| data.is_span() && data.name() == REQUEST;
        let filter = FilterFn::new(move |data: &Metadata<'_>| data.target() == TARGET || of_request(data));
        Stream { log: self.log.clone(), node: self.node.clone() }.with_filter(filter)
    }
}

struct Stream {
    log: Log,
    node: String,
}

/// The fields of a request that each of its events has.
struct OfRequest(Map<String, Value>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Stream {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(OfRequest(fields.0));
        }
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        record.record(&mut fields);
        if let Some(known) = span.extensions_mut().get_mut::<OfRequest>() {
            known.0.append(&mut fields.0);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("at".into(), moment().into());
        line.insert("node".into(), self.node.as_str().into());
        if let Some(scope) = context.event_scope(event) {
            for span in scope {
                if let Some(OfRequest(fields)) = span.extensions().get() {
                    let told =
                        [("id", "request"), ("route", "route"), ("client", "client"), ("agency", "agency")];
                    for (name, shown) in told {
                        line.extend(fields.get(name).map(|value| (shown.to_owned(), value.clone())));
                    }
                }
            }
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        if let Some(detail) = fields.0.get_mut("detail")
            && let Some(parsed) = detail.as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *detail = parsed;
        }
        fields.0.remove("message");
        line.append(&mut fields.0);
        self.log.put(format!("{}\n", Value::Object(line)).as_bytes());
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }
}

fn moment() -> String {
    #[allow(clippy::disallowed_methods, reason = "the machine's own time, as in the log")]
    OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default()
}

/// Opens the stream of an operator's command, if its folder names one. A stream that cannot be written stops no command; one that `makes_nothing` is told in no
/// file that is not there yet, for that file would be of the user who looks, and the provider's might not write it.
pub(crate) fn of_command(folder: &Path, makes_nothing: bool) -> Option<Audit> {
    let place = Place::of(folder)?;
    if makes_nothing && matches!(&place, Place::File(path) if !path.exists()) {
        return None;
    }
    let begun = Audit::begin(&place, host());
    if let Err(error) = &begun {
        err!("warning: this command is not in the audit stream: {error:#}");
    }
    begun.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_stderr_syslog_or_a_file() {
        let parse = |text| Place::parse(text, Path::new("/etc/moncompte"));
        assert_eq!(parse("stderr"), Some(Place::Stderr));
        assert_eq!(parse("syslog"), Some(Place::Syslog));
        assert_eq!(parse("file:/var/log/a"), Some(Place::File("/var/log/a".into())));
        assert_eq!(parse("file:audit.jsonl"), Some(Place::File("/etc/moncompte/audit.jsonl".into())));
        assert_eq!((parse("file:"), parse("journal"), parse("")), (None, None, None));
    }
}
