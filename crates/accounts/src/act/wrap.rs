//! The wrap of weak hashes in Argon2id.

use kernel::Fault;

use crate::{
    Accounts,
    store::identities::{self, Slot},
    verifier::{self, Kind, Stored},
};

/// The progress of the wrap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WrapProgress {
    /// Encrypted, not wrapped yet.
    pub sealed: u64,
    /// Under Argon2id.
    pub wrapped: u64,
}

/// The turn of wrapping, which one node has at a time.
const TURN: &str = "wrap_turn";
/// Milliseconds that a turn lasts.
const TURN_MILLIS: i64 = 1000;

impl Accounts {
    /// Wraps as many sealed hashes as all nodes together may wrap in a second, if no other node has the turn; returns how many. Called once a second.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn wrap_at_pace(&self) -> Result<u64, Fault> {
        let (db, most) = (&self.context.db, u64::from(self.rules.wrap_per_second));
        let mut any = false;
        for slot in [Slot::Verifier, Slot::Recogniser] {
            any = any || !identities::sealed(db, slot, 1).await?.is_empty();
        }
        if !any || !db.take_turn(TURN, self.context.clock.now_millis(), TURN_MILLIS).await? {
            return Ok(0);
        }
        self.wrap_sealed(most).await
    }

    /// Wraps up to `most` sealed hashes, one after the other; returns how many. A hash that a new import replaced meanwhile is left for the next round.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn wrap_sealed(&self, most: u64) -> Result<u64, Fault> {
        let mut done = self.wrap_slot(most, Slot::Verifier).await?;
        if done < most {
            done += self.wrap_slot(most - done, Slot::Recogniser).await?;
        }
        Ok(done)
    }

    async fn wrap_slot(&self, most: u64, slot: Slot) -> Result<u64, Fault> {
        let db = &self.context.db;
        let mut done = 0;
        for (id, sealed) in identities::sealed(db, slot, most).await? {
            let Stored::Verifier(verifier) = verifier::read(&self.context, Kind::Sealed, sealed.as_deref())?
            else {
                continue;
            };
            // People who sign in go first: a full queue ends this round.
            let Ok(wrapped) = verifier::wrap(&self.context, &self.hasher, &verifier).await else {
                return Ok(done);
            };
            done += u64::from(identities::replace_sealed(db, slot, id, sealed, wrapped).await?);
        }
        Ok(done)
    }

    /// Returns the progress, for the operator.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn wrap_progress(&self) -> Result<WrapProgress, Fault> {
        let db = &self.context.db;
        let sealed = identities::count_sealed(db).await?;
        Ok(WrapProgress { sealed, wrapped: identities::count(db, Kind::Wrapped).await? })
    }
}
