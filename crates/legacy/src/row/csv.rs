//! The splitter of CSV rows. It is written here because a row has to be bad with its line number where a quote is forgotten, and the libraries for CSV forgive
//! what stands behind a closing quote; encodings are `encoding_rs`'s.

use zeroize::Zeroizing;

use super::LONGEST_LINE;

/// The maximum number of fields in a row: spreadsheets write many empty ones.
const MOST_FIELDS: usize = 512;

/// The end of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the row.
    Reached,
    /// Within double quotes.
    Open,
}

/// Splits a row, one physical line at a time, by RFC 4180 to the letter. Something behind a closing quote shows a forgotten one.
pub(super) struct Splitter {
    delimiter: char,
    values: Zeroizing<String>,
    ends: Vec<usize>,
    open: bool,
}

impl Splitter {
    pub(super) fn new(delimiter: char) -> Self {
        // Room for a line and the one that is one too many, so that it never grows and leaves a copy.
        let values = Zeroizing::new(String::with_capacity(6 * LONGEST_LINE));
        Self { delimiter, values, ends: Vec::new(), open: false }
    }

    pub(super) fn begin(&mut self) {
        self.values.clear();
        self.ends.clear();
        self.open = false;
    }

    pub(super) fn feed(&mut self, line: &str) -> Result<End, String> {
        let mut rest = line;
        if self.open {
            self.values.push('\n');
        }
        loop {
            if self.open {
                let Some((value, after)) = rest.split_once('"') else {
                    self.values.push_str(rest);
                    return Ok(End::Open);
                };
                self.values.push_str(value);
                rest = after;
                if let Some(after) = rest.strip_prefix('"') {
                    self.values.push('"');
                    rest = after;
                    continue;
                }
                self.open = false;
                self.end_value()?;
                if rest.is_empty() {
                    return Ok(End::Reached);
                }
                let wrong =
                    "something stands behind a closing double quote; one within a value is written twice";
                rest = rest.strip_prefix(self.delimiter).ok_or(wrong)?;
            }
            if let Some(after) = rest.strip_prefix('"') {
                self.open = true;
                rest = after;
                continue;
            }
            let (value, after) = match rest.split_once(self.delimiter) {
                Some((value, after)) => (value, Some(after)),
                None => (rest, None),
            };
            self.values.push_str(value);
            self.end_value()?;
            match after {
                Some(after) => rest = after,
                None => return Ok(End::Reached),
            }
        }
    }

    fn end_value(&mut self) -> Result<(), String> {
        if self.ends.len() == MOST_FIELDS {
            return Err(format!("more than {MOST_FIELDS} fields"));
        }
        self.ends.push(self.values.len());
        Ok(())
    }

    /// The character between the fields.
    pub(super) fn delimiter(&self) -> char {
        self.delimiter
    }

    /// The number of fields that have ended.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Drops the values of a row without an end.
    pub(super) fn forget(&mut self) {
        self.values.clear();
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let value = &self.values[from..*end];
            from = *end;
            value
        })
    }
}
