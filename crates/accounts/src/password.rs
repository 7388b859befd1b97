use kernel::{Password, PasswordRefused};
use zeroize::Zeroizing;
use zxcvbn::Score;

use crate::{Accounts, Busy};

/// The rule of a new password (SECURITY D1): long and hard to guess, never of a given composition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PasswordPolicy {
    /// Characters at least; 8 is the floor that config allows.
    pub min_length: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 12 }
    }
}

/// The reason why a new password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordProblem {
    /// Fewer characters than the policy asks.
    TooShort,
    /// More than 1,024 bytes.
    TooLong,
    /// A control character.
    Control,
    /// The password contains a name, the agency's name or a part of the address.
    ContainsContext,
    /// On a list of common ones, or guessed in fewer than 10^8 tries.
    TooGuessable,
}

impl From<PasswordRefused> for PasswordProblem {
    fn from(refused: PasswordRefused) -> Self {
        match refused {
            PasswordRefused::TooLong => Self::TooLong,
            PasswordRefused::Control => Self::Control,
            PasswordRefused::Blank => Self::TooShort,
        }
    }
}

/// The words that a password of this person must not hold: of names, agency and address, four letters or more, lower-case.
pub fn context_words<'a>(sources: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = sources
        .into_iter()
        .flat_map(|s| s.split(|c: char| !c.is_alphanumeric()))
        .filter(|w| w.chars().count() >= 4)
        .map(str::to_lowercase)
        .collect();
    words.sort();
    words.dedup();
    words
}

/// The passwords that French keyboards and French hearts type first: the estimator knows English ones only.
const FRENCH: &[&str] = &[
    "azerty",
    "azertyuiop",
    "qsdfghjklm",
    "qsdf",
    "wxcvbn",
    "motdepasse",
    "password",
    "jetaime",
    "bonjour",
    "doudou",
    "loulou",
    "chouchou",
    "soleil",
    "marseille",
    "nicolas",
    "camille",
    "france",
    "paris",
    "bretagne",
    "coucou",
];

/// Characters that the estimator looks at: its time grows faster than the length, and no verdict changes beyond so many (SECURITY #62).
const LOOKED_AT: usize = 40;

impl PasswordPolicy {
    /// All that is wrong with it, in the order in which it is told; empty when it is taken. Takes long: [`Accounts::judge`] calls it on a hashing thread.
    pub fn judge(&self, password: &Password, context: &[String]) -> Vec<PasswordProblem> {
        let problems = self.at_sight(password, context);
        if problems.is_empty() && is_guessable(&password.normal(), context) {
            return vec![PasswordProblem::TooGuessable];
        }
        problems
    }

    /// The problems that are seen without the estimator.
    fn at_sight(&self, password: &Password, context: &[String]) -> Vec<PasswordProblem> {
        let text = password.normal();
        let lower = Zeroizing::new(text.to_lowercase());
        let mut problems = Vec::new();
        if text.chars().count() < self.min_length {
            problems.push(PasswordProblem::TooShort);
        }
        if context.iter().any(|word| lower.contains(word.as_str())) {
            problems.push(PasswordProblem::ContainsContext);
        }
        problems
    }
}

fn is_guessable(text: &str, context: &[String]) -> bool {
    let head: Zeroizing<String> = Zeroizing::new(text.chars().take(LOOKED_AT).collect());
    let words: Vec<&str> = context.iter().map(String::as_str).chain(FRENCH.iter().copied()).collect();
    zxcvbn::zxcvbn(&head, &words).score() < Score::Three
}

impl Accounts {
    /// [`PasswordPolicy::judge`] where passwords are hashed: the estimator takes as long as a hash, and the threads that answer requests have no
    /// such time (SECURITY #62).
    ///
    /// # Errors
    /// [`Busy`].
    pub(crate) async fn judge(
        &self,
        password: &Password,
        context: &[String],
    ) -> Result<Vec<PasswordProblem>, Busy> {
        let problems = self.rules.password.at_sight(password, context);
        if !problems.is_empty() {
            return Ok(problems);
        }
        let (text, context) = (password.normal(), context.to_vec());
        let guessable = self.hasher.run(move |_| is_guessable(&text, &context)).await?;
        Ok(if guessable { vec![PasswordProblem::TooGuessable] } else { problems })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Vec<PasswordProblem> {
        let context = context_words(["Marie Durand", "Agence des Tilleuls", "marie.durand@exemple.test"]);
        PasswordPolicy::default().judge(&Password::new(text).unwrap(), &context)
    }

    #[test]
    fn length_context_and_guessability_decide_composition_does_not() {
        use PasswordProblem::*;
        let table: &[(&str, &[PasswordProblem])] = &[
            ("court", &[TooShort]),
            ("Tr0ub4dor&3", &[TooShort]),
            ("cheval agrafe pile", &[]),
            ("soleil mandarine brouette", &[]),
            ("kXv9 2mQp 7tRw", &[]),
            ("éléphant à bicyclette", &[]),
            ("password1234", &[TooGuessable]),
            ("aaaaaaaaaaaaaaaa", &[TooGuessable]),
            ("123456789012345", &[TooGuessable]),
            ("azertyuiopqsdf", &[TooGuessable]),
            ("durand et ses amis 42", &[ContainsContext]),
            ("vive les TILLEULS en fleur", &[ContainsContext]),
        ];
        for (text, expected) in table {
            assert_eq!(&judge(text), expected, "{text}");
        }
        assert!(judge(&"correct horse battery ".repeat(40)).is_empty());
        // What comes after forty characters makes nothing better.
        assert_eq!(judge(&format!("{}kXv9 2mQp 7tRw", "a".repeat(40))), [TooGuessable]);
    }
}
