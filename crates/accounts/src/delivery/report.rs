use legacy::{
    Warned,
    row::{BadRow, NamedColumn},
};
use serde::{Deserialize, Serialize};

use super::{
    GuardBroken,
    shapes::{DIGITS, Shape, ShapeShift},
};

/// The most kinds of one thing that a report holds: enough to read, however long the file is.
pub(crate) const MOST_KINDS: usize = 50;
/// The number of lines that a reason names, and of samples of each kind.
const LINES: usize = 5;

/// The findings of a plan. They are kept with its delivery, so they are counts, lines and masked identifiers, and no value of the file.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanReport {
    /// Rows of the file that are not blank.
    pub rows: u64,
    /// Identities that are new.
    pub added: u64,
    /// Identities that are there, have not moved, and differ.
    pub updated: u64,
    /// Identities that are there just so.
    pub unchanged: u64,
    /// Identities that have moved: nothing of their old sign-in changes.
    pub moved: u64,
    /// Of these, those whose reference, name or profile is corrected.
    pub corrected: u64,
    /// Identities that had left and are back.
    pub back: u64,
    /// The differences in those that are updated or corrected.
    pub changes: Changes,
    /// Rows that are left out.
    pub bad: u64,
    /// Why, by reason.
    pub reasons: Vec<Reason>,
    /// Of these, rows whose identifier a spreadsheet made another of, such as 1.00E+06.
    pub spoilt: u64,
    /// The file ends within its last row: there may have been more of it.
    pub cut_short: bool,
    /// Rows taken whose hash cannot be read: these people have none, but for `kept_hashes`.
    pub unreadable_hashes: u64,
    /// Of these, rows of people whose stored hash stays.
    pub kept_hashes: u64,
    /// The encoding by which the file is read.
    pub charset: String,
    /// Sentences about the file as a whole: its encoding, its dates.
    pub notes: Vec<String>,
    /// The columns that the file names in its own way.
    pub columns: Vec<ReadColumn>,
    /// Rows that repeat an earlier one to the letter: harmless, and not bad.
    pub doubles: u64,
    /// Rows that have the identifier of another one and another hash: bad.
    pub contradictory: u64,
    /// Further rows of an identity, with the same hash or none that can be read: their references are kept with the identity.
    pub households: u64,
    /// The differences of these rows, in words.
    pub household_reasons: Vec<Reason>,
    /// References that several rows have: one of these people may see what is another's.
    pub shared_references: Option<Reason>,
    /// Rows taken that have no address: these people need letters.
    pub no_address: u64,
    /// Rows taken that have no hash that can be checked: these people need a ticket of the portal.
    pub no_hash: u64,
    /// Rows taken that have neither.
    pub no_address_no_hash: u64,
    /// The kinds of hashes.
    pub hash_kinds: Vec<HashKind>,
    /// The forms of identifiers.
    pub shapes: Vec<Shape>,
    /// The fewest and the most digits, where all identifiers are numbers of several lengths and none begins with a zero, as when a spreadsheet took zeros away.
    pub lengths: Option<(u64, u64)>,
    /// Forms of identifiers that the last delivery did not have.
    pub shape_shifts: Vec<ShapeShift>,
    /// Identifiers that are not of the agency's pattern.
    pub off_pattern: Option<Reason>,
    /// Identities of the agency before.
    pub existing: u64,
    /// Of these, those that the file has.
    pub matched: u64,
    /// Of these, those that the file does not have. A complete delivery closes them.
    pub gone: u64,
    /// Of these, people who have moved; counted by a complete delivery.
    pub gone_moved: u64,
    /// Another agency that has rows of this file, the same in all or in identifier and salted hash, and the share of the rows that say something of a person: of
    /// a large file estimated.
    pub other_agency: Option<(String, f64)>,
    /// The number of these rows; of a large file those of a sample.
    pub other_agency_rows: u64,
    /// Another agency that this very file was applied for.
    pub same_file: Option<String>,
    /// Masked examples of each kind.
    pub samples: Vec<Sample>,
    /// Values that were read otherwise than they are written.
    pub warnings: Vec<Oddly>,
    /// Guards that do not hold.
    pub broken: Vec<GuardBroken>,
}

/// How many of the changed identities differ in what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// The address.
    pub email: u64,
    /// The old password's hash.
    pub hash: u64,
    /// Of these, those that had one and have none now.
    pub hash_gone: u64,
    /// The agency's reference.
    pub reference: u64,
    /// The name.
    pub name: u64,
    /// Anything else that the portal is told.
    pub profile: u64,
}

/// Rows that have one thing in common, with the first lines of them.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Reason {
    /// The reason in words, without any value of a row.
    pub reason: String,
    /// The number of rows.
    pub count: u64,
    /// The first lines.
    pub lines: Vec<u64>,
}

