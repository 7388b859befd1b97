//! Another address for an account (SPEC J11, PEOPLE U-68; docs/adr/0009). The password asks for it, a link mailed to the new address confirms it, and
//! for seven days a link mailed to the old one takes it back.

use kernel::{Done, Fault, Token, Tx, Unix};

use crate::{
    AccountId, Accounts, Email, Session, SignIn, SignedIn, Visitor,
    act::{
        masked,
        renew::{Change, Renewed},
    },
    guard::Reauthentication,
    lockout::Cleared,
    mail::{self, Mail, MailBody, Whose},
    mailing,
    store::{AccountRow, EmailChangeId, EmailChangeRow, accounts, email_changes},
};

/// The fields of the page on which an address is changed.
pub struct NewAddress<'a> {
    /// The new address, as typed.
    pub email: &'a str,
    /// True if the person saw the suggestion, and means what they typed.
    pub sure: bool,
    /// The password of the account.
    pub password: &'a str,
}

/// The outcome of a request for another address. It does not reveal if that address has an account (SECURITY #59), which matters only at its confirmation.
pub enum AddressWish {
    /// Mails are out, to both addresses.
    Asked,
    /// No mail can be sent there.
    Invalid,
    /// Probably a typing error: ask once.
    Suggestion(String),
    /// The address is the account's own.
    Same,
    /// Too many requests today: each sends a mail to a typed address (SECURITY #73).
    TooMany,
    /// The password was not right, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// The account is disabled.
    Gone,
}

/// An address that waits for its confirmation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PendingAddress {
    /// The address, as it was typed.
    pub email: String,
    /// True if its server refused the mail.
    pub refused: bool,
}

/// The page of the link in the mail to the new address.
pub struct AddressPage {
    /// The account that the address is for.
    pub account: AccountId,
    /// The new address.
    pub email: String,
    /// True if it has been confirmed.
    pub confirmed: bool,
}

/// The outcome of confirming an address.
pub enum AddressConfirm {
    /// The address is the account's. All older sessions and tokens have ended, both addresses get a mail, this browser is signed in.
    Done(Box<SignedIn>),
    /// The account is not signed in here, and its password was wrong or missing.
    Refused(SignIn),
    /// Another account has this address.
    Taken,
    /// The link is used, replaced by a newer request, cancelled or expired.
    Dead,
}

