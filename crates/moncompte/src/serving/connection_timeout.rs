//! Timeouts for each phase of a connection. Trickling bytes do not extend them.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};
use tokio_util::sync::CancellationToken;

/// The time that a request may take to be answered, and its response to be read.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(60);
/// The time for which the client's remaining bytes are read after the last response, so that it gets to read that response.
const CLOSING_TIMEOUT: Duration = Duration::from_secs(2);

/// The configured timeouts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// The time from the first byte of a head to its last.
    pub(super) head: Duration,
    /// The time between requests.
    pub(super) idle: Duration,
}

/// The phase of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// No request has started.
    Idle,
    /// The head of a request is being read. This is also the first phase of a connection.
    Head,
    /// The number of requests being answered.
    Exchange(usize),
    /// No more requests are answered.
    Closing,
}

impl Phase {
    fn timeout(self, timeouts: &Timeouts) -> Duration {
        match self {
            Self::Idle => timeouts.idle,
            Self::Head => timeouts.head,
            Self::Exchange(_) => EXCHANGE_TIMEOUT,
            Self::Closing => CLOSING_TIMEOUT,
        }
    }

    /// Returns the phase after a byte was read. On HTTP/2, acknowledgements are bytes that start no request.
    fn read(self, streams: bool) -> Self {
        if self == Self::Idle && !streams { Self::Head } else { self }
    }

    /// Returns the phase after a complete head.
    fn started(self) -> Self {
        match self {
            Self::Exchange(n) => Self::Exchange(n + 1),
            Self::Closing => Self::Closing,
            Self::Idle | Self::Head => Self::Exchange(1),
        }
    }

    /// Returns the phase after a response.
    fn answered(self) -> Self {
        match self {
            Self::Exchange(n) if n > 1 => Self::Exchange(n - 1),
            Self::Closing => Self::Closing,
            Self::Idle | Self::Head | Self::Exchange(_) => Self::Idle,
        }
    }
}

/// The timeouts of one connection.
pub(super) struct ConnectionTimeout {
    timeouts: Timeouts,
    state: Mutex<State>,
    eviction: CancellationToken,
}

struct State {
    phase: Phase,
    since: Instant,
    streams: bool,
}

impl ConnectionTimeout {
    /// Starts with the connection.
    pub(super) fn new(timeouts: Timeouts) -> Self {
        let state = State { phase: Phase::Head, since: Instant::now(), streams: false };
        Self { timeouts, state: Mutex::new(state), eviction: CancellationToken::new() }
    }

    /// Returns the time at which the connection is closed unless its phase changes.
    pub(super) fn deadline(&self) -> Instant {
        let state = self.state();
        state.since + state.phase.timeout(&self.timeouts)
    }

    /// Returns the time since which the connection is idle; `None` while a request is being answered.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (!matches!(state.phase, Phase::Exchange(_))).then_some(state.since)
    }

    /// Closes the connection in favour of another one.
    pub(super) fn evict(&self) {
        self.eviction.cancel();
    }

    /// Resolves when the connection is evicted.
    pub(super) async fn evicted(&self) {
        self.eviction.cancelled().await;
    }

    /// Registers a request until the result is dropped.
    pub(super) fn exchange(self: &Arc<Self>) -> Exchange {
        self.advance(Phase::started);
        Exchange(self.clone())
    }

    fn advance(&self, next: impl FnOnce(Phase) -> Phase) {
        let mut state = self.state();
        let phase = next(state.phase);
        if phase != state.phase {
            (state.phase, state.since) = (phase, Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The closure cannot leave the state half written, so a poisoned lock is safe to use.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
pub(super) struct Exchange(Arc<ConnectionTimeout>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.advance(Phase::answered);
    }
}

/// A connection that reports what it reads to its timeout.
pub(super) struct TimedConnection {
    stream: TcpStream,
    timeout: Arc<ConnectionTimeout>,
    first: bool,
}

impl TimedConnection {
    pub(super) fn new(stream: TcpStream, timeout: Arc<ConnectionTimeout>) -> Self {
        Self { stream, timeout, first: true }
    }
}

impl AsyncRead for TimedConnection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let came = &buffer.filled()[before..];
        if !came.is_empty() {
            let streams = self.first && came.starts_with(b"PRI");
            self.first = false;
            let mut state = self.timeout.state();
            state.streams |= streams;
            let streams = state.streams;
            drop(state);
            self.timeout.advance(|phase| phase.read(streams));
        }
        read
    }
}

impl AsyncWrite for TimedConnection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Shuts down writing, then reads what the client still sends: unread bytes make the system reset the connection, and the client would never read why
    /// it was refused.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        this.timeout.advance(|_| Phase::Closing);
        let mut waste = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut waste);
            let read = std::task::ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Timeouts = Timeouts { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    #[test]
    fn a_head_has_ten_seconds_however_its_bytes_come() {
        let begun = Phase::Head;
        assert_eq!(begun.read(false), begun, "its time does not begin anew");
        assert_eq!(begun.timeout(&TIMES), TIMES.head);
        let next = begun.started().answered();
        assert_eq!((next, next.timeout(&TIMES)), (Phase::Idle, TIMES.idle));
        assert_eq!(next.read(false), Phase::Head);
    }

    #[test]
    fn requests_beside_each_other_are_counted() {
        let two = Phase::Head.started().started();
        assert_eq!(two, Phase::Exchange(2));
        assert_eq!(two.read(true), two);
        assert_eq!(two.answered().answered(), Phase::Idle);
        assert_eq!(Phase::Idle.read(true), Phase::Idle, "an acknowledgement is no head");
    }

    #[test]
    fn what_is_closing_stays_so() {
        assert_eq!(Phase::Closing.started(), Phase::Closing);
        assert_eq!(Phase::Closing.answered(), Phase::Closing);
        assert_eq!(Phase::Closing.read(false), Phase::Closing);
    }

    #[test]
    fn a_request_ends_when_it_is_answered_or_given_up() {
        let timeout = Arc::new(ConnectionTimeout::new(TIMES));
        let left = |timeout: &ConnectionTimeout| timeout.deadline() - timeout.state().since;
        assert_eq!(left(&timeout), TIMES.head);
        let exchange = timeout.exchange();
        assert!(timeout.idle_since().is_none());
        assert_eq!(left(&timeout), EXCHANGE_TIMEOUT);
        drop(exchange);
        assert!(timeout.idle_since().is_some());
        assert_eq!(left(&timeout), TIMES.idle);
    }
}
