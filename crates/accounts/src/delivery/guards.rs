use std::fmt;

use agencies::ImportRules;
use serde::{Deserialize, Serialize};

use super::{
    PlanReport,
    report::{add_to, share},
};

/// The number of rows from which shares say anything: a file of three people may be all new, or two thirds bad.
const SHARES_FROM: u64 = 100;
/// The share of a file's rows in another agency's file from which it is taken for that.
const LIKE: f64 = 0.5;

/// The share of identifiers that went wrong in a spreadsheet from which the file is not taken: nobody made it by hand, so that the others are in doubt.
const SPOILT: f64 = 0.01;

/// A guard that does not hold. Shares are from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "guard", rename_all = "snake_case")]
pub enum GuardBroken {
    /// More rows are bad than the agency's file allows.
    MaxBad {
        /// The share of bad rows.
        share: f64,
        /// The most.
        most: f64,
    },
    /// More identities are missing in a complete file than the agency's file allows.
    MaxGone {
        /// The share of the identities that are missing.
        share: f64,
        /// The most.
        most: f64,
    },
    /// The file and the agency's identities have hardly anybody in common.
    MinOverlap {
        /// The share of the smaller of both that is in the other.
        share: f64,
        /// The least.
        least: f64,
    },
    /// Identifiers are not of the agency's pattern, in more rows than may be bad.
    IdentifierPattern {
        /// The share of the rows.
        share: f64,
    },
    /// Identifiers went through a spreadsheet that made numbers of them: the others of this file may have lost zeros.
    Spoilt {
        /// The share of the rows.
        share: f64,
    },
    /// Identifiers have fewer digits than those of the last delivery: zeros at their beginning are lost.
    LostZeros {
        /// The share of the rows.
        share: f64,
    },
    /// More hashes cannot be read than rows may be bad.
    UnreadableHashes {
        /// The share of the rows.
        share: f64,
        /// The most.
        most: f64,
    },
    /// This very file was applied for another agency.
    SameFile {
        /// The agency.
        agency: String,
    },
    /// Another agency's delivery has much of this file.
    OtherAgency {
        /// The agency.
        agency: String,
        /// The share that both have, estimated.
        share: f64,
    },
}

impl fmt::Display for GuardBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &f64| format!("{:.1} %", share * 100.0);
        match self {
            Self::MaxBad { share, most } => {
                write!(f, "max_bad: {} of the rows are bad, more than {}", percent(share), percent(most))
            }
            Self::MaxGone { share, most } => write!(
                f,
                "max_gone: {} of the agency's identities are not in this file, more than {}",
                percent(share),
                percent(most)
            ),
            Self::MinOverlap { share, least } => write!(
                f,
                "min_overlap: the file and the agency's identities have {} in common, less than {}",
                percent(share),
                percent(least)
            ),
            Self::IdentifierPattern { share } => {
                write!(f, "identifier_pattern: {} of the identifiers have another form", percent(share))
            }
            Self::Spoilt { share } => write!(
                f,
                "identifiers: a spreadsheet made numbers or dates of {}, and may have spoilt others; export the column as text",
                percent(share)
            ),
            Self::LostZeros { share } => write!(
                f,
                "identifiers: {} have fewer digits than in the last delivery, as when a spreadsheet takes zeros away",
                percent(share)
            ),
            Self::UnreadableHashes { share, most } => write!(
                f,
                "max_bad: {} of the rows have a hash that cannot be read, more than {}",
                percent(share),
                percent(most)
            ),
            Self::SameFile { agency } => write!(f, "this file was imported for the agency \"{agency}\""),
            Self::OtherAgency { agency, share } => write!(
                f,
                "{} of these rows are as in the last file of the agency \"{agency}\"",
                percent(share)
            ),
        }
    }
}

/// Returns the guards of an agency that a plan breaks.
pub(crate) fn broken(rules: &ImportRules, complete: bool, report: &PlanReport) -> Vec<GuardBroken> {
    let mut broken = Vec::new();
    let bad = share(report.bad, report.rows);
    if report.rows >= SHARES_FROM && bad > rules.max_bad {
        broken.push(GuardBroken::MaxBad { share: bad, most: rules.max_bad });
    }
    let gone = share(report.gone, report.existing);
    // One of two clients is half of them, and no mistake.
    if complete && report.existing >= SHARES_FROM && gone > rules.max_gone {
        broken.push(GuardBroken::MaxGone { share: gone, most: rules.max_gone });
    }
    let taken = report.added + report.matched;
    let smaller = taken.min(report.existing);
    let overlap = share(report.matched, smaller);
    if smaller >= SHARES_FROM && overlap < rules.min_overlap {
        broken.push(GuardBroken::MinOverlap { share: overlap, least: rules.min_overlap });
    }
    let off = share(report.off_pattern.as_ref().map_or(0, |reason| reason.count), taken);
    if off > rules.max_bad {
        broken.push(GuardBroken::IdentifierPattern { share: off });
    }
    let spoilt = share(report.spoilt, report.rows);
    if report.rows >= SHARES_FROM && spoilt > SPOILT {
        broken.push(GuardBroken::Spoilt { share: spoilt });
    }
    if taken >= SHARES_FROM && report.lost_zeros() > SPOILT {
        broken.push(GuardBroken::LostZeros { share: report.lost_zeros() });
    }
    let unreadable = share(report.unreadable_hashes, report.rows);
    if report.rows >= SHARES_FROM && unreadable > rules.max_bad {
        broken.push(GuardBroken::UnreadableHashes { share: unreadable, most: rules.max_bad });
    }
    if let Some(agency) = &report.same_file {
        broken.push(GuardBroken::SameFile { agency: agency.clone() });
    } else if let Some((agency, share)) = &report.other_agency
        && *share >= LIKE
    {
        broken.push(GuardBroken::OtherAgency { agency: agency.clone(), share: *share });
    }
    broken
}

