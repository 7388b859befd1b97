//! The end of a first move: one transaction in which everything becomes true, or nothing (SPEC J2.7, SECURITY #85, I10).

use kernel::{Done, Fault, Token, Tx};
use uuid::Builder;

use crate::{
    AccountId, Accounts, EnrolmentId, Receipt, Session, Shown, SignedIn, Stage, Visitor,
    act::{
        NewSession,
        end_move::{AGAIN, link_evidence},
    },
    evidence,
    lockout::Counter,
    mail::{MailBody, Recipient},
    store::{AccountRow, EnrolmentRow, IdentityRow, accounts, enrolments},
};

/// The outcome of the last step of a first move.
pub enum Finish {
    /// The account exists, the identity is linked and disabled, the acceptance is recorded, this browser is signed in.
    Done(Box<SignedIn>, Receipt),
    /// Other terms hold now than those that were shown: show these.
    Changed,
    /// Not at this step: ask the hub.
    NotNow,
}

/// The answer of the transaction.
enum Written {
    Done(Box<SignedIn>),
    /// Somebody confirmed the same address first.
    Taken,
    NotNow,
}

impl Accounts {
    /// Accepts the terms and ends a first move.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing happened, or all of it; the hub finds out.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn finish(
        &self,
        id: EnrolmentId,
        shown: &Shown,
        keep: bool,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Finish, Fault> {
        if !self.is_current(shown) {
            return Ok(Finish::Changed);
        }
        let db = &self.context.db;
        let receipt = shown.receipt(self.context.now());
        let here = &visitor.origin.interaction;
        let seen = &self.seen_at_finish(id, visitor);
        let written = db
            .write_recorded(async |tx: &Tx| {
                let Some((row, identity)) = self.claim(tx, id, Stage::Terms, true).await? else {
                    return Ok(Done::RollBack(Written::NotNow));
                };
                if row.chosen_in != *here && row.confirmed_in != *here {
                    return Ok(Done::RollBack(Written::NotNow));
                }
                let account = self.id_of_move(tx, &identity).await?;
                let Some(owner) = self.account_of_move(account, row, &identity, visitor) else {
                    return Ok(Done::RollBack(Written::NotNow));
                };
                if !accounts::insert(tx, owner.clone()).await? {
                    return Ok(Done::RollBack(Written::Taken));
                }
                self.link_identity(tx, id, &identity, owner.id).await?;
                let token = self.finish_token("session", id, here.as_deref().unwrap_or_default());
                let new = NewSession { token, owner: owner.id, auth_epoch: 0, keep };
                let signed_in = self.open_session_as(tx, new, seen, previous).await?;
                self.welcome(tx, &owner, &identity, &receipt).await?;
                Counter::of_email(&self.context, &owner.email_canonical, None).clear_all(tx).await?;
                // Late: until the commit nobody else appends.
                self.record_acceptance(tx, owner.id, Some(&identity.agency_id), shown, seen).await?;
                let body = link_evidence(&identity);
                evidence::append(tx, &self.context, "account created", Some(owner.id), &body).await?;
                Ok(Done::Commit(Written::Done(Box::new(signed_in))))
            })
            .await?;
        match written {
            Written::Done(signed_in) => Ok(Finish::Done(signed_in, receipt)),
            Written::NotNow => Ok(Finish::NotNow),
            Written::Taken => {
                // Attach to that account instead (SECURITY D10).
                db.write(async |tx: &Tx| {
                    enrolments::advance(tx, id, Stage::Terms, Stage::Link).await?;
                    Ok(Done::Commit(Finish::NotNow))
                })
                .await
            }
        }
    }

    /// Returns the id of the account that a move makes. It follows from the identity, by a MAC: whoever moves again after the database was restored to a time
    /// before their move gets the same account id, and so the same `sub` at every portal (docs/adr/0019). Should an account have it already, the id is a new one.
    async fn id_of_move(&self, tx: &Tx, identity: &IdentityRow) -> Result<AccountId, Fault> {
        let of = format!("{}\n{}", identity.agency_id, identity.identifier_canonical);
        let mac = self.context.keys.mac("account of identity", of.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&mac[..16]);
        let id = AccountId(Builder::from_custom_bytes(bytes).into_uuid());
        Ok(if accounts::by_id(tx, id).await?.is_some() { self.context.id() } else { id })
    }

    /// Makes the account of a move; `None` where it has no address or password yet.
    fn account_of_move(
        &self,
        id: AccountId,
        row: EnrolmentRow,
        identity: &IdentityRow,
        visitor: &Visitor,
    ) -> Option<AccountRow> {
        let (address, name) = ((row.email?, row.email_canonical?), identity.name.clone());
        let now = self.context.now();
        Some(AccountRow::begun(id, address, name, row.password_hash?, &visitor.locale, now))
    }

    /// Queues the mails of a first move.
    async fn welcome(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        identity: &IdentityRow,
        receipt: &Receipt,
    ) -> Result<(), Fault> {
        let body = MailBody::Welcome {
            version: receipt.version.clone(),
            language: receipt.language.clone(),
            sha256: receipt.sha256.clone(),
            accepted_at: receipt.accepted_at,
        };
        self.write_for_agency(tx, &Recipient::owner(owner), &identity.agency_id, body).await?;
        self.write_to_agency_address(tx, identity, &Recipient::owner(owner)).await
    }

    /// Answers the last step, sent again by the browser that took it: a double click, a line that broke before the answer came. It gets what the first
    /// answer held: the same session, while that lives, and no other. So nobody is signed in who did not end the move, and nobody again who signed out since.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn finished_again(
        &self,
        id: EnrolmentId,
        current: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Option<(SignedIn, Receipt)>, Fault> {
        let Some(ended) = self.enrolment(id).await? else { return Ok(None) };
        let Some(here) = visitor.origin.interaction.as_deref().filter(|here| ended.may_end_in(here)) else {
            return Ok(None);
        };
        if !ended.ended_since(self.context.now() - AGAIN) {
            return Ok(None);
        }
        let token = self.finish_token("session", id, here);
        let Some(session) = self.session(&token).await? else { return Ok(None) };
        // Somebody else signed in here meanwhile.
        if current.is_some_and(|current| current.account != session.account) {
            return Ok(None);
        }
        let Some(newest) = self.acceptances(session.account).await?.into_iter().next() else {
            return Ok(None);
        };
        let seen = self.seen_at_finish(id, visitor);
        let device = seen.device.unwrap_or_else(|| self.context.token());
        Ok(Some((SignedIn { session, token, device, may_be_one_too_many: true }, newest.receipt)))
    }

    /// Returns 256 bits that only this move gives, ended in this interaction, and only with the key outside the database: the last step sent again brings
    /// the same cookies.
    fn finish_token(&self, what: &str, id: EnrolmentId, interaction: &str) -> Token {
        Token::of_mac(
            self.context.keys.mac(&format!("finish {what}"), format!("{id}\n{interaction}").as_bytes()),
        )
    }

    fn seen_at_finish(&self, id: EnrolmentId, visitor: &Visitor) -> Visitor {
        let here = visitor.origin.interaction.as_deref().unwrap_or_default();
        let device = visitor.device.clone().unwrap_or_else(|| self.finish_token("device", id, here));
        Visitor { device: Some(device), ..visitor.clone() }
    }
}
