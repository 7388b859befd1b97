//! The end of a move: the statements and messages that a first move (`finish`) and a further agency (`attach`) share.

use kernel::{Fault, Tx};

use crate::{
    AccountId, Accounts, Email, EnrolmentId, Stage,
    mail::{self, Mail, MailBody, Recipient},
    store::{EnrolmentRow, IdentityRow, LinkRow, enrolments, identities, links},
};

/// The number of seconds in which a browser that got no answer to the last step may send it again.
pub(crate) const AGAIN: i64 = 600;

impl Accounts {
    /// Ends the enrolment by one conditional statement, and moves the identity by another: only one caller gets the rows. Returns the identity as it was
    /// before.
    pub(crate) async fn claim(
        &self,
        tx: &Tx,
        id: EnrolmentId,
        at: Stage,
        confirmed: bool,
    ) -> Result<Option<(EnrolmentRow, IdentityRow)>, Fault> {
        let now = self.context.now();
        let Some(row) = enrolments::claim(tx, id, at, confirmed, now).await? else { return Ok(None) };
        let Some(before) = identities::by_id(tx, row.legacy_identity_id).await? else { return Ok(None) };
        let moved = identities::mark_moved(tx, before.id, now).await?;
        Ok(moved.then_some((row, before)))
    }

    /// Links the identity of a move that ended to the account.
    pub(crate) async fn link_identity(
        &self,
        tx: &Tx,
        id: EnrolmentId,
        identity: &IdentityRow,
        owner: AccountId,
    ) -> Result<(), Fault> {
        let row = LinkRow {
            id: self.context.id(),
            account_id: owner,
            agency_id: identity.agency_id.clone(),
            legacy_identity_id: identity.id,
            client_ref: identity.client_ref.clone(),
            linked_at: self.context.now(),
            ends_at: None,
            ended_at: None,
        };
        links::insert(tx, row).await?;
        enrolments::set_account(tx, id, owner).await
    }

    /// Queues a mail to the agency's address for the person, if it differs from the account's (PEOPLE U-12).
    pub(crate) async fn write_to_agency_address(
        &self,
        tx: &Tx,
        identity: &IdentityRow,
        owner: &Recipient<'_>,
    ) -> Result<(), Fault> {
        let known = identity.email.as_deref().and_then(Email::parse);
        let (Some(known), Some(chosen)) = (known, Email::parse(owner.address)) else {
            return Ok(());
        };
        if known.canonical() == chosen.canonical() {
            return Ok(());
        }
        let body = MailBody::AddressChosen { hint: chosen.masked() };
        let to = Recipient { address: known.shown(), ..*owner };
        self.write_for_agency(tx, &to, &identity.agency_id, body).await
    }

    /// Queues a mail in an agency's look.
    pub(crate) async fn write_for_agency(
        &self,
        tx: &Tx,
        to: &Recipient<'_>,
        agency: &str,
        body: MailBody,
    ) -> Result<(), Fault> {
        let Recipient { whose, address, locale } = *to;
        let message =
            Mail { to: address.into(), locale: locale.into(), agency_id: Some(agency.into()), body };
        mail::send(tx, &self.context, whose, &message, None).await
    }
}

/// Returns the body of the evidence about a link.
pub(crate) fn link_evidence(identity: &IdentityRow) -> serde_json::Value {
    serde_json::json!({
        "agency": identity.agency_id,
        "legacy_identity": identity.id,
        "client_ref": identity.client_ref,
    })
}
