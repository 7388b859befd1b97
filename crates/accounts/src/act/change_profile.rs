//! The name and the language that a person chooses.

use kernel::Fault;
use unicode_normalization::UnicodeNormalization;

use crate::{
    AccountId, Accounts,
    store::accounts::{self, Chosen},
};

impl Accounts {
    /// Changes the name; returns false for an invalid one: empty, longer than a hundred characters, or with control characters.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn rename(&self, owner: AccountId, typed: &str) -> Result<bool, Fault> {
        let Some(name) = name(typed) else { return Ok(false) };
        accounts::choose(&self.context.db, owner, Chosen::Name(name), self.context.now()).await?;
        Ok(true)
    }

    /// Changes the language of the account's pages and mails: `fr` or `en`.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    #[tracing::instrument(skip_all)]
    pub async fn speak(&self, owner: AccountId, locale: &str) -> Result<(), Fault> {
        let chosen = Chosen::Locale(locale.to_owned());
        accounts::choose(&self.context.db, owner, chosen, self.context.now()).await
    }
}

/// The maximum length of a name in characters.
const LONGEST_NAME: usize = 100;

/// Reads a name as people write it, with one space between its words.
fn name(typed: &str) -> Option<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect::<String>();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    // Characters that switch the direction of writing would garble the text around the name.
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
