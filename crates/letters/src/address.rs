//! The address in the window, by the French norm (NF Z10-011): six lines at most, of 38 characters each, the recipient first, the postcode and the town last; the
//! country beneath them if it is another.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The characters of a line.
pub const LONGEST_LINE: usize = 38;
/// Lines between the recipient and the town.
const MOST_BETWEEN: usize = 4;

/// An address as an agency's file has it. Every part may be empty.
#[derive(Clone, Copy, Default, Debug)]
pub struct Address<'a> {
    /// Number and street; what comes before and after it in lines of its own.
    pub street: &'a str,
    /// Postcode.
    pub postal_code: &'a str,
    /// Town.
    pub locality: &'a str,
    /// Country.
    pub country: &'a str,
}

/// Lines that fit the window.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Postal(Vec<String>);

impl Postal {
    /// Makes the lines for a recipient. `None` for an address that no letter reaches (no town, or neither street nor postcode), or that does not fit.
    pub fn of(recipient: &str, address: &Address<'_>) -> Option<Self> {
        let Address { street, postal_code, locality, country } = *address;
        let [postal_code, locality, country] = [postal_code, locality, country].map(one_line);
        let between: Vec<String> = street
            .lines()
            .map(one_line)
            .filter(|line| !line.is_empty())
            .flat_map(|line| wrap(&line))
            .collect();
        if locality.is_empty() || (between.is_empty() && postal_code.is_empty()) {
            return None;
        }
        let town = in_capitals(format!("{postal_code} {locality}").trim());
        let recipient = wrap(&one_line(recipient)).into_iter().next();
        let fits = |line: &String| line.chars().count() <= LONGEST_LINE;
        if between.len() > MOST_BETWEEN || !between.iter().chain([&town]).all(fits) {
            return None;
        }
        let abroad =
            Some(in_capitals(&country)).filter(|name| !matches!(&**name, "" | "FRANCE" | "FR" | "FRA"));
        let abroad = abroad.map(|name| name.chars().take(LONGEST_LINE).collect());
        Some(Self(recipient.into_iter().chain(between).chain([town]).chain(abroad).collect()))
    }

    /// The lines, from the recipient down.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// Returns text in one line, without characters that nobody sees.
fn one_line(text: &str) -> String {
    let seen =
        text.chars().filter(|c| !spelling::is_unseen(*c)).map(|c| if c.is_control() { ' ' } else { c });
    seen.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last lines are read by machines: capitals, and no accents.
fn in_capitals(text: &str) -> String {
    text.to_uppercase().nfd().filter(|c| !is_combining_mark(*c)).nfc().collect()
}

/// Breaks a line between words, and a word that is too long within.
fn wrap(line: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in line.split(' ') {
        let mut rest = word;
        loop {
            let length = rest.chars().count();
            let room = lines.last().map_or(0, |last| LONGEST_LINE.saturating_sub(last.chars().count() + 1));
            match lines.last_mut() {
                Some(last) if length <= room => {
                    last.push(' ');
                    last.push_str(rest);
                    break;
                }
                _ => {
                    let cut = rest.char_indices().nth(LONGEST_LINE).map_or(rest.len(), |(at, _)| at);
                    lines.push(rest[..cut].to_owned());
                    rest = &rest[cut..];
                    if rest.is_empty() {
                        break;
                    }
                }
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(recipient: &str, street: &str, town: [&str; 3]) -> Option<Vec<String>> {
        let [postal_code, locality, country] = town;
        Postal::of(recipient, &Address { street, postal_code, locality, country }).map(|postal| postal.0)
    }

    #[test]
    fn an_address_has_six_lines_of_38_characters_and_a_country_abroad() {
        let vannes = ["56000", "Vannes", "France"];
        let full = "Apt 12 Escalier B\nRésidence Les Tilleuls\n27 rue Pasteur\nBP 40122";
        assert_eq!(
            lines("Marie Durand", full, vannes).unwrap(),
            [
                "Marie Durand",
                "Apt 12 Escalier B",
                "Résidence Les Tilleuls",
                "27 rue Pasteur",
                "BP 40122",
                "56000 VANNES"
            ]
        );
        assert_eq!(
            lines("M", "1 rue X", ["22530", "Mûr-de-Bretagne", ""]).unwrap().last().unwrap(),
            "22530 MUR-DE-BRETAGNE"
        );
        assert_eq!(
            lines("M", "1 rue X", ["1000", "Bruxelles", "Belgique"]).unwrap()[2..],
            ["1000 BRUXELLES", "BELGIQUE"]
        );
        let long = "127 bis avenue du Maréchal de Lattre de Tassigny, résidence Beau Rivage";
        let wrapped = lines("Jean-Baptiste de La Rochefoucauld de Montmorency-Laval", long, vannes).unwrap();
        assert_eq!(
            wrapped[..3],
            [
                "Jean-Baptiste de La Rochefoucauld de",
                "127 bis avenue du Maréchal de Lattre",
                "de Tassigny, résidence Beau Rivage"
            ]
        );
        assert!(wrapped.iter().all(|line| line.chars().count() <= LONGEST_LINE));
    }

    #[test]
    fn an_address_that_no_letter_reaches_is_none() {
        for (street, town) in [
            ("", ["", "", ""]),
            ("1 rue X", ["56000", "", ""]),
            ("1 rue X", ["", "", "France"]),
            ("", ["", "Vannes", ""]),
            ("a\nb\nc\nd\ne", ["56000", "Vannes", ""]),
            ("1 rue X", ["56000", &"x".repeat(40), ""]),
            (&"x ".repeat(150), ["56000", "Vannes", ""]),
        ] {
            assert_eq!(lines("M", street, town), None, "{street:?} {town:?}");
        }
        assert_eq!(lines("", "", ["56000", "Vannes", ""]).unwrap(), ["", "56000 VANNES"]);
    }

    #[test]
    fn what_nobody_sees_is_left_out_of_an_address() {
        let seen = lines("Anne\u{202e}\u{200b} D", "1\u{7}rue X", ["56\u{200f}000", "Van\u{202a}nes", ""]);
        assert_eq!(seen.unwrap(), ["Anne D", "1 rue X", "56000 VANNES"]);
        assert_eq!(wrap(&"x".repeat(80)).iter().map(String::len).collect::<Vec<_>>(), [38, 38, 4]);
    }
}
