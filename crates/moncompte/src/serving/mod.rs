//! Listening with limits on the number and duration of connections, and a graceful shutdown (SECURITY #110).
//!
//! hyper serves each connection. Accepting, limits and timeouts are written here, because hyper-util has one timeout for a head, which also starts on an idle
//! connection, and none for a response that is not read; tower's layers see requests and never the silent connections that the limits are for.

mod connection_limiter;
mod connection_timeout;
mod signals;

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

use connection_limiter::{ConnectionLimiter, Permit};
use connection_timeout::{TimedConnection, Timeouts};
pub(crate) use signals::{Farewell, Signals};

use crate::config::ConnectionsSection;

/// The time that requests under way may take after the program was told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The pause before the next accept when the system has no resources for a connection.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);
/// The maximum number of connections to the operators' port.
const OPS_CONNECTIONS: usize = 64;
/// Open files that are not public connections: operators', the database's, mail, calls to portals.
const OTHER_FILES: usize = OPS_CONNECTIONS + 96;
/// The maximum size of a request line and headers (SECURITY "Numbers"): an address of 8 KiB, headers of 16.
const MAX_HEAD: usize = 25 * 1024;
/// The maximum number of concurrent requests on one HTTP/2 connection.
const MAX_STREAMS: u32 = 32;
/// The number of body bytes that a client may send before they are read. No body is longer.
const WINDOW: u32 = 64 * 1024;
/// The interval of HTTP/2 pings, which detect dead connections.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Listens on an address, or explains in one sentence why it is not possible.
pub(crate) async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "{address} cannot be listened on; is something running there? Stop it, or choose another port"
        )
    })
}

/// Limits on the number and duration of connections.
#[derive(Clone)]
pub(crate) struct Limits {
    max: usize,
    max_per_network: usize,
    /// Trusted proxies, which are not limited per network.
    trusted: Proxies,
    timeouts: Timeouts,
}

impl Limits {
    /// Returns the configured limits of the public port.
    pub(crate) fn public(section: &ConnectionsSection, trusted: Proxies) -> Self {
        let room =
            files().map_or(section.most, |files| files.saturating_sub(OTHER_FILES).max(OPS_CONNECTIONS));
        if room < section.most {
            tracing::warn!(room, "the limit of open files allows fewer connections than connections.most");
        }
        let [head, idle] = [section.head_seconds, section.idle_seconds].map(Duration::from_secs);
        let timeouts = Timeouts { head, idle };
        Self { max: section.most.min(room), max_per_network: section.most_per_network, trusted, timeouts }
    }

    /// Returns the limits of the operators' port: few connections, and all may come from one address.
    pub(crate) fn operators() -> Self {
        let timeouts = Timeouts { head: Duration::from_secs(10), idle: Duration::from_secs(60) };
        Self { max: OPS_CONNECTIONS, max_per_network: OPS_CONNECTIONS, trusted: Proxies::default(), timeouts }
    }
}

/// Returns the limit of open files of this process, if the system reports it.
fn files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok())
}

/// Serves until told to stop. Each request is answered by the router that `routes` returns when it begins.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: impl Fn() -> Router + Clone + Send + Sync + 'static,
    limits: Limits,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let limiter = Arc::new(ConnectionLimiter::new(limits.max, limits.max_per_network, limits.trusted));
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                accept_failed(&error, &limiter).await;
                continue;
            }
        };
        match ConnectionLimiter::acquire(&limiter, peer.ip(), limits.timeouts) {
            Ok(permit) => {
                connections.spawn(serve_connection(stream, peer, permit, routes.clone(), stop.clone()));
            }
            Err(refused) => connection_limiter::refuse(stream, refused),
        }
    }
    drop(listener);
    connections.close();
    // Connections that are still open are cut off when the program ends.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.wait()).await;
    Ok(())
}

/// Handles a failed accept. A connection that was closed meanwhile is ignored; any other error is the system's, and must neither end the loop nor spin.
async fn accept_failed(error: &io::Error, limiter: &ConnectionLimiter) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "connection not accepted");
    limiter.evict_idle();
    tokio::time::sleep(ACCEPT_RETRY).await;
}

/// Serves one connection until it ends.
async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    permit: Permit,
    routes: impl Fn() -> Router,
    stop: CancellationToken,
) {
    // Responses are sent at once.
    let _ = stream.set_nodelay(true);
    let timeout = permit.timeout.clone();
    let service = service_fn(|mut request: Request<Incoming>| {
        let exchange = timeout.exchange();
        request.extensions_mut().insert(ConnectInfo(peer));
        let answered = routes().oneshot(request.map(Body::new));
        async move {
            let answer = answered.await;
            drop(exchange);
            answer
        }
    });
    let builder = protocol();
    let io = TokioIo::new(TimedConnection::new(stream, timeout.clone()));
    let mut connection = pin!(builder.serve_connection(io, service));
    let (mut told, mut stopping) = (pin!(stop.cancelled()), false);
    let mut alarm = pin!(tokio::time::sleep_until(timeout.deadline()));
    let served = poll_fn(|cx| {
        if !stopping && told.as_mut().poll(cx).is_ready() {
            stopping = true;
            connection.as_mut().graceful_shutdown();
        }
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // The deadline changes when a request starts or ends.
        loop {
            let ends = timeout.deadline();
            if alarm.deadline() != ends {
                alarm.as_mut().reset(ends);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if timeout.deadline() <= ends {
                return Poll::Ready(());
            }
        }
    });
    tokio::select! {
        () = served => {}
        () = timeout.evicted() => {}
    }
    drop(permit);
}

fn protocol() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // `ConnectionTimeout` handles late heads, and also connections on which no request has started.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(16 * 1024)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL / 2);
    builder
}
