//! The index of the terms by which staff find identities, kept by the worker: imports, and nodes of an earlier version, write identities without them.

use kernel::{Done, Fault, Tx};
use uuid::Uuid;

use crate::{
    Accounts, LegacyIdentityId,
    dossier::plain_words,
    store::identities::terms::{self, Named},
};

/// Identities in one transaction: fewer parameters than either database takes.
const BATCH: u64 = 500;
/// The number of words of a name that are found.
const WORDS: usize = 8;

/// Returns the beginning of terms for a word of a name.
pub(crate) fn of_word(word: &str) -> String {
    format!("n{word}")
}

/// Returns the term of a further reference.
pub(crate) fn of_reference(reference: &str) -> String {
    format!("r{reference}")
}

/// The turn of writing terms, which one node has at a time.
const TURN: &str = "terms_turn";
/// Milliseconds that a turn lasts.
const TURN_MILLIS: i64 = 1000;
/// Batches in a turn: two thousand identities a second, beside what people do.
const BATCHES: usize = 4;

impl Accounts {
    /// Writes the terms of some identities that wait for them, if no other node has the turn; returns how many identities there were. Called once a second.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn index_terms_at_pace(&self) -> Result<u64, Fault> {
        let db = &self.context.db;
        if terms::waiting(db, None, LegacyIdentityId(Uuid::nil()), 1).await?.is_empty()
            || !db.take_turn(TURN, self.context.clock.now_millis(), TURN_MILLIS).await?
        {
            return Ok(0);
        }
        let mut done = 0;
        for _ in 0..BATCHES {
            let some = self.index_terms().await?;
            done += some;
            if some < BATCH {
                break;
            }
        }
        Ok(done)
    }

    /// Writes the terms of identities that wait for them, a batch; returns how many identities there were.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn index_terms(&self) -> Result<u64, Fault> {
        let db = &self.context.db;
        let waiting = terms::waiting(db, None, LegacyIdentityId(Uuid::nil()), BATCH).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let ids: Vec<LegacyIdentityId> = waiting.into_iter().map(|row| row.id).collect();
        db.write(async |tx: &Tx| {
            // As they are now: an import may have changed them since.
            let rows = terms::take(tx, &ids).await?;
            let all = rows.iter().map(of_identity).collect::<Result<Vec<_>, _>>()?;
            terms::replace(tx, &ids, all.into_iter().flatten().collect()).await?;
            Ok(Done::Commit(()))
        })
        .await?;
        Ok(ids.len() as u64)
    }
}

/// Returns the terms of an identity, each once, with the identity and its agency.
fn of_identity(row: &Named) -> Result<Vec<(LegacyIdentityId, String, String)>, Fault> {
    let words = row.name.as_deref().map(plain_words).unwrap_or_default();
    let further: Vec<String> =
        row.further_refs.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    let words = words.iter().take(WORDS).map(|word| of_word(word));
    let mut terms: Vec<String> =
        words.chain(further.iter().map(|reference| of_reference(reference))).collect();
    terms.sort();
    terms.dedup();
    Ok(terms.into_iter().map(|term| (row.id, row.agency_id.clone(), term)).collect())
}
