//! Supervision of tasks that must never end: each is restarted when it ends, and readiness names those that are down.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// One run of a supervised task.
pub(crate) type TaskFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The set of tasks that are down. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Supervisor {
    down: Arc<Mutex<BTreeSet<&'static str>>>,
    /// The pause before a restart: the cause may still be there.
    pause: Duration,
    /// A task that has run for this long since its restart is healthy again.
    sound: Duration,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self { down: Arc::default(), pause: Duration::from_secs(1), sound: Duration::from_secs(5) }
    }
}

impl Supervisor {
    /// Returns the names of the tasks that are down.
    pub(crate) fn down(&self) -> Vec<&'static str> {
        self.names().iter().copied().collect()
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a task until told to stop. If it ends or panics before, it is down, and restarts after a pause.
    pub(crate) async fn supervise(
        &self,
        name: &'static str,
        begin: impl Fn() -> TaskFuture,
        stop: &CancellationToken,
    ) {
        loop {
            let mut life = tokio::spawn(begin());
            let ended = tokio::select! {
                ended = &mut life => ended,
                () = tokio::time::sleep(self.sound) => {
                    self.names().remove(name);
                    life.await
                }
            };
            if stop.is_cancelled() {
                return;
            }
            self.names().insert(name);
            metrics::counter!("moncompte_worker_restarts_total", "part" => name).increment(1);
            tracing::error!(part = name, why = why(ended), "worker part ended and restarted");
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

fn why(ended: Result<(), JoinError>) -> String {
    let Err(error) = ended else { return "it came to its end".into() };
    let Ok(panic) = error.try_into_panic() else { return "it was cancelled".into() };
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("it panicked: {}", text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn supervisor(sound: Duration) -> Supervisor {
        Supervisor { pause: Duration::from_millis(1), sound, ..Supervisor::default() }
    }

    /// Looks again until it is so.
    async fn until(what: &str, so: impl Fn() -> bool) {
        let seen = async {
            while !so() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), seen).await.expect(what);
    }

    #[tokio::test]
    async fn a_task_that_ends_or_panics_begins_again_and_is_told_of_meanwhile() {
        let (supervisor, stop) = (supervisor(Duration::from_millis(50)), CancellationToken::new());
        let (lives, last) = (Arc::new(AtomicUsize::new(0)), stop.clone());
        let begin = {
            let lives = lives.clone();
            move || -> TaskFuture {
                let (nth, last) = (lives.fetch_add(1, Ordering::SeqCst), last.clone());
                Box::pin(async move {
                    assert!(nth >= 3, "as it may happen");
                    // The fourth ends by itself, the fifth lives.
                    if nth > 3 {
                        last.cancelled().await;
                    }
                })
            }
        };
        let attended = tokio::spawn({
            let (supervisor, stop) = (supervisor.clone(), stop.clone());
            async move { supervisor.supervise("letters", begin, &stop).await }
        });
        until("it is told of", || supervisor.down() == ["letters"]).await;
        until("it lives", || lives.load(Ordering::SeqCst) == 5).await;
        until("it is well", || supervisor.down().is_empty()).await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), attended).await.unwrap().unwrap();
        assert_eq!(lives.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn a_task_that_ends_again_and_again_stays_down() {
        let (supervisor, stop) = (supervisor(Duration::from_secs(60)), CancellationToken::new());
        let lives = Arc::new(AtomicUsize::new(0));
        let attended = tokio::spawn({
            let (supervisor, stop, lives) = (supervisor.clone(), stop.clone(), lives.clone());
            let begin = move || -> TaskFuture {
                lives.fetch_add(1, Ordering::SeqCst);
                Box::pin(async {})
            };
            async move { supervisor.supervise("chores", begin, &stop).await }
        });
        until("it has begun ten times", || lives.load(Ordering::SeqCst) > 10).await;
        assert_eq!(supervisor.down(), ["chores"]);
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(20), attended).await.unwrap().unwrap();
    }
}
