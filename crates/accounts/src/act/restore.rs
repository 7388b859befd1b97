//! A database that was restored from a backup.

use kernel::{Fault, Tx};

use crate::{Accounts, store::restore};

/// The number of rows that a restore ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Ended {
    /// Sessions.
    pub sessions: u64,
    /// Mailed links.
    pub links: u64,
    /// Moves under way.
    pub moves: u64,
    /// Activation codes.
    pub codes: u64,
}

impl Accounts {
    /// Ends whatever may have been ended since the backup: sessions, mailed links, moves under way, activation codes. In the transaction that makes the database usable.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_before_restore(&self, tx: &Tx) -> Result<Ended, Fault> {
        let now = self.context.now();
        Ok(Ended {
            sessions: restore::end_sessions(tx, now).await?,
            links: restore::end_links(tx, now).await?,
            moves: restore::end_moves(tx).await?,
            codes: restore::end_activation_codes(tx).await?,
        })
    }
}