impl Accounts {
    /// Requests another address: mails go to it and to the account's current address at once (PEOPLE F-07).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
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
        let db = &self.context.db;
        let Some(row) = accounts::enabled(db, owner).await? else { return Ok(AddressWish::Gone) };
        if row.email_canonical == address.canonical() {
            return Ok(AddressWish::Same);
        }
        let counter = match self.reauthenticate(&row, typed.password, visitor).await? {
            Reauthentication::Right(counter) => counter,
            Reauthentication::Refused(refused) => return Ok(AddressWish::Refused(refused)),
        };
        let asked = counter
            .write_cleared(db, async |tx: &Tx, cleared: Cleared| {
                // The form came twice: its mails are out, and their links go on working.
                let pending = email_changes::pending(tx, owner, self.context.now()).await?;
                if pending.is_some_and(|wish| self.is_just_asked(&wish, &address)) {
                    cleared.record(tx, &self.context, Some(owner)).await?;
                    return Ok(Done::Commit(AddressWish::Asked));
                }
                let today = email_changes::count_since(tx, owner, self.context.now() - 86_400).await?;
                let many = today >= self.rules.email_changes_per_day;
                if !many {
                    self.store_wish(tx, &row, &address).await?;
                }
                cleared.record(tx, &self.context, Some(owner)).await?;
                Ok(Done::Commit(if many { AddressWish::TooMany } else { AddressWish::Asked }))
            })
            .await;
        counter.or_back(db, asked).await
    }

    /// Returns true if the same address was asked for within the last minute, and its server did not refuse it.
    fn is_just_asked(&self, wish: &EmailChangeRow, address: &Email) -> bool {
        let same = wish.to_email == address.shown() && wish.refused_at.is_none();
        same && wish.created_at + mailing::SPACE > self.context.now()
    }

    /// Stores a request in place of an older one, and queues mails to both addresses.
    async fn store_wish(&self, tx: &Tx, row: &AccountRow, address: &Email) -> Result<(), Fault> {
        let now = self.context.now();
        email_changes::end_pending(tx, row.id, now).await?;
        let (id, confirm) = (self.context.id(), self.context.token());
        let undo = self.undo_token(id, &row.email_canonical);
        let wish = EmailChangeRow {
            id,
            account_id: row.id,
            from_email: row.email.clone(),
            from_canonical: row.email_canonical.clone(),
            to_email: address.shown().to_owned(),
            to_canonical: address.canonical().to_owned(),
            confirm_hash: confirm.digest().into_string(),
            undo_hash: undo.digest().into_string(),
            created_at: now,
            expires_at: now + self.rules.email_link,
            confirmed_at: None,
            ended_at: None,
            refused_at: None,
        };
        email_changes::insert(tx, wish).await?;
        let hours = self.rules.email_link / 3600;
        let body = MailBody::ConfirmAddress { token: confirm.text(), hours };
        self.write_to(tx, row, address.shown(), body).await?;
        let body = MailBody::AddressAsked { hint: address.masked(), token: undo.text(), at: now, hours };
        self.write_to(tx, row, &row.email, body).await
    }

    /// Returns the address that waits for its confirmation.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn pending_address(&self, owner: AccountId) -> Result<Option<PendingAddress>, Fault> {
        let row = email_changes::pending(&self.context.db, owner, self.context.now()).await?;
        Ok(row.map(|row| PendingAddress { email: row.to_email, refused: row.refused_at.is_some() }))
    }

    /// Cancels the address that waits for its confirmation: both links are dead.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn cancel_address(&self, owner: AccountId) -> Result<(), Fault> {
        self.context
            .db
            .write(async |tx: &Tx| {
                email_changes::end_pending(tx, owner, self.context.now()).await?;
                Ok(Done::Commit(()))
            })
            .await
    }

    /// Returns the page of the link to the new address; `None` for a dead link. Changes nothing (SECURITY #70).
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn address_page(&self, token: &Token) -> Result<Option<AddressPage>, Fault> {
        let now = self.context.now();
        let row = email_changes::by_confirm_link(&self.context.db, &token.digest()).await?;
        let lives = |row: &EmailChangeRow| row.ended_at.is_none() && row.expires_at > now;
        Ok(row.filter(lives).map(|row| AddressPage {
            account: row.account_id,
            email: row.to_email,
            confirmed: row.confirmed_at.is_some(),
        }))
    }

    /// Gives the account its new address. The proof is the link, which is for this account and this address only, together with a session of the
    /// account or its password (SECURITY #75). The transaction that takes the address checks that it is free.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    #[tracing::instrument(skip_all, ret(level = "debug"))]
    pub async fn confirm_address(
        &self,
        token: &Token,
        typed: Option<&str>,
        session: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<AddressConfirm, Fault> {
        let (db, now) = (&self.context.db, self.context.now());
        let Some(wish) = email_changes::by_confirm_link(db, &token.digest()).await? else {
            return Ok(AddressConfirm::Dead);
        };
        if wish.confirmed_at.is_some() || wish.ended_at.is_some() || wish.expires_at <= now {
            return Ok(AddressConfirm::Dead);
        }
        let owner = wish.account_id;
        let Some(row) = accounts::enabled(db, owner).await? else { return Ok(AddressConfirm::Dead) };
        let own = session.filter(|s| s.account == owner);
        let counter = match (own, typed) {
            (Some(_), _) => None,
            (None, None) => return Ok(AddressConfirm::Refused(SignIn::Refused)),
            (None, Some(typed)) => match self.reauthenticate(&row, typed, visitor).await? {
                Reauthentication::Right(counter) => Some(counter),
                Reauthentication::Refused(refused) => return Ok(AddressConfirm::Refused(refused)),
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

    /// Queues a mail to the new address, which is the account's now, and one to the old address with the link that takes the change back.
    pub(crate) async fn write_of_address(
        &self,
        tx: &Tx,
        wish: &EmailChangeRow,
        owner: &AccountRow,
        now: Unix,
    ) -> Result<(), Fault> {
        // The same token as in the first mail, unless the key outside the database was replaced meanwhile.
        let undo = self.undo_token(wish.id, &wish.from_canonical);
        email_changes::set_undo_link(tx, wish.id, &undo.digest()).await?;
        let hint = masked(&wish.to_email);
        let days = self.rules.email_undo / 86_400;
        let body = MailBody::AddressReplaced { hint, token: undo.text(), at: now, days };
        self.write_to(tx, owner, &wish.from_email, body).await?;
        self.write_to(tx, owner, &wish.to_email, MailBody::AddressChanged { at: now }).await
    }

    /// Derives the token of the link from the request and the address, with the key outside the database: both mails to the old address carry the same
    /// link.
    fn undo_token(&self, id: EmailChangeId, from: &str) -> Token {
        Token::of_mac(self.context.keys.mac("take back", format!("{id}\n{from}").as_bytes()))
    }

    /// Queues a mail to the owner at one of their addresses, without an agency's look.
    pub(crate) async fn write_to(
        &self,
        tx: &Tx,
        owner: &AccountRow,
        to: &str,
        body: MailBody,
    ) -> Result<(), Fault> {
        let message = Mail { to: to.into(), locale: owner.locale.clone(), agency_id: None, body };
        mail::send(tx, &self.context, Whose::Account(owner.id), &message, None).await
    }
}
