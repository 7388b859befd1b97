use std::collections::BTreeMap;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

/// An agency's deliveries: how its files are written, and the guards: what a file may be before somebody has to look. Shares are from 0 to 1.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportRules {
    /// The share of bad rows above which a file is refused.
    pub max_bad: f64,
    /// The share of the agency's identities above which a complete file may not miss them.
    pub max_gone: f64,
    /// The share of the smaller of both, the file and the agency's identities, that must be in the other.
    pub min_overlap: f64,
    /// The form of an identifier, as a regular expression for the whole of it, e.g. `[0-9]{8}`.
    pub identifier_pattern: Option<String>,
    /// Days for which the portal stays open to people who moved and whom a complete file misses.
    pub grace_days: u16,
    /// The character encoding of its files; recognised if left out. Names are those of `moncompte import --charset`.
    pub charset: Option<String>,
    /// The order of the day and the month in its dates; told by the days above 12 of each file if left out.
    pub dates: Option<DateForm>,
    /// The `hash_format` of rows that have a hash and no format: a name, or a recipe such as `md5(md5(password)+salt)`.
    pub hash_format: Option<String>,
    /// The names that columns have in its files, one or several for each, e.g. `identifier = "N° client"`; `ignored` for columns that are not read.
    pub columns: BTreeMap<String, Names>,
}

/// The order of the day and the month in dates such as 01/02/1950.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DateForm {
    /// The first of February.
    DayFirst,
    /// The second of January.
    MonthFirst,
}

/// A name, or several.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(String),
    /// Any of them.
    Several(Vec<String>),
}

impl Names {
    /// Returns all of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

impl Default for ImportRules {
    fn default() -> Self {
        Self {
            max_bad: 0.2,
            max_gone: 0.1,
            min_overlap: 0.1,
            identifier_pattern: None,
            grace_days: 30,
            charset: None,
            dates: None,
            hash_format: None,
            columns: BTreeMap::new(),
        }
    }
}

impl ImportRules {
    /// Returns the pattern of identifiers, ready to be used; `None` if the file names none.
    pub fn pattern(&self) -> Option<Pattern> {
        self.identifier_pattern.as_deref().and_then(|text| compile(text).ok()).map(Pattern)
    }

    /// Returns each key whose value cannot be, and why.
    pub(crate) fn problems(&self) -> Vec<(&'static str, String)> {
        let shares =
            [("max_bad", self.max_bad), ("max_gone", self.max_gone), ("min_overlap", self.min_overlap)];
        let mut found: Vec<_> = (shares.iter().filter(|(_, share)| !(0.0..=1.0).contains(share)))
            .map(|(key, _)| (*key, "must be a share from 0 to 1, such as 0.1 for a tenth".to_owned()))
            .collect();
        if let Some(Err(reason)) = self.identifier_pattern.as_deref().map(compile) {
            found.push(("identifier_pattern", reason));
        }
        found
    }
}

/// The form of an agency's identifiers.
pub struct Pattern(Regex);

impl Pattern {
    /// Returns true if the whole of an identifier is of this form.
    pub fn is_match(&self, identifier: &str) -> bool {
        self.0.is_match(identifier)
    }
}

/// Compiles the pattern of a whole identifier. Its size is bounded, and matching takes time that is linear in the identifier.
fn compile(text: &str) -> Result<Regex, String> {
    // On its own first, so that an open group does not swallow the frame.
    Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$"))).map_err(|error| {
        format!("is no regular expression: {}", error.to_string().lines().last().unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_the_whole_identifier() {
        let rules = |pattern: &str| ImportRules {
            identifier_pattern: Some(pattern.into()),
            ..ImportRules::default()
        };
        let digits = rules("[0-9]{8}").pattern().unwrap();
        assert!(
            digits.is_match("00012345") && !digits.is_match("x00012345") && !digits.is_match("000123456")
        );
        let either = rules("C[0-9]+|D[0-9]+").pattern().unwrap();
        assert!(either.is_match("D12") && !either.is_match("xD12"));
        assert_eq!(rules("[0-9").problems()[0].0, "identifier_pattern");
        assert_eq!(rules(")(").problems()[0].0, "identifier_pattern");
        assert!(ImportRules::default().problems().is_empty());
        let beyond = ImportRules { max_bad: 1.5, min_overlap: -0.1, ..ImportRules::default() };
        assert_eq!(
            beyond.problems().iter().map(|(key, _)| *key).collect::<Vec<_>>(),
            ["max_bad", "min_overlap"]
        );
    }
}