/// Counts an identifier that is not of the pattern.
pub(crate) fn count_off_pattern(report: &mut PlanReport, line: u64) {
    add_to(&mut report.off_pattern, "the identifier is not of the agency's pattern", line);
}

/// The smallest of the keyed hashes of a file's rows: two files share as many of them as they share rows, in proportion.
#[derive(Default)]
pub(crate) struct Sketch(std::collections::BTreeSet<u64>);

impl Sketch {
    const SIZE: usize = 256;
    /// The number of rows from which a likeness says anything.
    const FROM: usize = 20;

    pub(crate) fn add(&mut self, hash: u64) {
        if self.0.len() == Self::SIZE && self.0.last().is_some_and(|last| hash >= *last) {
            return;
        }
        self.0.insert(hash);
        if self.0.len() > Self::SIZE {
            self.0.pop_last();
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.to_be_bytes()).collect()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.as_chunks::<8>().0.iter().map(|hash| u64::from_be_bytes(*hash)).collect())
    }

    /// Returns an estimate of the share of the rows of both that both have.
    pub(crate) fn likeness(&self, other: &Self) -> f64 {
        if self.0.len().min(other.0.len()) < Self::FROM {
            return 0.0;
        }
        let union: Vec<&u64> = self.0.union(&other.0).take(Self::SIZE).collect();
        let common = union.iter().filter(|hash| self.0.contains(hash) && other.0.contains(hash)).count();
        share(common as u64, union.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ShapeShift;

    fn report() -> PlanReport {
        PlanReport {
            rows: 1000,
            added: 10,
            matched: 985,
            existing: 1000,
            bad: 5,
            gone: 15,
            ..PlanReport::default()
        }
    }

    #[test]
    fn an_ordinary_delivery_breaks_no_guard_and_each_guard_breaks_alone() {
        let rules = ImportRules::default();
        let broken = |complete, change: fn(&mut PlanReport)| {
            let mut report = report();
            change(&mut report);
            broken(&rules, complete, &report)
        };
        assert!(broken(true, |_| {}).is_empty());
        assert!(matches!(broken(false, |r| r.bad = 300)[..], [GuardBroken::MaxBad { .. }]));
        assert!(matches!(broken(true, |r| r.gone = 500)[..], [GuardBroken::MaxGone { .. }]));
        assert!(broken(false, |r| r.gone = 500).is_empty(), "only a complete file tells who is gone");
        assert!(matches!(
            broken(false, |r| (r.matched, r.added) = (20, 980))[..],
            [GuardBroken::MinOverlap { .. }]
        ));
        assert!(matches!(
            broken(false, |r| r.same_file = Some("x".into()))[..],
            [GuardBroken::SameFile { .. }]
        ));
        assert!(matches!(
            broken(false, |r| r.other_agency = Some(("x".into(), 0.9)))[..],
            [GuardBroken::OtherAgency { .. }]
        ));
        assert!(broken(false, |r| r.other_agency = Some(("x".into(), 0.1))).is_empty());
        assert!(matches!(broken(false, |r| r.spoilt = 20)[..], [GuardBroken::Spoilt { .. }]));
        assert!(broken(false, |r| r.spoilt = 1).is_empty(), "one slip of a hand");
        let shift =
            |shorter| vec![ShapeShift { of: "digits".into(), length: 5, share: 0.1, before: 0.0, shorter }];
        let mut shifted = PlanReport { shape_shifts: shift(true), ..report() };
        assert!(matches!(super::broken(&rules, false, &shifted)[..], [GuardBroken::LostZeros { .. }]));
        shifted.shape_shifts = shift(false);
        assert!(super::broken(&rules, false, &shifted).is_empty());
        assert!(matches!(
            broken(false, |r| r.unreadable_hashes = 300)[..],
            [GuardBroken::UnreadableHashes { .. }]
        ));
        let off = |r: &mut PlanReport| (0..900).for_each(|line| count_off_pattern(r, line));
        assert!(matches!(broken(false, off)[..], [GuardBroken::IdentifierPattern { .. }]));
        // Three rows say nothing in shares.
        assert!(
            broken(true, |r| *r = PlanReport { rows: 3, bad: 2, added: 1, ..PlanReport::default() })
                .is_empty()
        );
    }

    #[test]
    fn a_sketch_tells_how_much_two_files_share() {
        let of = |range: std::ops::Range<u64>| {
            let mut sketch = Sketch::default();
            // Spread as a keyed hash spreads.
            range.for_each(|n| {
                sketch.add(
                    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9),
                )
            });
            Sketch::from_bytes(&sketch.to_bytes())
        };
        assert!(of(0..10_000).likeness(&of(0..10_000)) > 0.999);
        assert!(of(0..10_000).likeness(&of(20_000..30_000)) < 0.01);
        let most = of(0..10_000).likeness(&of(500..10_500));
        assert!((0.8..1.0).contains(&most), "{most}");
        assert!(of(0..5).likeness(&of(0..5)) < 0.01, "five rows say nothing");
    }
}
