//! Amounts and dates as written in France.

use time::Date;
use time::macros::format_description;

const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// `-123456` → `−1 234,56 €`, with no-break spaces.
pub(super) fn euros(cents: i64) -> String {
    let magnitude = cents.unsigned_abs();
    let whole = (magnitude / 100).to_string();
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    let sign = if cents < 0 { "\u{2212}" } else { "" };
    format!("{sign}{grouped},{:02}\u{a0}€", magnitude % 100)
}

/// `2026-10-01` → `1er octobre 2026`; anything else stays as it is.
pub(super) fn day(text: String) -> String {
    match Date::parse(&text, format_description!("[year]-[month]-[day]")) {
        Ok(date) => {
            let first = if date.day() == 1 { "er" } else { "" };
            let month = MONTHS[usize::from(u8::from(date.month())) - 1];
            format!("{}{first}\u{a0}{month} {}", date.day(), date.year())
        }
        Err(_) => text,
    }
}

/// Unix seconds → `2026-11-23 10:00:00 UTC`.
pub(super) fn instant(seconds: i64) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    time::OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|at| at.format(form).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        assert_eq!(euros(0), "0,00\u{a0}€");
        assert_eq!(euros(-5), "\u{2212}0,05\u{a0}€");
        assert_eq!(euros(123_456_789), "1\u{202f}234\u{202f}567,89\u{a0}€");
        assert_eq!(
            euros(i64::MIN),
            "\u{2212}92\u{202f}233\u{202f}720\u{202f}368\u{202f}547\u{202f}758,08\u{a0}€"
        );
    }

    #[test]
    fn days() {
        assert_eq!(day("2026-10-01".into()), "1er\u{a0}octobre 2026");
        assert_eq!(day("2026-02-28".into()), "28\u{a0}février 2026");
        assert_eq!(day("bientôt".into()), "bientôt");
    }

    #[test]
    fn instants() {
        assert_eq!(instant(1_795_428_000), "2026-11-23 10:00:00 UTC");
        assert_eq!(instant(i64::MAX), "");
    }
}
