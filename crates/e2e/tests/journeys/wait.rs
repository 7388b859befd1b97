//! Waiting for things themselves: a condition is asked again until it holds or its time is up.

use std::time::Duration;

use tokio::time::{interval, timeout};

/// Two busy cores and a debug build: long enough that only what never comes is missed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Asks `condition` until it gives something; `None` when `PATIENCE` is over.
pub(crate) async fn until<T>(mut condition: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    timeout(PATIENCE, async {
        let mut beat = interval(Duration::from_millis(60));
        loop {
            beat.tick().await;
            if let Some(found) = condition().await {
                return found;
            }
        }
    })
    .await
    .ok()
}
