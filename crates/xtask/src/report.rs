//! The table at the end of a run: each step, how long it took, how it ended.

use std::time::Duration;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is well; the text, often empty, is worth a glance.
    Passed(String),
    /// Not done, and why.
    Skipped(String),
    /// Not well, and why.
    Failed(String),
}

impl Outcome {
    /// Passed, with nothing more to say.
    pub(crate) fn passed() -> Self {
        Self::Passed(String::new())
    }

    /// Whether the run as a whole can no longer pass.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// One row of the table.
pub(crate) struct Row {
    /// The step's name.
    pub(crate) step: &'static str,
    /// How long it took.
    pub(crate) took: Duration,
    /// How it ended.
    pub(crate) outcome: Outcome,
}

/// The table, ready to print.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("\n{:<8} {:>8}  {:<8} note\n", "step", "time", "result");
    for row in rows {
        let (result, note) = match &row.outcome {
            Outcome::Passed(note) => ("passed", note),
            Outcome::Skipped(note) => ("skipped", note),
            Outcome::Failed(note) => ("FAILED", note),
        };
        // The rest of a long one was printed when it happened.
        let note = note.lines().next().unwrap_or_default();
        let line = format!("{:<8} {:>6.1} s  {result:<8} {note}", row.step, row.took.as_secs_f64());
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_step_time_result_and_note() {
        let rows = [Row {
            step: "demo",
            took: Duration::from_millis(1_540),
            outcome: Outcome::Failed("answered after 2.31 s\nlong story".into()),
        }];
        assert!(
            table(&rows).contains("demo        1.5 s  FAILED   answered after 2.31 s\n"),
            "{}",
            table(&rows)
        );
    }
}
