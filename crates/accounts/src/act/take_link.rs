//! A link that staff take away from an account: it ends, or another account gets it (SPEC J14, docs/adr/0022). What the agency's portals hold of the account ends with
//! it, and the old password recognises nobody any more: whoever knew it may be the one from whom the link is taken.

use kernel::{Done, Fault, Tx, outbox};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Intervention, Target,
    act::{LINK_ENDED, LinkEnded},
    evidence,
    mail::{MailBody, Recipient},
    store::{LinkId, LinkRow, accounts, deliveries, enrolments, identities, links},
};

/// The outcome of taking a link away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkTaken {
    /// Done: portals are told by the worker, the owners by mail.
    Done,
    /// The account has no such link, or not any more: nothing changed.
    Unknown,
    /// The link ended by itself, and is not given to anybody: nothing changed.
    Ended,
    /// The account that is to get it has it already: nothing changed.
    Same,
    /// The account that is to get it is closed, or there is none: nothing changed.
    Closed,
}

impl Accounts {
    /// Ends a link of an account. Its identity is as one that has not moved and has no old password: an activation code begins a move. A closed account loses its
    /// link too, and nobody is written to.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn end_link(
        &self,
        owner: AccountId,
        link: Uuid,
        intervention: &Intervention,
    ) -> Result<LinkTaken, Fault> {
        let (db, id) = (&self.context.db, LinkId(link));
        let Some(row) = links::by_id(db, id).await?.filter(|row| row.account_id == owner) else {
            return Ok(LinkTaken::Unknown);
        };
        db.write_recorded(async |tx: &Tx| {
            if !links::delete(tx, id, owner).await? {
                return Ok(Done::RollBack(LinkTaken::Unknown));
            }
            enrolments::delete_of(tx, row.legacy_identity_id).await?;
            identities::free(tx, row.legacy_identity_id).await?;
            deliveries::forget_everywhere(tx, row.legacy_identity_id).await?;
            self.take_from(tx, owner, &row, intervention).await?;
            self.note_done(tx, Target::Account(owner), intervention, "end-link").await?;
            Ok(Done::Commit(LinkTaken::Done))
        })
        .await
    }

    /// Gives a link of an account to another one, which is open. The identity stays moved.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn move_link(
        &self,
        owner: AccountId,
        link: Uuid,
        to: AccountId,
        intervention: &Intervention,
    ) -> Result<LinkTaken, Fault> {
        let (context, id) = (&self.context, LinkId(link));
        let Some(row) = links::by_id(&context.db, id).await?.filter(|row| row.account_id == owner) else {
            return Ok(LinkTaken::Unknown);
        };
        if row.ended_at.is_some() {
            return Ok(LinkTaken::Ended);
        }
        if owner == to {
            return Ok(LinkTaken::Same);
        }
        context
            .db
            .write_recorded(async |tx: &Tx| {
                let now = context.now();
                let Some(receiver) = accounts::enabled(tx, to).await? else {
                    return Ok(Done::RollBack(LinkTaken::Closed));
                };
                if !links::give(tx, id, (owner, to), now).await? {
                    return Ok(Done::RollBack(LinkTaken::Unknown));
                }
                // Of the account that had it: the address that was proved at that move is its owner's.
                enrolments::delete_of(tx, row.legacy_identity_id).await?;
                identities::forget_recogniser(tx, row.legacy_identity_id).await?;
                self.take_from(tx, owner, &row, intervention).await?;
                let body = MailBody::LinkGiven { at: now };
                self.write_for_agency(tx, &Recipient::owner(&receiver), &row.agency_id, body).await?;
                for person in [owner, to] {
                    self.note_done(tx, Target::Account(person), intervention, "move-link").await?;
                }
                let entry = intervention.entry(of(&row));
                evidence::append(tx, context, "link given", Some(to), &entry).await?;
                Ok(Done::Commit(LinkTaken::Done))
            })
            .await
    }

    /// Tells the portals, the owner and the evidence that an account lost a link.
    async fn take_from(
        &self,
        tx: &Tx,
        owner: AccountId,
        row: &LinkRow,
        intervention: &Intervention,
    ) -> Result<(), Fault> {
        let context = &self.context;
        let message = LinkEnded { account: owner, agency: row.agency_id.clone(), taken: true };
        outbox::enqueue(tx, context, LINK_ENDED, &message, None).await?;
        if let Some(owner) = accounts::enabled(tx, owner).await? {
            let body = MailBody::LinkTaken { at: context.now() };
            self.write_for_agency(tx, &Recipient::owner(&owner), &row.agency_id, body).await?;
        }
        evidence::append(tx, context, "link taken away", Some(owner), &intervention.entry(of(row))).await?;
        Ok(())
    }
}

/// The part of an entry that names the link: by its id, which both entries of one that was given have.
fn of(row: &LinkRow) -> Value {
    json!({
        "link": row.id.0, "agency": row.agency_id, "legacy_identity": row.legacy_identity_id,
        "client_ref": row.client_ref,
    })
}
