//! Lenient reading of values that are not written as they should be. Only the identifier and the hash prove the person, so only they can make a row bad; whatever
//! else cannot be read is left out, and told.

use std::borrow::Cow;

use super::lines::stray;
use crate::{MailAddress, hash::Unreadable, nothing};

/// A place in a row that was read otherwise than it is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The column, as [`super::COLUMNS`] names it.
    pub column: &'static str,
    /// The oddity, and how it was read.
    pub what: Oddity,
}

/// Something found in place of a proper value, and how it was read. The text never repeats the value: it may be a secret in the wrong column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Oddity {
    /// `NULL`, `néant`, `-`.
    #[error("stands for nothing, such as NULL, néant or -: left out")]
    Placeholder,
    /// A line break as a spreadsheet quotes it (RFC 4180 §2.6), a tab, another control character, or one that nobody sees.
    #[error("line breaks, tabs or characters that nobody sees: read as blanks, or left out")]
    Folded,
    /// Bytes that are no UTF-8.
    #[error("not UTF-8: read as windows-1252")]
    Charset,
    /// Text that goes on for too long.
    #[error("longer than {0} characters: cut there")]
    Cut(usize),
    /// A value that means nothing once it is cut.
    #[error("longer than {0} characters: left out")]
    TooLong(usize),
    /// Something in `email` that is none.
    #[error("no address that mail can be sent to: left out")]
    NoAddress,
    /// `Anne <anne@exemple.test>`.
    #[error("more than an address: the address in it is taken")]
    AddressWithin,
    /// Two people, or two addresses of one.
    #[error("several addresses: the first one that mail can be sent to is taken")]
    SeveralAddresses,
    /// Two telephones, too long for one.
    #[error("several numbers: the first one is taken")]
    SeveralNumbers,
    /// `31/12/1950`.
    #[error("a date written another way: read as year-month-day")]
    DateRead,
    /// A date that may be another day or century, or none.
    #[error("no date that can be read for sure: left out")]
    NoDate,
    /// A JSON value of another type.
    #[error("no text: left out")]
    NotText,
    /// A JSON list.
    #[error("a list: its texts are joined")]
    List,
    /// A key that a JSON line has twice.
    #[error("twice in one line: the first one is taken")]
    Twice,
    /// A key of a JSON line that is no column.
    #[error("a key that is none of the columns: left out")]
    UnknownKey,
    /// A text that a spreadsheet wrote so that it stays one.
    #[error("written as a spreadsheet keeps a text, such as =\"00042\": the text within is taken")]
    OfSpreadsheet,
    /// A row that ends before its last columns.
    #[error("the row ends before this column: read as empty")]
    ShortRow,
    /// A hash that cannot be read.
    #[error("{0}: the identity is kept without it")]
    Unreadable(Unreadable),
    /// A value that makes it unknown how the hash was made. The text says why.
    #[error("{0}: the identity is kept without a hash")]
    NoHash(&'static str),
    /// A hash that an empty password opens, or a word for a missing one.
    #[error("the hash of an empty password, or a word for none: the identity is kept without it")]
    EmptyPassword,
}

impl Oddity {
    /// Returns true if the row's hash cannot be read, so that its person is kept without one.
    pub fn is_unreadable_hash(self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::NoHash(_))
    }
}

/// Columns whose beginning is still of use where the whole is too long.
const CUT: &[&str] = &[
    "client_ref",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "street_address",
    "locality",
    "region",
    "country",
    "address_line_1",
    "address_line_2",
    "address_line_3",
    "address_line_4",
];

/// Columns that are judged whole, whatever their length, before they are cut down.
const JUDGED: &[&str] = &["email", "birthdate"];

const WORDLESS: &[&str] =
    &["email", "birthdate", "phone_number", "zoneinfo", "profile", "picture", "website", "gender"];

/// Reads a value of a column that proves nobody; `None` where nothing is left of it. `longest`: in characters.
pub(super) fn text(
    column: &'static str,
    longest: usize,
    value: &str,
    mut tell: impl FnMut(Oddity),
) -> Option<String> {
    let (value, charset) = of_windows(value.trim());
    if charset {
        tell(Oddity::Charset);
    }
    let (value, folded) = fold(&value);
    if folded && !value.is_empty() {
        tell(Oddity::Folded);
    }
    if value.is_empty() {
        return None;
    }
    if is_nothing(column, &value) {
        tell(Oddity::Placeholder);
        return None;
    }
    if JUDGED.contains(&column) || value.len() <= longest || value.chars().count() <= longest {
        return Some(value.into_owned());
    }
    if CUT.contains(&column) {
        tell(Oddity::Cut(longest));
        let cut: String = value.chars().take(longest).collect();
        return Some(cut.trim_end().to_owned());
    }
    if column == "phone_number"
        && let Some(first) = first_number(&value, longest)
    {
        tell(Oddity::SeveralNumbers);
        return Some(first);
    }
    tell(Oddity::TooLong(longest));
    None
}

