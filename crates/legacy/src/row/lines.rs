use std::io::{ErrorKind, Read, Seek};

use zeroize::Zeroizing;

/// The maximum length of a line in bytes; a longer one is a bad row, whatever it holds.
pub const LONGEST_LINE: usize = 64 * 1024;

/// A physical line without its end.
pub(super) enum Line {
    Text(Zeroizing<String>),
    Bad(String),
}

/// Physical lines, one buffer for all, wiped at the end: passwords pass through it.
pub(super) struct Lines<R> {
    read: R,
    /// The byte at the end of each line.
    end: u8,
    buffer: Zeroizing<Vec<u8>>,
    from: usize,
    to: usize,
    number: u64,
    ended: bool,
    /// The last line has no end.
    cut_off: bool,
    /// Lines to be read again, the next one last.
    again: Vec<(u64, Line)>,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(read: R, end: u8) -> Self {
        let buffer = Zeroizing::new(vec![0; 2 * LONGEST_LINE]);
        Self { read, end, buffer, from: 0, to: 0, number: 0, ended: false, cut_off: false, again: Vec::new() }
    }

    /// Its number, from 1, and the line.
    pub(super) fn next(&mut self) -> Option<(u64, Line)> {
        if let Some(line) = self.again.pop() {
            return Some(line);
        }
        let mut skipping = false;
        let mut seen = self.from;
        loop {
            if let Some(at) = self.buffer[seen..self.to].iter().position(|b| *b == self.end) {
                let end = seen + at;
                let line = self.take(end, skipping);
                self.from = end + 1;
                return Some(line);
            }
            if self.ended {
                self.cut_off |= skipping || self.from < self.to;
                let line = (skipping || self.from < self.to).then(|| self.take(self.to, skipping));
                self.from = self.to;
                return line;
            }
            if skipping || self.to - self.from > LONGEST_LINE {
                skipping = true;
                self.from = self.to;
            }
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            seen = self.to;
            if let Err(error) = self.fill() {
                self.ended = true;
                self.from = self.to;
                return Some((
                    self.number + 1,
                    Line::Bad(format!("the file cannot be read from here on: {error}")),
                ));
            }
        }
    }

    /// Goes past the next lines.
    pub(super) fn skip(&mut self, lines: u64) {
        for _ in 0..lines {
            self.next();
        }
    }

    /// Lines that will be read again, in their order.
    pub(super) fn put_back(&mut self, lines: Vec<(u64, Line)>) {
        self.again.extend(lines.into_iter().rev());
    }

    /// Returns true if the file, read to its end, ended without a line end.
    pub(super) fn cut_off(&self) -> bool {
        self.cut_off
    }

    /// Returns true if the line read last is the end of the file, and has no line end.
    pub(super) fn is_at_cut_end(&self) -> bool {
        self.cut_off && self.again.is_empty()
    }

    fn fill(&mut self) -> std::io::Result<()> {
        loop {
            match self.read.read(&mut self.buffer[self.to..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.to += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            return Ok(());
        }
    }

    fn take(&mut self, end: usize, too_long: bool) -> (u64, Line) {
        self.number += 1;
        let bytes = &self.buffer[self.from..end];
        if too_long || bytes.len() > LONGEST_LINE {
            return (self.number, Line::Bad(format!("the line is longer than {LONGEST_LINE} bytes")));
        }
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        (self.number, decode(bytes, self.number == 1))
    }
}

impl<R: Read + Seek> Lines<R> {
    /// Goes back to the first line.
    pub(super) fn rewind(&mut self) -> std::io::Result<()> {
        self.read.rewind()?;
        (self.from, self.to, self.number) = (0, 0, 0);
        (self.ended, self.cut_off) = (false, false);
        self.again.clear();
        Ok(())
    }
}

fn decode(bytes: &[u8], first: bool) -> Line {
    if first && (bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])) {
        return Line::Bad("the file is UTF-16: say so, or save it as UTF-8".into());
    }
    let mut bytes = bytes;
    // Twice where a tool writes a mark before a text that has one.
    while let Some(behind) = bytes.strip_prefix(b"\xEF\xBB\xBF").filter(|_| first) {
        bytes = behind;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Line::Text(Zeroizing::new(text.to_owned())),
        Err(_) => Line::Text(Zeroizing::new(with_strays(bytes))),
    }
}

/// The first of the characters that stand for a byte that is not UTF-8: at the end of the last plane for private use, which no file uses.
const STRAYS: u32 = 0x0010_FE00;

/// The line with a character in the place of each byte that is no UTF-8, so that only the values that hold one are in doubt, and not the whole row.
fn with_strays(bytes: &[u8]) -> String {
    // Grows nowhere: no copy of a secret stays behind.
    let mut text = String::with_capacity(4 * bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(STRAYS + u32::from(*byte))));
    }
    text
}

/// The byte for which a character of [`with_strays`] stands.
pub(super) fn stray(c: char) -> Option<u8> {
    u32::from(c).checked_sub(STRAYS).and_then(|byte| u8::try_from(byte).ok())
}
