//! Another address for an account (SPEC J11, PEOPLE U-68; docs/adr/0009). The password asks for it, a link mailed to the new address confirms it, and
//! for seven days a link mailed to the old one takes it back.

use kernel::{Fault, Token, Tx, Unix, is_unique_violation};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{
    AccountId, Accounts, Email, Session, SignIn, SignedIn, Visitor,
    login::GivenAgain,
    mail,
    mail::{Mail, MailBody},
    renew::{Change, Renewed},
    table::{account, email_change},
};

/// What the page of the address was filled in with.
pub struct NewAddress<'a> {
    /// As typed.
    pub email: &'a str,
    /// They saw the suggestion, and mean what they typed.
    pub sure: bool,
    /// The account's.
    pub password: &'a str,
}

/// What became of a wish for another address. Nothing tells whether it has an account (SECURITY #59): that is decided when it is confirmed.
pub enum AddressWish {
    /// Mails are out, to both addresses.
    Asked,
    /// No mail can be sent there.
    Invalid,
    /// Probably a slip: ask once.
    Suggestion(String),
    /// It is the account's own.
    Same,
    /// Too many wishes today: each sends a mail to an address that somebody typed (SECURITY #73).
    TooMany,
    /// The password was not right, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// The account is disabled.
    Gone,
}

/// An address that waits for its confirmation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingAddress {
    /// As it was typed.
    pub email: String,
    /// Its server refused the mail.
    pub refused: bool,
}

/// What the link in the mail to the new address shows.
pub struct AddressPage {
    /// Whose address it is to be.
    pub account: AccountId,
    /// The new address.
    pub email: String,
    /// It has been confirmed.
    pub confirmed: bool,
}

/// What became of the confirmation.
pub enum AddressConfirm {
    /// The address is the account's. Everything older is dead, both addresses are told, this browser is signed in.
    Done(Box<SignedIn>),
    /// Nobody of this account is signed in here: the password is needed, and was not right, or not given.
    Refused(SignIn),
    /// Another account has this address.
    Taken,
    /// The link is used, older than a newer wish, cancelled or too old.
    Dead,
}

