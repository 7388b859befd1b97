//! The splitter of CSV rows. It is written here because a row has to be bad with its line number where a quote is forgotten, and the libraries for CSV forgive
//! what stands behind a closing quote; encodings are `encoding_rs`'s.

use zeroize::Zeroizing;

use super::{
    LONGEST_LINE,
    columns::{self, Fields, IDENTIFIER},
    lines::stray,
};

/// The maximum number of fields in a row.
const MOST_FIELDS: usize = 64;

/// The column of each field, and the splitter of the rows.
pub(super) struct Header {
    places: Vec<usize>,
    splitter: Splitter,
}

impl Header {
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        if line.chars().any(|c| stray(c).is_some()) {
            return Err(columns::NOT_UTF8.into());
        }
        let delimiter = if line.contains(';') { ';' } else { ',' };
        let mut splitter = Splitter::new(delimiter);
        splitter.begin();
        let names: Vec<String> = match splitter.feed(line)? {
            End::Reached => splitter.values().map(str::to_owned).collect(),
            End::Open => {
                return Err("the first line must name the columns, without an open double quote".into());
            }
        };
        // Before any name is repeated in a message: without a header this is a row with its secrets.
        if !names.iter().any(|name| columns::place(name) == Some(IDENTIFIER)) {
            let meant = names.iter().any(|name| columns::meant(name) == Some("identifier"));
            let hint = if meant { " (one of the names comes near it)" } else { "" };
            return Err(format!(
                "the first line must name the columns, and `identifier` is not among them{hint}"
            ));
        }
        let mut places = Vec::with_capacity(names.len());
        for name in &names {
            let place = columns::place(name).ok_or_else(|| columns::unknown("column", name))?;
            if places.contains(&place) {
                return Err(format!("the column `{}` comes twice", columns::COLUMNS[place].0));
            }
            places.push(place);
        }
        Ok(Self { places, splitter })
    }

    /// Begins a row with its first line.
    pub(super) fn begin(&mut self, line: &str) -> Result<End, String> {
        self.splitter.begin();
        self.splitter.feed(line)
    }

    /// Goes on with the next line of a row whose quote is open.
    pub(super) fn go_on(&mut self, line: &str) -> Result<End, String> {
        self.splitter.feed(line)
    }

    /// Drops the values of a row without an end.
    pub(super) fn forget(&mut self) {
        self.splitter.values.clear();
    }

    /// Returns true if the finished row has as many fields as the header.
    pub(super) fn fits(&self) -> bool {
        self.splitter.ends.len() == self.places.len()
    }

    /// The identifier of the finished row, if it is as long as the header.
    pub(super) fn identifier(&self) -> Option<Zeroizing<String>> {
        let value = self.value(IDENTIFIER)?.trim();
        (!value.is_empty()).then(|| Zeroizing::new(value.to_owned()))
    }

    /// The value of the finished row in a column, if the row is as long as the header.
    pub(super) fn value(&self, place: usize) -> Option<&str> {
        let at = self.places.iter().position(|known| *known == place)?;
        self.splitter.values().nth(at).filter(|_| self.fits())
    }

    /// The values of the finished row.
    pub(super) fn fields(&self) -> Result<Fields, String> {
        let (expected, found) = (self.places.len(), self.splitter.ends.len());
        if found > expected {
            let delimiter = self.splitter.delimiter;
            return Err(format!(
                "{found} fields where the header has {expected}: a value with a `{delimiter}` in it must stand in double quotes"
            ));
        }
        if found < expected {
            return Err(format!("{found} fields where the header has {expected}"));
        }
        let mut fields = Fields::new();
        for (place, value) in self.places.iter().zip(self.splitter.values()) {
            fields.put(*place, value)?;
        }
        Ok(fields)
    }
}

/// The end of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With the row.
    Reached,
    /// Within double quotes.
    Open,
}

/// Splits a row, one physical line at a time, by RFC 4180 to the letter. Something behind a closing quote shows a forgotten one.
struct Splitter {
    delimiter: char,
    values: Zeroizing<String>,
    ends: Vec<usize>,
    open: bool,
}

impl Splitter {
    fn new(delimiter: char) -> Self {
        // Room for a line and the one that is one too many, so that it never grows and leaves a copy.
        let values = Zeroizing::new(String::with_capacity(6 * LONGEST_LINE));
        Self { delimiter, values, ends: Vec::new(), open: false }
    }

    fn begin(&mut self) {
        self.values.clear();
        self.ends.clear();
        self.open = false;
    }

    fn feed(&mut self, line: &str) -> Result<End, String> {
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

    fn values(&self) -> impl Iterator<Item = &str> {
        let mut from = 0;
        self.ends.iter().map(move |end| {
            let value = &self.values[from..*end];
            from = *end;
            value
        })
    }
}
