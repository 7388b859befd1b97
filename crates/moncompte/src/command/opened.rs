use std::sync::Arc;

use anyhow::Context as _;
use kernel::{Context, Db, Snapshot, SteadyClock, SystemClock, SystemRng};

use super::Where;
use crate::config::Config;

/// The sentence where the database of a configuration does not open.
pub(super) const WHY: &str =
    "the database cannot be read; is `database` right, and was this version of moncompte started on it?";

/// The database, opened beside a provider that may be running, without creating or changing the schema.
pub(super) struct Opened {
    pub(super) context: Context,
    pub(super) config: Config,
    pub(super) snapshot: Snapshot,
}

impl Opened {
    pub(super) async fn at(place: &Where) -> anyhow::Result<Self> {
        let config = Config::read(&place.config)?;
        let keys = config.seal.clone();
        // First, since it creates no file if there is none.
        let snapshot = Snapshot::open(&config.database, keys.clone()).await.context(WHY)?;
        snapshot.take_keys().await.context(WHY)?;
        let context = Context {
            db: Db::connect(&config.database).await.context(WHY)?,
            clock: Arc::new(SteadyClock::over(SystemClock)),
            rng: Arc::new(SystemRng::new()),
            keys,
        };
        // The provider's time may be ahead of this machine's.
        if let Some(seen) = snapshot.time_seen().await.context(WHY)? {
            context.clock.observe(seen);
        }
        Ok(Self { context, config, snapshot })
    }
}
