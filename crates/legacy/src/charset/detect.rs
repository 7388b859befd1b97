use super::Charset;

/// The beginning of a file that shows whether it is UTF-16.
const START: usize = 4096;

/// Letters and signs that French texts have above ASCII.
const FRENCH: &str = "éèàçêôîûùâëïüœæÉÈÀÇÊÔÎÂŒ«»’°€";

/// Encodings of one byte a character that a French file may have.
const LIKELY: [Charset; 3] = [Charset::Windows1252, Charset::MacRoman, Charset::Cp850];

/// The finder of the encoding of a file of which it is shown all bytes, once. It needs no memory for them, so that it can look on while they are copied.
#[derive(Clone)]
pub struct Detector {
    start: Vec<u8>,
    /// The beginning of a character at the end of what was shown.
    carry: Vec<u8>,
    /// Characters beyond ASCII that are UTF-8.
    valid: u64,
    /// Bytes that are not.
    invalid: u64,
    counts: Box<[u64; 256]>,
}

/// The encoding of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The encoding by which it is read.
    pub charset: Charset,
    /// Lines end by a carriage return alone, as old Macintoshes wrote them.
    pub cr_alone: bool,
    /// The sentence for whoever is to know, where it is not what was expected.
    pub said: Option<String>,
}

impl Default for Detector {
    fn default() -> Self {
        let (start, carry) = (Vec::with_capacity(START), Vec::with_capacity(4));
        Self { start, carry, valid: 0, invalid: 0, counts: Box::new([0; 256]) }
    }
}

impl Detector {
    /// Looks at the next bytes.
    pub fn see(&mut self, bytes: &[u8]) {
        let room = START - self.start.len();
        self.start.extend_from_slice(&bytes[..bytes.len().min(room)]);
        for byte in bytes {
            self.counts[usize::from(*byte)] += 1;
        }
        if self.carry.is_empty() {
            self.judge_text(bytes);
            return;
        }
        // The rest of a character has three bytes at most.
        let head = bytes.len().min(4);
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend_from_slice(&bytes[..head]);
        self.judge_text(&joined);
        if head < bytes.len() {
            let carried = std::mem::take(&mut self.carry);
            let again = head - carried.len().min(head);
            self.judge_text(&bytes[again..]);
        }
    }

    fn judge_text(&mut self, bytes: &[u8]) {
        if bytes.is_ascii() {
            return;
        }
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.valid += chunk.valid().bytes().filter(|byte| *byte >= 0xc0).count() as u64;
            let last = chunks.peek().is_none();
            if last && may_go_on(chunk.invalid()) {
                self.carry.extend_from_slice(chunk.invalid());
            } else {
                self.invalid += chunk.invalid().len() as u64;
            }
        }
    }

    /// Tells the encoding when all bytes were seen. `asked`: as somebody says that the file is written. A mark at its beginning knows better, and so do
    /// characters that are UTF-8, for no other text gives them by chance.
    pub fn found(mut self, asked: Option<Charset>) -> Found {
        self.invalid += std::mem::take(&mut self.carry).len() as u64;
        let shown = self.marked().or_else(|| self.wide());
        let is_utf8 = self.valid > self.invalid;
        let (charset, said) = match (shown, asked) {
            (Some(shown), Some(asked)) if shown != asked => (shown, Some(self.not_as_asked(shown, asked))),
            (Some(shown @ (Charset::Utf16Le | Charset::Utf16Be)), _) => {
                (shown, Some(format!("the file is {}", shown.name())))
            }
            (Some(shown), _) => (shown, None),
            (None, Some(asked)) if is_utf8 && self.invalid == 0 && asked != Charset::Utf8 => {
                (Charset::Utf8, Some(self.not_as_asked(Charset::Utf8, asked)))
            }
            (None, Some(asked)) => (asked, None),
            (None, None) if is_utf8 || self.invalid == 0 => (Charset::Utf8, None),
            (None, None) => (Charset::Windows1252, Some(self.guessed())),
        };
        let wide = matches!(charset, Charset::Utf16Le | Charset::Utf16Be);
        let count = |byte: u8| self.counts[usize::from(byte)];
        // A byte of 10 may be half of another character there.
        let cr_alone = !wide && count(b'\n') == 0 && count(b'\r') > 0;
        Found { charset, cr_alone, said }
    }

    fn marked(&self) -> Option<Charset> {
        match self.start[..] {
            [0xef, 0xbb, 0xbf, ..] => Some(Charset::Utf8),
            [0xff, 0xfe, ..] => Some(Charset::Utf16Le),
            [0xfe, 0xff, ..] => Some(Charset::Utf16Be),
            _ => None,
        }
    }

    /// UTF-16 without a mark: every other byte of western text is zero.
    fn wide(&self) -> Option<Charset> {
        let zeros = |from: usize| self.start.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
        let (even, odd, half) = (zeros(0), zeros(1), self.start.len() / 2);
        match half {
            4.. if odd * 10 > half * 7 && even * 10 < half => Some(Charset::Utf16Le),
            4.. if even * 10 > half * 7 && odd * 10 < half => Some(Charset::Utf16Be),
            _ => None,
        }
    }

    fn not_as_asked(&self, shown: Charset, asked: Charset) -> String {
        format!("the file is {}, and not {}: read as {0}", shown.name(), asked.name())
    }

    fn guessed(&self) -> String {
        let french = |charset: Charset| -> u64 {
            (0x80..=0xff_u8)
                .filter(|byte| charset.character(*byte).is_some_and(|c| FRENCH.contains(c)))
                .map(|byte| self.counts[usize::from(byte)])
                .sum()
        };
        let read = "the file is no UTF-8: read as windows-1252";
        let likeliest = LIKELY.into_iter().rev().max_by_key(|charset| french(*charset));
        match likeliest.filter(|charset| french(*charset) > 2 * french(Charset::Windows1252)) {
            Some(other) => {
                let name = other.name();
                format!("{read}, but its letters look like {name}: if so, give `--charset {name}`")
            }
            None => read.to_owned(),
        }
    }
}

