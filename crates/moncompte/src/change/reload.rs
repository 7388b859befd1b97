//! SIGHUP: a node takes in its folder, as `moncompte apply` does. What needs naming is not done by a signal.

use std::{path::PathBuf, sync::Arc};

use generations::Proposal;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    apply::apply,
    begin::log_mistakes,
    follow::Follower,
    plan::{Plan, different},
};
use crate::config::Config;

/// A node's folder, and the node.
pub(crate) struct Reload {
    pub(crate) folder: PathBuf,
    pub(crate) follower: Arc<Follower>,
}

impl Reload {
    /// Reloads at each signal until told to stop.
    pub(crate) async fn at_each(self, signal: Arc<Notify>, stop: CancellationToken) -> anyhow::Result<()> {
        loop {
            tokio::select! {
                () = signal.notified() => {}
                () = stop.cancelled() => return Ok(()),
            }
            tokio::select! {
                () = self.run() => {}
                () = stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Reads the folder and brings it to all nodes; the log says what came of it. Never ends the node.
    async fn run(&self) {
        match self.take_in().await {
            Ok(Some(said)) => tracing::info!("reload: {said}"),
            Ok(None) => tracing::info!("reload: nothing has changed"),
            Err(error) => {
                tracing::error!("reload: {error:#}");
                self.follower.folder_is(Some(format!("the last reload failed: {error:#}")));
            }
        }
    }

    async fn take_in(&self) -> anyhow::Result<Option<String>> {
        let (all, running) = (&self.follower.all, self.follower.current.load());
        let context = running.idp.context.clone();
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || Config::open(&folder)).await??;
        let restart = different(&self.follower.settings, &read.marks(&context.keys));
        if !restart.is_empty() {
            tracing::warn!(
                key = restart.join(", "),
                "settings of moncompte.toml changed: they wait for a restart"
            );
        }
        let Some(latest) = all.latest().await? else { anyhow::bail!("no generation is stored") };
        let accepted = all.files(latest.id).await?;
        log_mistakes(&read.contents, &running.idp.agencies.load());
        let contents = read.contents.shared_is_right()?;
        let (contents, kept) = contents.with_bad_as_accepted(&accepted, context.now());
        let kept: Vec<String> = kept.into_iter().collect();
        if all.digest(&contents.files) == latest.digest && kept == latest.kept {
            self.follower.folder_is(None);
            return Ok(None);
        }
        let plan = Plan::new(&accepted, &contents.files, context.now());
        if let Some(danger) = plan.dangers.first() {
            anyhow::bail!(
                "nothing changed: {}; a signal does not do that: `moncompte apply --yes-remove {}`",
                danger.what,
                danger.name
            );
        }
        let by = format!("reload of {}", self.follower.name);
        let proposal = Proposal {
            files: &contents.files,
            by: &by,
            base: Some(latest.id),
            before: Some(latest.id),
            kept: &kept,
        };
        let applied = apply(all, &context, &proposal, || self.follower.look.notify_one()).await?;
        self.follower.folder_is(None);
        Ok(Some(format!("generation {} is served by {}", applied.id, applied.switched.join(", "))))
    }
}
