use super::row::{BadRow, Oddity, Warning};

/// What an import did, or would do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Identities that were not there.
    pub added: u64,
    /// That were there and differ.
    pub updated: u64,
    /// That were there just so.
    pub unchanged: u64,
    /// That have moved: but for their profile, which their agency is told again, never touched (SECURITY #83).
    pub moved: u64,
    /// Rows that were left out.
    pub bad: Vec<BadRow>,
    /// What was read otherwise than it is written in the rows that were taken, by column.
    pub warnings: Vec<Warned>,
}

/// One oddity of one column, and how often it was met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warned {
    /// The column, as `row::COLUMNS` names it.
    pub column: &'static str,
    /// What was found, and what was made of it.
    pub what: Oddity,
    /// The rows in which it was.
    pub count: u64,
    /// The first of their lines.
    pub lines: Vec<u64>,
}

/// Lines that are told of a warning: enough to look at, however many there are.
const LINES: usize = 5;

impl ImportReport {
    /// Counts what was odd about the row on a line.
    pub(super) fn warn(&mut self, line: u64, warnings: Vec<Warning>) {
        for warning in warnings {
            let same = |w: &&mut Warned| (w.column, w.what) == (warning.column, warning.what);
            match self.warnings.iter_mut().find(same) {
                Some(known) => {
                    known.count += 1;
                    if known.lines.len() < LINES {
                        known.lines.push(line);
                    }
                }
                None => self.warnings.push(Warned {
                    column: warning.column,
                    what: warning.what,
                    count: 1,
                    lines: vec![line],
                }),
            }
        }
    }
}
