//! Dates of birth as files write them. Portals are given the form of OpenID Connect (Core §5.1): `1950-12-31`, a year alone, or a day with the year 0000.

use super::DateOrder;

/// Which of `12/31/1950` and `31/12/1950` a file writes, told by the days above 12 in it. A file without one has the French order.
#[derive(Clone, Copy, Default)]
pub(super) struct Habit {
    day_first: u64,
    month_first: u64,
    /// Dates that may be two days.
    either: u64,
    /// The order that somebody told.
    said: Option<DateOrder>,
}

/// The order of the first two numbers of a date.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    DayFirst,
    MonthFirst,
    /// The file writes both, so that 01/02/1950 is two days.
    Unknown,
}

impl Habit {
    /// Begins a file whose order is told, or not.
    pub(super) fn new(said: Option<DateOrder>) -> Self {
        Self { said, ..Self::default() }
    }

    /// Counts a value of the file.
    pub(super) fn see(&mut self, text: &str) {
        let parts = parts(day_alone(text));
        let [a, b, year] = parts[..] else { return };
        let (Some(a), Some(b)) = (small(a), small(b)) else { return };
        if !matches!(year.len(), 2 | 4) || number(year).is_none() {
            return;
        }
        match (a, b) {
            (13..=31, 1..=12) => self.day_first += 1,
            (1..=12, 13..=31) => self.month_first += 1,
            (1..=12, 1..=12) if a != b => self.either += 1,
            _ => {}
        }
    }

    /// Returns what is to know of dates that may be two days, if the file has any and its order was not told.
    pub(super) fn note(self) -> Option<&'static str> {
        if self.said.is_some() || self.either == 0 {
            return None;
        }
        match self.order() {
            Order::Unknown => Some(
                "dates have the day first in some rows and the month first in others: what may be two days is left out",
            ),
            Order::MonthFirst => Some("dates have the month first"),
            Order::DayFirst if self.day_first == 0 => Some(
                "no date tells whether the day or the month comes first: 01/02 is read as the first of February (`dates` of the agency's file says otherwise)",
            ),
            Order::DayFirst => None,
        }
    }

    fn order(self) -> Order {
        match self.said {
            Some(DateOrder::DayFirst) => return Order::DayFirst,
            Some(DateOrder::MonthFirst) => return Order::MonthFirst,
            None => {}
        }
        let (more, fewer) = (self.day_first.max(self.month_first), self.day_first.min(self.month_first));
        if fewer * 10 > more {
            Order::Unknown
        } else if self.month_first > self.day_first {
            Order::MonthFirst
        } else {
            Order::DayFirst
        }
    }
}

/// Reads a date; `None` where nothing is sure.
pub(super) fn read(text: &str, habit: Habit) -> Option<String> {
    let text = day_alone(text.trim());
    let parts = parts(text);
    match parts[..] {
        [one] => alone(one),
        // A spreadsheet's number of the day, with or without its decimals.
        [serial, decimals] if text.contains('.') && number(decimals).is_some() && serial.len() == 5 => {
            of_spreadsheet(serial)
        }
        [year, month, day] if year.len() == 4 && number(year).is_some() => {
            let month = small(month).or_else(|| named_month(month))?;
            full(number(year)?, month, small(day)?)
        }
        [a, b, year] => {
            let year = if year.len() == 4 { number(year)? } else { of_two_digits(year)? };
            match (named_month(a), named_month(b)) {
                (Some(month), None) => full(year, month, small(b)?),
                (None, Some(month)) => full(year, month, small(a)?),
                _ => numbers(small(a)?, small(b)?, year, habit.order()),
            }
        }
        _ => None,
    }
}

fn numbers(a: u32, b: u32, year: u32, order: Order) -> Option<String> {
    match (a, b, order) {
        (13.., _, _) => full(year, b, a),
        (_, 13.., _) => full(year, a, b),
        (_, _, Order::MonthFirst) => full(year, a, b),
        (_, _, Order::DayFirst) => full(year, b, a),
        (_, _, Order::Unknown) => (a == b).then(|| full(year, a, b))?,
    }
}

/// Without a time of day behind it.
fn day_alone(text: &str) -> &str {
    match text.find([' ', 'T']) {
        Some(at) if at >= 6 && text[at..].contains(':') => &text[..at],
        _ => text,
    }
}

fn parts(text: &str) -> Vec<&str> {
    text.split(['/', '-', '.', ' ', ',', '\u{a0}']).filter(|part| !part.is_empty()).take(5).collect()
}