impl Accounts {
    /// Asks for another address: a mail goes to it, and one to the address that the account has, at once (PEOPLE F-07).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn ask_address(
        &self,
        owner: AccountId,
        typed: &NewAddress<'_>,
        visitor: &Visitor,
    ) -> Result<AddressWish, Fault> {
        let Some(address) = Email::parse(typed.email) else { return Ok(AddressWish::Invalid) };
        if let Some(meant) = address.suggestion().filter(|_| !typed.sure) {
            return Ok(AddressWish::Suggestion(meant));
        }
        let Some(row) = self.owner_row(owner).await? else { return Ok(AddressWish::Gone) };
        if row.email_canonical == address.canonical() {
            return Ok(AddressWish::Same);
        }
        let counter = match self.give_again(&row, typed.password, visitor).await? {
            GivenAgain::Right(counter) => counter,
            GivenAgain::Refused(refused) => return Ok(AddressWish::Refused(refused)),
        };
        let now = self.context.now();
        let (tx, cleared) = counter.begin_cleared(&self.context.db).await?;
        let today = email_change::Entity::find()
            .filter(email_change::Column::AccountId.eq(owner.0))
            .filter(email_change::Column::CreatedAt.gt(now - 86_400))
            .count(tx.conn())
            .await?;
        if today >= self.rules.email_changes_per_day {
            cleared.tell(&tx, &self.context, Some(owner)).await?;
            tx.commit().await?;
            return Ok(AddressWish::TooMany);
        }
        end_pending(&tx, owner, now).await?;
        let (id, confirm) = (self.context.id(), self.context.token());
        let undo = self.undo_token(id, &row.email_canonical);
        let wish = email_change::ActiveModel {
            id: Set(id),
            account_id: Set(owner.0),
            from_email: Set(row.email.clone()),
            from_canonical: Set(row.email_canonical),
            to_email: Set(address.shown().to_owned()),
            to_canonical: Set(address.canonical().to_owned()),
            confirm_hash: Set(confirm.digest().into_string()),
            undo_hash: Set(undo.digest().into_string()),
            created_at: Set(now),
            expires_at: Set(now + self.rules.email_link),
            confirmed_at: NotSet,
            ended_at: NotSet,
            refused_at: NotSet,
        };
        if let Err(error) = email_change::Entity::insert(wish).exec_without_returning(tx.conn()).await {
            // The index allows one wish that lives: another tab made one at this moment.
            return Err(if is_unique_violation(&error) {
                Fault::Unavailable("another address is being asked for at this moment".into())
            } else {
                error.into()
            });
        }
        let hours = self.rules.email_link / 3600;
        let body = MailBody::ConfirmAddress { token: confirm.text(), hours };
        self.tell(&tx, address.shown(), &row.locale, body).await?;
        let body = MailBody::AddressAsked { hint: address.masked(), token: undo.text(), at: now, hours };
        self.tell(&tx, &row.email, &row.locale, body).await?;
        cleared.tell(&tx, &self.context, Some(owner)).await?;
        tx.commit().await?;
        Ok(AddressWish::Asked)
    }

    /// The address that waits for its confirmation.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn pending_address(&self, owner: AccountId) -> Result<Option<PendingAddress>, Fault> {
        let row = email_change::Entity::find()
            .filter(email_change::Column::AccountId.eq(owner.0))
            .filter(email_change::Column::ConfirmedAt.is_null())
            .filter(email_change::Column::EndedAt.is_null())
            .filter(email_change::Column::ExpiresAt.gt(self.context.now()))
            .one(self.context.db.reader())
            .await?;
        Ok(row.map(|row| PendingAddress { email: row.to_email, refused: row.refused_at.is_some() }))
    }

    /// Its owner no longer wants it: both links are dead.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn cancel_address(&self, owner: AccountId) -> Result<(), Fault> {
        let tx = self.context.db.begin().await?;
        end_pending(&tx, owner, self.context.now()).await?;
        tx.commit().await
    }

    /// What the page of the link to the new address shows; `None` for a dead link. Looking changes nothing (SECURITY #70).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn address_page(&self, token: &Token) -> Result<Option<AddressPage>, Fault> {
        let now = self.context.now();
        let row = self.wish(email_change::Column::ConfirmHash, token).await?;
        let lives = |r: &email_change::Model| r.ended_at.is_none() && r.expires_at > now;
        Ok(row.filter(lives).map(|row| AddressPage {
            account: AccountId(row.account_id),
            email: row.to_email,
            confirmed: row.confirmed_at.is_some(),
        }))
    }

    pub(crate) async fn wish(
        &self,
        column: email_change::Column,
        token: &Token,
    ) -> Result<Option<email_change::Model>, Fault> {
        Ok(email_change::Entity::find()
            .filter(column.eq(token.digest().as_str()))
            .one(self.context.db.reader())
            .await?)
    }

    /// Gives the account its new address. The proof is the link, which is for this account and this address only, and beside it a session of the
    /// account or its password (SECURITY #75). Whether the address is free is decided here, in the transaction that takes it.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub async fn confirm_address(
        &self,
        token: &Token,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<AddressConfirm, Fault> {
        let now = self.context.now();
        let Some(wish) = self.wish(email_change::Column::ConfirmHash, token).await? else {
            return Ok(AddressConfirm::Dead);
        };
        if wish.confirmed_at.is_some() || wish.ended_at.is_some() || wish.expires_at <= now {
            return Ok(AddressConfirm::Dead);
        }
        let owner = AccountId(wish.account_id);
        let Some(row) = self.owner_row(owner).await? else { return Ok(AddressConfirm::Dead) };
        let own = session.filter(|s| s.account == owner);
        let counter = match (own, typed) {
            (Some(_), _) => None,
            (None, None) => return Ok(AddressConfirm::Refused(SignIn::Refused)),
            (None, Some(typed)) => match self.give_again(&row, typed, visitor).await? {
                GivenAgain::Right(counter) => Some(counter),
                GivenAgain::Refused(refused) => return Ok(AddressConfirm::Refused(refused)),
            },
        };
        let change = Change::Address { wish: &wish, own, counter };
        Ok(match self.renew(&row, &change, session, visitor).await? {
            Renewed::Done(signed_in) => AddressConfirm::Done(signed_in),
            Renewed::Stale => AddressConfirm::Dead,
            Renewed::Taken => {
                self.cancel_address(owner).await?;
                AddressConfirm::Taken
            }
        })
    }

    /// The new address hears that it is the account's; the old one, once more, how to take it back.
    pub(crate) async fn tell_of_change(
        &self,
        tx: &Tx,
        wish: &email_change::Model,
        owner: &account::Model,
        now: Unix,
    ) -> Result<(), Fault> {
        // The same as in the first mail, unless the key outside the database changed meanwhile.
        let undo = self.undo_token(wish.id, &wish.from_canonical);
        email_change::Entity::update_many()
            .col_expr(email_change::Column::UndoHash, Expr::value(undo.digest().into_string()))
            .filter(email_change::Column::Id.eq(wish.id))
            .exec(tx.conn())
            .await?;
        let hint = Email::parse(&wish.to_email).map(|e| e.masked()).unwrap_or_default();
        let days = self.rules.email_undo / 86_400;
        let body = MailBody::AddressReplaced { hint, token: undo.text(), at: now, days };
        self.tell(tx, &wish.from_email, &owner.locale, body).await?;
        self.tell(tx, &wish.to_email, &owner.locale, MailBody::AddressChanged { at: now }).await
    }

    /// 256 bits that only this wish and this address give, and only with the key outside the database: both mails to the old address carry one link,
    /// which works whichever of them is opened.
    fn undo_token(&self, id: Uuid, from: &str) -> Token {
        Token::of_mac(self.context.keys.mac("take back", format!("{id}\n{from}").as_bytes()))
    }

    pub(crate) async fn tell(&self, tx: &Tx, to: &str, locale: &str, body: MailBody) -> Result<(), Fault> {
        let letter = Mail { to: to.into(), locale: locale.into(), agency_id: None, body };
        mail::send(tx, &self.context, &letter, None).await
    }
}

