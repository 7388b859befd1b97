//! The end of a move: one transaction in which everything becomes true, or nothing (SPEC J2.7, SECURITY #85, I10).

use kernel::{Fault, Token, Tx, is_unique_violation};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use crate::{
    AccountId, Accounts, Email, Enrolment, EnrolmentId, Receipt, Session, Shown, SignIn, SignedIn, Stage,
    Visitor,
    enrolment::advance,
    evidence,
    lockout::Counter,
    login::GivenAgain,
    mail,
    mail::{Mail, MailBody},
    recovery,
    table::{account, enrolment, legacy_identity, link},
    verifier::Kind,
};

/// What became of the last step of a first move.
pub enum Finish {
    /// The account exists, the identity is linked and disabled, the acceptance is recorded, this browser is signed in.
    Done(Box<SignedIn>, Receipt),
    /// What was shown is not what holds now: show it again.
    Changed,
    /// Not at this step: ask the hub.
    NotNow,
}

/// What became of attaching an agency to an account.
pub enum Attach {
    /// Linked and disabled. A browser that typed the password is signed in by it.
    Done(Option<Box<SignedIn>>),
    /// The password was not right, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// Not at this step: ask the hub.
    NotNow,
}

/// Seconds in which the last step may be sent again by a browser that did not get its answer.
const AGAIN: i64 = 600;
/// Seconds for which a session may attach an agency without the password (SPEC J3).
const FRESH: i64 = 300;