/// A value that was read otherwise than it is written.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Oddly {
    /// The column.
    pub column: String,
    /// The oddity in words, and how the value was read.
    pub what: String,
    /// The number of rows.
    pub count: u64,
    /// The first lines.
    pub lines: Vec<u64>,
}

impl From<&Warned> for Oddly {
    fn from(warned: &Warned) -> Self {
        let Warned { column, what, count, lines } = warned;
        Self { column: (*column).to_owned(), what: what.to_string(), count: *count, lines: lines.clone() }
    }
}

/// A kind of hash.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HashKind {
    /// Its algorithm.
    pub kind: String,
    /// The number of rows.
    pub count: u64,
    /// One of this agency was right at a sign-in.
    pub proven: bool,
}

/// The kind of a sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleKind {
    /// New.
    Added,
    /// Changed.
    Updated,
    /// Corrected for the portal of a person who has moved.
    Corrected,
    /// Missing in a complete file.
    Gone,
    /// A further row of an identity.
    Household,
    /// One of several identifiers that have one reference.
    Shared,
}

/// A column that the file names in its own way.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadColumn {
    /// The name in the file.
    pub written: String,
    /// The column that it is read as.
    pub column: String,
    /// True if no one said so: it was read by a common name.
    pub common: bool,
}

impl ReadColumn {
    pub(crate) fn of(named: &NamedColumn) -> Self {
        Self { written: named.written.clone(), column: named.column.to_owned(), common: named.common }
    }
}

/// A masked example.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// Its kind.
    pub kind: SampleKind,
    /// The identifier, all but its ends hidden.
    pub identifier: String,
    /// The line in the file; none for one that is missing there.
    pub line: Option<u64>,
    /// The columns that differ.
    pub columns: Vec<String>,
}

impl PlanReport {
    /// Counts a row that is left out.
    pub(crate) fn add_bad(&mut self, bad: &BadRow) {
        self.bad += 1;
        self.spoilt += u64::from(bad.is_spoilt());
        self.cut_short |= bad.is_cut_short();
        add_reason(&mut self.reasons, &general(&bad.reason), bad.line);
    }

    /// Adds a sample, if there are few of its kind.
    pub(crate) fn add_sample(&mut self, sample: Sample) {
        if self.samples.iter().filter(|known| known.kind == sample.kind).count() < LINES {
            self.samples.push(sample);
        }
    }

    /// Returns the share of the hashes that are of a kind of which one was right at a sign-in, from 0 to 1; `None` without hashes.
    pub fn proven_share(&self) -> Option<f64> {
        let all: u64 = self.hash_kinds.iter().map(|kind| kind.count).sum();
        let proven: u64 = self.hash_kinds.iter().filter(|kind| kind.proven).map(|kind| kind.count).sum();
        (all > 0).then(|| share(proven, all))
    }

    /// Returns the share of the identifiers that have lost zeros at their beginning, as it seems: numbers that are shorter than nearly all of the last delivery.
    pub(crate) fn lost_zeros(&self) -> f64 {
        self.shape_shifts.iter().filter(|shift| shift.shorter).map(|shift| shift.share).sum()
    }

    /// Returns the number of these identifiers.
    pub(crate) fn lost_zeros_count(&self) -> u64 {
        let count = |shift: &ShapeShift| {
            let same = |shape: &&Shape| (&shape.of, shape.length) == (&shift.of, shift.length);
            self.shapes.iter().find(same).map_or(0, |shape| shape.count)
        };
        self.shape_shifts.iter().filter(|shift| shift.shorter).map(count).sum()
    }

    /// Notes the forms of identifiers that `last`, the delivery before, had hardly or not.
    pub(crate) fn compare_shapes(&mut self, last: Option<&[Shape]>) {
        let total: u64 = self.shapes.iter().map(|shape| shape.count).sum();
        let Some(last) = last else { return };
        let total_before: u64 = last.iter().map(|shape| shape.count).sum();
        if total_before == 0 {
            return;
        }
        let digits = |shape: &&Shape| shape.of == DIGITS;
        let usual =
            last.iter().filter(digits).max_by_key(|shape| shape.count).map_or(0, |shape| shape.length);
        for Shape { of, length, count } in &self.shapes {
            let shorter = of == DIGITS && *length < usual;
            let before = last.iter().find(|shape| (&shape.of, shape.length) == (of, *length));
            let (now, before) =
                (share(*count, total), share(before.map_or(0, |shape| shape.count), total_before));
            if now >= 0.01 && before < now / 10.0 {
                self.shape_shifts.push(ShapeShift {
                    of: of.clone(),
                    length: *length,
                    share: now,
                    before,
                    shorter,
                });
            }
        }
    }
}

