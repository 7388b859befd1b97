//! Listening, and stopping in good order.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Requests that are under way when the program is told to stop have so long.
const FAREWELL: Duration = Duration::from_secs(10);

/// Takes a port, or says in one sentence why not.
pub(crate) async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "{address} cannot be listened on; is something running there? Stop it, or choose another port"
        )
    })
}

/// Serves until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let told = stop.clone();
    let server = axum::serve(listener, service).with_graceful_shutdown(async move { told.cancelled().await });
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        done = server.into_future() => Ok(done?),
        () = deadline => Ok(()),
    }
}

/// Listens for Ctrl-C and SIGTERM from now on; the future resolves when one comes. Called before anything else is begun, so that there is no moment
/// in which a signal ends the program without its farewell.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