impl Accounts {
    /// Accepts the terms and ends a first move.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing happened, or all of it; the hub finds out.
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
        let now = self.context.now();
        let tx = self.context.db.begin_recorded().await?;
        let Some((row, identity)) = self.claim(&tx, id, Stage::Terms, true).await? else {
            return Ok(Finish::NotNow);
        };
        let here = &visitor.origin.interaction;
        if row.chosen_in != *here && row.confirmed_in != *here {
            return Ok(Finish::NotNow);
        }
        let (Some(shown_email), Some(canonical), Some(hash)) =
            (row.email, row.email_canonical, row.password_hash)
        else {
            return Ok(Finish::NotNow);
        };
        let owner: AccountId = self.context.id();
        let person = account::ActiveModel {
            id: Set(owner.0),
            email: Set(shown_email.clone()),
            email_canonical: Set(canonical.clone()),
            name: Set(identity.name.clone()),
            // What the agency knows beyond that stays with the identity, for this agency alone (SECURITY D11).
            profile: Set("{}".to_owned()),
            password_hash: Set(hash),
            auth_epoch: Set(0),
            locale: Set(visitor.locale.clone()),
            created_at: Set(now),
            password_changed_at: Set(now),
            disabled_at: Set(None),
            changed_at: Set(None),
            named_at: Set(None),
            spoken_at: Set(None),
        };
        if let Err(error) = account::Entity::insert(person).exec_without_returning(tx.conn()).await {
            drop(tx);
            if is_unique_violation(&error) {
                // Somebody confirmed the same address first (SECURITY D10): attach to that account instead.
                let tx = self.context.db.begin().await?;
                advance(&tx, id, Stage::Terms, Stage::Link).await?;
                tx.commit().await?;
                return Ok(Finish::NotNow);
            }
            return Err(error.into());
        }
        self.move_identity(&tx, id, &identity, owner).await?;
        let visitor = &self.seen_at_finish(id, visitor);
        let token = self.finish_token("session", id, here.as_deref().unwrap_or_default());
        let signed_in = self.open_session_as(&tx, token, owner, 0, keep, visitor, previous).await?;
        let receipt = shown.receipt(now);
        let welcome = MailBody::Welcome {
            version: receipt.version.clone(),
            language: receipt.language.clone(),
            sha256: receipt.sha256.clone(),
            accepted_at: now,
        };
        self.write(&tx, &shown_email, &visitor.locale, &identity.agency_id, welcome).await?;
        self.tell_agency_address(&tx, &identity, &shown_email, &visitor.locale).await?;
        Counter::of_email(&self.context, &canonical, None).clear_all(&tx).await?;
        // Late: until the commit nobody else appends.
        self.record_acceptance(&tx, owner, Some(&identity.agency_id), shown, visitor).await?;
        evidence::append(&tx, &self.context, "account created", Some(owner), &linked_body(&identity)).await?;
        tx.commit().await?;
        Ok(Finish::Done(Box::new(signed_in), receipt))
    }

    /// The last step, sent again by the browser that took it: a double click, a line that broke before the answer came. It gets what the first answer held:
    /// the same session, while that lives, and no other. So nobody is signed in who did not end the move, and nobody again who signed out since.
    ///
    /// # Errors
    /// [`Fault`] of the database.
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
        Ok(Some((SignedIn { session, token, device }, newest.receipt)))
    }

    /// 256 bits that only this move gives, ended in this interaction, and only with the key outside the database: the last step sent again brings the
    /// same cookies.
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

    /// Whether this session may attach without typing the password again.
    pub fn may_attach_freely(&self, session: Option<&Session>, owner: Option<AccountId>) -> bool {
        session.is_some_and(|s| Some(s.account) == owner && self.context.now() - s.auth_time <= FRESH)
    }

    /// The account that an enrolment's address belongs to.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn owner_of(&self, email: &str) -> Result<Option<AccountId>, Fault> {
        let Some(address) = Email::parse(email) else {
            return Ok(None);
        };
        Ok(self.account_row(address.canonical()).await?.map(|r| AccountId(r.id)))
    }

    /// Attaches the enrolment's agency to the account that has its address: with that account's password, or from a session of it that
    /// is younger than five minutes.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn attach(
        &self,
        id: EnrolmentId,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Attach, Fault> {
        let Some(pending) = self.enrolment(id).await? else { return Ok(Attach::NotNow) };
        if pending.stage != Stage::Link {
            return self.attached_again(&pending, typed, session, visitor).await;
        }
        let Some(address) = pending.email.as_deref().and_then(Email::parse) else {
            return Ok(Attach::NotNow);
        };
        let Some(row) = self.account_row(address.canonical()).await?.filter(|r| r.disabled_at.is_none())
        else {
            return Ok(Attach::NotNow);
        };
        let owner = AccountId(row.id);
        let given = match typed {
            None if self.may_attach_freely(session, Some(owner)) => None,
            // The five minutes ended while the page was read: it asks now, and nothing was wrong yet.
            None => return Ok(Attach::NotNow),
            Some(typed) => match self.give_again(&row, typed, visitor).await? {
                GivenAgain::Right(counter) => Some(counter),
                GivenAgain::Refused(refused) => return Ok(Attach::Refused(refused)),
            },
        };
        let tx = self.context.db.begin_recorded().await?;
        let Some((_, identity)) = self.claim(&tx, id, Stage::Link, false).await? else {
            drop(tx);
            if let Some(counter) = &given {
                // Right, but another tab was first: no failure, or a second click would lock its owner out (SECURITY I6).
                counter.give_back(&self.context.db).await?;
            }
            let Some(now) = self.enrolment(id).await? else { return Ok(Attach::NotNow) };
            return self.attached_again(&now, typed, session, visitor).await;
        };
        self.move_identity(&tx, id, &identity, owner).await?;
        let signed_in = if let Some(counter) = given {
            // The evidence tells that the agency was attached.
            let _ = counter.clear(&tx).await?;
            recovery::supersede(&tx, owner, self.context.now()).await?;
            let keep = session.is_some_and(|s| s.persistent && s.account == owner);
            if !counter.knows_device() {
                self.tell_of_device(&tx, &row, visitor).await?;
            }
            Some(Box::new(self.open_session(&tx, owner, row.auth_epoch, keep, visitor, session).await?))
        } else {
            None
        };
        let body = MailBody::LinkAdded { at: self.context.now() };
        self.write(&tx, &row.email, &row.locale, &identity.agency_id, body).await?;
        self.tell_agency_address(&tx, &identity, &row.email, &row.locale).await?;
        evidence::append(&tx, &self.context, "agency attached", Some(owner), &linked_body(&identity)).await?;
        tx.commit().await?;
        Ok(Attach::Done(signed_in))
    }

    /// The step of attaching, sent again in the interaction that took it: the password that came with it signs in, as at every door.
    async fn attached_again(
        &self,
        ended: &Enrolment,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<Attach, Fault> {
        let here = ended.origin.is_some() && ended.origin == visitor.origin.interaction;
        let Some(typed) = typed.filter(|_| here && ended.ended_since(self.context.now() - AGAIN)) else {
            return Ok(Attach::NotNow);
        };
        // The account that it was attached to: another tab may have typed another address since.
        let row = enrolment::Entity::find_by_id(ended.id.0).one(self.context.db.reader()).await?;
        let owner = match row.and_then(|row| row.account_id) {
            Some(owner) => self.account(AccountId(owner)).await?,
            None => None,
        };
        let Some(owner) = owner else { return Ok(Attach::NotNow) };
        let keep = session.is_some_and(|s| s.persistent);
        Ok(match self.sign_in(&owner.email, typed, keep, session, visitor).await? {
            SignIn::In(signed_in) => Attach::Done(Some(signed_in)),
            refused => Attach::Refused(refused),
        })
    }

    /// Ends the enrolment by one conditional statement: whoever gets a row may go on, once.
    async fn claim(
        &self,
        tx: &Tx,
        id: EnrolmentId,
        at: Stage,
        confirmed: bool,
    ) -> Result<Option<(enrolment::Model, legacy_identity::Model)>, Fault> {
        let now = self.context.now();
        let mut update = enrolment::Entity::update_many()
            .col_expr(enrolment::Column::FinishedAt, Expr::value(now))
            .col_expr(enrolment::Column::Stage, Expr::value(Stage::Finished.as_str()))
            .col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None))
            .filter(enrolment::Column::Id.eq(id.0))
            .filter(enrolment::Column::Stage.eq(at.as_str()))
            .filter(enrolment::Column::FinishedAt.is_null())
            .filter(enrolment::Column::ExpiresAt.gt(now));
        if confirmed {
            update = update.filter(enrolment::Column::ConfirmedAt.is_not_null());
        }
        let Some(row) = update.exec_with_returning(tx.conn()).await?.into_iter().next() else {
            return Ok(None);
        };
        // The identity as it was, and the permission to move it: the verifier becomes a recogniser, which signs nobody in.
        let Some(before) = legacy_identity::Entity::find_by_id(row.legacy_identity_id).one(tx.conn()).await?
        else {
            return Ok(None);
        };
        let moved = legacy_identity::Entity::update_many()
            .col_expr(legacy_identity::Column::MovedAt, Expr::value(now))
            .col_expr(
                legacy_identity::Column::RecogniserKind,
                Expr::col(legacy_identity::Column::VerifierKind),
            )
            .col_expr(legacy_identity::Column::Recogniser, Expr::col(legacy_identity::Column::Verifier))
            .col_expr(legacy_identity::Column::VerifierKind, Expr::value(Kind::None.as_str()))
            .col_expr(legacy_identity::Column::Verifier, Expr::value(Option::<Vec<u8>>::None))
            .filter(legacy_identity::Column::Id.eq(row.legacy_identity_id))
            .filter(legacy_identity::Column::MovedAt.is_null())
            .exec(tx.conn())
            .await?;
        Ok((moved.rows_affected == 1).then_some((row, before)))
    }

    async fn move_identity(
        &self,
        tx: &Tx,
        id: EnrolmentId,
        identity: &legacy_identity::Model,
        owner: AccountId,
    ) -> Result<(), Fault> {
        let row = link::ActiveModel {
            id: Set(self.context.id()),
            account_id: Set(owner.0),
            agency_id: Set(identity.agency_id.clone()),
            legacy_identity_id: Set(identity.id),
            client_ref: Set(identity.client_ref.clone()),
            linked_at: Set(self.context.now()),
        };
        link::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        enrolment::Entity::update_many()
            .col_expr(enrolment::Column::AccountId, Expr::value(owner.0))
            .col_expr(enrolment::Column::PasswordHash, Expr::value(Option::<String>::None))
            .filter(enrolment::Column::Id.eq(id.0))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// The agency knew another address: a word goes there (PEOPLE U-12).
    async fn tell_agency_address(
        &self,
        tx: &Tx,
        identity: &legacy_identity::Model,
        chosen: &str,
        locale: &str,
    ) -> Result<(), Fault> {
        let known = identity.email.as_deref().and_then(Email::parse);
        let (Some(known), Some(chosen)) = (known, Email::parse(chosen)) else {
            return Ok(());
        };
        if known.canonical() == chosen.canonical() {
            return Ok(());
        }
        let body = MailBody::AddressChosen { hint: chosen.masked() };
        self.write(tx, known.shown(), locale, &identity.agency_id, body).await
    }

    async fn write(
        &self,
        tx: &Tx,
        to: &str,
        locale: &str,
        agency: &str,
        body: MailBody,
    ) -> Result<(), Fault> {
        let letter = Mail { to: to.into(), locale: locale.into(), agency_id: Some(agency.into()), body };
        mail::send(tx, &self.context, &letter, None).await
    }
}

fn linked_body(identity: &legacy_identity::Model) -> serde_json::Value {
    serde_json::json!({
        "agency": identity.agency_id,
        "legacy_identity": identity.id,
        "client_ref": identity.client_ref,
    })
}
