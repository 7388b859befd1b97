use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, RandomState},
    io::{self, Read, Seek, SeekFrom, Write},
};

use agencies::Directory;

use super::row::Rows;

/// Into so many parts the numbers are laid, so that each part is small enough to be sorted in memory.
const PARTS: usize = 256;
/// Numbers of a part that are gathered before they go to the file.
const BLOCK: usize = 256;
const BYTES: usize = size_of::<u64>();

/// The identifiers that come more than once in a file. It is asked row by row, and needs the memory of those that do, however many others there are: on a first
/// way through the file it lays a number for each identifier, not its text, beside, where equal ones are found part by part.
pub(super) struct Twins {
    keys: RandomState,
    /// Numbers that came more than once. Two identifiers may share one.
    twice: HashSet<u64>,
    /// Where each of those stood first.
    first: HashMap<String, u64>,
}

impl Twins {
    /// Goes through all rows; whoever reads them afterwards goes back first. `beside`: an empty file.
    ///
    /// # Errors
    /// When it cannot be written or read; a row that cannot be read is none.
    pub(super) fn among<R: Read>(
        rows: &mut Rows<R>,
        directory: &Directory,
        beside: impl Read + Write + Seek,
    ) -> io::Result<Self> {
        let keys = RandomState::new();
        let mut spread = Spread::new(beside);
        while let Some(identifier) = rows.next_identifier() {
            if let Some(canonical) = identifier.and_then(|text| directory.canonical(&text)) {
                spread.add(keys.hash_one(&canonical))?;
            }
        }
        Ok(Self { keys, twice: spread.twice()?, first: HashMap::new() })
    }

    /// The line on which an identifier was taken already; else this is where it is.
    pub(super) fn taken(&mut self, canonical: &str, line: u64) -> Option<u64> {
        if !self.twice.contains(&self.keys.hash_one(canonical)) {
            return None;
        }
        let known = self.first.get(canonical).copied();
        if known.is_none() {
            self.first.insert(canonical.to_owned(), line);
        }
        known
    }
}

/// Numbers, each in the part that its highest bits name.
struct Spread<F> {
    parts: Vec<Vec<u64>>,
    file: F,
    /// Whose each block of the file is.
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
    fn twice(self) -> io::Result<HashSet<u64>> {
        let Self { parts, mut file, blocks } = self;
        let mut offsets = vec![Vec::new(); PARTS];
        for (offset, part) in (0_u64..).step_by(BLOCK * BYTES).zip(blocks) {
            offsets[usize::from(part)].push(offset);
        }
        let mut twice = HashSet::new();
        let mut bytes = [0; BLOCK * BYTES];
        for (mut numbers, offsets) in parts.into_iter().zip(offsets) {
            for offset in offsets {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(&mut bytes)?;
                numbers.extend(bytes.as_chunks::<BYTES>().0.iter().map(|number| u64::from_ne_bytes(*number)));
            }
            numbers.sort_unstable();
            twice.extend(numbers.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]));
        }
        Ok(twice)
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, io::Cursor};

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::legacy::row::{Charset, Format};

    /// Those that come more than once, by looking at all of them.
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
            prop_assert_eq!(spread.twice().unwrap(), plainly(&numbers));
        }
    }

    #[test]
    fn of_a_large_file_only_what_comes_twice_is_remembered() {
        let mut file = String::from("identifier\n");
        for n in (0..200_000).chain([7, 199_999, 123_456]) {
            writeln!(file, "{n}").unwrap();
        }
        let mut rows = Rows::open(Cursor::new(file), Format::Csv, Charset::Utf8).unwrap();
        let twins = Twins::among(&mut rows, &Directory::default(), Cursor::new(Vec::new())).unwrap();
        assert_eq!(twins.twice.len(), 3);
    }
}
