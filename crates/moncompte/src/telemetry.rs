//! The log, and the subscriber that every span and event goes to.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use clap::ValueEnum;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt::MakeWriter, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::{
    audit::{self, Audit},
    traces::Traces,
};

/// The format of the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text for a terminal.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

static LOG: OnceLock<Log> = OnceLock::new();
static AUDIT: OnceLock<Audit> = OnceLock::new();

/// Keeps the audit stream of this process, which ends with it.
pub(crate) fn keep_audit(audit: Audit) -> &'static Audit {
    AUDIT.get_or_init(|| audit)
}

/// Returns what is on its way out of this process.
fn logs() -> impl Iterator<Item = &'static Log> {
    LOG.get().into_iter().chain(AUDIT.get().map(Audit::log))
}

/// Starts logging to standard error; `MONCOMPTE_LOG` (e.g. `info,sqlx=warn`) filters events.
pub(crate) fn begin(format: LogFormat, default: &str) {
    begin_observed(format, default, None, AUDIT.get());
}

/// Starts logging as [`begin`] does, the export of spans and the audit stream if there are such. The filter of the log does not hold for these.
pub(crate) fn begin_observed(
    format: LogFormat,
    default: &str,
    traces: Option<&Traces>,
    audit: Option<&'static Audit>,
) {
    let mut filter = EnvFilter::try_from_env("MONCOMPTE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    if let Ok(directive) = format!("{}=off", audit::TARGET).parse() {
        filter = filter.add_directive(directive);
    }
    let log = tracing_subscriber::fmt::layer()
        .with_writer(LOG.get_or_init(|| Log::to(io::stderr())).clone())
        // The subscriber prints its own errors, and would panic if that fails.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false);
    let log: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let registry = tracing_subscriber::registry();
    // A second call (in tests) changes nothing.
    let _ = match (traces, audit) {
        // One filter for all costs each span less than a filter for each layer.
        (None, None) => registry.with(log).with(filter).try_init(),
        (traces, audit) => registry
            .with(log.with_filter(filter))
            .with(traces.map(Traces::layer))
            .with(audit.map(Audit::layer))
            .try_init(),
    };
}

/// Waits until all logged lines are written, or for a moment.
pub(crate) fn end() {
    for log in logs() {
        log.flush(Duration::from_secs(1));
    }
}

/// Returns the number of lines of the log and of the audit stream that were lost, for `/metrics`.
pub(crate) fn lost() -> u64 {
    logs().map(|log| log.queue().lost).sum()
}

/// The maximum number of bytes that wait to be written. Further lines are lost: an unread log must neither fill the memory nor stop a request.
const MAX_BYTES: usize = 1024 * 1024;

/// Lines on their way to standard error, or to where the audit stream goes. A thread writes them, so that a stopped reader, a closed pipe or a full disk does not affect the code that logs;
/// lines that cannot be written are counted.
#[derive(Clone)]
pub(crate) struct Log(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// True while a line was taken out and is not written yet.
    writing: bool,
    lost: u64,
}

impl Log {
    pub(crate) fn to(mut end: impl Write + Send + 'static) -> Self {
        let log = Self(Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() }));
        let writer = log.clone();
        let begun = std::thread::Builder::new().name("log".into()).spawn(move || writer.write_to(&mut end));
        if begun.is_err() {
            // Without a thread, all lines are lost once the queue is full, and counted.
            log.queue().lost += 1;
        }
        log
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // The closure cannot leave the state half written, so a poisoned lock is safe to use.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, end: &mut impl Write) {
        let mut written = Ok(());
        loop {
            let mut queue = self.queue();
            queue.writing = false;
            queue.lost += u64::from(written.is_err());
            self.0.changed.notify_all();
            let line = loop {
                match queue.lines.pop_front() {
                    Some(line) => break line,
                    None => queue = self.0.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                }
            };
            queue.bytes -= line.len();
            queue.writing = true;
            drop(queue);
            written = end.write_all(&line).and_then(|()| end.flush());
        }
    }

    pub(crate) fn put(&self, line: &[u8]) {
        let mut queue = self.queue();
        if queue.bytes + line.len() > MAX_BYTES {
            queue.lost += 1;
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line.to_vec());
        drop(queue);
        self.0.changed.notify_all();
    }

    fn flush(&self, most: Duration) {
        let waits = |queue: &mut Queue| queue.writing || !queue.lines.is_empty();
        let _ = self.0.changed.wait_timeout_while(self.queue(), most, waits);
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The subscriber writes a whole line at a time.
impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes what it is given once it may, and refuses lines that hold "no".
    struct End(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for End {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            if line.starts_with(b"no") {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.1.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_that_nobody_takes_stops_nobody_and_what_is_lost_is_counted() {
        let ((go, may), written) = (mpsc::channel(), Arc::default());
        let mut log = Log::to(End(may, Arc::clone(&written)));
        // Nobody reads: whoever logs goes on, and no more than the bound is kept.
        let long = vec![b'x'; 64 * 1024];
        for _ in 0..100 {
            log.write_all(&long).unwrap();
        }
        assert!(log.queue().bytes <= MAX_BYTES);
        let lost = log.queue().lost;
        assert!((80..100).contains(&lost), "{lost}");
        // Somebody reads again.
        for _ in 0..200 {
            go.send(()).unwrap();
        }
        log.flush(Duration::from_secs(20));
        log.write_all(b"no room\n").unwrap();
        log.write_all(b"well\n").unwrap();
        log.flush(Duration::from_secs(20));
        assert_eq!(log.queue().lost, lost + 1);
        assert!(written.lock().unwrap().ends_with(b"xwell\n"));
        assert_eq!(log.queue().bytes, 0);
    }
}
