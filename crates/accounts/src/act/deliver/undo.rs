//! The undo of a delivery: changed identities get back what they had, and those that it brought go. Whoever moved since is left alone.

use kernel::{Done, Fault, Tx};
use serde_json::json;

use super::{before::Before, leave::PAGE};
use crate::{
    Accounts, Delivery, DeliveryId, DeliveryState, UNDO_DAYS, evidence,
    store::{deliveries, identities, links},
};

/// The number of rows that get back what they had in one transaction.
const BATCH: u64 = 1000;
/// The most people who moved since that are listed; the rest is counted.
const MOST_LISTED: usize = 1000;

/// Why a delivery is not taken back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UndoRefused {
    /// There is no such delivery.
    Unknown,
    /// It was never applied, or is taken back already.
    Over(DeliveryState),
    /// It was applied more than thirty days ago.
    Late,
    /// A later delivery of the agency builds on it: take that back first.
    Later(DeliveryId),
}

/// The effects of an undo. If it stopped and went on, those since then.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Undone {
    /// Identities that got back what they had.
    pub restored: u64,
    /// Identities that went.
    pub removed: u64,
    /// People who moved since.
    pub left_alone: u64,
    /// Their identifiers, the first thousand.
    pub moved_since: Vec<String>,
}

impl Undone {
    fn leave_alone(&mut self, identifier: String) {
        self.left_alone += 1;
        if self.moved_since.len() < MOST_LISTED {
            self.moved_since.push(identifier);
        }
    }
}

impl Accounts {
    /// Takes a delivery back, or goes on with an undo that stopped. `by`: the operator.
    ///
    /// # Errors
    /// [`Fault`] of the database: what was taken back stays so, and the same call goes on from there.
    pub async fn undo(&self, id: DeliveryId, by: &str) -> Result<Result<Undone, UndoRefused>, Fault> {
        let delivery = match self.begin_undo(id, by).await? {
            Ok(delivery) => delivery,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut undone = Undone::default();
        while self.restore_batch(id, &mut undone).await? {}
        self.remove_added(&delivery, &mut undone).await?;
        self.end_undo(&delivery, by, &undone).await?;
        Ok(Ok(undone))
    }

    async fn begin_undo(&self, id: DeliveryId, by: &str) -> Result<Result<Delivery, UndoRefused>, Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        let Some(delivery) = self.delivery(id).await? else { return Ok(Err(UndoRefused::Unknown)) };
        match delivery.state {
            DeliveryState::Undoing => return Ok(Ok(delivery)),
            DeliveryState::Applied | DeliveryState::Applying => {}
            over => return Ok(Err(UndoRefused::Over(over))),
        }
        if delivery.applied.as_ref().is_some_and(|(at, _)| now - at > UNDO_DAYS * 86_400) {
            return Ok(Err(UndoRefused::Late));
        }
        let begun = db
            .write(async |tx: &Tx| {
                if !deliveries::begin_undo(tx, id, by, now).await? {
                    return Ok(Done::RollBack(None));
                }
                // From here on no other delivery of the agency can begin.
                let last = deliveries::last(tx, &delivery.agency).await?;
                Ok(match last.filter(|last| last.id != id) {
                    Some(later) => Done::RollBack(Some(Err(UndoRefused::Later(later.id)))),
                    None => Done::Commit(Some(Ok(()))),
                })
            })
            .await?;
        if let Some(begun) = begun {
            return Ok(begun.map(|()| delivery));
        }
        // Another delivery is at work, or somebody else began to take this one back: both go on, to the same end.
        let last = deliveries::last(db, &delivery.agency).await?;
        Ok(match last {
            Some(last) if last.id != id => Err(UndoRefused::Later(last.id)),
            Some(last) if last.state == DeliveryState::Undoing => Ok(delivery),
            _ => Err(UndoRefused::Over(DeliveryState::Undone)),
        })
    }

    /// Gives some rows back what they had; `false` when all have it.
    async fn restore_batch(&self, id: DeliveryId, undone: &mut Undone) -> Result<bool, Fault> {
        let context = &self.context;
        let (restored, moved) = context
            .db
            .write(async |tx: &Tx| {
                if !deliveries::hold(tx, id, DeliveryState::Undoing).await? {
                    return Ok(Done::RollBack((0, Vec::new())));
                }
                let kept = deliveries::kept(tx, id, BATCH).await?;
                let (mut restored, mut moved) = (0_u64, Vec::new());
                let ids: Vec<_> = kept.iter().map(|(identity, _)| *identity).collect();
                let current = identities::whole(tx, ids.iter().copied()).await?;
                for (identity, sealed) in kept {
                    let before = Before::open(context, &sealed)?;
                    if before.identity.moved_at.is_some() {
                        let name = current.get(&identity).and_then(|row| row.name.as_deref());
                        self.restore_told(tx, &before, name).await?;
                        restored += 1;
                    } else if identities::restore(tx, &before.identity).await? {
                        restored += 1;
                    } else {
                        moved.push(before.identity.identifier);
                    }
                }
                deliveries::forget(tx, id, &ids).await?;
                Ok(Done::Commit((restored, moved)))
            })
            .await?;
        let more = restored > 0 || !moved.is_empty();
        undone.restored += restored;
        moved.into_iter().for_each(|identifier| undone.leave_alone(identifier));
        Ok(more)
    }

    /// Gives back what an agency was told of a person who had moved before. `name` is the name that the delivery gave.
    async fn restore_told(&self, tx: &Tx, before: &Before, name: Option<&str>) -> Result<(), Fault> {
        let now = self.context.now();
        identities::restore_told(tx, &before.identity, now).await?;
        let Some(link) = &before.link else { return Ok(()) };
        links::restore(tx, link).await?;
        if before.renamed {
            // Unless the owner chose one since.
            links::rename(tx, link.account_id, name, before.identity.name.as_deref(), now).await?;
        }
        Ok(())
    }

    /// Removes the identities that the delivery brought.
    async fn remove_added(&self, delivery: &Delivery, undone: &mut Undone) -> Result<(), Fault> {
        let (db, mut after) = (&self.context.db, String::new());
        loop {
            let page = identities::page(db, &delivery.agency, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.canonical);
            let ours: Vec<_> = page.into_iter().filter(|one| one.delivery == Some(delivery.id)).collect();
            let ids: Vec<_> = ours.iter().filter(|one| !one.moved).map(|one| one.id).collect();
            ours.into_iter().filter(|one| one.moved).for_each(|one| undone.leave_alone(one.canonical));
            if ids.is_empty() {
                continue;
            }
            undone.removed += db
                .write(async |tx: &Tx| {
                    if !deliveries::hold(tx, delivery.id, DeliveryState::Undoing).await? {
                        return Ok(Done::RollBack(0));
                    }
                    Ok(Done::Commit(identities::delete(tx, &ids).await?))
                })
                .await?;
        }
    }

    async fn end_undo(&self, delivery: &Delivery, by: &str, undone: &Undone) -> Result<(), Fault> {
        let (context, now) = (&self.context, self.context.now());
        let body = json!({
            "delivery": delivery.id, "agency": delivery.agency, "file": delivery.file,
            "sha256": delivery.sha256, "by": by, "restored": undone.restored, "removed": undone.removed,
            "left_alone": undone.left_alone,
        });
        context
            .db
            .write_recorded(async |tx: &Tx| {
                if !deliveries::end_undo(tx, delivery.id, now).await? {
                    return Ok(Done::RollBack(()));
                }
                evidence::append(tx, context, "delivery undone", None, &body).await?;
                Ok(Done::Commit(()))
            })
            .await
    }
}