/// Returns true for the beginning of a character of UTF-8 that more bytes would complete.
fn may_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8], asked: Option<Charset>) -> (Charset, bool, String) {
        let look = |size: usize| {
            let mut detector = Detector::default();
            bytes.chunks(size).for_each(|chunk| detector.see(chunk));
            detector.found(asked)
        };
        let found = look(bytes.len().max(1));
        for size in 1..7 {
            assert_eq!(look(size), found, "{size} bytes at a time");
        }
        (found.charset, found.cr_alone, found.said.unwrap_or_default())
    }

    #[test]
    fn a_file_s_bytes_tell_its_encoding() {
        let text = "identifier;name\r\n1;René Lefèvre à Évian\r\n2;Anne-Élise d’Arcy\r\n";
        for (charset, mark) in [
            (Charset::Utf8, &b""[..]),
            (Charset::Utf8, b"\xef\xbb\xbf"),
            (Charset::Windows1252, b""),
            (Charset::Utf16Le, b""),
            (Charset::Utf16Le, b"\xff\xfe"),
            (Charset::Utf16Be, b""),
            (Charset::Utf16Be, b"\xfe\xff"),
        ] {
            let bytes = [mark, &charset.encode(text).unwrap()].concat();
            let (taken, cr_alone, said) = found(&bytes, None);
            assert_eq!((taken, cr_alone), (charset, false));
            assert_eq!(said.is_empty(), charset == Charset::Utf8, "{said}");
            assert_eq!(found(&bytes, Some(charset)).0, charset, "{charset:?} if one says so");
        }
        for charset in [Charset::MacRoman, Charset::Cp850] {
            let bytes = charset.encode(&text.replace('’', "'")).unwrap();
            assert!(found(&bytes, None).2.contains(&format!("`--charset {}`", charset.name())));
            assert_eq!(found(&bytes, Some(charset)), (charset, false, String::new()));
        }
    }

    #[test]
    fn what_is_utf_8_is_nothing_else_whatever_one_says() {
        for bytes in ["été\n".as_bytes(), b"\xef\xbb\xbfete\n"] {
            let (taken, _, said) = found(bytes, Some(Charset::Windows1252));
            assert_eq!(taken, Charset::Utf8);
            assert_eq!(said, "the file is utf-8, and not windows-1252: read as utf-8");
        }
        // One stray byte makes no other file of it, and ASCII is anything.
        assert_eq!(
            found(
                "été été\n".as_bytes().iter().chain(b"\xe9\n").copied().collect::<Vec<_>>().as_slice(),
                None
            )
            .0,
            Charset::Utf8
        );
        assert_eq!(found(b"ete\n", Some(Charset::Cp850)), (Charset::Cp850, false, String::new()));
        assert_eq!(found(b"a;b\rc;d\r", None), (Charset::Utf8, true, String::new()));
        assert_eq!(found(b"", None), (Charset::Utf8, false, String::new()));
    }
}
