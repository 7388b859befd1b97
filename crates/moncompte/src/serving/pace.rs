//! How long each part of a connection may take. Bytes that trickle are no reason to wait longer.

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

/// A request is answered within so long, and its answer taken.
const EXCHANGE: Duration = Duration::from_secs(60);
/// What a client still sends when all is said is read for so long, so that it comes to read the answer.
const CLOSING: Duration = Duration::from_secs(2);

/// What is configured of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// From the first byte of a head to its last.
    pub(super) head: Duration,
    /// Between requests.
    pub(super) idle: Duration,
}

/// What a connection is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Its next request has not begun.
    Idle,
    /// The head of a request is on its way. It begins so: whoever connects has something to say.
    Head,
    /// So many requests are being answered.
    Exchange(usize),
    /// Nothing more is answered.
    Closing,
}

impl Phase {
    fn may_take(self, times: &Times) -> Duration {
        match self {
            Self::Idle => times.idle,
            Self::Head => times.head,
            Self::Exchange(_) => EXCHANGE,
            Self::Closing => CLOSING,
        }
    }

    /// A byte came. The answers of HTTP/2 are acknowledged by bytes that begin no request.
    fn read(self, streams: bool) -> Self {
        if self == Self::Idle && !streams { Self::Head } else { self }
    }

    /// A head is complete.
    fn begun(self) -> Self {
        match self {
            Self::Exchange(n) => Self::Exchange(n + 1),
            Self::Closing => Self::Closing,
            Self::Idle | Self::Head => Self::Exchange(1),
        }
    }

    /// A request is answered.
    fn answered(self) -> Self {
        match self {
            Self::Exchange(n) if n > 1 => Self::Exchange(n - 1),
            Self::Closing => Self::Closing,
            Self::Idle | Self::Head | Self::Exchange(_) => Self::Idle,
        }
    }
}

/// The pace of one connection.
pub(super) struct Pace {
    times: Times,
    state: Mutex<State>,
    way: CancellationToken,
}

struct State {
    phase: Phase,
    since: Instant,
    streams: bool,
}

impl Pace {
    /// From now.
    pub(super) fn new(times: Times) -> Self {
        let state = State { phase: Phase::Head, since: Instant::now(), streams: false };
        Self { times, state: Mutex::new(state), way: CancellationToken::new() }
    }

    /// When it is over unless something happens.
    pub(super) fn ends(&self) -> Instant {
        let state = self.state();
        state.since + state.phase.may_take(&self.times)
    }

    /// Since when nobody has asked anything here; `None` while something is being answered.
    pub(super) fn quiet_since(&self) -> Option<Instant> {
        let state = self.state();
        (!matches!(state.phase, Phase::Exchange(_))).then_some(state.since)
    }

    /// Somebody else needs the place.
    pub(super) fn give_way(&self) {
        self.way.cancel();
    }

    /// Resolves when somebody else does.
    pub(super) async fn gives_way(&self) {
        self.way.cancelled().await;
    }

    /// A request, until this is dropped.
    pub(super) fn exchange(self: &Arc<Self>) -> Exchange {
        self.goes_on(Phase::begun);
        Exchange(self.clone())
    }

    fn goes_on(&self, next: impl FnOnce(Phase) -> Phase) {
        let mut state = self.state();
        let phase = next(state.phase);
        if phase != state.phase {
            (state.phase, state.since) = (phase, Instant::now());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could stop half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered.
pub(super) struct Exchange(Arc<Pace>);

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.goes_on(Phase::answered);
    }
}

/// A connection that tells its pace what it reads.
pub(super) struct Paced {
    stream: TcpStream,
    pace: Arc<Pace>,
    first: bool,
}

impl Paced {
    pub(super) fn new(stream: TcpStream, pace: Arc<Pace>) -> Self {
        Self { stream, pace, first: true }
    }
}

impl AsyncRead for Paced {
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
            let mut state = self.pace.state();
            state.streams |= streams;
            let streams = state.streams;
            drop(state);
            self.pace.goes_on(|phase| phase.read(streams));
        }
        read
    }
}

impl AsyncWrite for Paced {
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

    /// Says that nothing more comes, then reads what the client still sends: where that stays unread the system resets the connection, and the
    /// client never reads why it was refused.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        std::task::ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        this.pace.goes_on(|_| Phase::Closing);
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

    const TIMES: Times = Times { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    #[test]
    fn a_head_has_ten_seconds_however_its_bytes_come() {
        let begun = Phase::Head;
        assert_eq!(begun.read(false), begun, "its time does not begin anew");
        assert_eq!(begun.may_take(&TIMES), TIMES.head);
        let next = begun.begun().answered();
        assert_eq!((next, next.may_take(&TIMES)), (Phase::Idle, TIMES.idle));
        assert_eq!(next.read(false), Phase::Head);
    }

    #[test]
    fn requests_beside_each_other_are_counted() {
        let two = Phase::Head.begun().begun();
        assert_eq!(two, Phase::Exchange(2));
        assert_eq!(two.read(true), two);
        assert_eq!(two.answered().answered(), Phase::Idle);
        assert_eq!(Phase::Idle.read(true), Phase::Idle, "an acknowledgement is no head");
    }

    #[test]
    fn what_is_closing_stays_so() {
        assert_eq!(Phase::Closing.begun(), Phase::Closing);
        assert_eq!(Phase::Closing.answered(), Phase::Closing);
        assert_eq!(Phase::Closing.read(false), Phase::Closing);
    }

    #[test]
    fn a_request_ends_when_it_is_answered_or_given_up() {
        let pace = Arc::new(Pace::new(TIMES));
        let left = |pace: &Pace| pace.ends() - pace.state().since;
        assert_eq!(left(&pace), TIMES.head);
        let exchange = pace.exchange();
        assert!(pace.quiet_since().is_none());
        assert_eq!(left(&pace), EXCHANGE);
        drop(exchange);
        assert!(pace.quiet_since().is_some());
        assert_eq!(left(&pace), TIMES.idle);
    }
}
