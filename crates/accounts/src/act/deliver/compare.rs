//! The comparison of a batch with what the agency's identities are: what is new, and what differs in what.

use std::collections::HashMap;

use kernel::{Context, Fault};

use super::read::Candidate;
use crate::{
    Changes, Sample, SampleKind,
    account::further_text,
    delivery::report::masked,
    store::{
        IdentityRow,
        identities::{self, Existing},
    },
};

/// A batch, compared with the agency's identities.
#[derive(Default)]
pub(super) struct Compared {
    pub(super) added: u64,
    pub(super) updated: u64,
    pub(super) unchanged: u64,
    pub(super) moved: u64,
    pub(super) corrected: u64,
    pub(super) back: u64,
    pub(super) matched: u64,
    /// Rows whose hash cannot be read, and whose person keeps the stored one.
    pub(super) kept_hash: u64,
    /// Of these, rows without an address.
    pub(super) kept_hash_no_address: u64,
    pub(super) changes: Changes,
    pub(super) samples: Vec<Sample>,
}

/// Compares a batch with what the agency's identities are now.
pub(super) async fn compare(
    context: &Context,
    agency: &str,
    rows: Vec<Candidate>,
) -> Result<Compared, Fault> {
    let db = &context.db;
    let existing = identities::existing(db, agency, rows.iter().map(|row| row.canonical.as_str())).await?;
    let differs = |row: &Candidate, known: &Existing| known.fingerprint != row.fingerprint || known.left;
    let changed = rows.iter().filter_map(|row| {
        existing.get(&row.canonical).filter(|known| differs(row, known)).map(|known| known.id)
    });
    let changed: Vec<_> = changed.collect();
    let whole = match changed.is_empty() {
        true => HashMap::new(),
        false => identities::whole(db, changed.into_iter()).await?,
    };
    let mut compared = Compared::default();
    for row in &rows {
        let sample = |kind, columns: Vec<&str>| Sample {
            kind,
            identifier: masked(&row.identifier),
            line: Some(row.line),
            columns: columns.into_iter().map(str::to_owned).collect(),
        };
        let Some(known) = existing.get(&row.canonical) else {
            compared.added += 1;
            if compared.added <= 5 {
                compared.samples.push(sample(SampleKind::Added, vec![]));
            }
            continue;
        };
        compared.matched += u64::from(!known.left);
        compared.back += u64::from(known.left);
        if row.unreadable && known.has_verifier {
            compared.kept_hash += 1;
            compared.kept_hash_no_address += u64::from(row.email.is_none());
        }
        let Some(before) = whole.get(&known.id) else {
            match known.moved {
                true => compared.moved += 1,
                false => compared.unchanged += 1,
            }
            continue;
        };
        let differ = differences(before, row, &mut compared.changes)?;
        match known.moved {
            true => {
                compared.moved += 1;
                if !differ.is_empty() || known.left {
                    compared.corrected += 1;
                    compared.samples.push(sample(SampleKind::Corrected, differ));
                }
            }
            false => {
                compared.updated += 1;
                compared.samples.push(sample(SampleKind::Updated, differ));
            }
        }
    }
    Ok(compared)
}

/// Counts and names what differs. Of a person who has moved only that counts which their portal is told.
fn differences(
    before: &IdentityRow,
    row: &Candidate,
    changes: &mut Changes,
) -> Result<Vec<&'static str>, Fault> {
    let further = further_text(&row.further_refs)?;
    let mut differ = Vec::new();
    let moved = before.moved_at.is_some();
    let mut tell = |differs: bool, count: &mut u64, name| {
        if differs {
            *count += 1;
            differ.push(name);
        }
        differs
    };
    let told = [
        tell(
            (&before.client_ref, &before.further_refs) != (&row.client_ref, &further),
            &mut changes.reference,
            "reference",
        ),
        tell(before.name != row.name, &mut changes.name, "name"),
        tell(before.profile != row.profile, &mut changes.profile, "profile"),
    ];
    if moved {
        return Ok(differ);
    }
    let email = tell(before.email != row.email, &mut changes.email, "email");
    let hash = match &before.secret_fingerprint {
        // What cannot be read takes nothing away.
        _ if row.unreadable && before.verifier.is_some() => false,
        Some(known) => *known != row.secret_fingerprint,
        // An older version stored it: it differs where nothing else does.
        None => {
            !told.contains(&true) && !email && before.identifier == row.identifier && before.left_at.is_none()
        }
    };
    if tell(hash, &mut changes.hash, "hash") && row.verifier.is_none() && before.verifier.is_some() {
        changes.hash_gone += 1;
    }
    Ok(differ)
}