/// A wish that is not confirmed yet ends: it was cancelled, replaced, or the password it was asked with is gone (PEOPLE U-11).
pub(crate) async fn end_pending(tx: &Tx, owner: AccountId, now: Unix) -> Result<(), Fault> {
    email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(now))
        .filter(email_change::Column::AccountId.eq(owner.0))
        .filter(email_change::Column::ConfirmedAt.is_null())
        .filter(email_change::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(())
}

/// The wish is the account's address now, and may be taken back until `undo_until`; `false` where it was confirmed or ended before.
pub(crate) async fn confirm(
    tx: &Tx,
    wish: &email_change::Model,
    now: Unix,
    undo_until: Unix,
) -> Result<bool, Fault> {
    let confirmed = email_change::Entity::update_many()
        .col_expr(email_change::Column::ConfirmedAt, Expr::value(now))
        .col_expr(email_change::Column::ExpiresAt, Expr::value(undo_until))
        .filter(email_change::Column::Id.eq(wish.id))
        .filter(email_change::Column::ConfirmHash.eq(&wish.confirm_hash))
        .filter(email_change::Column::ConfirmedAt.is_null())
        .filter(email_change::Column::EndedAt.is_null())
        .filter(email_change::Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    Ok(confirmed.rows_affected == 1)
}

/// The wish ends, and with it those that came after it: an older address has the last word. `false` where it had ended before.
pub(crate) async fn end_from(tx: &Tx, wish: &email_change::Model, now: Unix) -> Result<bool, Fault> {
    let ended = email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(now))
        .filter(email_change::Column::Id.eq(wish.id))
        .filter(email_change::Column::UndoHash.eq(&wish.undo_hash))
        .filter(email_change::Column::EndedAt.is_null())
        .filter(email_change::Column::ExpiresAt.gt(now))
        .exec(tx.conn())
        .await?;
    if ended.rows_affected != 1 {
        return Ok(false);
    }
    // Ids are made in the order of time.
    email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(now))
        .filter(email_change::Column::AccountId.eq(wish.account_id))
        .filter(email_change::Column::Id.gt(wish.id))
        .filter(email_change::Column::EndedAt.is_null())
        .exec(tx.conn())
        .await?;
    Ok(true)
}

/// Which address took whose place, as far as it has to be proved: masked.
pub(crate) fn proof(wish: &email_change::Model, visitor: &Visitor) -> serde_json::Value {
    let masked = |email: &str| Email::parse(email).map(|e| e.masked()).unwrap_or_default();
    serde_json::json!({
        "ip": visitor.ip_short(),
        "from": masked(&wish.from_email),
        "to": masked(&wish.to_email),
    })
}
