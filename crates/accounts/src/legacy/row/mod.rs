//! The file that an agency exports: CSV or JSON Lines, read as a stream, one row at a time.
//!
//! A bad row is told with its line and its reason, and the next one is read. A reason never repeats a value of the row: it may be a secret, even
//! in a column that should hold none.
//!
//! ```
//! use accounts::legacy::row::{Charset, Format, Rows};
//!
//! let file = "identifier;email;password\n00042;marie@exemple.test;soleil\n;;\n";
//! let rows: Vec<_> = Rows::open(file.as_bytes(), Format::Csv, Charset::Utf8)?.collect();
//! assert_eq!(rows[0].as_ref().map(|row| row.identifier.as_str()), Ok("00042"));
//! assert_eq!(rows[1].as_ref().err().map(ToString::to_string), Some("line 3: `identifier` is missing".into()));
//! # Ok::<(), accounts::legacy::row::BadRow>(())
//! ```

mod columns;
mod csv;
mod json;
mod lines;
#[cfg(test)]
mod tests;

use std::io::Read;

use serde_json::{Map, Value};

use super::hash::Verifier;
use crate::Email;
use csv::Header;
use lines::{Line, Lines};

pub use columns::COLUMNS;
pub use lines::LONGEST_LINE;

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A header, then a row a line; `,` or `;` between the fields, whichever the header has.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// How its bytes become text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Charset {
    /// With or without a byte order mark.
    #[default]
    Utf8,
    /// What Excel and old databases write in western Europe. JSON Lines are always UTF-8.
    Windows1252,
}

/// A legacy identity, as an agency tells it. It has no Debug: it holds a secret.
pub struct Row {
    /// The physical line in the file, from 1.
    pub line: u64,
    /// As the agency issued it, trimmed.
    pub identifier: String,
    /// The agency's name for the client; the identifier where the file has none.
    pub client_ref: String,
    /// How the old password is checked; `None`: only a portal's ticket can move this identity.
    pub verifier: Option<Verifier>,
    /// Where the agency writes to this person.
    pub email: Option<Email>,
    /// The full name.
    pub name: Option<String>,
    /// What else is known, under the names of OpenID Connect's claims; the parts of an address lie flat.
    pub profile: Map<String, Value>,
}

/// A row that cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRow {
    /// The physical line in the file, from 1.
    pub line: u64,
    /// What is wrong and how to mend it, without any value of the row.
    pub reason: String,
}

impl BadRow {
    fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// The rows of a file, in its order. Duplicates are the caller's to judge. A file that cannot be read further ends with a bad row.
pub struct Rows<R> {
    lines: Lines<R>,
    /// Of a CSV file.
    header: Option<Header>,
}

impl<R: Read> Rows<R> {
    /// Reads the header, if the format has one.
    ///
    /// # Errors
    /// When the header names a column that is unknown, twice there or, for `identifier`, missing; nothing can be read then.
    pub fn open(read: R, format: Format, charset: Charset) -> Result<Self, BadRow> {
        let charset = if format == Format::Jsonl { Charset::Utf8 } else { charset };
        let mut lines = Lines::new(read, charset);
        let header = match format {
            Format::Jsonl => None,
            Format::Csv => Some(match lines.next() {
                Some((line, Line::Text(text))) => Header::parse(&text).map_err(|reason| BadRow::new(line, reason))?,
                Some((line, Line::Bad(reason))) => return Err(BadRow::new(line, reason)),
                None => return Err(BadRow::new(1, "the file is empty")),
            }),
        };
        Ok(Self { lines, header })
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, text) = loop {
            match self.lines.next()? {
                (line, Line::Text(text)) if !text.trim().is_empty() => break (line, text),
                (_, Line::Text(_)) => {}
                (line, Line::Bad(reason)) => return Some(Err(BadRow::new(line, reason))),
            }
        };
        let fields = match &mut self.header {
            Some(header) => header.fields(&text),
            None => json::fields(&text),
        };
        Some(fields.and_then(|fields| fields.row(line)).map_err(|reason| BadRow::new(line, reason)))
    }
}
