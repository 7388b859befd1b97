use std::fmt;

use agencies::ImportRules;
use serde::{Deserialize, Serialize};

use super::{
    PlanReport,
    report::{add_to, share},
};

/// The number of rows from which the shares of a file say anything: one of three people may be all new, or two thirds bad.
const SHARES_FROM: u64 = 20;
/// The number of things that are no chance any more: rows that another agency has, or clients of whom a long file has nobody.
const HANDFUL: u64 = 5;
/// The number of clients who may always be missing in a complete file: one of two is half of them, and no mistake.
const FEW_GONE: u64 = 3;
/// The number of identifiers that may always be spoilt: a slip of a hand.
const ONE_SLIP: u64 = 1;
/// The share of a file's rows at another agency from which it is taken for that agency's.
const LIKE: f64 = 0.5;
/// The share of identifiers that went wrong in a spreadsheet from which the file is not taken: nobody made it by hand, so that the others are in doubt.
const SPOILT: f64 = 0.01;

/// A guard that does not hold. Shares are from 0 to 1.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "guard", rename_all = "snake_case")]
pub enum GuardBroken {
    /// The file ends within its last row.
    CutShort,
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
    /// Many rows of this file are identities of another agency: the same in all, or in identifier and salted hash.
    OtherAgency {
        /// The agency.
        agency: String,
        /// The share of the rows; of a large file estimated.
        share: f64,
    },
}

impl fmt::Display for GuardBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: &f64| format!("{:.1} %", share * 100.0);
        match self {
            Self::CutShort => f.write_str(
                "the file ends within its last row, as when a transfer is cut off: have it sent again",
            ),
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
            Self::OtherAgency { agency, share } => {
                write!(f, "{} of these rows are clients of the agency \"{agency}\"", percent(share))
            }
        }
    }
}

