//! A node's own folder. At SIGHUP the node takes it in, as `moncompte apply` does; what needs naming is not done by a signal. What is said of a folder is
//! looked at again for as long as there is something to say.

use std::{path::PathBuf, sync::Arc, time::Duration};

use generations::Proposal;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    apply::apply,
    begin::{folder_fault, log_mistakes},
    follow::Follower,
    plan::{Plan, different},
};
use crate::config::Config;

/// The pause between two looks at a folder with a fault: reading one of four hundred agencies takes a while.
const AGAIN: Duration = Duration::from_secs(10);

/// A node's folder, and the node.
pub(crate) struct Reload {
    pub(crate) folder: PathBuf,
    pub(crate) follower: Arc<Follower>,
}

impl Reload {
    /// Reloads at each signal until told to stop.
    pub(crate) async fn at_each(self, signal: Arc<Notify>, stop: CancellationToken) -> anyhow::Result<()> {
        let turns = async {
            loop {
                tokio::select! {
                    () = signal.notified() => self.run().await,
                    () = self.follower.switched.notified() => self.look_again(true).await,
                    () = tokio::time::sleep(AGAIN) => self.look_again(false).await,
                }
            }
        };
        tokio::select! {
            () = turns => {}
            () = stop.cancelled() => {}
        }
        Ok(())
    }

    /// Looks again at a folder of which something is said: a later change may have taken it in, or somebody may have put the file back. After a switch
    /// the sentence names the generation that is served now; otherwise it stays, for a failed reload says more, until the folder is right.
    async fn look_again(&self, switched: bool) {
        if !self.follower.has_trouble() {
            return;
        }
        match self.fault().await {
            Ok(None) => {
                tracing::info!("the folder of this node is what is served");
                self.follower.folder_is(None);
            }
            Ok(fault) if switched => self.follower.folder_is(fault),
            // A folder that cannot be read, or a database that is away: nothing new is known.
            Ok(_) | Err(_) => {}
        }
    }

    async fn fault(&self) -> anyhow::Result<Option<String>> {
        let (all, context) = (&self.follower.all, self.follower.current.load().idp.context.clone());
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || Config::open(&folder)).await??;
        let Some(latest) = all.latest().await? else { return Ok(None) };
        let files = all.files(latest.id).await?;
        Ok(folder_fault(all, read.contents, &latest, &files, context.now()))
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