/// Counts a row under its reason. Reasons beyond the most that are told apart are counted together.
pub(crate) fn add_reason(reasons: &mut Vec<Reason>, reason: &str, line: u64) {
    let at = match reasons.iter().position(|known| known.reason == reason) {
        Some(at) => at,
        None if reasons.len() < MOST_KINDS => {
            reasons.push(Reason { reason: reason.to_owned(), ..Reason::default() });
            reasons.len() - 1
        }
        None => reasons.len() - 1,
    };
    let known = &mut reasons[at];
    known.count += 1;
    if known.lines.len() < LINES {
        known.lines.push(line);
    }
}

/// Counts a row with one thing in common.
pub(crate) fn add_to(reason: &mut Option<Reason>, words: &str, line: u64) {
    let known = reason.get_or_insert_with(|| Reason { reason: words.to_owned(), ..Reason::default() });
    known.count += 1;
    if known.lines.len() < LINES {
        known.lines.push(line);
    }
}

/// Returns a reason without the numbers in it, so that rows of one kind count together.
pub(crate) fn general(reason: &str) -> String {
    let mut out = String::with_capacity(reason.len());
    for (nth, part) in reason.split(" line ").enumerate() {
        if nth == 0 {
            out.push_str(part);
            continue;
        }
        out.push_str(" line …");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// Returns a part of a whole, from 0 to 1.
#[allow(clippy::cast_precision_loss, reason = "a share to be shown and compared")]
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Masks an identifier: its ends stay, so that whoever has the file finds it.
pub(crate) fn masked(identifier: &str) -> String {
    let chars: Vec<char> = identifier.chars().collect();
    let kept = match chars.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    (chars.iter().enumerate())
        .map(|(at, c)| if at < kept || at + kept >= chars.len() { *c } else { '•' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::shapes::Shapes, *};

    #[test]
    fn an_identifier_shows_its_ends_only() {
        assert_eq!(masked("00012345"), "00••••45");
        assert_eq!(masked("C042"), "C••2");
        assert_eq!(masked("42"), "••");
        assert_eq!(masked(""), "");
    }

    #[test]
    fn rows_of_one_reason_count_together_and_reasons_are_bounded() {
        let mut report = PlanReport::default();
        for line in 1..=200 {
            report.add_bad(&BadRow { line, reason: format!("the same identifier as on line {line}") });
        }
        assert_eq!(report.reasons.len(), 1);
        assert_eq!((report.reasons[0].count, report.reasons[0].lines.len()), (200, LINES));
        assert_eq!(report.reasons[0].reason, "the same identifier as on line …");
        for line in 0..200 {
            report.add_bad(&BadRow { line, reason: format!("reason {line}") });
        }
        assert_eq!((report.reasons.len(), report.bad), (MOST_KINDS, 400));
        assert_eq!(report.reasons.iter().map(|reason| reason.count).sum::<u64>(), 400);
    }

    #[test]
    fn zeros_that_a_spreadsheet_took_away_are_seen_beside_the_last_delivery() {
        let mut shapes = Shapes::default();
        (0..90).for_each(|n| shapes.add(&format!("{:08}", 10_000_000 + n)));
        (0..10).for_each(|n| shapes.add(&format!("{:05}", 10_000 + n)));
        assert_eq!(shapes.lengths_without_zeros(), Some((5, 8)));
        let mut whole = Shapes::default();
        ["00042", "123456"].iter().for_each(|identifier| whole.add(identifier));
        assert_eq!(whole.lengths_without_zeros(), None, "a zero is still there");
        let last = [Shape { of: "digits".into(), length: 8, count: 1000 }];
        let mut report = PlanReport { shapes: shapes.most(), ..PlanReport::default() };
        report.compare_shapes(Some(&last));
        assert_eq!(report.shape_shifts.len(), 1);
        assert_eq!((report.shape_shifts[0].length, report.shape_shifts[0].before), (5, 0.0));
        assert!((report.lost_zeros() - 0.1).abs() < 1e-9);
        let mut longer = PlanReport { shapes: report.shapes.clone(), ..PlanReport::default() };
        longer.compare_shapes(Some(&[Shape { of: "digits".into(), length: 4, count: 1000 }]));
        assert_eq!(
            (longer.shape_shifts.len(), longer.lost_zeros()),
            (2, 0.0),
            "longer numbers have lost nothing"
        );
        let mut first = PlanReport { shapes: report.shapes.clone(), ..PlanReport::default() };
        first.compare_shapes(None);
        assert!(first.shape_shifts.is_empty());
    }
}
