//! The way in which a file is written, as far as that is known beforehand.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::columns::{self, COLUMNS};
use crate::Charset;

/// The format of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// A header, then a row a line; `,`, `;`, a tab or `|` between the fields, whichever the header has.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// The order of the day and the month in a date such as 01/02/1950.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DateOrder {
    /// The first of February.
    DayFirst,
    /// The second of January.
    MonthFirst,
}

/// The layout of a file.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// CSV, unless it is said.
    pub format: Format,
    /// UTF-8, unless it is said; [`crate::Detector`] finds it.
    pub charset: Charset,
    /// Lines end by a carriage return alone.
    pub cr_alone: bool,
    /// Names of columns of this agency's own.
    pub names: ColumnNames,
    /// The order of its dates; by the days above 12 in the file unless it is said.
    pub dates: Option<DateOrder>,
    /// The `hash_format` of rows that have a hash and leave the format out.
    pub hash_format: Option<String>,
}

impl From<Format> for Layout {
    fn from(format: Format) -> Self {
        Self { format, ..Self::default() }
    }
}

impl From<(Format, Charset)> for Layout {
    fn from((format, charset): (Format, Charset)) -> Self {
        Self { format, charset, ..Self::default() }
    }
}

/// The place of a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// In [`COLUMNS`].
    Column(usize),
    /// Of a column that is not read.
    Ignored,
    /// Of a column without a name, in which nothing may stand.
    Nameless,
}

/// Names that the columns of an agency's file have, beside those of [`COLUMNS`]. Capitals, accents, blanks and punctuation do not count.
#[derive(Clone, Debug, Default)]
pub struct ColumnNames(Vec<(String, Place)>);

impl ColumnNames {
    /// The word that stands for a column that is not read.
    pub const IGNORED: &str = "ignored";

    /// Takes pairs of a column of [`COLUMNS`], or [`Self::IGNORED`], and the name that it has.
    ///
    /// # Errors
    /// A sentence that names the mistake: an unknown column, an empty name, or one that is given twice.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut names: Vec<(String, Place)> = Vec::new();
        for (column, name) in pairs {
            let place = match columns::place(column) {
                Some(at) => Place::Column(at),
                None if column == Self::IGNORED => Place::Ignored,
                None if columns::place(name).is_some() => {
                    return Err(format!("the column comes first: write {name} = \"{column}\""));
                }
                None => {
                    let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
                    return Err(format!("there is no column `{column}`; known are {}", known.join(", ")));
                }
            };
            let plain = plain(name);
            if plain.is_empty() {
                return Err(format!("the name of `{column}` is empty"));
            }
            if names.iter().any(|(known, _)| *known == plain) {
                return Err(format!("the name \"{name}\" is given twice"));
            }
            names.push((plain, place));
        }
        Ok(Self(names))
    }

    /// Returns the place of a name: one of this agency's own, then one of [`COLUMNS`], then a common French or English one of a column that proves nobody. The
    /// last is told: true.
    pub(super) fn place(&self, name: &str) -> Option<(Place, bool)> {
        let name = &*spelling::without_unseen(name);
        let plain = plain(name);
        if let Some((_, place)) = self.0.iter().find(|(known, _)| *known == plain) {
            return Some((*place, false));
        }
        if plain.is_empty() {
            return Some((Place::Nameless, false));
        }
        if let Some(at) = columns::place(name) {
            return Some((Place::Column(at), false));
        }
        columns::common(&plain).map(|at| (Place::Column(at), true))
    }
}

/// Returns a name in lower case, without accents, its words parted by one blank.
pub(super) fn plain(name: &str) -> String {
    let bare: String = name.nfkd().filter(|c| !is_combining_mark(*c)).take(200).collect();
    let words = bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let names = ColumnNames::new([
            ("identifier", "N° client"),
            ("email", "Adresse de courriel"),
            ("ignored", "Solde"),
        ])
        .unwrap();
        let at = |name: &str| columns::place(name).map(Place::Column);
        for (written, place, told) in [
            ("N° client", at("identifier"), false),
            (" n°\u{a0}CLIENT", at("identifier"), false),
            ("ADRESSE DE COURRIEL", at("email"), false),
            ("solde", Some(Place::Ignored), false),
            ("Client_Ref", at("client_ref"), false),
            ("Prénom", at("given_name"), true),
            ("PRENOM", at("given_name"), true),
            ("", Some(Place::Nameless), false),
            ("\u{feff} ", Some(Place::Nameless), false),
            ("\u{feff}identifier", at("identifier"), false),
            ("password\u{200b}_hash", at("password_hash"), false),
            ("Pré\u{ad}nom", at("given_name"), true),
            // Whoever is read as another sees another's flat, or signs in as them.
            ("Référence", None, false),
            ("Mot de passe", None, false),
            ("Identifiant", None, false),
        ] {
            assert_eq!(names.place(written), place.map(|place| (place, told)), "{written:?}");
        }
    }

    #[test]
    fn a_mistake_in_the_names_is_told() {
        let wrong = |pairs: &[(&str, &str)]| ColumnNames::new(pairs.iter().copied()).unwrap_err();
        assert!(wrong(&[("identifiant", "N°")]).starts_with("there is no column `identifiant`; known are"));
        assert_eq!(
            wrong(&[("N° client", "identifier")]),
            "the column comes first: write identifier = \"N° client\""
        );
        assert_eq!(wrong(&[("email", " ")]), "the name of `email` is empty");
        assert_eq!(wrong(&[("email", "Mél"), ("ignored", "mel")]), "the name \"mel\" is given twice");
    }
}
