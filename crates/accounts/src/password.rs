use kernel::{Password, PasswordRefused};
use zxcvbn::Score;

/// What a new password must be (SECURITY D1): long and hard to guess, never of a given composition.
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

/// Why a new password is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordProblem {
    /// Fewer characters than the policy asks.
    TooShort,
    /// More than 1,024 bytes.
    TooLong,
    /// A control character.
    Control,
    /// It holds a name, the agency's name or a part of the address.
    ContainsContext,
    /// On a list of common ones, or guessed in fewer than 10^8 tries.
    TooGuessable,
}

impl From<PasswordRefused> for PasswordProblem {
    fn from(refused: PasswordRefused) -> Self {
        match refused {
            PasswordRefused::TooLong => Self::TooLong,
            PasswordRefused::Control => Self::Control,
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

/// What French keyboards and French hearts type first: the estimator knows English ones only.
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

impl PasswordPolicy {
    /// All that is wrong with it, in the order in which it is told; empty when it is taken.
    pub fn judge(&self, password: &Password, context: &[String]) -> Vec<PasswordProblem> {
        let text = password.normal();
        let lower = text.to_lowercase();
        let mut problems = Vec::new();
        if text.chars().count() < self.min_length {
            problems.push(PasswordProblem::TooShort);
        }
        if context.iter().any(|word| lower.contains(word.as_str())) {
            problems.push(PasswordProblem::ContainsContext);
        }
        // zxcvbn's time grows with length; its verdict beyond 100 characters does not change.
        let head: String = text.chars().take(100).collect();
        let words: Vec<&str> = context.iter().map(String::as_str).chain(FRENCH.iter().copied()).collect();
        if problems.is_empty() && zxcvbn::zxcvbn(&head, &words).score() < Score::Three {
            problems.push(PasswordProblem::TooGuessable);
        }
        problems
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
    }
}