/// Returns the guards of an agency that a plan breaks.
pub(crate) fn broken(rules: &ImportRules, complete: bool, report: &PlanReport) -> Vec<GuardBroken> {
    let mut broken = Vec::new();
    if report.cut_short {
        broken.push(GuardBroken::CutShort);
    }
    let says = report.rows >= SHARES_FROM;
    let bad = share(report.bad, report.rows);
    if says && bad > rules.max_bad {
        broken.push(GuardBroken::MaxBad { share: bad, most: rules.max_bad });
    }
    let gone = share(report.gone, report.existing);
    if complete && report.gone > FEW_GONE && gone > rules.max_gone {
        broken.push(GuardBroken::MaxGone { share: gone, most: rules.max_gone });
    }
    let taken = report.added + report.matched;
    let overlap = share(report.matched, taken.min(report.existing));
    // A file of a few may be all new, whatever the agency has. A long one that has nobody of a handful is hardly theirs.
    if taken >= SHARES_FROM && report.existing >= HANDFUL && overlap < rules.min_overlap {
        broken.push(GuardBroken::MinOverlap { share: overlap, least: rules.min_overlap });
    }
    let off = share(report.off_pattern.as_ref().map_or(0, |reason| reason.count), taken);
    if off > rules.max_bad {
        broken.push(GuardBroken::IdentifierPattern { share: off });
    }
    let spoilt = share(report.spoilt, report.rows);
    if says && report.spoilt > ONE_SLIP && spoilt > SPOILT {
        broken.push(GuardBroken::Spoilt { share: spoilt });
    }
    if taken >= SHARES_FROM && report.lost_zeros_count() > ONE_SLIP && report.lost_zeros() > SPOILT {
        broken.push(GuardBroken::LostZeros { share: report.lost_zeros() });
    }
    let unreadable = share(report.unreadable_hashes, report.rows);
    if says && unreadable > rules.max_bad {
        broken.push(GuardBroken::UnreadableHashes { share: unreadable, most: rules.max_bad });
    }
    if let Some(agency) = &report.same_file {
        broken.push(GuardBroken::SameFile { agency: agency.clone() });
    } else if let Some((agency, share)) = &report.other_agency
        && report.other_agency_rows >= HANDFUL
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Shape, ShapeShift};

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

    /// A case of the rule: what it is, whether the file is complete, what the plan found, and the guards that break.
    type Case = (&'static str, bool, fn(&mut PlanReport), &'static [&'static str]);

    /// The names of the guards that break, as `--json` has them.
    fn names(complete: bool, report: &PlanReport) -> Vec<String> {
        let broken = broken(&ImportRules::default(), complete, report);
        broken
            .iter()
            .map(|guard| serde_json::to_value(guard).unwrap()["guard"].as_str().unwrap().into())
            .collect()
    }

    fn shifted(report: &mut PlanReport, count: u64, shorter: bool) {
        let (of, length) = ("digits".to_owned(), 5);
        let share = share(count, report.rows);
        report.shapes = vec![Shape { of: of.clone(), length, count }];
        report.shape_shifts = vec![ShapeShift { of, length, share, before: 0.0, shorter }];
    }

    /// An agency of `existing` clients, and a file of `rows` of whom it has `matched`.
    fn of(existing: u64, rows: u64, matched: u64) -> PlanReport {
        let (added, gone) = (rows - matched, existing - matched);
        PlanReport { rows, added, matched, existing, gone, ..PlanReport::default() }
    }

    #[test]
    fn an_ordinary_delivery_breaks_no_guard_and_each_guard_breaks_alone() {
        #[rustfmt::skip]
        let cases: &[Case] = &[
            ("an ordinary delivery", true, |_| {}, &[]),
            ("a third of it is bad", false, |r| r.bad = 300, &["max_bad"]),
            ("five of twenty rows are bad", false, |r| { *r = of(20, 20, 20); r.bad = 5 }, &["max_bad"]),
            ("four of twenty rows are bad", false, |r| { *r = of(20, 20, 20); r.bad = 4 }, &[]),
            ("it ends within a row", false, |r| r.cut_short = true, &["cut_short"]),
            ("two of three rows are bad", false, |r| { *r = of(0, 1, 0); r.rows = 3; r.bad = 2 }, &[]),
            ("a third of the hashes cannot be read", false, |r| r.unreadable_hashes = 300, &["unreadable_hashes"]),
            ("five of twenty hashes cannot be read", false, |r| { *r = of(0, 20, 0); r.unreadable_hashes = 5 }, &["unreadable_hashes"]),
            ("two of three hashes cannot be read", false, |r| { *r = of(0, 3, 0); r.unreadable_hashes = 2 }, &[]),

            ("half of them are gone", true, |r| r.gone = 500, &["max_gone"]),
            ("only a complete file tells who is gone", false, |r| r.gone = 500, &[]),
            ("nine of twelve are gone", true, |r| *r = of(12, 3, 3), &["max_gone"]),
            ("three of twelve are gone", true, |r| *r = of(12, 9, 9), &[]),
            ("one of two is gone", true, |r| *r = of(2, 1, 1), &[]),
            ("four of thirty-nine are gone, more than a tenth", true, |r| *r = of(39, 35, 35), &["max_gone"]),
            ("four of forty are gone, a tenth", true, |r| *r = of(40, 36, 36), &[]),
            ("a complete file of four strangers", true, |r| *r = of(61, 4, 0), &["max_gone"]),

            ("a file of strangers", false, |r| *r = of(1000, 1000, 20), &["min_overlap"]),
            ("sixty-one strangers in an agency of sixty-one", false, |r| *r = of(61, 61, 0), &["min_overlap"]),
            ("twenty strangers in an agency of sixty-one", false, |r| *r = of(61, 20, 0), &["min_overlap"]),
            ("twenty rows, two of whom are there: a tenth", false, |r| *r = of(61, 20, 2), &[]),
            ("nineteen new clients", false, |r| *r = of(61, 19, 0), &[]),
            ("five thousand strangers in an agency of five", false, |r| *r = of(5, 5000, 0), &["min_overlap"]),
            ("five thousand clients after four to try it", false, |r| *r = of(4, 5000, 0), &[]),
            ("five thousand clients, among them those who tried it", false, |r| *r = of(12, 5000, 12), &[]),
            ("a first delivery", false, |r| *r = of(0, 5000, 0), &[]),
            ("a first complete delivery", true, |r| *r = of(0, 61, 0), &[]),

            ("a spreadsheet spoilt two of a hundred", false, |r| r.spoilt = 20, &["spoilt"]),
            ("it spoilt two of twenty", false, |r| { *r = of(20, 18, 18); r.rows = 20; r.spoilt = 2 }, &["spoilt"]),
            ("one slip of a hand in a thousand", false, |r| r.spoilt = 1, &[]),
            ("one slip of a hand in twenty", false, |r| { *r = of(20, 19, 19); r.rows = 20; r.spoilt = 1 }, &[]),
            ("a tenth lost their zeros", false, |r| shifted(r, 100, true), &["lost_zeros"]),
            ("two of sixty-one lost their zeros", false, |r| { *r = of(61, 61, 59); shifted(r, 2, true) }, &["lost_zeros"]),
            ("one of sixty-one is shorter", false, |r| { *r = of(61, 61, 60); shifted(r, 1, true) }, &[]),
            ("a tenth are longer", false, |r| shifted(r, 100, false), &[]),

            ("the very file of another agency", false, |r| r.same_file = Some("x".into()), &["same_file"]),
            ("it is told once", false, |r| { r.same_file = Some("x".into()); alike(r, 900, 1000) }, &["same_file"]),
            ("fourteen rows of another agency and one more", false, |r| { *r = of(61, 15, 0); alike(r, 14, 15) }, &["other_agency"]),
            ("five rows of another agency", false, |r| { *r = of(0, 5, 0); alike(r, 5, 5) }, &["other_agency"]),
            ("five of ten rows", false, |r| { *r = of(0, 10, 0); alike(r, 5, 10) }, &["other_agency"]),
            ("five of eleven rows: people whom two agencies have", false, |r| { *r = of(0, 11, 0); alike(r, 5, 11) }, &[]),
            ("four rows: a family that two agencies have", false, |r| { *r = of(0, 4, 0); alike(r, 4, 4) }, &[]),
            ("a tenth of a long file", false, |r| alike(r, 26, 256), &[]),

            ("most identifiers are of another form", false, |r| (0..900).for_each(|line| count_off_pattern(r, line)), &["identifier_pattern"]),
        ];
        for (what, complete, change, expected) in cases {
            let mut report = report();
            change(&mut report);
            assert_eq!(names(*complete, &report), *expected, "{what}");
        }
    }

    fn alike(report: &mut PlanReport, rows: u64, of: u64) {
        report.other_agency = Some(("x".into(), share(rows, of)));
        report.other_agency_rows = rows;
    }
}
