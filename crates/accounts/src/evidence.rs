//! The append-only record that may be produced as proof. Each entry's hash is keyed and covers the one before, so that neither an entry nor
//! its place can be changed without the key outside the database. A writer to the database can still delete the last entries together with the
//! rows that they are about, and set the head back; docs/security.md names the other limits.

use kernel::{CheckFuture, Context, Digest, Fault, Read, SealKeys, Snapshot, Tx, Unix};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    AccountId, Accounts,
    store::evidence::{self as store, Entry},
};

/// Appends an entry in the transaction that it proves, begun by [`kernel::Db::begin_recorded`]. Call it last: such transactions wait for each other here.
pub(crate) async fn append<T: Serialize>(
    tx: &Tx,
    context: &Context,
    kind: &str,
    account: Option<AccountId>,
    body: &T,
) -> Result<(), Fault> {
    debug_assert!(tx.is_recorded(), "what appends evidence is begun by `begin_recorded` (SECURITY D18)");
    let head = store::take_number(tx).await?;
    let body = serde_json::to_string(body)?;
    let at = context.now();
    let hash = link_hash(&context.keys, &head.hash, head.seq, at, kind, account, &body);
    audit(tx, kind, account, &body);
    let kind = kind.to_owned();
    store::insert(tx, Entry { seq: head.seq, at, kind, account, body, previous: head.hash, hash }).await
}

/// The values of an entry that the audit stream has: no identifier or reference of an agency's client, and no address.
const AUDITED: [&str; 19] = [
    "agency",
    "by",
    "reason",
    "role",
    "delivery",
    "file",
    "sha256",
    "complete",
    "rows",
    "added",
    "updated",
    "corrected",
    "gone",
    "restored",
    "removed",
    "left_alone",
    "forced",
    "version",
    "moved",
];

/// Tells the audit stream of an entry, once it is committed.
fn audit(tx: &Tx, kind: &str, account: Option<AccountId>, body: &str) {
    if !tracing::enabled!(target: "audit", tracing::Level::INFO) {
        return;
    }
    let event = kind.replace(' ', "_");
    let mut detail: Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    detail.retain(|name, _| AUDITED.contains(&name.as_str()));
    let (account, detail) = (account.map(|id| id.to_string()), Value::Object(detail).to_string());
    tx.after_commit(move || tracing::info!(target: "audit", event, account, detail));
}

fn link_hash(
    keys: &SealKeys,
    previous: &str,
    seq: i64,
    at: Unix,
    kind: &str,
    account: Option<AccountId>,
    body: &str,
) -> String {
    let account = account.map(|a| a.to_string()).unwrap_or_default();
    let text = format!("{previous}\n{seq}\n{at}\n{kind}\n{account}\n{body}");
    Digest::of_mac(keys.mac("evidence", text.as_bytes())).into_string()
}

/// The number of entries in memory at a time.
const BATCH: u64 = 1000;

/// Returns the number of valid entries, or the sequence number of the first invalid one.
async fn verify(db: &impl Read, keys: &SealKeys) -> Result<Result<u64, i64>, Fault> {
    let mut previous = String::new();
    let (mut read, mut last) = (i64::MIN, 0);
    loop {
        let rows = store::after(db, read, BATCH).await?;
        let Some(end) = rows.last() else { break };
        read = end.seq;
        for row in rows {
            let hash = link_hash(keys, &previous, row.seq, row.at, &row.kind, row.account, &row.body);
            last += 1;
            if row.previous != previous || row.hash != hash || row.seq != last {
                return Ok(Err(row.seq));
            }
            previous = hash;
        }
    }
    let head = store::head(db).await?;
    let whole = head.is_some_and(|h| h.hash == previous && h.seq == last);
    Ok(if whole { Ok(u64::try_from(last).unwrap_or_default()) } else { Err(last) })
}

/// SECURITY I21, for [`crate::INVARIANTS`].
pub(crate) fn chain(snapshot: &Snapshot) -> CheckFuture<'_> {
    Box::pin(async { Ok(u64::from(verify(snapshot, snapshot.keys()).await?.is_err())) })
}

/// Returns the time of the last entry.
///
/// # Errors
/// [`Fault`] of the database.
pub async fn last_recorded(snapshot: &Snapshot) -> Result<Option<Unix>, Fault> {
    store::last_at(snapshot).await
}

impl Accounts {
    /// Appends an entry about an account in the transaction that it proves, begun by [`kernel::Db::begin_recorded`], for another slice. Call it
    /// last.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn record<T: Serialize>(
        &self,
        tx: &Tx,
        kind: &str,
        account: AccountId,
        body: &T,
    ) -> Result<(), Fault> {
        append(tx, &self.context, kind, Some(account), body).await
    }

    /// Appends an entry about an operator's command in the transaction that it proves, begun by [`kernel::Db::begin_recorded`]. Call it last.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn record_command<T: Serialize>(&self, tx: &Tx, kind: &str, body: &T) -> Result<(), Fault> {
        append(tx, &self.context, kind, None, body).await
    }

    /// Reads the whole chain; returns the number of valid entries, or the sequence number of the first invalid one.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn verify_evidence(&self) -> Result<Result<u64, i64>, Fault> {
        verify(&self.context.db, &self.context.keys).await
    }
}
