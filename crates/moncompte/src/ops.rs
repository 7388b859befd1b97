//! Health and metrics, on a port of their own.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use idp::Idp;
use kernel::MAX_SKEW;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::{measures, supervisor::Supervisor};

#[derive(Clone)]
struct Ops {
    idp: Idp,
    supervisor: Supervisor,
    metrics: PrometheusHandle,
    /// The response of readiness without trouble, which names the agencies that are left out.
    well: Arc<str>,
}

/// Returns the routes `/health/live`, `/health/ready` and `/metrics`. `agencies` maps every agency to true if its file has a mistake.
pub(crate) fn router(
    idp: &Idp,
    supervisor: Supervisor,
    metrics: PrometheusHandle,
    agencies: BTreeMap<String, bool>,
) -> Router {
    let mut well = String::from("ok\n");
    for (agency, bad) in agencies {
        if bad {
            well +=
                &format!("agency {agency}: there is a mistake in its file; `moncompte check` says which\n");
        }
        metrics::gauge!("moncompte_agency_bad", "agency" => agency).set(f64::from(u8::from(bad)));
    }
    Router::new()
        .route("/health/live", get(async || "ok\n"))
        .route("/health/ready", get(ready))
        .route("/metrics", get(measures))
        .with_state(Ops { idp: idp.clone(), supervisor, metrics, well: well.into() })
}

async fn measures(State(ops): State<Ops>) -> String {
    measures::read(&ops.idp);
    ops.metrics.render()
}

async fn ready(State(ops): State<Ops>) -> (StatusCode, String) {
    match trouble(&ops).await {
        None => (StatusCode::OK, String::from(&*ops.well)),
        Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, trouble + "\n"),
    }
}

/// Returns the reason why this node should get no requests, if there is one.
async fn trouble(ops: &Ops) -> Option<String> {
    let context = &ops.idp.context;
    if !context.clock.is_trusted() {
        return Some("the clock is far from the database's".into());
    }
    if context.clock.skew() > MAX_SKEW {
        return Some("the clock is far behind the time that was seen".into());
    }
    match context.db.ping().await {
        Err(_) => return Some("the database does not answer".into()),
        Ok(()) if !context.db.takes_writes() => return Some("the database takes no writes".into()),
        Ok(()) => {}
    }
    let down = ops.supervisor.down();
    (!down.is_empty()).then(|| format!("a part of the worker is down: {}", down.join(", ")))
}
