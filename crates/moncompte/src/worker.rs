//! What runs beside the requests: letters leave, weak hashes are wrapped, old rows go, keys rotate. Every node may run it: each piece of work is taken by
//! a conditional statement.

use std::{sync::Arc, time::Duration};

use idp::Idp;
use kernel::{MAX_SKEW, outbox};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    outbound::Outbound,
    post::{Post, Writer},
    standing::{Life, Standing},
};

/// The worker's parts.
pub(crate) struct Worker {
    pub(crate) idp: Idp,
    pub(crate) writer: Writer,
    pub(crate) post: Post,
    pub(crate) outbound: Outbound,
    /// Where it tells which of its parts run.
    pub(crate) standing: Standing,
}

/// Begins a part of the worker.
type Begin = fn(Arc<Worker>, CancellationToken) -> Life;

/// What the worker does beside each other. A part that ends before it is told to begins again.
const PARTS: [(&str, Begin); 3] = [
    ("letters", |worker, stop| Box::pin(worker.deliver(stop))),
    ("time", |worker, stop| Box::pin(worker.share_time(stop))),
    ("chores", |worker, stop| Box::pin(worker.chores(stop))),
];

impl Worker {
    /// Works until told to stop; what was begun is ended.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let this = Arc::new(self);
        let mut parts = JoinSet::new();
        for (name, begin) in PARTS {
            let (this, standing, stop) = (this.clone(), this.standing.clone(), stop.clone());
            parts.spawn(async move {
                standing.attend(name, || begin(this.clone(), stop.clone()), &stop).await;
            });
        }
        parts.join_all().await;
    }

    /// How late it is, for the other nodes and the next start; and says so where this machine's clock and that do not agree.
    async fn share_time(self: Arc<Self>, stop: CancellationToken) {
        let context = &self.idp.context;
        let mut wrong = 0_u32;
        loop {
            if let Err(fault) = context.share_time().await {
                tracing::warn!(%fault, "how late it is cannot be shared");
            }
            let (fit, behind) = (context.clock.is_trusted(), context.clock.skew());
            // At once, and every minute.
            let tells = wrong.is_multiple_of(12);
            if !fit && tells {
                tracing::error!(
                    seconds_ahead = context.clock.database_offset() / 1000,
                    "this machine's clock is far from the database's: correct it; until then this node is not ready and shares no time"
                );
            } else if behind > MAX_SKEW && tells {
                tracing::error!(
                    seconds = behind / 1000,
                    "this machine's clock is behind the time that was seen: correct it, or see `moncompte clock --help`"
                );
            }
            wrong = if fit && behind <= MAX_SKEW { 0 } else { wrong.wrapping_add(1) };
            if stop.is_cancelled() {
                return;
            }
            // Where it was refused, soon again: that it heals is seen by it.
            let pause = Duration::from_secs(if context.db.takes_writes() { 5 } else { 1 });
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = context.db.write_refused() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn chores(self: Arc<Self>, stop: CancellationToken) {
        let mut slow = 0_u32;
        while !stop.is_cancelled() {
            let wrapped = self.idp.accounts.wrap_sealed(1).await.unwrap_or_else(|fault| {
                tracing::warn!(%fault, "wrapping old hashes waits");
                0
            });
            if slow == 0 {
                self.tidy().await;
            } else if slow.is_multiple_of(60) {
                // Sealed refresh tokens are worth something: they are not kept for minutes (SECURITY D16).
                if let Err(fault) = self.idp.grants.forget_children().await {
                    tracing::warn!(%fault, "a chore waits");
                }
            }
            slow = (slow + 1) % 600;
            // A polite pace: people who sign in come first.
            let pause = if wrapped > 0 { Duration::from_millis(100) } else { Duration::from_secs(1) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn tidy(&self) {
        self.idp.throttle.tidy();
        if !self.idp.context.clock.is_trusted() {
            // Nothing is forgotten, and no key replaced, by a time that may be wrong.
            return;
        }
        for (what, done) in [
            ("keys", self.idp.grants.ensure_keys().await),
            ("old grants", self.idp.grants.purge().await),
            ("old moves and sessions", self.idp.accounts.purge().await),
            ("old letters", outbox::purge(&self.idp.context.db, self.idp.context.now()).await),
        ] {
            if let Err(fault) = done {
                tracing::warn!(%fault, what, "a chore waits");
            }
        }
    }
}
