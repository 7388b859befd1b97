//! Health and metrics, on a port of their own.

use accounts::Accounts;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use kernel::MOST_BEHIND;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

#[derive(Clone)]
struct Ops {
    accounts: Accounts,
    metrics: PrometheusHandle,
}

/// `/health/live`, `/health/ready`, `/metrics`.
pub(crate) fn router(accounts: Accounts) -> anyhow::Result<Router> {
    let metrics = PrometheusBuilder::new().install_recorder()?;
    Ok(Router::new()
        .route("/health/live", get(async || "ok\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(measures))
        .with_state(Ops { accounts, metrics }))
}

async fn measures(State(ops): State<Ops>) -> String {
    metrics::counter!("moncompte_hashes_total").absolute(ops.accounts.hasher().done() as u64);
    ops.metrics.render()
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, &'static str) {
    let ground = ops.accounts.ground();
    if ground.clock.behind() > MOST_BEHIND {
        return (StatusCode::SERVICE_UNAVAILABLE, "the clock is far behind the time that was seen\n");
    }
    match ground.db.ping().await {
        Ok(()) if ground.db.takes_writes() => (StatusCode::OK, "ok\n"),
        Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "the database takes no writes\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
