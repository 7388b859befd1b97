use std::collections::{BTreeMap, BTreeSet};

use agencies::Directory;

/// Up to 256 rows of a file, those with the smallest keyed numbers: all of a small file, and a fair sample of a large one. Rows that say too little of a person are
/// not in it: an identifier alone is the same at many agencies.
#[derive(Default)]
pub(crate) struct RowSample(BTreeMap<u64, SampledRow>);

/// A row of the sample.
pub(crate) struct SampledRow {
    pub(crate) identifier: String,
    /// A keyed hash of all of the row, as its identity has it.
    pub(crate) fingerprint: String,
    /// A keyed hash of its identifier and old hash, where that has a salt: nobody else has the same.
    pub(crate) secret: Option<String>,
}

/// The agency that has most rows of a sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Alike {
    pub(crate) agency: String,
    /// The rows of the sample that it has.
    pub(crate) rows: u64,
    /// The rows of the sample.
    pub(crate) of: u64,
}

impl RowSample {
    const SIZE: usize = 256;

    /// Adds a row. `number`: from a keyed hash, so that nobody chooses what is in the sample.
    pub(crate) fn add(&mut self, number: u64, row: SampledRow) {
        let last = self.0.last_key_value().map(|(last, _)| *last);
        if self.0.len() == Self::SIZE && last.is_some_and(|last| number >= last) {
            return;
        }
        self.0.insert(number, row);
        if self.0.len() > Self::SIZE {
            self.0.pop_last();
        }
    }

    /// Returns the canonical forms of its identifiers by the rules of each directory.
    pub(crate) fn forms(&self, directories: &[Directory]) -> BTreeSet<String> {
        let forms = |row: &SampledRow| -> Vec<String> {
            directories.iter().filter_map(|directory| directory.canonical(&row.identifier)).collect()
        };
        self.0.values().flat_map(forms).collect()
    }

    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = &str> {
        self.0.values().map(|row| row.fingerprint.as_str())
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.values().filter_map(|row| row.secret.as_deref())
    }

    /// Returns the agency that has most of the rows. `agencies`: one of each identity that is the same as a row.
    pub(crate) fn most_alike(&self, agencies: impl IntoIterator<Item = String>) -> Option<Alike> {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        agencies.into_iter().for_each(|agency| *counts.entry(agency).or_default() += 1);
        let of = self.0.len() as u64;
        let (agency, rows) = counts.into_iter().max_by_key(|(_, rows)| *rows)?;
        Some(Alike { agency, rows, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(rows: u64) -> RowSample {
        let mut sample = RowSample::default();
        // Spread as a keyed hash spreads.
        for n in 0..rows {
            let (identifier, fingerprint) = (format!("{n:05}"), format!("print {n}"));
            let row = SampledRow { identifier, fingerprint, secret: None };
            sample.add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15), row);
        }
        sample
    }

    #[test]
    fn a_small_file_is_in_the_sample_whole_and_a_large_one_fairly() {
        let small: BTreeSet<String> = (0..61).map(|n| format!("print {n}")).collect();
        assert_eq!(sample(61).fingerprints().map(str::to_owned).collect::<BTreeSet<_>>(), small);
        let large = sample(10_000);
        let early = large.fingerprints().filter(|print| print[6..].parse::<u64>().unwrap() < 5000).count();
        assert_eq!(large.fingerprints().count(), RowSample::SIZE);
        assert!((100..156).contains(&early), "half of the file is half of the sample: {early}");
    }

    #[test]
    fn identifiers_are_looked_for_in_the_form_of_each_agency() {
        let lax = Directory { leading_zeros_ignored: true, ..Directory::default() };
        let forms = sample(3).forms(&[Directory::default(), lax]);
        // Nothing is left of zeros alone.
        assert_eq!(forms.into_iter().collect::<Vec<_>>(), ["00000", "00001", "00002", "1", "2"]);
    }

    #[test]
    fn the_agency_with_most_of_the_rows_is_named() {
        let agencies = ["a", "b", "b"].map(str::to_owned);
        let most = Alike { agency: "b".into(), rows: 2, of: 20 };
        assert_eq!(sample(20).most_alike(agencies), Some(most));
        assert_eq!(sample(20).most_alike([]), None);
    }
}
