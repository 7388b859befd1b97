use crate::row::{BadRow, Oddity, Warning};

/// The outcome of an import, or of one that was only tried.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportReport {
    /// Identities that are new.
    pub added: u64,
    /// Identities that existed and differed.
    pub updated: u64,
    /// Identities that existed just so.
    pub unchanged: u64,
    /// Identities that have moved. Only their profile, which their agency is told, is corrected (SECURITY #83).
    pub moved: u64,
    /// The rows that were left out.
    pub bad: Vec<BadRow>,
    /// The oddities in the rows that were taken, by column.
    pub warnings: Vec<Warned>,
}

/// One oddity of one column, with its count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warned {
    /// The column, as [`crate::row::COLUMNS`] names it.
    pub column: &'static str,
    /// The oddity, and how it was read.
    pub what: Oddity,
    /// The number of rows that have it.
    pub count: u64,
    /// The first lines that have it.
    pub lines: Vec<u64>,
}

/// The number of lines that a warning names: enough to look at, however many there are.
const LINES: usize = 5;

impl ImportReport {
    /// Counts the warnings of the row on a line.
    pub fn add_warnings(&mut self, line: u64, warnings: Vec<Warning>) {
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
