//! The end of links whose time has come: of people who moved, and whom a complete delivery of their agency did not have any more.

use kernel::{
    Done, Fault, Tx,
    outbox::{self, Leased},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{AccountId, Accounts, evidence, store::links};

/// The outbox kind of links that ended: the provider has yet to tell the portals.
pub const LINK_ENDED: &str = "link_ended";

/// The content of a message of the kind [`LINK_ENDED`].
#[derive(Serialize, Deserialize)]
pub struct LinkEnded {
    /// The person.
    pub account: AccountId,
    /// The agency whose link ended.
    pub agency: String,
    /// True if staff took it away: what the portals hold ends even if the person has another link there, for portals keep the references that they were told.
    #[serde(default)]
    pub taken: bool,
}

/// The number of links that end in one call.
const MOST: u64 = 100;

impl Accounts {
    /// Ends links whose time has come, each in a transaction of its own; returns how many.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn end_links(&self) -> Result<u64, Fault> {
        let (context, now) = (&self.context, self.context.now());
        let mut count = 0;
        for ending in links::due(&context.db, now, MOST).await? {
            let account = ending.account;
            let body = json!({ "agency": ending.agency, "client_ref": ending.client_ref });
            let message = LinkEnded { account, agency: ending.agency, taken: false };
            count += context
                .db
                .write_recorded(async |tx: &Tx| {
                    if !links::end(tx, ending.id, now).await? {
                        return Ok(Done::RollBack(0));
                    }
                    outbox::enqueue(tx, context, LINK_ENDED, &message, None).await?;
                    evidence::append(tx, context, "link ended", Some(account), &body).await?;
                    Ok(Done::Commit(1))
                })
                .await?;
        }
        Ok(count)
    }

    /// Reads a message of the kind [`LINK_ENDED`].
    ///
    /// # Errors
    /// [`Fault`] if it does not open.
    pub fn link_ended(&self, message: &Leased) -> Result<LinkEnded, Fault> {
        message.payload(&self.context)
    }
}
