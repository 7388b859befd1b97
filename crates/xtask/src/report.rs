//! The summary of a run: each step, its duration and outcome.

use std::time::Duration;

/// The outcome of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Passed, with an optional note.
    Passed(String),
    /// Skipped, with the reason.
    Skipped(String),
    /// Failed, with the reason.
    Failed(String),
}

impl Outcome {
    /// Returns a pass without a note.
    pub(crate) fn passed() -> Self {
        Self::Passed(String::new())
    }

    /// Returns true if the run as a whole has failed.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

/// A row of the summary.
pub(crate) struct Row {
    /// The step's name.
    pub(crate) step: &'static str,
    /// The duration.
    pub(crate) took: Duration,
    /// The processor time of the commands that it ran to their end.
    pub(crate) cpu: Duration,
    /// The outcome.
    pub(crate) outcome: Outcome,
}

/// Returns the summary, ready to print.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("\n{:<12} {:>8} {:>8}  {:<8} note\n", "step", "time", "CPU", "result");
    for row in rows {
        let (result, note) = match &row.outcome {
            Outcome::Passed(note) => ("passed", note),
            Outcome::Skipped(note) => ("skipped", note),
            Outcome::Failed(note) => ("FAILED", note),
        };
        // The rest of a long note was printed when it occurred.
        let note = note.lines().next().unwrap_or_default();
        let line = format!(
            "{:<12} {:>6.1} s {:>6.1} s  {result:<8} {note}",
            row.step,
            row.took.as_secs_f64(),
            row.cpu.as_secs_f64()
        );
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
            cpu: Duration::from_millis(2_130),
            outcome: Outcome::Failed("answered after 2.31 s\nlong story".into()),
        }];
        assert!(
            table(&rows).contains("demo            1.5 s    2.1 s  FAILED   answered after 2.31 s\n"),
            "{}",
            table(&rows)
        );
    }
}
