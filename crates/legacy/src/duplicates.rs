use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::{self, Read, Seek, SeekFrom, Write},
};

use crate::row::{Row, Rows};

/// The number of parts that the numbers are laid into, so that each part is small enough to be sorted in memory.
const PARTS: usize = 256;
/// The count of numbers of one part that go to the file together.
const BLOCK: usize = 256;
const BYTES: usize = size_of::<u64>();

/// The identifiers that come more than once in a file. Asked row by row, and no larger than those identifiers need, however many others there are: the
/// first pass through the file writes a number for each identifier, not its text, to a second file, where equal numbers are found part by part.
pub struct Duplicates {
    keys: RandomState,
    /// The numbers that came more than once. Two identifiers may share one.
    repeated: HashSet<u64>,
}

impl Duplicates {
    /// Goes through all rows; [`Rows::rewind`] goes back to the first one. `canonical` gives the form under which two identifiers are the same, `scratch`
    /// is an empty file.
    ///
    /// # Errors
    /// When `scratch` cannot be written or read; a row that cannot be read is none.
    pub fn find<R: Read>(
        rows: &mut Rows<R>,
        canonical: impl Fn(&str) -> Option<String>,
        scratch: impl Read + Write + Seek,
    ) -> io::Result<Self> {
        let keys = RandomState::new();
        let mut spread = Spread::new(scratch);
        while let Some(identifier) = rows.next_identifier() {
            if let Some(canonical) = identifier.and_then(|text| canonical(&text)) {
                spread.add(keys.hash_one(&canonical))?;
            }
        }
        Ok(Self { keys, repeated: spread.repeated()? })
    }

    /// Returns true if no identifier comes more than once.
    pub fn is_empty(&self) -> bool {
        self.repeated.is_empty()
    }

    /// Returns true if an identifier comes more than once, or, rarely, if it shares its number with one that does.
    pub fn is_repeated(&self, canonical: &str) -> bool {
        self.repeated.contains(&self.keys.hash_one(canonical))
    }

    /// Shows all rows whose identifiers come more than once, in the order of the file, from the place of `rows` on. `canonical` as in [`Self::find`].
    pub fn each<R: Read>(
        &self,
        rows: &mut Rows<R>,
        canonical: impl Fn(&str) -> Option<String>,
        mut see: impl FnMut(String, Row),
    ) {
        if self.repeated.is_empty() {
            return;
        }
        let repeated = |identifier: &str| canonical(identifier).filter(|text| self.is_repeated(text));
        while let Some(row) = rows.next_wanted(|identifier| repeated(identifier).is_some()) {
            if let Some(canonical) = repeated(&row.identifier) {
                see(canonical, row);
            }
        }
    }
}

/// Finds values of a column that several rows have, in one pass and with as little memory as [`Duplicates`].
pub struct Repeats<F> {
    keys: RandomState,
    spread: Spread<F>,
}

/// The values that came more than once.
pub struct Repeated {
    keys: RandomState,
    numbers: HashSet<u64>,
}

impl<F: Read + Write + Seek> Repeats<F> {
    /// `scratch`: a file at its beginning, which is overwritten.
    pub fn new(scratch: F) -> Self {
        Self { keys: RandomState::new(), spread: Spread::new(scratch) }
    }

    /// Adds the value of a row.
    ///
    /// # Errors
    /// When `scratch` cannot be written.
    pub fn add(&mut self, value: &str) -> io::Result<()> {
        self.spread.add(self.keys.hash_one(value))
    }

    /// Returns the values that came more than once.
    ///
    /// # Errors
    /// When `scratch` cannot be read.
    pub fn finish(self) -> io::Result<Repeated> {
        Ok(Repeated { numbers: self.spread.repeated()?, keys: self.keys })
    }
}

impl Repeated {
    /// Returns true if a value came more than once.
    pub fn contains(&self, value: &str) -> bool {
        self.numbers.contains(&self.keys.hash_one(value))
    }

    /// Returns how many values came more than once.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Returns true if none did.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

/// A set of numbers, each in the part that its highest bits name.
struct Spread<F> {
    parts: Vec<Vec<u64>>,
    file: F,
    /// The part that each block of the file belongs to.
    blocks: Vec<u8>,
}

impl<F: Read + Write + Seek> Spread<F> {
    fn new(file: F) -> Self {
        Self { parts: vec![Vec::new(); PARTS], file, blocks: Vec::new() }
    }

    fn add(&mut self, number: u64) -> io::Result<()> {
        let [part, ..] = number.to_be_bytes();
        let block = &mut self.parts[usize::from(part)];
        block.push(number);
        if block.len() < BLOCK {
            return Ok(());
        }
        let mut bytes = [0; BLOCK * BYTES];
        for (place, number) in bytes.as_chunks_mut::<BYTES>().0.iter_mut().zip(block.drain(..)) {
            *place = number.to_ne_bytes();
        }
        self.file.write_all(&bytes)?;
        self.blocks.push(part);
        Ok(())
    }

    /// The numbers that came more than once.
    fn repeated(self) -> io::Result<HashSet<u64>> {
        let Self { parts, mut file, blocks } = self;
        let mut offsets = vec![Vec::new(); PARTS];
        for (offset, part) in (0_u64..).step_by(BLOCK * BYTES).zip(blocks) {
            offsets[usize::from(part)].push(offset);
        }
        let mut repeated = HashSet::new();
        let mut bytes = [0; BLOCK * BYTES];
        for (mut numbers, offsets) in parts.into_iter().zip(offsets) {
            for offset in offsets {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
                numbers.extend(bytes.as_chunks::<BYTES>().0.iter().map(|number| u64::from_ne_bytes(*number)));
            }
            numbers.sort_unstable();
            repeated.extend(numbers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
        }
        Ok(repeated)
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, io::Cursor};

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::row::Format;

    /// The numbers that come more than once, found by looking at all of them.
    fn plainly(numbers: &[u64]) -> HashSet<u64> {
        let mut seen = HashSet::new();
        numbers.iter().copied().filter(|number| !seen.insert(*number)).collect()
    }

    proptest! {
        /// Few parts, so that there are blocks in the file, and few numbers, so that some are equal.
        #[test]
        fn equal_numbers_are_found_wherever_they_lie(
            numbers in vec((0..3_u64, 0..2_000_u64).prop_map(|(part, rest)| part << 56 | rest), 0..3_000)
        ) {
            let mut spread = Spread::new(Cursor::new(Vec::new()));
            for number in &numbers {
                spread.add(*number).unwrap();
            }
            prop_assert_eq!(spread.repeated().unwrap(), plainly(&numbers));
        }
    }

    #[test]
    fn of_a_large_file_only_what_comes_twice_is_remembered() {
        let mut file = String::from("identifier\n");
        for n in (0..200_000).chain([7, 199_999, 123_456]) {
            writeln!(file, "{n}").unwrap();
        }
        let mut rows = Rows::open(Cursor::new(file), Format::Csv).unwrap();
        let canonical = |identifier: &str| Some(identifier.to_owned());
        let found = Duplicates::find(&mut rows, canonical, Cursor::new(Vec::new())).unwrap();
        assert_eq!(found.repeated.len(), 3);
    }
}
