//! The file that an agency exports: CSV or JSON Lines, read as a stream, one row at a time.
//!
//! A bad row is an error with its line and its reason, and the next row is read. Only what proves the person can make a row bad, the identifier and the hash; any
//! other value that is not as it should be is read leniently or left out, with a [`Warning`]. Neither repeats a value of the row: it may be a secret,
//! even in a column that should hold none.
//!
//! ```
//! use legacy::row::{Format, Rows};
//!
//! let file = "identifier;email;password\n00042;marie@exemple.test;soleil\n;anne@exemple.test;\n";
//! let rows: Vec<_> = Rows::open(file.as_bytes(), Format::Csv)?.collect();
//! assert_eq!(rows[0].as_ref().map(|row| row.identifier.as_str()), Ok("00042"));
//! assert_eq!(rows[1].as_ref().err().map(ToString::to_string), Some("line 3: `identifier` is missing".into()));
//! # Ok::<(), legacy::row::BadRow>(())
//! ```

mod columns;
mod csv;
mod date;
#[cfg(test)]
mod files_tests;
mod header;
mod json;
mod layout;
#[cfg(test)]
mod layout_tests;
mod lenient;
mod lines;
mod spoilt;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek};

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::hash::{Given, Verifier};
use crate::{Decoded, MailAddress};
use columns::{BIRTHDATE, Fields};
use csv::End;
use date::Habit;
use header::{Header, open_quote};
use lines::{Line, Lines};

pub use columns::COLUMNS;
pub use header::NamedColumn;
pub use layout::{ColumnNames, DateOrder, Format, Layout};
pub(crate) use lenient::addresses;
pub use lenient::{Oddity, Warning};
pub use lines::LONGEST_LINE;

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

/// The reason of a row within which a file ends, or its beginning.
const CUT_SHORT: &str = "the file ends within this row, as when a transfer is cut off";

impl BadRow {
    fn new(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }

    /// Returns true if a spreadsheet made another identifier of what the agency issued.
    pub fn is_spoilt(&self) -> bool {
        self.reason.starts_with(spoilt::SPOILT)
    }

    /// Returns true if the file ends within the row: there may have been more.
    pub fn is_cut_short(&self) -> bool {
        self.reason.starts_with(CUT_SHORT)
    }
}

/// The rows of a file, in its order. Duplicates are the caller's to judge. A file that cannot be read further ends with a bad row.
pub struct Rows<R> {
    lines: Lines<Decoded<R>>,
    /// Of a CSV file.
    header: Option<Header>,
    /// The file's way of writing dates, known after one pass through it.
    habit: Habit,
    names: ColumnNames,
    hash_format: Option<String>,
}

impl<R: Read> Rows<R> {
    /// Reads the header, if the format has one. `layout`: at least a [`Format`].
    ///
    /// # Errors
    /// [`BadRow`] when the header names a column that is unknown, twice there or, for `identifier`, missing, or when the rows are not parted as the header is:
    /// nothing can be read then.
    pub fn open(read: R, layout: impl Into<Layout>) -> Result<Self, BadRow> {
        let Layout { format, charset, cr_alone, names, dates, hash_format } = layout.into();
        let mut lines = Lines::new(Decoded::new(read, charset), if cr_alone { b'\r' } else { b'\n' });
        let header = match format {
            Format::Jsonl => None,
            Format::Csv => Some(Header::read(&mut lines, &names)?),
        };
        Ok(Self { lines, header, habit: Habit::new(dates), names, hash_format })
    }

    /// Returns the columns that the file names in its own way.
    pub fn renamed(&self) -> &[NamedColumn] {
        self.header.as_ref().map_or(&[], |header| &header.renamed)
    }

    /// Returns the number of physical lines down to the end of the header, and the character between the fields; `None` for a file without a header.
    pub fn header(&self) -> Option<(u64, char)> {
        self.header.as_ref().map(|header| (header.lines, header.delimiter()))
    }

    /// Returns a sentence about dates that may be two days, when the file was read once.
    pub fn date_note(&self) -> Option<&'static str> {
        self.habit.note()
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
    fn split(lines: &mut Lines<Decoded<R>>, header: &mut Header, text: &str) -> Result<(), String> {
        match header.begin(text)? {
            End::Reached => Ok(()),
            End::Open => open_quote(lines, header),
        }
    }

    /// The values of a finished row of a CSV file. Where the file ends within it, its last value may be half of one.
    fn fields(lines: &Lines<Decoded<R>>, header: &Header) -> Result<Fields, String> {
        if lines.is_at_cut_end() && header.ends_early() {
            return Err(CUT_SHORT.into());
        }
        header.fields()
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
            None => json::fields(&text, &self.names).ok().and_then(|fields| {
                self.habit.see(fields.get("birthdate").unwrap_or_default());
                fields.identifier()
            }),
        })
    }

    /// The next row of which `wanted` says so by its identifier; `None` at the end. Rows that cannot be read, and those that are not wanted, are passed over, about as
    /// fast as by [`Self::next_identifier`].
    pub(crate) fn next_wanted(&mut self, mut wanted: impl FnMut(&str) -> bool) -> Option<Row> {
        loop {
            let (line, text) = self.text()?;
            let Ok(text) = text else { continue };
            let fields = match &mut self.header {
                Some(header) => {
                    let split = Self::split(&mut self.lines, header, &text);
                    let identifier = split.ok().and_then(|()| header.identifier());
                    if !identifier.is_some_and(|identifier| wanted(&identifier)) {
                        continue;
                    }
                    Self::fields(&self.lines, header)
                }
                None => match json::fields(&text, &self.names) {
                    Ok(fields) if fields.get("identifier").is_some_and(&mut wanted) => Ok(fields),
                    _ => continue,
                },
            };
            let row = fields.and_then(|fields| fields.row(line, self.habit, self.hash_format.as_deref()));
            if let Ok(row) = row {
                return Some(row);
            }
        }
    }
}

impl<R: Read + Seek> Rows<R> {
    /// Goes back to the first row.
    ///
    /// # Errors
    /// When the reader cannot go back.
    pub fn rewind(&mut self) -> io::Result<()> {
        self.lines.rewind()?;
        let lines = self.header.as_ref().map_or(0, |header| header.lines);
        self.lines.skip(lines);
        Ok(())
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, BadRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (line, text) = self.text()?;
            let fields = match (text, &mut self.header) {
                (Err(reason), _) => Err(reason),
                (Ok(text), None) => json::fields(&text, &self.names).map_err(|reason| {
                    let cut = self.lines.is_at_cut_end() && !text.trim_end().ends_with('}');
                    if cut { format!("{CUT_SHORT}: {reason}") } else { reason }
                }),
                (Ok(text), Some(header)) => match Self::split(&mut self.lines, header, &text) {
                    // A row of separators only.
                    Ok(()) if header.is_blank() => continue,
                    split => split.and_then(|()| Self::fields(&self.lines, header)),
                },
            };
            let row = fields.and_then(|fields| fields.row(line, self.habit, self.hash_format.as_deref()));
            return Some(row.map_err(|reason| BadRow::new(line, reason)));
        }
    }
}
