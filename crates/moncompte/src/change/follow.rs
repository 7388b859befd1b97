//! A node's part in a change: it prepares what is proposed, reports, and switches at the time that all nodes are given.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use generations::{Generation, GenerationId, Generations, NodeReport, State, Step, next_step};
use kernel::Fault;
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Contents, Mistakes},
    current::{Current, Running},
};

/// The pause between two looks while nothing is proposed.
const IDLE: Duration = Duration::from_millis(200);
/// The pause while something is.
const BUSY: Duration = Duration::from_millis(20);
/// The pause after a fault of the database.
const FAULT: Duration = Duration::from_secs(1);
/// The interval of reports.
const REPORT: Duration = Duration::from_secs(3);
/// The longest wait for the time of a switch, in milliseconds. A later one comes from a clock that is wrong.
const LONGEST: i64 = 5_000;

/// A node that follows the stored generations.
pub(crate) struct Follower {
    pub(crate) all: Generations,
    pub(crate) current: Current,
    /// Its name, which no other node has.
    pub(crate) name: String,
    /// The marks of its settings.
    pub(crate) settings: BTreeMap<String, String>,
    /// The fault of its folder, in a sentence.
    pub(crate) trouble: Mutex<Option<String>>,
    /// Told when this process proposes something, so that it looks at once.
    pub(crate) look: Notify,
    /// Told at each switch, so that what is said of the folder is looked at again.
    pub(crate) switched: Notify,
    /// True if it reports at its next look.
    pub(crate) due: AtomicBool,
}

/// The state of following.
#[derive(Default)]
struct Progress {
    prepared: Option<(GenerationId, Arc<Running>)>,
    failed: Option<(GenerationId, String)>,
    reported: Option<Instant>,
}

impl Follower {
    /// Follows until told to stop; then the node leaves, and nobody waits for it.
    pub(crate) async fn follow(&self, stop: &CancellationToken) {
        let (mut progress, mut silent) = (Progress::default(), false);
        while !stop.is_cancelled() {
            let pause = match self.turn(&mut progress).await {
                Ok(pause) => {
                    silent = false;
                    pause
                }
                Err(fault) => {
                    if !silent {
                        tracing::warn!(%fault, "stored configuration unreadable: this node serves what it has");
                    }
                    silent = true;
                    FAULT
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.look.notified() => {}
                () = stop.cancelled() => {}
            }
        }
        if let Err(fault) = self.all.leave(&self.name).await {
            tracing::warn!(%fault, "departure of this node not stored");
        }
    }

    /// Reports this node before it serves, so that a change from now on waits for it.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub(crate) async fn arrive(&self) -> Result<(), Fault> {
        self.report(&mut Progress::default()).await
    }

    /// Reports at once, for something that the others wait for has changed.
    pub(crate) fn tell(&self) {
        self.due.store(true, Ordering::Relaxed);
        self.look.notify_one();
    }

    /// Says what is wrong with the folder of this node, or that all is well.
    pub(crate) fn folder_is(&self, trouble: Option<String>) {
        metrics::gauge!("moncompte_config_folder_differs").set(f64::from(u8::from(trouble.is_some())));
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
        self.tell();
    }

    /// Returns true if something is said of the folder of this node.
    pub(crate) fn has_trouble(&self) -> bool {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    async fn turn(&self, progress: &mut Progress) -> Result<Duration, Fault> {
        let newer = self.all.after(self.current.load().generation).await?;
        let prepared = progress.prepared.as_ref().map(|(id, _)| *id);
        let failed = progress.failed.as_ref().map(|(id, _)| *id);
        match next_step(prepared, failed, &newer) {
            Step::Wait => {
                let due = progress.reported.is_none_or(|at| at.elapsed() >= REPORT)
                    || self.due.swap(false, Ordering::Relaxed);
                if due {
                    self.report(progress).await?;
                }
                let busy = newer.iter().any(|generation| generation.state == State::Preparing);
                Ok(if busy { BUSY } else { IDLE })
            }
            Step::Prepare(id) => {
                let Some(generation) = newer.iter().find(|generation| generation.id == id) else {
                    return Ok(BUSY);
                };
                match self.prepare(generation).await? {
                    Ok(running) => progress.prepared = Some((id, Arc::new(running))),
                    Err(why) => {
                        tracing::error!(generation = id, why, "configuration generation not prepared");
                        progress.failed = Some((id, why));
                    }
                }
                self.report(progress).await?;
                Ok(BUSY)
            }
            Step::Switch(id, millis) => {
                let wait = (millis - self.now_millis()).clamp(0, LONGEST);
                tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or_default())).await;
                let Some((_, running)) = progress.prepared.take() else { return Ok(BUSY) };
                self.current.switch(running.clone());
                self.switched.notify_one();
                tracing::info!(generation = id, "configuration generation served");
                self.report(progress).await?;
                running.idp.grants.end_left().await?;
                Ok(BUSY)
            }
        }
    }

    fn now_millis(&self) -> i64 {
        self.current.load().idp.context.clock.now_millis()
    }

    /// Builds a generation beside the one that is served; the inner error says why not. One that all others accepted while this node was away is taken with
    /// the agencies that this version of the program can read.
    async fn prepare(&self, generation: &Generation) -> Result<Result<Running, String>, Fault> {
        let files = self.all.files(generation.id).await?;
        let running = self.current.load();
        let (id, kept, now) = (generation.id, generation.kept.clone(), running.idp.context.now());
        let away = generation.state != State::Preparing;
        let built = tokio::task::spawn_blocking(move || {
            let contents = Contents::of(&files, now);
            let unexpected = contents.left_out.iter().any(|left_out| !kept.contains(&left_out.agency));
            if !contents.mistakes.is_empty() || (unexpected && !away) {
                return Err(Mistakes(contents.all_mistakes()).to_string());
            }
            let bad = contents.bad().into_iter().chain(kept);
            Ok(running.next(id, contents, bad))
        });
        let built = built.await.unwrap_or_else(|error| Err(error.to_string()));
        let Ok(next) = built else { return Ok(built) };
        // A client may sign with another algorithm from now on.
        next.idp.grants.ensure_keys().await?;
        Ok(Ok(next))
    }

    async fn report(&self, progress: &mut Progress) -> Result<(), Fault> {
        let serves = self.current.load().generation;
        let prepared = progress.prepared.as_ref().map_or(serves, |(id, _)| *id);
        let failed = progress.failed.as_ref().filter(|(id, _)| *id > serves);
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.all
            .report(&NodeReport {
                name: self.name.clone(),
                version: env!("CARGO_PKG_VERSION").into(),
                serves,
                prepared,
                failed: failed.map_or(0, |(id, _)| *id),
                error: failed.map(|(_, why)| why.clone()).or(trouble),
                settings: self.settings.clone(),
                sealing_keys: self.current.load().idp.context.keys.fingerprints(),
            })
            .await?;
        progress.reported = Some(Instant::now());
        Ok(())
    }
}
