//! An address that took another's place is taken back by a link mailed to the older one (PEOPLE U-68; docs/adr/0009).

use kernel::{Fault, Password, Token, is_unique_violation};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, sea_query::Expr};

use crate::{
    AccountId, Accounts, Email, PasswordProblem, Session, SignedIn, Visitor,
    address::proof,
    context_words, evidence,
    lockout::Counter,
    login::secret_of,
    mail::MailBody,
    recovery, session,
    table::{account, email_change},
};

/// What the link in the mails to the old address shows.
pub struct TakeBackPage {
    /// The address that the account keeps, or has again.
    pub email: String,
    /// Words that the new password must not hold.
    pub context: Vec<String>,
    /// Whether the other address has been confirmed.
    pub changed: bool,
}

/// What became of taking it back.
pub enum TakeBack {
    /// The account has its old address and a new password. Everything older is dead, this browser is signed in.
    Done(Box<SignedIn>),
    /// The password is not taken, for these reasons; the link still lives.
    Problems(Vec<PasswordProblem>),
    /// The old address has another account by now.
    Taken,
    /// The link is used, or too old.
    Dead,
    /// Come back in a moment.
    Busy,
}

impl Accounts {
    /// What the page of the link to the old address shows; `None` for a dead link. Looking changes nothing.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn take_back_page(&self, token: &Token) -> Result<Option<TakeBackPage>, Fault> {
        let Some((wish, owner)) = self.reversible(token).await? else { return Ok(None) };
        Ok(Some(TakeBackPage {
            context: context_words([owner.name.as_deref().unwrap_or_default(), &wish.from_email]),
            email: wish.from_email,
            changed: wish.confirmed_at.is_some(),
        }))
    }

    async fn reversible(
        &self,
        token: &Token,
    ) -> Result<Option<(email_change::Model, account::Model)>, Fault> {
        let now = self.ground.now();
        let wish = self.wish(email_change::Column::UndoHash, token).await?;
        let Some(wish) = wish.filter(|w| w.ended_at.is_none() && w.expires_at > now) else {
            return Ok(None);
        };
        let owner = self.owner_row(AccountId(wish.account_id)).await?;
        Ok(owner.map(|owner| (wish, owner)))
    }

    /// Stops the change, or takes it back: the account has its old address, and a new password, because whoever asked for the change knew the one
    /// before. An older address has the last word: wishes that came after this one end with it, and none that came before.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub async fn take_back(
        &self,
        token: &Token,
        typed: &str,
        previous: Option<&Session>,
        visitor: &Visitor,
    ) -> Result<TakeBack, Fault> {
        let Some((wish, owner)) = self.reversible(token).await? else { return Ok(TakeBack::Dead) };
        let password = match Password::new(typed) {
            Ok(password) => password,
            Err(refused) => return Ok(TakeBack::Problems(vec![refused.into()])),
        };
        let context = context_words([owner.name.as_deref().unwrap_or_default(), &wish.from_email]);
        let problems = self.rules.password.judge(&password, &context);
        if !problems.is_empty() {
            return Ok(TakeBack::Problems(problems));
        }
        let Ok(hash) = self.hasher.hash(secret_of(&password)).await else { return Ok(TakeBack::Busy) };
        let now = self.ground.now();
        let id = AccountId(owner.id);
        let tx = self.ground.db.begin_recorded().await?;
        for subject in [&owner.email_canonical, &wish.from_canonical] {
            Counter::of_email(&self.ground, subject, None).clear_all(&tx).await?;
        }
        recovery::supersede(&tx, id, now).await?;
        let restored = account::Entity::update_many()
            .col_expr(account::Column::Email, Expr::value(wish.from_email.as_str()))
            .col_expr(account::Column::EmailCanonical, Expr::value(wish.from_canonical.as_str()))
            .col_expr(account::Column::PasswordHash, Expr::value(hash))
            .col_expr(account::Column::AuthEpoch, Expr::col(account::Column::AuthEpoch).add(1))
            .col_expr(account::Column::PasswordChangedAt, Expr::value(now))
            .filter(account::Column::Id.eq(owner.id))
            .filter(account::Column::DisabledAt.is_null())
            .exec_with_returning(tx.conn())
            .await;
        let restored = match restored {
            Ok(rows) => rows.into_iter().next(),
            Err(error) if is_unique_violation(&error) => return Ok(TakeBack::Taken),
            Err(error) => return Err(error.into()),
        };
        let Some(restored) = restored else { return Ok(TakeBack::Dead) };
        let ended = email_change::Entity::update_many()
            .col_expr(email_change::Column::EndedAt, Expr::value(now))
            .filter(email_change::Column::Id.eq(wish.id))
            .filter(email_change::Column::UndoHash.eq(token.digest().as_str()))
            .filter(email_change::Column::EndedAt.is_null())
            .filter(email_change::Column::ExpiresAt.gt(now))
            .exec(tx.conn())
            .await?;
        if ended.rows_affected != 1 {
            return Ok(TakeBack::Dead);
        }
        // Ids are made in the order of time.
        email_change::Entity::update_many()
            .col_expr(email_change::Column::EndedAt, Expr::value(now))
            .filter(email_change::Column::AccountId.eq(owner.id))
            .filter(email_change::Column::Id.gt(wish.id))
            .filter(email_change::Column::EndedAt.is_null())
            .exec(tx.conn())
            .await?;
        session::end_all(&tx, id, now).await?;
        let previous = previous.map(|s| s.id);
        let signed_in = self.open_session(&tx, id, restored.auth_epoch, false, visitor, previous).await?;
        let hint = Email::parse(&wish.from_email).map(|e| e.masked()).unwrap_or_default();
        let told = [Some(&wish.from_email), wish.confirmed_at.map(|_| &wish.to_email)];
        for to in told.into_iter().flatten() {
            let body = MailBody::AddressTakenBack { hint: hint.clone(), at: now };
            self.tell(&tx, to, &owner.locale, body).await?;
        }
        let body = proof(&wish, visitor);
        evidence::append(&tx, &self.ground, "email taken back", Some(id), &body).await?;
        tx.commit().await?;
        Ok(TakeBack::Done(Box::new(signed_in)))
    }
}
