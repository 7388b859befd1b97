//! Work outside requests: delivery of messages, wrapping of weak hashes, deletion of old rows, key rotation. Every node may run it: each piece of work is taken
//! by a conditional statement.

use std::{sync::Arc, time::Duration};

use kernel::{Context, Fault, MAX_SKEW, outbox};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::{
    change::{follow::Follower, keys::KeyFiles},
    current::{Current, Running},
    measures,
    outbound::Outbound,
    post::Post,
    supervisor::{Supervisor, TaskFuture},
};

/// The worker's parts.
pub(crate) struct Worker {
    /// The generation that is served: each piece of work takes it anew.
    pub(crate) current: Current,
    /// The node's part in changes of the configuration, where there are generations.
    pub(crate) follower: Option<Arc<Follower>>,
    /// The node's key files, where it follows the replacement of keys.
    pub(crate) key_files: Option<KeyFiles>,
    pub(crate) post: Post,
    pub(crate) outbound: Outbound,
    /// The supervisor of its parts.
    pub(crate) supervisor: Supervisor,
}

/// Starts a part of the worker.
type Begin = fn(Arc<Worker>, CancellationToken) -> TaskFuture;

/// The parts, which run concurrently. A part that ends early is restarted.
const PARTS: [(&str, Begin); 5] = [
    ("letters", |worker, stop| Box::pin(worker.deliver(stop))),
    ("configuration", |worker, stop| Box::pin(worker.follow(stop))),
    ("keys", |worker, stop| Box::pin(worker.follow_keys(stop))),
    ("time", |worker, stop| Box::pin(worker.share_time(stop))),
    ("chores", |worker, stop| Box::pin(worker.chores(stop))),
];

