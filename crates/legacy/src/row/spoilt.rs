//! Identifiers that went through a spreadsheet.

/// The beginning of the reason of a row whose identifier a spreadsheet made another of.
pub(super) const SPOILT: &str = "a spreadsheet made";

/// Beginnings of the names of months, as spreadsheets write them in dates.
const MONTHS: &[&str] = &[
    "jan", "fév", "fev", "feb", "mar", "avr", "apr", "mai", "may", "jui", "jun", "jul", "aoû", "aou", "aug",
    "sep", "oct", "nov", "déc", "dec",
];

/// Returns the text that a spreadsheet keeps from being a number, `="00042"` or `'00042`, and true where it is written so.
pub(super) fn unwrapped(value: &str) -> (&str, bool) {
    let within = |value: &'_ str| -> Option<(usize, usize)> {
        let text = value.strip_prefix('=')?.trim_start().strip_prefix('"')?.strip_suffix('"')?;
        let text = text.trim();
        let from = text.as_ptr() as usize - value.as_ptr() as usize;
        Some((from, from + text.len()))
    };
    if let Some((from, to)) = within(value) {
        return (&value[from..to], true);
    }
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match value.strip_prefix('\'').filter(digits) {
        Some(text) => (text, true),
        None => (value, false),
    }
}

/// Returns the reason why an identifier cannot be what the agency issued: digits of it are lost.
pub(super) fn spoilt(identifier: &str) -> Option<String> {
    let number =
        "a number of `identifier`, such as 1.00E+06 or 42.0: its digits are lost. Export the column as text";
    let date = "a date of `identifier`, such as 3-dec: what it was is lost. Export the column as text";
    let error = "an error of `identifier`, such as #N/A or #####: what it was is lost";
    let what = if is_rounded(identifier) {
        number
    } else if is_date(identifier) {
        date
    } else if is_error(identifier) {
        error
    } else {
        return None;
    };
    Some(format!("{SPOILT} {what}"))
}

/// `1.00E+06`, `1,23457E+11`, `12345.0`.
fn is_rounded(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parted = |text: &str| -> Option<bool> {
        let (whole, rest) = text.split_once(['.', ','])?;
        Some(is_digits(whole) && is_digits(rest))
    };
    if let Some((mantissa, power)) = text.split_once(['E', 'e']) {
        let signed = power.starts_with(['+', '-']);
        let (whole, power) = (is_digits(mantissa), power.trim_start_matches(['+', '-']));
        let fraction = parted(mantissa).unwrap_or(false);
        // `12E4` may be a flat.
        return is_digits(power) && power.len() <= 3 && (fraction || whole && signed);
    }
    let whole = text.strip_suffix(".0").or_else(|| text.strip_suffix(",0"));
    whole.is_some_and(|whole| whole.len() >= 3 && is_digits(whole))
}

/// `3-déc`, `12-mars-24`, `Jan-05`.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_day = |part: &&str| matches!(part.len(), 1 | 2 | 4) && part.bytes().all(|b| b.is_ascii_digit());
    let is_month = |part: &&str| {
        let word = part.trim_end_matches('.').to_lowercase();
        (3..=5).contains(&word.chars().count())
            && word.chars().all(char::is_alphabetic)
            && MONTHS.iter().any(|month| word.starts_with(month))
    };
    match &parts[..] {
        [a, b] => is_day(a) && is_month(b) || is_month(a) && is_day(b),
        [a, b, c] => is_day(a) && is_month(b) && is_day(c),
        _ => false,
    }
}

fn is_error(text: &str) -> bool {
    const ERRORS: &[&str] = &[
        "#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#NAME?", "#NOM?", "#NULL!", "#NUL!", "#NUM!", "#NOMBRE!",
        "#DIV/0!",
    ];
    ERRORS.contains(&text) || (text.len() >= 3 && text.bytes().all(|byte| byte == b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_made_of_an_identifier_is_seen() {
        for text in [
            "1.00E+06",
            "1,23457E+11",
            "1E+15",
            "1.5e10",
            "12345.0",
            "12345,0",
            "3-déc",
            "12-mars",
            "Jan-05",
            "3-déc.-24",
            "#N/A",
            "#REF!",
            "#####",
            "#VALEUR!",
        ] {
            assert!(spoilt(text).is_some_and(|why| why.starts_with(SPOILT)), "{text}");
        }
        for text in [
            "00042",
            "1000000",
            "12E4",
            "E12",
            "1.5",
            "12.0",
            "C-12",
            "3-A",
            "3-bat",
            "12-marais",
            "DUPONT.M-112",
            "#12",
            "A#",
            "2024-001",
            "mars",
            "1-2-3",
            "É",
        ] {
            assert_eq!(spoilt(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_kept_from_being_a_number_is_read() {
        for (value, text) in
            [("=\"00042\"", "00042"), ("= \" 42 \"", "42"), ("'00042", "00042"), ("=\"A-1\"", "A-1")]
        {
            assert_eq!(unwrapped(value), (text, true), "{value}");
        }
        for value in ["00042", "'Arcy", "'", "=\"", "=A1", "\"42\"", "=\"42"] {
            assert_eq!(unwrapped(value), (value, false), "{value}");
        }
    }
}
