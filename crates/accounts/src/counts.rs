//! Counts for the operator.

use std::collections::BTreeMap;

use kernel::{Fault, Snapshot};

use crate::{Accounts, store::counts};

/// The identities of an agency.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IdentityCount {
    /// Imported, and not moved yet.
    pub waiting: i64,
    /// Linked to an account.
    pub moved: i64,
}

/// The size of a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Accounts.
    pub accounts: u64,
    /// Imported identities.
    pub identities: u64,
    /// Links between the two.
    pub links: u64,
    /// Entries in the evidence.
    pub evidence: u64,
}

/// Counts the rows of a database that nobody need serve.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn totals(snapshot: &Snapshot) -> Result<Totals, Fault> {
    let [accounts, identities, links, evidence] = counts::totals(snapshot).await?;
    Ok(Totals { accounts, identities, links, evidence })
}

impl Accounts {
    /// Counts the identities of each agency. It reads an index of them all: ask every few minutes, not at each look.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn count_identities(&self) -> Result<BTreeMap<String, IdentityCount>, Fault> {
        let db = &self.context.db;
        // Counted first: an identity that moves in between is not counted twice. Whoever moved has a link, and nobody else has (SECURITY I10).
        let moved: BTreeMap<String, i64> = counts::links(db).await?.into_iter().collect();
        let all = counts::identities(db).await?.into_iter();
        Ok(all
            .map(|(agency, all)| {
                let moved = moved.get(&agency).copied().unwrap_or_default();
                (agency, IdentityCount { waiting: (all - moved).max(0), moved })
            })
            .collect())
    }

    /// Counts the old hashes that are not wrapped in Argon2id yet.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn count_unwrapped(&self) -> Result<u64, Fault> {
        counts::sealed(&self.context.db).await
    }
}
