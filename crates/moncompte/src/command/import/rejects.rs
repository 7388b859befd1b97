//! The rows that are left out, in the form of their file, each with the reason in a column before it: so that the agency mends them and sends them again.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use accounts::{
    Rejected,
    legacy::{Charset, Decoded, Found, row::Format},
};
use anyhow::Context as _;

use super::spool::{Spool, create_private};

/// The name of the column.
const COLUMN: &str = "rejected_because";
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// The most bytes of a row in JSON that are read together; the rest of a longer one is left out.
const LONGEST: usize = 64 * 1024;

/// The file, and the place in the source. Without a file nothing is written.
pub(super) struct Rejects {
    out: Option<(PathBuf, BufWriter<File>)>,
    from: BufReader<Box<dyn Read>>,
    /// The number of the line at which `from` is, from 1.
    line: u64,
    format: Format,
    separator: char,
    /// The byte at the end of each line.
    end: u8,
}

impl Rejects {
    /// Begins the file with the source's header. `header`: the lines down to its end, and the character between its names.
    pub(super) fn begin(
        path: Option<&Path>,
        spool: &Spool,
        found: &Found,
        header: Option<(u64, char)>,
    ) -> anyhow::Result<Self> {
        // Of two bytes a character nothing can be written between; a spreadsheet knows UTF-8 by its mark.
        let wide = matches!(found.charset, Charset::Utf16Le | Charset::Utf16Be);
        let from: Box<dyn Read> = if wide {
            Box::new(Decoded::new(spool.reader(), found.charset))
        } else {
            Box::new(spool.reader())
        };
        let mut from = BufReader::new(from);
        let marked = from.fill_buf()?.starts_with(MARK);
        let mut rejects = Self {
            out: None,
            line: 1,
            format: spool.format,
            separator: header.map_or(';', |(_, separator)| separator),
            end: if found.cr_alone { b'\r' } else { b'\n' },
            from,
        };
        let Some(path) = path else { return Ok(rejects) };
        let mut out = BufWriter::new(create_private(path)?);
        if wide && !marked {
            out.write_all(MARK)?;
        }
        if let Some((lines, _)) = header {
            rejects
                .header(&mut out, lines)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        rejects.out = Some((path.to_owned(), out));
        Ok(rejects)
    }

    /// Copies the header, whose names may have line breaks in them, and a line `sep=;` before it, with one column more.
    fn header(&mut self, out: &mut impl Write, lines: u64) -> io::Result<()> {
        let mut named = false;
        while self.line <= lines {
            let mut line = self.next_line()?;
            if line.is_empty() {
                break;
            }
            if line.starts_with(MARK) {
                out.write_all(MARK)?;
                line.drain(..MARK.len());
            }
            let said = line.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"sep="));
            if !named && !said && !line.trim_ascii().is_empty() {
                write!(out, "{COLUMN}{}", self.separator)?;
                named = true;
            }
            out.write_all(&line)?;
        }
        Ok(())
    }

    /// Writes rows, in the order of the file.
    pub(super) fn write(&mut self, rows: Vec<Rejected>) -> anyhow::Result<()> {
        let Some((path, mut out)) = self.out.take() else { return Ok(()) };
        for row in rows {
            self.copy(&mut out, &row).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        out.flush().with_context(|| format!("{} cannot be written", path.display()))?;
        self.out = Some((path, out));
        Ok(())
    }

    fn copy(&mut self, out: &mut impl Write, row: &Rejected) -> io::Result<()> {
        let reason = row.reason.replace('"', "\"\"");
        while self.line < row.line && self.skip_line()? {}
        if self.format == Format::Jsonl {
            let text = self.next_line()?;
            let text = String::from_utf8_lossy(&text);
            return match text.trim().strip_prefix('{') {
                Some(rest) if rest.trim() != "}" => {
                    writeln!(out, "{{\"{COLUMN}\":{},{rest}", serde_json::json!(row.reason))
                }
                _ => writeln!(out, "{}", serde_json::json!({ COLUMN: row.reason, "row": text.trim() })),
            };
        }
        // Before the row, for a row may end in the middle of a value.
        write!(out, "\"{reason}\"{}", self.separator)?;
        let mut ended = true;
        while row.until.is_none_or(|until| self.line < until) {
            match self.copy_line(out)? {
                Some(whole) => ended = whole,
                None => break,
            }
        }
        if ended { Ok(()) } else { out.write_all(&[self.end]) }
    }

    /// Reads a line with its end, or the beginning of a long one.
    fn next_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let kept = &mut line;
        self.walk(|part| {
            let room = LONGEST.saturating_sub(kept.len());
            kept.extend_from_slice(&part[..part.len().min(room)]);
            Ok(())
        })?;
        Ok(line)
    }

    fn skip_line(&mut self) -> io::Result<bool> {
        Ok(self.walk(|_| Ok(()))?.is_some())
    }

    fn copy_line(&mut self, out: &mut impl Write) -> io::Result<Option<bool>> {
        self.walk(|part| out.write_all(part))
    }

    /// Goes on to the next line, part by part; `None` at the end of the file, `false` where the line has no end.
    fn walk(&mut self, mut see: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Option<bool>> {
        let mut any = false;
        loop {
            let buffer = self.from.fill_buf()?;
            if buffer.is_empty() {
                return Ok(any.then_some(false));
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == self.end);
            let part = &buffer[..end.map_or(buffer.len(), |end| end + 1)];
            see(part)?;
            let read = part.len();
            self.from.consume(read);
            if end.is_some() {
                self.line += 1;
                return Ok(Some(true));
            }
        }
    }
}
