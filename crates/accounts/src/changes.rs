//! What a person changes in their own account, signed in.

use kernel::{Fault, Password};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use unicode_normalization::UnicodeNormalization;

use crate::{
    AccountId, Accounts, PasswordProblem, Session, SignIn, SignedIn, Visitor,
    login::{GivenAgain, secret_of},
    renew::{Change, Renewed},
    table::account,
};

/// What the page of the password was filled in with.
pub struct NewPassword<'a> {
    /// The one that holds.
    pub current: &'a str,
    /// The one that is to hold.
    pub new: &'a str,
    /// Words that it must not hold: [`crate::context_words`].
    pub context: &'a [String],
}

/// What became of it.
pub enum PasswordChange {
    /// Changed. Every other session and refresh token is dead, the owner is told, this browser has a new session.
    Done(Box<SignedIn>),
    /// The current one was not right, as at sign-in; never [`SignIn::In`].
    Refused(SignIn),
    /// The new one is not taken, for these reasons; the current one was not looked at.
    Problems(Vec<PasswordProblem>),
    /// Come back in a moment.
    Busy,
    /// The session ended, or the password changed, meanwhile.
    Gone,
}

impl Accounts {
    /// Changes the password by the current one: one of the three ways there are (SECURITY I8), the others being mailed links.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nothing changed.
    pub async fn change_password(
        &self,
        session: &Session,
        typed: &NewPassword<'_>,
        visitor: &Visitor,
    ) -> Result<PasswordChange, Fault> {
        let password = match Password::new(typed.new) {
            Ok(password) => password,
            Err(refused) => return Ok(PasswordChange::Problems(vec![refused.into()])),
        };
        let Ok(problems) = self.judge(&password, typed.context).await else {
            return Ok(PasswordChange::Busy);
        };
        if !problems.is_empty() {
            return Ok(PasswordChange::Problems(problems));
        }
        let Some(row) = self.owner_row(session.account).await? else { return Ok(PasswordChange::Gone) };
        let counter = match self.give_again(&row, typed.current, visitor).await? {
            GivenAgain::Right(counter) => counter,
            GivenAgain::Refused(refused) => return Ok(PasswordChange::Refused(refused)),
        };
        let Ok(hash) = self.hasher.hash(secret_of(&password)).await else {
            // The current one was right: the attempt is not counted.
            counter.give_back(&self.context.db).await?;
            return Ok(PasswordChange::Busy);
        };
        let change = Change::Password { session, counter, hash };
        Ok(match self.renew(&row, &change, Some(session), visitor).await? {
            Renewed::Done(signed_in) => PasswordChange::Done(signed_in),
            // The address stays: nobody else can have it.
            Renewed::Stale | Renewed::Taken => PasswordChange::Gone,
        })
    }

    /// What the account's owner wants to be called; `false` when that is no name: nothing, more than a hundred characters, or control characters.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn rename(&self, owner: AccountId, typed: &str) -> Result<bool, Fault> {
        let Some(name) = name(typed) else { return Ok(false) };
        self.choose(owner, (account::Column::Name, name), account::Column::NamedAt).await?;
        Ok(true)
    }

    /// The language of the account's pages and mails: `fr` or `en`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn speak(&self, owner: AccountId, locale: &str) -> Result<(), Fault> {
        self.choose(owner, (account::Column::Locale, locale.to_owned()), account::Column::SpokenAt).await
    }

    /// Sets one column, and that its owner chose it: what an agency's file says of the same thing is no longer told.
    async fn choose(
        &self,
        owner: AccountId,
        (column, value): (account::Column, String),
        chosen_at: account::Column,
    ) -> Result<(), Fault> {
        let now = self.context.now();
        account::Entity::update_many()
            .col_expr(column, Expr::value(value))
            .col_expr(chosen_at, Expr::value(now))
            .col_expr(account::Column::ChangedAt, Expr::value(now))
            .filter(account::Column::Id.eq(owner.0))
            .filter(account::Column::DisabledAt.is_null())
            .exec(self.context.db.writer())
            .await?;
        Ok(())
    }

    /// The row of an account that is not disabled.
    pub(crate) async fn owner_row(&self, id: AccountId) -> Result<Option<account::Model>, Fault> {
        let row = account::Entity::find_by_id(id.0).one(self.context.db.reader()).await?;
        Ok(row.filter(|r| r.disabled_at.is_none()))
    }
}

/// Longest, in characters.
const LONGEST_NAME: usize = 100;

/// As people write it, with one space between its words.
fn name(typed: &str) -> Option<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    // Directions of writing that are switched would garble what stands around the name.
    let plain = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (fits && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_words() {
        assert_eq!(name("  Marie \u{a0} Durand-Le\u{301}vy ").as_deref(), Some("Marie Durand-Lévy"));
        assert_eq!(name("O'Neil & fils").as_deref(), Some("O'Neil & fils"));
        assert_eq!(name(&"é".repeat(100)).map(|n| n.chars().count()), Some(100));
        for bad in ["", " \t\n ", "a\u{0}b", "a\u{7}b", "a\u{202e}b", &"é".repeat(101)] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }
}
