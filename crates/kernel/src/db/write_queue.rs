//! Group commit on SQLite. SQLite has one writer, and each commit waits for an fsync, during which nobody writes: about 400 a second. Writers that wait while
//! a commit is running therefore join one transaction, the batch, and are all acknowledged when it is on the disk. The writer that opens the batch writes
//! directly in it, since nothing of others can be lost with it; each later one has a savepoint, or a single statement. Nobody is acknowledged before the
//! commit, and if it fails all of them get the error (SECURITY #115).
//!
//! PostgreSQL does the same by itself: one flush of its log serves all waiting commits.
//!
//! The writer that finds no batch opens one and spawns a task that commits it. This task queues behind the writers that wait already and before later ones, so
//! a batch is as large as the number of waiting writers, and a single writer waits for nobody. A batch takes no more writers after one of them did not commit:
//! SQLite may roll back the whole transaction after an error, and nothing may be written then as if it were still open.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::{
    runtime::Handle,
    sync::{Mutex, OwnedMutexGuard, oneshot},
};

use super::timeout::{Timeout, within};

/// The queue of the one writer.
#[derive(Clone, Default)]
pub(crate) struct WriteQueue(Arc<Mutex<Option<Batch>>>);

/// An open transaction, and the writers that wait for its commit.
struct Batch {
    outer: Timeout<DatabaseTransaction>,
    waiters: Vec<oneshot::Sender<Result<(), DbErr>>>,
}

impl WriteQueue {
    /// Waits for a slot, and opens a batch if there is none.
    ///
    /// # Errors
    /// If no slot is free within `timeout`, or the database refuses.
    pub(crate) async fn take(
        &self,
        writer: &Timeout<DatabaseConnection>,
        timeout: Duration,
    ) -> Result<WriteSlot, DbErr> {
        let late = |_| failed(format!("no turn to write in {timeout:?}"));
        let mut held = tokio::time::timeout(timeout, self.0.clone().lock_owned()).await.map_err(late)?;
        let batch = match held.take() {
            Some(batch) => batch,
            None => {
                let outer = within(writer.inner.begin_with_options(immediate())).await?;
                tokio::spawn(self.clone().commit_next());
                Batch { outer: writer.with_counter_of(outer), waiters: Vec::new() }
            }
        };
        *held = Some(batch);
        Ok(WriteSlot(Some(held)))
    }

    /// Commits the open batch at this task's place in the queue.
    async fn commit_next(self) {
        let mut held = self.0.lock_owned().await;
        finish(&mut held).await;
    }
}

/// The exclusive right to write. Dropped, it ends the batch: earlier writers are committed; this writer's savepoint, which is dropped first, is rolled back.
pub(crate) struct WriteSlot(Option<OwnedMutexGuard<Option<Batch>>>);

impl WriteSlot {
    fn held(&self) -> &Batch {
        self.0.as_ref().and_then(|held| held.as_ref()).expect("whoever has the turn has its batch")
    }

    /// Returns the shared transaction. Several statements are atomic in it only for the first writer, or within a savepoint.
    pub(crate) fn batch(&self) -> &Timeout<DatabaseTransaction> {
        &self.held().outer
    }

    /// Returns true if no other writer has written in the batch.
    pub(crate) fn is_first(&self) -> bool {
        self.held().waiters.is_empty()
    }

    /// Lets the next writer in, and waits until the batch is on the disk.
    ///
    /// # Errors
    /// If the commit fails; the outcome may be unknown.
    pub(crate) async fn committed(mut self) -> Result<(), DbErr> {
        let (sender, receiver) = oneshot::channel();
        if let Some(batch) = self.0.take().as_mut().and_then(|held| held.as_mut()) {
            batch.waiters.push(sender);
        }
        receiver.await.unwrap_or_else(|_| Err(failed("nobody committed the transaction".into())))
    }

    /// Ends the batch and waits for it: earlier writers are on the disk then, or rolled back.
    pub(crate) async fn end_batch(mut self) {
        if let Some(mut held) = self.0.take() {
            // In a task of its own, so that a cancelled caller does not cancel the commit.
            let _ = tokio::spawn(async move { finish(&mut held).await }).await;
        }
    }
}

impl Drop for WriteSlot {
    fn drop(&mut self) {
        let Some(mut held) = self.0.take() else { return };
        // Without a runtime, at the end of a program, the transaction rolls back and the waiting writers get an error.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { finish(&mut held).await });
        }
    }
}

async fn finish(held: &mut Option<Batch>) {
    let Some(Batch { outer, waiters }) = held.take() else { return };
    if waiters.is_empty() {
        // No writer waits for the result.
        let _ = within(outer.inner.rollback()).await;
        return;
    }
    let counter = outer.counter.clone();
    let outcome = counter.note_refusal(within(outer.inner.commit()).await);
    for sender in waiters {
        // The receiver is gone if the writer was cancelled.
        let _ = sender.send(outcome.clone());
    }
}

/// Takes the write lock at once, instead of failing in the middle (SECURITY #116).
pub(crate) fn immediate() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

fn failed(why: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(why))
}

#[cfg(test)]
mod tests;