/// Bytes of a line that were no UTF-8, as Excel would have meant them.
fn of_windows(value: &str) -> (Cow<'_, str>, bool) {
    if value.is_ascii() || !value.chars().any(|c| stray(c).is_some()) {
        return (value.into(), false);
    }
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match stray(c) {
            Some(byte) => out.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0),
            None => out.push(c),
        }
    }
    (out.into(), true)
}

/// Without line breaks and other control characters, and without those that nobody sees, some of which would show a text as another (Unicode TR36 §2.7).
fn fold(value: &str) -> (Cow<'_, str>, bool) {
    let blank = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let unseen = spelling::is_unseen;
    if !value.chars().any(|c| blank(c) || unseen(c)) {
        return (value.into(), false);
    }
    let text: String =
        value.chars().filter(|c| !unseen(*c)).map(|c| if blank(c) { ' ' } else { c }).collect();
    (text.split_whitespace().collect::<Vec<_>>().join(" ").into(), true)
}

fn is_nothing(column: &str, value: &str) -> bool {
    if value.chars().all(|c| c.is_ascii_punctuation() || matches!(c, '–' | '—' | '…' | ' ')) {
        return true;
    }
    // Somebody's name is Null; it is then written as a name is.
    if matches!(value, "NULL" | "null") {
        return true;
    }
    nothing::is_word(value) || (WORDLESS.contains(&column) && nothing::is_word_where_none_is_meant(value))
}

fn first_number(value: &str, longest: usize) -> Option<String> {
    let first =
        value.split(['/', ';', ',', '|', '(']).flat_map(|part| part.split(" ou ")).map(str::trim).next()?;
    let is_one = first.chars().filter(char::is_ascii_digit).count() >= 6 && first.chars().count() <= longest;
    is_one.then(|| first.to_owned())
}

/// Reads what stands in `email`, folded.
pub(super) fn email(text: &str) -> (Option<MailAddress>, Option<Oddity>) {
    if let Some(email) = MailAddress::parse(text) {
        return (Some(email), None);
    }
    let told = addresses(text);
    let found = told.iter().find_map(|one| MailAddress::parse(one));
    let what = match (&found, told.len()) {
        (None, _) => Oddity::NoAddress,
        (Some(_), 1) => Oddity::AddressWithin,
        (Some(_), _) => Oddity::SeveralAddresses,
    };
    (found, Some(what))
}

