//! Identifiers that were stored before typographic signs were folded: `d’Arcy` there, `d'Arcy` in the next file and at the door.

use agencies::Agency;
use kernel::{Done, Fault, Tx};

use crate::{Accounts, store::identities};

impl Accounts {
    /// Stores an agency's identifiers under the form by which they are compared today; returns how many had an older one. One whose form another identity has
    /// stays as it is, and is found by the older form alone.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub async fn refold(&self, agency: &Agency) -> Result<u64, Fault> {
        let db = &self.context.db;
        let stored = identities::beyond_ascii(db, &agency.id).await?;
        let folded = |(id, before): (_, String)| {
            agency.directory.canonical(&before).filter(|after| *after != before).map(|after| (id, after))
        };
        let older: Vec<_> = stored.into_iter().filter_map(folded).collect();
        if older.is_empty() {
            return Ok(0);
        }
        db.write(async |tx: &Tx| {
            let mut refolded = 0;
            for (id, canonical) in &older {
                refolded += u64::from(identities::refold(tx, &agency.id, *id, canonical).await?);
            }
            Ok(Done::Commit(refolded))
        })
        .await
    }
}
