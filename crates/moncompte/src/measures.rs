//! The measurements on `/metrics`: their list, which `docs/observability.md` shows, and those that are read or counted now and then.

mod list;

use std::time::Duration;

use idp::{Idp, grant::KeyState};
use kernel::Fault;
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

use crate::{process, telemetry};
use list::{
    Kind::{Counter, Gauge, Histogram},
    MEASURES,
};

/// The upper bounds of the buckets of every histogram, in seconds.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// The interval in which the observations since the last look are put into their buckets: they wait in memory until then.
const UPKEEP: Duration = Duration::from_secs(2);

/// Begins to measure.
///
/// # Errors
/// If something measures already.
pub(crate) fn install() -> anyhow::Result<PrometheusHandle> {
    let all = Matcher::Suffix("_seconds".into());
    let handle = PrometheusBuilder::new().set_buckets_for_metric(all, &BUCKETS)?.install_recorder()?;
    for measure in MEASURES {
        let (name, help) = (measure.name, measure.described());
        match measure.kind {
            Counter => {
                metrics::describe_counter!(name, help);
                // One that is not there before its first event hides that event from `increase`.
                if measure.labels.is_empty() {
                    counter!(name).increment(0);
                }
            }
            Gauge => metrics::describe_gauge!(name, help),
            Histogram => metrics::describe_histogram!(name, help),
        }
    }
    gauge!("moncompte_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
    Ok(handle)
}

/// Keeps what waits in memory small, also where nobody looks at it, until told to stop.
pub(crate) async fn keep(handle: PrometheusHandle, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP) => handle.run_upkeep(),
            () = stop.cancelled() => return Ok(()),
        }
    }
}

/// Reads what is known in this process, for one look at `/metrics`.
pub(crate) fn read(idp: &Idp) {
    let (context, hasher) = (&idp.context, idp.accounts.hasher());
    counter!("moncompte_hashes_total").absolute(hasher.done() as u64);
    gauge!("moncompte_hash_queue").set(hasher.waiting() as f64);
    for pool in context.db.pools() {
        for (state, connections) in [("busy", pool.busy), ("idle", pool.idle)] {
            gauge!("moncompte_db_pool", "pool" => pool.name, "state" => state).set(connections as f64);
        }
    }
    counter!("moncompte_log_lines_lost_total").absolute(telemetry::lost());
    #[allow(clippy::cast_precision_loss, reason = "a clock is never so wrong")]
    gauge!("moncompte_clock_ahead_seconds").set(context.clock.database_offset() as f64 / 1000.0);
    process::read();
}

/// Counts what only the database knows. It looks at an index of all identities, so the worker asks every ten minutes, and no look at `/metrics` does.
///
/// # Errors
/// [`Fault`] of the database.
pub(crate) async fn count_rows(idp: &Idp) -> Result<(), Fault> {
    let served = idp.agencies.load().iter().map(|agency| agency.id.clone()).collect::<Vec<_>>();
    let mut counted = idp.accounts.count_identities().await?;
    for agency in served {
        counted.entry(agency).or_default();
    }
    for (agency, count) in counted {
        for (state, identities) in [("waiting", count.waiting), ("moved", count.moved)] {
            gauge!("moncompte_identities", "agency" => agency.clone(), "state" => state)
                .set(identities as f64);
        }
    }
    gauge!("moncompte_wrap_remaining").set(idp.accounts.count_unwrapped().await? as f64);
    for key in idp.grants.keys().await?.into_iter().filter(|key| key.state == KeyState::Current) {
        let age = (idp.context.now() - key.created_at).max(0);
        gauge!("moncompte_key_age_days", "alg" => key.alg.as_str()).set(age as f64 / 86_400.0);
    }
    let (_, since) = idp.context.sealing_key().await?;
    let age = (idp.context.now() - since).max(0);
    gauge!("moncompte_key_age_days", "alg" => "seal").set(age as f64 / 86_400.0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{list::Measure, *};

    /// The table of `docs/observability.md`.
    fn table() -> String {
        let rows = MEASURES.iter().map(|Measure { name, kind, of, labels, help }| {
            let kind = format!("{kind:?}").to_lowercase();
            format!("| `{name}` | {kind} | {} | {labels} | {help} |\n", of.word())
        });
        "| name | kind | of | labels | what |\n|---|---|---|---|---|\n".to_owned() + &rows.collect::<String>()
    }

    #[test]
    fn the_page_shows_every_measurement() {
        let page = include_str!("../../../docs/observability.md");
        assert!(page.contains(&table()), "docs/observability.md: put this there\n\n{}", table());
    }

    /// Names after `_total!(`, `gauge!(` and `histogram!(` in the sources, and the list: neither has more than the other.
    #[test]
    fn whatever_is_measured_is_in_the_list_and_the_other_way_round() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let (mut folders, mut found) = (Vec::new(), std::collections::BTreeSet::new());
        folders.extend(["accounts", "idp", "kernel", "moncompte"].map(|name| root.join(name).join("src")));
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
                if entry.is_dir() {
                    folders.push(entry);
                    continue;
                }
                let text = std::fs::read_to_string(&entry).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap();
                for call in ["counter!(", "gauge!(", "histogram!("] {
                    let named =
                        code.split(call).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                    found.extend(named.map(|rest| rest.split('"').next().unwrap().to_owned()));
                }
            }
        }
        let listed = MEASURES.iter().map(|measure| measure.name.to_owned()).collect();
        assert_eq!(found, listed);
    }
}