/// The words that look like addresses, in their order. One behind a bare word is none: of `anne dupont@exemple.test` nobody can tell whether the blank was meant as a
/// dot, and `dupont@exemple.test` may be a stranger. Nor is what a comma ends that was meant as one.
pub(crate) fn addresses(text: &str) -> Vec<String> {
    const BETWEEN: &[&str] = &["ou", "et", "or", "and", "puis", "&", "+", "-"];
    let spread: String = text
        .chars()
        .flat_map(|c| if ";|<>()[]{}\"".contains(c) { vec![' ', ';', ' '] } else { vec![c] })
        .collect();
    let mut found = Vec::new();
    let mut begins = true;
    for word in spread.split_whitespace() {
        if !word.contains('@') {
            begins = word.ends_with([';', ',', ':', '/']) || BETWEEN.contains(&&*word.to_lowercase());
            continue;
        }
        if std::mem::replace(&mut begins, true) {
            let word = word.trim_matches([',', ':', '.', '\'', '/', '’']);
            let word = word.strip_prefix("mailto:").unwrap_or(word);
            let parts: Vec<&str> = word.split([',', '/']).collect();
            let parted = MailAddress::parse(word).is_none() && parts.iter().all(|part| part.contains('@'));
            let parts = if parted { parts } else { vec![word] };
            found.extend(parts.into_iter().map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Format, Rows};

    fn read(column: &'static str, longest: usize, value: &str) -> (Option<String>, Vec<Oddity>) {
        let mut told = Vec::new();
        let text = text(column, longest, value, |what| told.push(what));
        (text, told)
    }

    #[test]
    fn a_text_is_folded_cut_or_left_out() {
        let table: &[(&'static str, &str, Option<&str>, &[Oddity])] = &[
            ("name", " Marie  Durand ", Some("Marie  Durand"), &[]),
            ("name", "Marie\tDurand", Some("Marie Durand"), &[Oddity::Folded]),
            ("street_address", "1 rue X\r\n\r\nBât. B\n", Some("1 rue X Bât. B"), &[Oddity::Folded]),
            ("name", "Ma\u{200b}rie\u{202e}", Some("Marie"), &[Oddity::Folded]),
            ("name", "\u{200b}", None, &[]),
            ("name", "a\0b", Some("a b"), &[Oddity::Folded]),
            ("name", "NULL", None, &[Oddity::Placeholder]),
            ("family_name", "Null", Some("Null"), &[]),
            ("family_name", "Sans", Some("Sans"), &[]),
            ("country", "NC", Some("NC"), &[]),
            ("gender", "NC", None, &[Oddity::Placeholder]),
            ("phone_number", "-", None, &[Oddity::Placeholder]),
            ("phone_number", "néant", None, &[Oddity::Placeholder]),
            ("locality", "#N/A", None, &[Oddity::Placeholder]),
        ];
        for (column, value, expected, told) in table {
            assert_eq!(read(column, 40, value), (expected.map(str::to_owned), told.to_vec()), "{value:?}");
        }
        let long = "é".repeat(60);
        assert_eq!(read("name", 40, &long), (Some("é".repeat(40)), vec![Oddity::Cut(40)]));
        assert_eq!(read("phone_number", 40, &long), (None, vec![Oddity::TooLong(40)]));
        let two = "02 97 00 00 01 (le soir) / 06 12 34 56 78 (portable)";
        assert_eq!(
            read("phone_number", 40, two),
            (Some("02 97 00 00 01".into()), vec![Oddity::SeveralNumbers])
        );
    }

    #[test]
    fn of_what_stands_in_email_an_address_is_taken_only_where_it_is_one() {
        let first = |text: &str| {
            let (found, what) = email(text);
            (found.map(|e| e.shown().to_owned()), what)
        };
        for (text, expected, what) in [
            ("anne@exemple.test", Some("anne@exemple.test"), None),
            (
                "anne@exemple.test;paul@exemple.test",
                Some("anne@exemple.test"),
                Some(Oddity::SeveralAddresses),
            ),
            ("anne@exemple.test, paul@x.test", Some("anne@exemple.test"), Some(Oddity::SeveralAddresses)),
            ("anne@exemple.test,paul@x.test", Some("anne@exemple.test"), Some(Oddity::SeveralAddresses)),
            ("anne@exemple.test/paul@x.test", Some("anne@exemple.test"), Some(Oddity::SeveralAddresses)),
            ("anne@exemple.test ou paul@x.test", Some("anne@exemple.test"), Some(Oddity::SeveralAddresses)),
            ("anne@exemple,test ; paul@x.test", Some("paul@x.test"), Some(Oddity::SeveralAddresses)),
            ("Anne D. <anne@exemple.test>", Some("anne@exemple.test"), Some(Oddity::AddressWithin)),
            ("mailto:anne@exemple.test", Some("anne@exemple.test"), Some(Oddity::AddressWithin)),
            ("anne@exemple.test.", Some("anne@exemple.test"), Some(Oddity::AddressWithin)),
            ("anne@exemple.test (sa fille)", Some("anne@exemple.test"), Some(Oddity::AddressWithin)),
            ("mail : anne@exemple.test", Some("anne@exemple.test"), Some(Oddity::AddressWithin)),
            ("anne@exemple,test", None, Some(Oddity::NoAddress)),
            ("anne@exemple.co,uk", None, Some(Oddity::NoAddress)),
            ("anne dupont@exemple.test", None, Some(Oddity::NoAddress)),
            ("anne at exemple.test", None, Some(Oddity::NoAddress)),
            ("@", None, Some(Oddity::NoAddress)),
        ] {
            assert_eq!(first(text), (expected.map(str::to_owned), what), "{text}");
        }
    }

    /// FINDING B1: `{noop}` alone is clear text of an empty password; the person stays, without a verifier.
    #[test]
    fn a_scheme_with_nothing_behind_it_or_a_word_for_nothing_leaves_the_person_without_a_verifier() {
        let file = "identifier;password_hash;hash_format\n1;{noop};\n2;{SSHA};\n3;{SSHA}x;\n4;NULL;md5\n5;********;\n";
        let rows: Vec<_> = Rows::open(file.as_bytes(), Format::Csv).unwrap().collect();
        let told: Vec<_> = (rows.iter().map(|row| row.as_ref().unwrap()))
            .map(|row| (row.verifier.is_none(), row.warnings.iter().map(|w| w.what).collect::<Vec<_>>()))
            .collect();
        assert_eq!(told[..2], [(true, vec![Oddity::EmptyPassword]), (true, vec![Oddity::EmptyPassword])]);
        assert!(matches!(&told[2], (true, what) if matches!(what[..], [Oddity::Unreadable(_)])), "{told:?}");
        assert_eq!(told[3..], [(true, vec![Oddity::EmptyPassword]), (true, vec![Oddity::EmptyPassword])]);
    }
}
