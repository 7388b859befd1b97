//! Waiting: a condition is checked again until it holds or the time is up.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// The time to wait: long, for two busy cores and a debug build.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// Calls `condition` until it returns a value; `None` after `PATIENCE`.
pub(crate) async fn until<T>(mut condition: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    timeout(PATIENCE, async {
        let mut beat = interval(Duration::from_millis(60));
        // A question that takes long is not asked again at once: it would keep the machine from what is waited for.
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
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
