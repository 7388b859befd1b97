use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::report::MOST_KINDS;

/// The form of identifiers that are numbers.
pub(super) const DIGITS: &str = "digits";

/// Counts the forms of identifiers: few kinds, whatever the file.
#[derive(Default)]
pub(crate) struct Shapes {
    counts: BTreeMap<(&'static str, u64), u64>,
    zeros: bool,
}

impl Shapes {
    pub(crate) fn add(&mut self, identifier: &str) {
        let digit = identifier.chars().any(|c| c.is_ascii_digit());
        let letter = identifier.chars().any(char::is_alphabetic);
        let other = identifier.chars().any(|c| !c.is_ascii_digit() && !c.is_alphabetic());
        let of = match (digit, letter, other) {
            (true, false, false) => DIGITS,
            (false, true, false) => "letters",
            (true, true, false) => "digits and letters",
            _ => "other",
        };
        self.zeros |= identifier.starts_with('0');
        *self.counts.entry((of, identifier.chars().count() as u64)).or_default() += 1;
    }

    /// Returns the fewest and the most digits of numbers that may have lost zeros.
    pub(crate) fn lengths_without_zeros(&self) -> Option<(u64, u64)> {
        let lengths = || self.counts.keys().map(|(_, length)| *length);
        let numbers = self.counts.len() > 1 && self.counts.keys().all(|(of, _)| *of == DIGITS);
        (numbers && !self.zeros).then(|| Some((lengths().min()?, lengths().max()?)))?
    }

    /// Returns the most frequent ones.
    pub(crate) fn most(self) -> Vec<Shape> {
        let mut shapes: Vec<Shape> = (self.counts.into_iter())
            .map(|((of, length), count)| Shape { of: of.to_owned(), length, count })
            .collect();
        shapes.sort_by_key(|shape| std::cmp::Reverse(shape.count));
        shapes.truncate(MOST_KINDS);
        shapes
    }
}

/// A form of identifiers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// `digits`, `letters`, `digits and letters` or `other`.
    pub of: String,
    /// Characters.
    pub length: u64,
    /// The number of rows.
    pub count: u64,
}

/// A form of identifiers that was rare or unknown before: zeros that a spreadsheet took away, or another agency's file.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ShapeShift {
    /// As in [`Shape`].
    pub of: String,
    /// Characters.
    pub length: u64,
    /// The share in this file.
    pub share: f64,
    /// The share in the last delivery.
    pub before: f64,
    /// Numbers with fewer digits than most of the last delivery.
    #[serde(default)]
    pub shorter: bool,
}
