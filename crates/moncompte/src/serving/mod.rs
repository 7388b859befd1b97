//! Listening, with a bound on how many may be there and how long they may take, and stopping in good order (SECURITY #110).

mod door;
mod pace;

use std::{future::poll_fn, io, net::SocketAddr, pin::pin, sync::Arc, task::Poll, time::Duration};

use anyhow::Context as _;
use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use idp::Proxies;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use door::{Door, Place};
use pace::{Paced, Times};

use crate::config::ConnectionsSection;

/// Requests that are under way when the program is told to stop have so long.
const FAREWELL: Duration = Duration::from_secs(10);
/// Where the system has nothing left for another connection, the next is asked for so much later.
const BREATH: Duration = Duration::from_millis(100);
/// Connections of the operators' port.
const OPERATORS: usize = 64;
/// Files that are not connections of people: operators', the database's, mails', calls to portals.
const OTHER_FILES: usize = OPERATORS + 96;
/// The first line of a request and its headers (SECURITY "Numbers"): an address of 8 KiB, headers of 16.
const LONGEST_HEAD: usize = 25 * 1024;
/// Requests of one HTTP/2 connection at once.
const STREAMS: u32 = 32;
/// What a client may send of a body before anybody has asked for it. No body is longer.
const WINDOW: u32 = 64 * 1024;
/// HTTP/2 connections whose other end is gone are found out so soon.
const PULSE: Duration = Duration::from_secs(20);

/// Takes a port, or says in one sentence why not.
pub(crate) async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "{address} cannot be listened on; is something running there? Stop it, or choose another port"
        )
    })
}

/// How many may be there, and how long they may take.
#[derive(Clone)]
pub(crate) struct Limits {
    most: usize,
    most_per_network: usize,
    /// Proxies bring everybody.
    trusted: Proxies,
    times: Times,
}

impl Limits {
    /// For the public, as configured.
    pub(crate) fn public(section: &ConnectionsSection, trusted: Proxies) -> Self {
        let room = files().map_or(section.most, |files| files.saturating_sub(OTHER_FILES).max(OPERATORS));
        if room < section.most {
            tracing::warn!(room, "the limit of open files allows fewer connections than connections.most");
        }
        let [head, idle] = [section.head_seconds, section.idle_seconds].map(Duration::from_secs);
        let times = Times { head, idle };
        Self { most: section.most.min(room), most_per_network: section.most_per_network, trusted, times }
    }

    /// For the operators' port: few are there, and all may come from one place.
    pub(crate) fn operators() -> Self {
        let times = Times { head: Duration::from_secs(10), idle: Duration::from_secs(60) };
        Self { most: OPERATORS, most_per_network: OPERATORS, trusted: Proxies::default(), times }
    }
}

/// How many files this process may have open, where the system says so.
fn files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// Serves until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let door = Arc::new(Door::new(limits.most, limits.most_per_network, limits.trusted));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                unaccepted(&error, &door).await;
                continue;
            }
        };
        match Door::enter(&door, peer.ip(), limits.times) {
            Ok(place) => {
                connections.spawn(attend(stream, peer, place, router.clone(), stop.clone()));
            }
            Err(full) => door::turn_away(stream, full),
        }
    }
    drop(listener);
    connections.close();
    // Whoever is still there after it is cut off with the program.
    let _ = tokio::time::timeout(FAREWELL, connections.wait()).await;
    Ok(())
}

/// A connection that went before it came is nobody's trouble. Any other reason is the system's: it must neither end this nor spin.
async fn unaccepted(error: &io::Error, door: &Door) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "no connection can be taken");
    door.make_room();
    tokio::time::sleep(BREATH).await;
}

/// One connection from its first byte to its last.
async fn attend(stream: TcpStream, peer: SocketAddr, place: Place, router: Router, stop: CancellationToken) {
    // An answer is not held back for more to go with it.
    let _ = stream.set_nodelay(true);
    let pace = place.pace.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let exchange = pace.exchange();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = router.clone().oneshot(request.map(Body::new));
        async move {
            let answer = answered.await;
            drop(exchange);
            answer
        }
    });
    let builder = protocol();
    let io = TokioIo::new(Paced::new(stream, pace.clone()));
    let mut connection = pin!(builder.serve_connection(io, service));
    let (mut told, mut stopping) = (pin!(stop.cancelled()), false);
    let mut alarm = pin!(tokio::time::sleep_until(pace.ends()));
    let served = poll_fn(|cx| {
        if !stopping && told.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // Another than before, where something has begun or ended.
        loop {
            let ends = pace.ends();
            if alarm.deadline() != ends {
                alarm.as_mut().reset(ends);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if pace.ends() <= ends {
                return Poll::Ready(());
            }
        }
    });
    tokio::select! {
        () = served => {}
        () = pace.gives_way() => {}
    }
    drop(place);
}

fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // When a head is late is known to `Pace`, which also knows that nobody has begun one.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(LONGEST_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(16 * 1024)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .keep_alive_interval(PULSE)
        .keep_alive_timeout(PULSE / 2);
    builder
}

/// Listens for Ctrl-C and SIGTERM from now on; the future resolves when one comes. Called before anything else is begun, so that there is no moment
/// in which a signal ends the program without its farewell. Signals that other servers take as an order of another kind are told and end nothing.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let (mut first, mut second) =
        (signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?);
    Ok(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
                _ = hang_up.recv() => {
                    tracing::warn!("SIGHUP: reload is not supported yet; restart to take in changes");
                }
                _ = first.recv() => tracing::warn!("SIGUSR1 means nothing here"),
                _ = second.recv() => tracing::warn!("SIGUSR2 means nothing here"),
            }
        }
    })
}
