//! The people whom a complete file does not have any more: their old door closes, and the links of those who moved get a date on which they end.

use std::hash::{BuildHasher, RandomState};

use agencies::Agency;
use kernel::{Done, Fault, Tx, Unix};

use super::before::Before;
use crate::{
    Accounts, DeliveryId, DeliveryState,
    mail::{MailBody, Recipient},
    store::{
        LinkId, LinkRow, accounts, deliveries,
        identities::{self, Paged},
        links,
    },
};

/// The number of identities that are looked at together.
pub(super) const PAGE: u64 = 2000;

/// The identifiers of a file: eight bytes each. Two may share a number, once in a very long time; then one of them stays that has left.
#[derive(Default)]
pub(super) struct Seen {
    keys: RandomState,
    numbers: Vec<u64>,
}

impl Seen {
    pub(super) fn add(&mut self, canonical: &str) {
        self.numbers.push(self.keys.hash_one(canonical));
    }

    pub(super) fn sorted(mut self) -> Self {
        self.numbers.sort_unstable();
        self
    }

    fn has(&self, canonical: &str) -> bool {
        self.numbers.binary_search(&self.keys.hash_one(canonical)).is_ok()
    }

    /// Returns those of a page that the file does not have. Who came after the plan was not known to it.
    pub(super) fn missing(&self, page: Vec<Paged>, planned_at: Unix) -> Vec<Paged> {
        let missing = |one: &Paged| !one.left && one.imported_at <= planned_at && !self.has(&one.canonical);
        page.into_iter().filter(missing).collect()
    }
}

impl Accounts {
    /// Closes the identities of one page that left; returns how many, or `None` where the delivery is not being applied any more.
    pub(super) async fn close_left(
        &self,
        id: DeliveryId,
        agency: &Agency,
        gone: Vec<Paged>,
    ) -> Result<Option<u64>, Fault> {
        let now = self.context.now();
        self.context
            .db
            .write(async |tx: &Tx| {
                if !deliveries::hold(tx, id, DeliveryState::Applying).await? {
                    // Whoever ended the apply closed them too, unless it is being taken back.
                    let row = deliveries::by_id(tx, id).await?;
                    let over = row.is_some_and(|row| row.state == DeliveryState::Applied);
                    return Ok(Done::RollBack(over.then_some(0)));
                }
                let rows = identities::whole(tx, gone.iter().map(|one| one.id)).await?;
                // Some may have left, or come back, since the page was read.
                let rows: Vec<_> = rows.into_values().filter(|row| row.left_at.is_none()).collect();
                let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
                let moved = rows.iter().filter(|row| row.moved_at.is_some()).map(|row| row.id);
                let mut linked = links::by_identities(tx, moved).await?;
                let mut ending: Vec<LinkRow> = Vec::new();
                let mut kept = Vec::with_capacity(rows.len());
                for row in rows {
                    let link = linked.remove(&row.id);
                    ending.extend(link.clone().filter(|link| link.ends_at.is_none()));
                    kept.push((row.id, Before { identity: row, link, renamed: false }.seal(&self.context)?));
                }
                let closed = kept.len() as u64;
                deliveries::keep(tx, id, kept).await?;
                identities::end_unfinished(tx, &ids).await?;
                identities::leave(tx, &ids, now).await?;
                self.announce(tx, agency, &ending, now).await?;
                Ok(Done::Commit(Some(closed)))
            })
            .await
    }

    /// Gives links a date on which they end, and tells the people by mail.
    async fn announce(&self, tx: &Tx, agency: &Agency, ending: &[LinkRow], now: Unix) -> Result<(), Fault> {
        if ending.is_empty() {
            return Ok(());
        }
        let at = now + i64::from(agency.import.grace_days) * 86_400;
        let ids: Vec<LinkId> = ending.iter().map(|link| link.id).collect();
        links::set_ends(tx, &ids, at).await?;
        for link in ending {
            let Some(owner) = accounts::enabled(tx, link.account_id).await? else { continue };
            let body = MailBody::LinkEnding { at };
            self.write_for_agency(tx, &Recipient::owner(&owner), &agency.id, body).await?;
        }
        Ok(())
    }
}
