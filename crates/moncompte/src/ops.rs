//! Health and metrics, on a port of their own.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use kernel::MAX_SKEW;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::{current::Current, measures, supervisor::Supervisor};

#[derive(Clone)]
struct Ops {
    current: Current,
    supervisor: Supervisor,
    metrics: PrometheusHandle,
    /// Cancelled once this node was told to stop.
    leaving: CancellationToken,
}

/// Returns the routes `/health/live`, `/health/ready` and `/metrics`. Readiness fails from the moment at which `leaving` is cancelled.
pub(crate) fn router(
    current: Current,
    supervisor: Supervisor,
    metrics: PrometheusHandle,
    leaving: CancellationToken,
) -> Router {
    Router::new()
        .route("/health/live", get(async || "ok\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(measures))
        .with_state(Ops { current, supervisor, metrics, leaving })
}

async fn measures(State(ops): State<Ops>) -> String {
    measures::read(&ops.current.load().idp);
    metrics::gauge!("moncompte_ready").set(f64::from(u8::from(trouble(&ops).await.is_none())));
    ops.metrics.render()
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, String) {
    match trouble(&ops).await {
        None => (StatusCode::OK, well(&ops)),
        Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, trouble + "\n"),
    }
}

/// Returns the response without trouble, which names the agencies with mistakes.
fn well(ops: &Ops) -> String {
    let running = ops.current.load();
    let bad = running.agencies.iter().filter(|(_, bad)| **bad).map(|(agency, _)| {
        format!("agency {agency}: there is a mistake in its file; `moncompte check` says which\n")
    });
    std::iter::once("ok\n".to_owned()).chain(bad).collect()
}

/// Returns the reason why this node should get no requests, if there is one.
async fn trouble(ops: &Ops) -> Option<String> {
    if ops.leaving.is_cancelled() {
        return Some("this node is stopping".into());
    }
    let context = &ops.current.load().idp.context;
    if !context.clock.is_trusted() {
        return Some("the clock is far from the database's".into());
    }
    if context.clock.skew() > MAX_SKEW {
        return Some("the clock is far behind the time that was seen".into());
    }
    if context.keys.lacks_one() {
        return Some(
            "a sealing key is missing: its log says which; give it to this node in older_secret_key_files"
                .into(),
        );
    }
    match context.db.ping().await {
        Err(_) => return Some("the database does not answer".into()),
        Ok(()) if !context.db.takes_writes() => return Some("the database takes no writes".into()),
        Ok(()) => {}
    }
    let down = ops.supervisor.down();
    (!down.is_empty()).then(|| format!("a part of the worker is down: {}", down.join(", ")))
}
