//! A node's part in the replacement of keys (docs/adr/0019): it reads its key files again when the database names a key that it does not have, seals with the key
//! that the database names, and follows signing keys that were replaced or revoked.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use generations::{Generations, Node};
use kernel::{Context, Fault, SealKeys};
use tokio::time::Instant;

use crate::config::Config;

/// The stored name of the key that is about to seal.
pub(crate) const NEXT: &str = "seal_key_next";

/// The pause between two looks for a key that is in no file.
const AGAIN: Duration = Duration::from_secs(5);

/// The key files of a node.
pub(crate) struct KeyFiles {
    folder: PathBuf,
    keys: Arc<SealKeys>,
    /// The name of the key that was looked for last, in vain, and when.
    missing: Mutex<Option<(String, Instant)>>,
}

impl KeyFiles {
    pub(crate) fn new(folder: PathBuf, keys: Arc<SealKeys>) -> Self {
        Self { folder, keys, missing: Mutex::default() }
    }

    /// Looks at what the database names. Returns true if the keys of this node changed, so that it tells the others.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub(crate) async fn follow(&self, context: &Context) -> Result<bool, Fault> {
        let (named, _) = context.sealing_key().await?;
        let next = context.db.stored(NEXT).await?;
        let mut changed = false;
        for wanted in next.iter().chain([&named]) {
            if !self.keys.holds(wanted) && self.may_look(wanted) {
                changed |= self.read(wanted).await;
            }
        }
        if named != self.keys.fingerprint() && self.keys.seal_with(&named) {
            tracing::info!(key = named, "sealing key replaced");
            changed = true;
        }
        self.keys.lack(!self.keys.holds(&named));
        context.keys.seal_hashes(all_open_hashes(&Generations::new(context.clone()).nodes().await?));
        Ok(changed)
    }

    /// Reads the files again. Returns true if the wanted key was among them.
    async fn read(&self, wanted: &str) -> bool {
        let folder = self.folder.clone();
        let read = tokio::task::spawn_blocking(move || Config::open(&folder)).await;
        let trouble = match read {
            Ok(Ok(config)) if config.seal.holds(wanted) && self.keys.take(&config.seal) => {
                tracing::info!(key = wanted, "sealing key read");
                *self.missing() = None;
                return true;
            }
            Ok(Ok(_)) => "it is in no file that moncompte.toml names".to_owned(),
            Ok(Err(mistakes)) => mistakes.to_string(),
            Err(error) => error.to_string(),
        };
        // Once for each key, for this is tried again and again.
        let told = self.missing().replace((wanted.to_owned(), Instant::now()));
        if told.is_none_or(|(told, _)| told != wanted) {
            tracing::error!(key = wanted, trouble, "sealing key missing on this node");
        }
        false
    }

    /// Returns true unless the same key was looked for a moment ago: reading the folder of four hundred agencies takes a while.
    fn may_look(&self, wanted: &str) -> bool {
        self.missing().as_ref().is_none_or(|(missed, at)| missed != wanted || at.elapsed() >= AGAIN)
    }

    fn missing(&self) -> MutexGuard<'_, Option<(String, Instant)>> {
        self.missing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns true if every live node opens sealed password hashes: one of an earlier version tells of no keys.
pub(crate) fn all_open_hashes(nodes: &[Node]) -> bool {
    nodes.iter().filter(|node| node.live).all(|node| !node.report.sealing_keys.is_empty())
}
