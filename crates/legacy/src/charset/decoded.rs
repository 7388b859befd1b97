use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder};
use zeroize::Zeroizing;

use super::Charset;

/// The bytes that are read at a time. One of them gives three bytes of UTF-8 at most.
const RAW: usize = 8 * 1024;

/// A reader that gives the text of another one as UTF-8, whatever its encoding. UTF-8 passes through as it is. What is no text in its encoding becomes
/// U+FFFD. Its buffers are wiped: passwords pass through them.
pub struct Decoded<R> {
    read: R,
    charset: Charset,
    decoder: Option<Decoder>,
    /// The characters of the bytes above ASCII, where one byte is one character.
    table: Option<Box<[char]>>,
    raw: Zeroizing<Vec<u8>>,
    out: Zeroizing<Vec<u8>>,
    from: usize,
    to: usize,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Reads from the beginning of a text.
    pub fn new(read: R, charset: Charset) -> Self {
        let table = (0x80..=0xff).map(|byte| charset.character(byte)).collect::<Option<Box<[char]>>>();
        let buffer = |size: usize| Zeroizing::new(vec![0; if charset == Charset::Utf8 { 0 } else { size }]);
        let (raw, out) = (buffer(RAW), buffer(3 * RAW + 16));
        let decoder = Self::decoder(charset, table.is_some());
        Self { read, charset, decoder, table, raw, out, from: 0, to: 0, ended: false }
    }

    fn decoder(charset: Charset, by_table: bool) -> Option<Decoder> {
        let encoding = charset.of_the_web().filter(|_| !by_table)?;
        Some(encoding.new_decoder_without_bom_handling())
    }

    fn fill(&mut self) -> io::Result<()> {
        let read = self.read.read(&mut self.raw)?;
        self.ended = read == 0;
        (self.from, self.to) = (0, 0);
        let mut raw = &self.raw[..read];
        if let Some(decoder) = &mut self.decoder {
            loop {
                let out = &mut self.out[self.to..];
                let (result, taken, written, _) = decoder.decode_to_utf8(raw, out, self.ended);
                raw = &raw[taken..];
                self.to += written;
                // There is room for all of it.
                if result == CoderResult::InputEmpty || written == 0 {
                    return Ok(());
                }
            }
        }
        let Some(table) = &self.table else { return Ok(()) };
        for byte in raw {
            let c = match byte.checked_sub(0x80) {
                Some(above) => table[usize::from(above)],
                None => char::from(*byte),
            };
            self.to += c.encode_utf8(&mut self.out[self.to..]).len();
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.charset == Charset::Utf8 {
            return self.read.read(buffer);
        }
        while self.from == self.to && !self.ended {
            self.fill()?;
        }
        let n = buffer.len().min(self.to - self.from);
        buffer[..n].copy_from_slice(&self.out[self.from..self.from + n]);
        self.from += n;
        Ok(n)
    }
}

impl<R: Read + Seek> Seek for Decoded<R> {
    /// Goes back to the beginning, and nowhere else.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if to != SeekFrom::Start(0) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.read.rewind()?;
        self.decoder = Self::decoder(self.charset, self.table.is_some());
        (self.from, self.to, self.ended) = (0, 0, false);
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// Gives one byte at a time.
    struct Slow<R>(R);
    impl<R: Read> Read for Slow<R> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let n = buffer.len().min(1);
            self.0.read(&mut buffer[..n])
        }
    }

    #[test]
    fn a_character_may_lie_across_two_reads_and_a_half_one_is_told() {
        let text = "é😀x".repeat(9000);
        let bytes = Charset::Utf16Le.encode(&text).unwrap();
        let mut read = String::new();
        Decoded::new(Slow(Cursor::new(&bytes)), Charset::Utf16Le).read_to_string(&mut read).unwrap();
        assert!(read == text);
        let mut whole = Decoded::new(Cursor::new(&bytes), Charset::Utf16Le);
        for _ in 0..2 {
            read.clear();
            whole.read_to_string(&mut read).unwrap();
            assert!(read == text);
            whole.rewind().unwrap();
        }
        let mut cut = String::new();
        Decoded::new(&bytes[..3], Charset::Utf16Le).read_to_string(&mut cut).unwrap();
        assert_eq!(cut, "é\u{fffd}");
    }
}