fn number(text: &str) -> Option<u32> {
    (text.len() <= 8 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A day or a month: one digit or two, or `1er`.
fn small(text: &str) -> Option<u32> {
    let digits = text.strip_suffix("er").unwrap_or(text);
    number(digits).filter(|_| digits.len() <= 2)
}

fn alone(digits: &str) -> Option<String> {
    let value = number(digits)?;
    match digits.len() {
        4 => is_plausible(value).then(|| digits.to_owned()),
        5 => of_spreadsheet(digits),
        // 19501231, or 31121950, of which a spreadsheet cuts the zero before the first.
        7 | 8 => {
            let written =
                (digits.len() == 8).then(|| full(value / 10_000, value / 100 % 100, value % 100)).flatten();
            written.or_else(|| full(value % 10_000, value / 10_000 % 100, value / 1_000_000))
        }
        _ => None,
    }
}

/// Of 1930 to 2010, where nothing else is likely for a client; what could be of two centuries is told by nobody.
fn of_two_digits(text: &str) -> Option<u32> {
    match number(text).filter(|_| text.len() == 2)? {
        year @ 30.. => Some(1900 + year),
        year @ 0..=10 => Some(2000 + year),
        _ => None,
    }
}

/// Days since 30 December 1899, as spreadsheets count them: five digits begin in 1927, and four are a year.
fn of_spreadsheet(digits: &str) -> Option<String> {
    const EPOCH: i64 = 25_569;
    let days = i64::from(number(digits).filter(|days| (10_000..47_500).contains(days))?) - EPOCH;
    // Howard Hinnant's civil_from_days.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    full(u32::try_from(year).ok()?, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

fn is_plausible(year: u32) -> bool {
    (1850..=2100).contains(&year)
}

/// The form of OpenID Connect, if there is such a day.
fn full(year: u32, month: u32, day: u32) -> Option<String> {
    // The year 0000 is one that is not told.
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let there = (year == 0 || is_plausible(year)) && (1..=days).contains(&day);
    there.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// A month by its French or English name, in full or cut short.
fn named_month(text: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["janvier", "january"],
        &["fevrier", "february"],
        &["mars", "march"],
        &["avril", "april"],
        &["mai", "may"],
        &["juin", "june"],
        &["juillet", "july"],
        &["aout", "august"],
        &["septembre", "september"],
        &["octobre", "october"],
        &["novembre", "november"],
        &["decembre", "december"],
    ];
    let plain: String = text
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'é' => 'e',
            'û' => 'u',
            c => c,
        })
        .collect();
    if plain.len() < 3 || !plain.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let mut fits = (1..).zip(NAMES).filter(|(_, names)| names.iter().any(|name| name.starts_with(&*plain)));
    // `jui` is two months.
    let (month, _) = fits.next()?;
    fits.next().is_none().then_some(month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_however_it_is_written_or_not_at_all() {
        let read = |text: &str| read(text, Habit::default());
        for same in [
            "1950-12-31",
            "31/12/1950",
            "31-12-1950",
            "31.12.1950",
            "31 12 1950",
            "1950/12/31",
            "1950.12.31",
            "19501231",
            "31121950",
            "31/12/50",
            "12/31/1950",
            "1950-12-31T00:00:00Z",
            "1950-12-31 00:00:00.000",
            "31/12/1950 00:00",
            "31 décembre 1950",
            "31 déc. 1950",
            "31-Dec-1950",
            "Dec 31, 1950",
            "18628",
            "18628.0",
        ] {
            assert_eq!(read(same).as_deref(), Some("1950-12-31"), "{same}");
        }
        for (text, expected) in [
            ("1er mars 1950", "1950-03-01"),
            ("1/2/1950", "1950-02-01"),
            ("01/02/1950", "1950-02-01"),
            ("1021950", "1950-02-01"),
            ("29/02/1952", "1952-02-29"),
            ("0000-02-29", "0000-02-29"),
            ("1950", "1950"),
            ("10/10/05", "2005-10-10"),
            ("25569", "1970-01-01"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for none in [
            "",
            "hier",
            "31/02/1950",
            "29/02/1950",
            "32/12/1950",
            "31/13/1950",
            "0000-00-00",
            "00/00/0000",
            "0001-01-01",
            "31/12",
            "12/1950",
            "31/12/20",
            "311250",
            "3 jui 1950",
            "-620524800",
            "99999",
            "1",
            "1/2/3/4",
            "31/12/1950/",
            "１９５０",
        ] {
            let expected = (none == "31/12/1950/").then_some("1950-12-31");
            assert_eq!(read(none).as_deref(), expected, "{none}");
        }
    }

    #[test]
    fn a_file_s_own_days_tell_its_order() {
        let read_after = |seen: &[&str], text: &str| {
            let mut habit = Habit::default();
            seen.iter().for_each(|text| habit.see(text));
            read(text, habit)
        };
        assert_eq!(read_after(&["31/12/1950"], "01/02/1950").as_deref(), Some("1950-02-01"));
        assert_eq!(read_after(&["12/31/1950"], "01/02/1950").as_deref(), Some("1950-01-02"));
        assert_eq!(read_after(&["12/31/1950", "31/12/1950"], "01/02/1950"), None);
        assert_eq!(read_after(&["12/31/1950", "31/12/1950"], "01/01/1950").as_deref(), Some("1950-01-01"));
        assert_eq!(read_after(&["12/31/1950", "31/12/1950"], "25/02/1950").as_deref(), Some("1950-02-25"));
        let note_after = |seen: &[&str]| {
            let mut habit = Habit::default();
            seen.iter().for_each(|text| habit.see(text));
            habit.note().unwrap_or_default()
        };
        assert!(note_after(&["01/02/1950", "1951-01-02"]).starts_with("no date tells"));
        assert!(note_after(&["01/02/1950", "12/31/1950"]).starts_with("dates have the month first"));
        assert!(note_after(&["01/02/1950", "12/31/1950", "31/12/1950"]).contains("in others"));
        assert_eq!(note_after(&["01/02/1950", "31/12/1950"]), "");
        assert_eq!(note_after(&["01/01/1950", "1950-02-01"]), "", "nothing may be two days");
        let mut many = vec!["31/12/1950"; 40];
        many.push("12/31/1950");
        assert_eq!(read_after(&many, "01/02/1950").as_deref(), Some("1950-02-01"), "one slip is no habit");
    }
}
