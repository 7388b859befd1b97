//! The file that an agency exports: CSV or JSON Lines, read as a stream, one row at a time.
//!
//! A bad row is an error with its line and its reason, and the next row is read. Only what proves the person can make a row bad, the identifier and the hash; any
//! other value that is not as it should be is read leniently or left out, with a [`Warning`]. Neither repeats a value of the row: it may be a secret,
//! even in a column that should hold none.
//!
//! ```
//! use legacy::row::{Charset, Format, Rows};
//!
//! let file = "identifier;email;password\n00042;marie@exemple.test;soleil\n;;\n";
//! let rows: Vec<_> = Rows::open(file.as_bytes(), Format::Csv, Charset::Utf8)?.collect();
//! assert_eq!(rows[0].as_ref().map(|row| row.identifier.as_str()), Ok("00042"));
//! assert_eq!(rows[1].as_ref().err().map(ToString::to_string), Some("line 3: `identifier` is missing".into()));
//! # Ok::<(), legacy::row::BadRow>(())
//! ```

mod columns;
mod csv;
mod date;
#[cfg(test)]
mod files_tests;
mod json;
mod lenient;
mod lines;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::MailAddress;
use crate::hash::{Given, Verifier};
use columns::BIRTHDATE;
use csv::{End, Header};
use date::Habit;
use lines::{Line, Lines};

pub use columns::COLUMNS;
pub use lenient::{Oddity, Warning};
pub use lines::LONGEST_LINE;

/// The format of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// A header, then a row a line; `,` or `;` between the fields, whichever the header has.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// The encoding of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Charset {
    /// With or without a byte order mark.
    #[default]
    Utf8,
    /// The encoding that Excel and old databases write in western Europe. JSON Lines are always UTF-8.
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
    /// The check of the old password; `None`: only a portal's ticket can move this identity.
    pub verifier: Option<Verifier>,
    /// The address that the agency writes to.
    pub email: Option<MailAddress>,
    /// The full name.
    pub name: Option<String>,
    /// All else that is known, as OpenID Connect's claims; the parts of an address within `address`.
    pub profile: Map<String, Value>,
    /// The values that were read otherwise than they are written, or left out.
    pub warnings: Vec<Warning>,
}

/// A row that cannot be taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct BadRow {
    /// The physical line in the file, from 1.
    pub line: u64,
    /// The mistake and how to mend it, without any value of the row.
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
    /// The file's way of writing dates, known after one pass through it.
    habit: Habit,
}

impl<R: Read> Rows<R> {
    /// Reads the header, if the format has one.
    ///
    /// # Errors
    /// [`BadRow`] when the header names a column that is unknown, twice there or, for `identifier`, missing; nothing can be read then.
    pub fn open(read: R, format: Format, charset: Charset) -> Result<Self, BadRow> {
        let charset = if format == Format::Jsonl { Charset::Utf8 } else { charset };
        let mut lines = Lines::new(read, charset);
        let header = match format {
            Format::Jsonl => None,
            Format::Csv => Some(match lines.next() {
                Some((line, Line::Text(text))) => {
                    Header::parse(&text).map_err(|reason| BadRow::new(line, reason))?
                }
                Some((line, Line::Bad(reason))) => return Err(BadRow::new(line, reason)),
                None => return Err(BadRow::new(1, "the file is empty")),
            }),
        };
        Ok(Self { lines, header, habit: Habit::default() })
    }

    /// The text of the next row that is not blank.
    fn text(&mut self) -> Option<(u64, Result<Zeroizing<String>, String>)> {
        loop {
            match self.lines.next()? {
                (line, Line::Text(text)) if !text.trim().is_empty() => return Some((line, Ok(text))),
                (_, Line::Text(_)) => {}
                (line, Line::Bad(reason)) => return Some((line, Err(reason))),
            }
        }
    }

    /// Parts a row of a CSV file into its fields.
    fn split(lines: &mut Lines<R>, header: &mut Header, text: &str) -> Result<(), String> {
        match header.begin(text)? {
            End::Reached => Ok(()),
            End::Open => open_quote(lines, header),
        }
    }

    /// The next identifier, as it is written; `Some(None)` for a row in which none can be read. Judges nothing else of the row, and is several times as
    /// fast: no row that [`Self::next`] answers is without one. Learns how the file writes dates, by which [`Self::next`] reads them.
    pub(crate) fn next_identifier(&mut self) -> Option<Option<Zeroizing<String>>> {
        let (_, text) = self.text()?;
        let Ok(text) = text else { return Some(None) };
        Some(match &mut self.header {
            Some(header) => {
                let split = Self::split(&mut self.lines, header, &text);
                split.ok().and_then(|()| {
                    self.habit.see(header.value(BIRTHDATE).unwrap_or_default());
                    header.identifier()
                })
            }
            None => json::fields(&text).ok().and_then(|fields| {
                self.habit.see(fields.get("birthdate").unwrap_or_default());
                fields.identifier()
            }),
        })
    }
}

impl<R: Read + Seek> Rows<R> {
    /// Goes back to the first row.
    ///
    /// # Errors
    /// When the reader cannot go back.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.lines.rewind()?;
        if self.header.is_some() {
            self.lines.next();
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, text) = self.text()?;
        let fields = text.and_then(|text| match &mut self.header {
            Some(header) => Self::split(&mut self.lines, header, &text).and_then(|()| header.fields()),
            None => json::fields(&text),
        });
        Some(
            fields
                .and_then(|fields| fields.row(line, self.habit))
                .map_err(|reason| BadRow::new(line, reason)),
        )
    }
}

/// Decides what a double quote means that is open at the end of a line. Either a value has a line break in it (RFC 4180 §2.6): then the row ends where the quote closes, and nothing within
/// may pass for a row of its own, for a person may have chosen that value. Or the quote is a slip: then one line is lost, and the next is read.
/// The number of fields tells which; a tool that quotes at all gets it right.
fn open_quote<R: Read>(lines: &mut Lines<R>, header: &mut Header) -> Result<(), String> {
    const SLIP: &str = "a double quote opens a value and none closes it";
    let mut held = Vec::new();
    let mut size = 0;
    while let Some((number, line)) = lines.next() {
        let Line::Text(text) = &line else {
            lines.put_back(vec![(number, line)]);
            return Err(format!("{SLIP} before line {number}, where the reading goes on"));
        };
        size += text.len() + 1;
        let closed = header.go_on(text);
        match closed {
            Ok(End::Open) if size <= LONGEST_LINE => held.push((number, line)),
            // Too far to go back: on to where the quote closes.
            Ok(End::Open) => {
                held.clear();
                header.forget();
            }
            Ok(End::Reached) if size > LONGEST_LINE => {
                return Err(format!(
                    "a value goes on to line {number}, and a row holds {LONGEST_LINE} bytes at most"
                ));
            }
            Ok(End::Reached) if header.fits() => return Ok(()),
            _ => {
                held.push((number, line));
                lines.put_back(held);
                return Err(SLIP.into());
            }
        }
    }
    // A file that was cut off in the middle of a value has no last line end.
    if size > LONGEST_LINE || lines.cut_off() {
        return Err(format!("{SLIP}: the file is not read from here on"));
    }
    lines.put_back(held);
    Err(SLIP.into())
}