impl Worker {
    /// Works until told to stop; work under way is completed.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let mut parts = JoinSet::new();
        for (name, begin) in PARTS {
            let (this, supervisor, stop) = (this.clone(), this.supervisor.clone(), stop.clone());
            parts.spawn(async move {
                supervisor.supervise(name, || begin(this.clone(), stop.clone()), &stop).await;
            });
        }
        parts.join_all().await;
    }

    /// Returns what is served now.
    pub(crate) fn running(&self) -> Arc<Running> {
        self.current.load()
    }

    /// Returns what no generation changes.
    pub(crate) fn context(&self) -> Context {
        self.running().idp.context.clone()
    }

    async fn follow(self: Arc<Self>, stop: CancellationToken) {
        match &self.follower {
            Some(follower) => follower.follow(&stop).await,
            None => stop.cancelled().await,
        }
    }

    /// Follows keys that are replaced or revoked, within a second.
    async fn follow_keys(self: Arc<Self>, stop: CancellationToken) {
        let (context, mut silent) = (self.context(), false);
        while !stop.is_cancelled() {
            let looked = async {
                // First, for what another key seals opens only then.
                let changed = match &self.key_files {
                    Some(files) => files.follow(&context).await?,
                    None => false,
                };
                self.running().idp.grants.reload_keys().await?;
                Ok::<_, Fault>(changed)
            };
            match looked.await {
                Ok(changed) => {
                    silent = false;
                    if let (true, Some(follower)) = (changed, &self.follower) {
                        follower.tell();
                    }
                }
                Err(fault) => {
                    if !silent {
                        tracing::warn!(%fault, "keys not looked at: this node goes on with those that it has");
                    }
                    silent = true;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Shares the time with the other nodes and the next start, and logs a clock that disagrees with it.
    async fn share_time(self: Arc<Self>, stop: CancellationToken) {
        let context = &self.context();
        let mut wrong = 0_u32;
        loop {
            if let Err(fault) = context.share_time().await {
                tracing::warn!(%fault, "shared time not stored");
            }
            let (fit, behind) = (context.clock.is_trusted(), context.clock.skew());
            // At once, and every minute.
            let tells = wrong.is_multiple_of(12);
            if !fit && tells {
                tracing::error!(
                    seconds_ahead = context.clock.database_offset() / 1000,
                    "machine clock far from the database's: correct it; until then this node is not ready and shares no time"
                );
            } else if behind > MAX_SKEW && tells {
                tracing::error!(
                    seconds = behind / 1000,
                    "machine clock behind the latest time reported: correct it, or see `moncompte clock --help`"
                );
            }
            wrong = if fit && behind <= MAX_SKEW { 0 } else { wrong.wrapping_add(1) };
            if stop.is_cancelled() {
                return;
            }
            // Sooner after a refused write, since this is what detects the recovery.
            let pause = Duration::from_secs(if context.db.takes_writes() { 5 } else { 1 });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = context.db.write_refused() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn chores(self: Arc<Self>, stop: CancellationToken) {
        self.refold().await;
        let mut slow = 0_u32;
        let mut beat = tokio::time::interval(Duration::from_secs(1));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            tokio::select! {
                _ = beat.tick() => {}
                () = stop.cancelled() => return,
            }
            let idp = &self.running().idp;
            if let Err(fault) = idp.accounts.wrap_at_pace().await {
                tracing::warn!(%fault, "wrapping of old hashes postponed");
            }
            if let Err(fault) = idp.accounts.index_terms_at_pace().await {
                tracing::warn!(%fault, what = "the terms of identities", "periodic task postponed");
            }
            if slow.is_multiple_of(5)
                && let Err(fault) = idp.grants.write_secret_uses().await
            {
                tracing::warn!(%fault, what = "the last use of secrets", "periodic task postponed");
            }
            if slow == 0 {
                self.tidy().await;
                if let Err(fault) = measures::count_rows(idp).await {
                    tracing::warn!(%fault, what = "the count of identities", "periodic task postponed");
                }
            } else if slow.is_multiple_of(60) {
                // Sealed refresh tokens are valuable, so they are deleted within seconds (SECURITY D16).
                if let Err(fault) = idp.grants.forget_children().await {
                    tracing::warn!(%fault, "periodic task postponed");
                }
                self.tell_progress().await;
            }
            slow = (slow + 1) % 600;
        }
    }

    /// Brings identifiers that an older version stored to the form of today.
    async fn refold(&self) {
        let idp = &self.running().idp;
        for agency in idp.agencies.load_full().iter() {
            match idp.accounts.refold(agency).await {
                Ok(0) => {}
                Ok(count) => {
                    tracing::info!(agency = agency.id, count, "identifiers stored by an older spelling")
                }
                Err(fault) => tracing::warn!(%fault, agency = agency.id, "spelling of identifiers postponed"),
            }
        }
    }

    /// Tells how many weak hashes wait to be wrapped.
    async fn tell_progress(&self) {
        if let Ok(progress) = self.running().idp.accounts.wrap_progress().await {
            #[allow(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("moncompte_wrap_remaining").set(progress.sealed as f64);
        }
    }

    #[tracing::instrument(skip_all)]
    async fn tidy(&self) {
        let running = self.running();
        let idp = &running.idp;
        idp.throttle.tidy();
        if !idp.context.clock.is_trusted() {
            // Nothing is deleted, and no key replaced, by a time that may be wrong.
            return;
        }
        for (what, done) in [
            ("keys", idp.grants.ensure_keys().await),
            ("old grants", idp.grants.purge().await),
            ("links that end", idp.accounts.end_links().await.map(drop)),
            ("agencies that left", idp.grants.end_left().await),
            ("old moves and sessions", idp.accounts.purge().await),
            ("old generations", self.forget_generations().await),
            ("old letters", outbox::purge(&idp.context.db, idp.context.now()).await),
        ] {
            if let Err(fault) = done {
                tracing::warn!(%fault, what, "periodic task postponed");
            }
        }
    }

    async fn forget_generations(&self) -> Result<(), Fault> {
        let Some(follower) = &self.follower else { return Ok(()) };
        follower.all.purge().await?;
        follower.all.forget_nodes().await
    }
}
