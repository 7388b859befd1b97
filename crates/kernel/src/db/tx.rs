//! Writing transactions.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use sea_orm::DatabaseTransaction;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::{
    open_transactions::Mark,
    timeout::{QueryCounter, Timeout, Work, timed, within},
    write_queue::WriteSlot,
};
use crate::Fault;

/// A writing transaction. Slices pass it to one another; only their tables use its connection.
pub struct Tx {
    // Declared before the slot, so that a rollback happens before the next writer starts. `None` if the transaction is the batch's own.
    pub(super) inner: Option<Timeout<DatabaseTransaction>>,
    pub(super) slot: Option<WriteSlot>,
    pub(super) counter: Arc<QueryCounter>,
    pub(super) mail: Arc<Notify>,
    pub(super) has_mail: AtomicBool,
    pub(super) recorded: bool,
    /// Calls that tell others once the transaction is committed.
    pub(super) then: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    // Declared after the transaction: the next act starts when this one has ended.
    pub(super) _mark: Mark,
    pub(super) _place: Option<OwnedSemaphorePermit>,
}

impl Tx {
    /// Returns true if it was begun by [`crate::Db::begin_recorded`].
    pub fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// Returns the connection inside the transaction.
    pub fn conn(&self) -> &Timeout<DatabaseTransaction> {
        let shared = || self.slot.as_ref().map(WriteSlot::batch);
        self.inner.as_ref().or_else(shared).expect("a transaction of its own, or its slot's")
    }

    /// Commits the transaction.
    ///
    /// # Errors
    /// [`Fault`]; the outcome may then be unknown, and a retry must find out instead of repeating.
    pub async fn commit(self) -> Result<(), Fault> {
        self.counter.commit();
        let (inner, slot) = (self.inner, self.slot);
        timed(Work::Commit, async {
            if let Some(own) = inner {
                self.counter.note_refusal(within(own.inner.commit()).await)?;
            }
            match slot {
                Some(slot) => within(slot.committed()).await,
                None => Ok(()),
            }
        })
        .await?;
        if self.has_mail.load(Ordering::Relaxed) {
            self.mail.notify_one();
        }
        let then = self.then.into_inner().unwrap_or_else(PoisonError::into_inner);
        then.into_iter().for_each(|tell| tell());
        Ok(())
    }

    /// Rolls back, as a drop does, and waits until readers see all that this transaction saw: earlier transactions of its batch may not be on the disk yet.
    /// For callers that read further before they answer.
    pub async fn rollback(self) {
        let Self { inner, slot, .. } = self;
        drop(inner);
        if let Some(slot) = slot {
            slot.end_batch().await;
        }
    }

    /// Runs something once the transaction is committed, and never if it is not.
    pub fn after_commit(&self, tell: impl FnOnce() + Send + 'static) {
        self.then.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(tell));
    }

    pub(crate) fn has_mail(&self) {
        self.has_mail.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use crate::{Db, Done, Fault};

    #[tokio::test]
    async fn what_is_to_be_told_is_told_after_the_commit_and_of_no_other_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::connect(&format!("sqlite://{}", folder.path().join("db").display())).await.unwrap();
        let (say, said) = mpsc::channel();
        for (word, ends) in [("committed", 0), ("rolled back", 1), ("failed", 2)] {
            let (say, heard) = (say.clone(), &said);
            let done = db.write(async move |tx: &super::Tx| {
                tx.after_commit(move || say.send(word).unwrap());
                assert!(heard.try_recv().is_err(), "{word}: before it is true");
                match ends {
                    0 => Ok(Done::Commit(())),
                    1 => Ok(Done::RollBack(())),
                    _ => Err(Fault::Broken("it fails".into())),
                }
            });
            assert_eq!(done.await.is_err(), ends == 2);
            assert_eq!(said.try_recv().ok(), (ends == 0).then_some(word));
        }
    }
}
