//! The walk over stored boxes that seals each with the newest key (docs/adr/0019).

use crate::{Db, Done, Fault, Tx};

/// The number of rows of one page of a walk, and of one transaction at most: short enough for people who sign in beside it.
pub const RESEAL_PAGE: u64 = 500;

/// The outcome of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resealed {
    /// Rows that were looked at.
    pub seen: u64,
    /// Rows that were written anew.
    pub renewed: u64,
}

impl std::ops::AddAssign for Resealed {
    fn add_assign(&mut self, other: Self) {
        self.seen += other.seen;
        self.renewed += other.renewed;
    }
}

/// Is called after each page with what the walk has done in it.
pub type Told<'a> = &'a dyn Fn(Resealed);

/// Walks over all rows, a page at a time in the order of their keys, and writes those anew for which `renew` returns a value. `replace` writes one row if it is
/// still as it was read: whoever wrote it meanwhile has sealed it. A walk that was cut short begins anew, and finds what it has done.
///
/// # Errors
/// [`Fault`] of the database, or a box that does not open; pages before it stay written.
pub async fn reseal_rows<K: Clone, V: Clone>(
    db: &Db,
    page: impl AsyncFn(Option<K>) -> Result<Vec<(K, V)>, Fault>,
    renew: impl Fn(&V) -> Result<Option<V>, Fault>,
    replace: impl AsyncFn(&Tx, &K, &V, &V) -> Result<(), Fault>,
    told: Told<'_>,
) -> Result<Resealed, Fault> {
    let (mut last, mut done) = (None, Resealed::default());
    loop {
        let rows = page(last).await?;
        let Some((end, _)) = rows.last() else { return Ok(done) };
        last = Some(end.clone());
        let mut changed = Vec::new();
        for (key, value) in &rows {
            changed.extend(renew(value)?.map(|new| (key, value, new)));
        }
        if !changed.is_empty() {
            db.write(async |tx: &Tx| {
                for (key, value, new) in &changed {
                    replace(tx, key, value, new).await?;
                }
                Ok(Done::Commit(()))
            })
            .await?;
        }
        let step = Resealed { seen: rows.len() as u64, renewed: changed.len() as u64 };
        done += step;
        told(step);
    }
}
