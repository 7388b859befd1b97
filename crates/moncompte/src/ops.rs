//! Health and metrics, on a port of their own.

use axum::{Router, extract::State, http::StatusCode, routing::get};
use kernel::Db;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

#[derive(Clone)]
struct Ops {
    db: Db,
    metrics: PrometheusHandle,
}

/// `/health/live`, `/health/ready`, `/metrics`.
pub(crate) fn router(db: Db) -> anyhow::Result<Router> {
    let metrics = PrometheusBuilder::new().install_recorder()?;
    Ok(Router::new()
        .route("/health/live", get(async || "ok\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(async |State(ops): State<Ops>| ops.metrics.render()))
        .with_state(Ops { db, metrics }))
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, &'static str) {
    match ops.db.ping().await {
        Ok(()) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
