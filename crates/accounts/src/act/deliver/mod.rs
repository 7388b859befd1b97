//! Deliveries: the files with which an agency's clients come, change and leave. A file is planned (read, compared, judged by guards), applied in batches, and
//! can be taken back for thirty days. A batch is a transaction, and repeated it changes nothing: after a kill the same command goes on to the end.

mod apply;
mod before;
mod compare;
mod group;
mod import;
mod leave;
mod plan;
mod read;
mod refold;
mod undo;
mod write;

pub use apply::{Applier, ApplyRefused};
pub(super) use before::renew as renew_row_before;
pub use import::Importer;
pub use plan::Planner;
pub use read::Rejected;
pub use undo::{UndoRefused, Undone};

use kernel::Fault;

use crate::{Accounts, Delivery, DeliveryId, store::deliveries};

/// The number of rows in one transaction.
const BATCH: usize = 2000;

impl Accounts {
    /// Returns a delivery.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        deliveries::by_id(&self.context.db, id).await?.map(Delivery::of).transpose()
    }

    /// Returns the newest deliveries, of one agency or of all, up to `most`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn deliveries(&self, agency: Option<&str>, most: u64) -> Result<Vec<Delivery>, Fault> {
        deliveries::newest(&self.context.db, agency, most).await?.into_iter().map(Delivery::of).collect()
    }
}

/// Returns the error of a task that ended in the middle of a batch.
fn stopped(_: tokio::task::JoinError) -> Fault {
    Fault::Broken("the work stopped in the middle of a batch".into())
}
