use accounts::{Changes, PlanReport};

use super::tell::effects;

/// Corrections for those who moved are among the changes: no part is more than the whole above it.
#[test]
fn the_page_counts_no_part_above_its_whole() {
    let changes = Changes { reference: 3, name: 1, ..Changes::default() };
    let report =
        PlanReport { updated: 1, corrected: 2, changes, gone: 2, gone_moved: 1, ..PlanReport::default() };
    let mut whole = 0;
    for line in effects(true, &report) {
        if line.words.starts_with('—') {
            assert!(line.count <= whole, "{} {} of {whole}", line.words, line.count);
        } else {
            whole = line.count;
        }
    }
}
