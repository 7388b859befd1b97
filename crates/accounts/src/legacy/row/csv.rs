use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use zeroize::Zeroizing;

use super::columns::{self, Fields};

/// More fields than this are no row of ours.
const MOST_FIELDS: usize = 64;

/// Which field is which column, and how fields are parted.
pub(super) struct Header {
    places: Vec<usize>,
    splitter: Splitter,
}

impl Header {
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        let delimiter = if line.contains(';') { b';' } else { b',' };
        let mut splitter = Splitter::new(delimiter);
        let names: Vec<String> = splitter.split(line)?.map(str::to_owned).collect();
        // Before any name is repeated in a message: without a header this is a row with its secrets.
        if !names.iter().any(|name| columns::place(name) == Some(0)) {
            return Err("the first line must name the columns, and `identifier` is not among them".into());
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

    pub(super) fn fields(&mut self, line: &str) -> Result<Fields, String> {
        let delimiter = char::from(self.splitter.delimiter);
        let expected = self.places.len();
        let mut fields = Fields::new();
        let mut found = 0;
        for value in self.splitter.split(line)? {
            if let Some(place) = self.places.get(found) {
                fields.put(*place, value)?;
            }
            found += 1;
        }
        match found {
            n if n == expected => Ok(fields),
            n if n > expected => Err(format!(
                "{n} fields where the header has {expected}: a value with a `{delimiter}` in it must stand in double quotes"
            )),
            n => Err(format!("{n} fields where the header has {expected}")),
        }
    }
}

/// Splits one line. Each line by itself: a forgotten quote must not swallow those that follow.
struct Splitter {
    delimiter: u8,
    reader: Reader,
    values: Zeroizing<Vec<u8>>,
    ends: [usize; MOST_FIELDS],
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new().delimiter(delimiter).build();
        Self { delimiter, reader, values: Zeroizing::new(Vec::new()), ends: [0; MOST_FIELDS] }
    }

    fn split<'a>(&'a mut self, line: &str) -> Result<impl Iterator<Item = &'a str>, String> {
        if line.contains(['\r', '\n']) {
            return Err("contains a control character".into());
        }
        self.reader.reset();
        if self.values.len() <= line.len() {
            // A new one instead of a longer one: the old is wiped.
            self.values = Zeroizing::new(vec![0; line.len() + 1]);
        }
        let (mut ends, mut written) = (0, 0);
        // The line's end is given apart: read as a part of a field, it shows that a quote is open.
        for (part, last) in [(line.as_bytes(), false), (b"\n".as_slice(), true)] {
            let (result, _, w, e) = self.reader.read_record(part, &mut self.values[written..], &mut self.ends[ends..]);
            written += w;
            ends += e;
            match result {
                ReadRecordResult::InputEmpty if !last => {}
                ReadRecordResult::Record if last => {}
                ReadRecordResult::OutputEndsFull => return Err(format!("more than {MOST_FIELDS} fields")),
                _ => return Err("a double quote opens a value and none closes it on this line".into()),
            }
        }
        let mut from = 0;
        let values = std::str::from_utf8(&self.values[..written]).map_err(|_| "not UTF-8")?;
        Ok(self.ends[..ends].iter().map(move |end| {
            let value = &values[from..*end];
            from = *end;
            value
        }))
    }
}
