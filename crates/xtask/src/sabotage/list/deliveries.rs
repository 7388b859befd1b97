//! Deliveries: how their files are read, the guards before them, and what an undo may touch.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn row(names: &'static [&'static str]) -> Tests {
    beside("legacy", names)
}

const fn guard() -> Tests {
    beside("accounts", &["an_ordinary_delivery_breaks_no_guard_and_each_guard_breaks_alone"])
}

const fn journey(names: &'static [&'static str]) -> Tests {
    it("accounts", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "believes whoever says that UTF-8 is another encoding",
        items: &[88],
        file: "crates/legacy/src/charset/detect.rs",
        find: "(None, Some(asked)) if is_utf8 &&",
        replace: "(None, Some(asked)) if false && is_utf8 &&",
        caught_by: row(&["what_is_utf_8_is_nothing_else_whatever_one_says"]),
    },
    Sabotage {
        name: "takes a number that a spreadsheet made for an identifier",
        items: &[88],
        file: "crates/legacy/src/row/columns.rs",
        find: "if let Some(spoilt) = spoilt::spoilt(text) {",
        replace: "if let Some(spoilt) = spoilt::spoilt(text).filter(|_| false) {",
        caught_by: row(&["identifiers_that_a_spreadsheet_spoilt_are_told_apart"]),
    },
    Sabotage {
        name: "guesses the column that decides who somebody is",
        items: &[88],
        file: "crates/legacy/src/row/columns.rs",
        find: "place(meant).filter(|at| *at >= EMAIL)",
        replace: "place(meant).filter(|at| *at < EMAIL || *at >= EMAIL)",
        caught_by: row(&["columns_have_names_of_their_own_and_common_ones"]),
    },
    Sabotage {
        name: "takes the rest of another row for a short one",
        items: &[88],
        file: "crates/legacy/src/row/header.rs",
        find: "matches!(place, Place::Column(at) if columns::is_proof(*at))",
        replace: "matches!(place, Place::Column(at) if columns::is_proof(*at) && false)",
        caught_by: row(&["a_short_row_is_read_where_nothing_is_lost_that_proves_the_person"]),
    },
    Sabotage {
        name: "leaves a person out whose hash cannot be read",
        items: &[88],
        file: "crates/legacy/src/row/columns.rs",
        find: "self.lose_hash(place, Oddity::NoHash(wrong));",
        replace: "return Err(wrong.to_owned());",
        caught_by: row(&["a_row_that_is_wrong_is_told_with_its_line_and_the_next_is_read"]),
    },
    Sabotage {
        name: "shows a household's references to another password",
        items: &[88],
        file: "crates/accounts/src/act/deliver/group.rs",
        find: "taken.parts.0[HASH] == other.parts.0[HASH]\n",
        replace: "taken.parts.0[HASH] == other.parts.0[HASH] || other.has_hash\n",
        caught_by: journey(&["two_references_on_one_identifier_open_with_one_password"]),
    },
    Sabotage {
        name: "lets a hash that cannot be read take the stored one away",
        items: &[88],
        file: "crates/accounts/src/act/deliver/write.rs",
        find: "false if row.unreadable && identity.verifier.is_some() => Secret::Kept,",
        replace: "false if row.unreadable && identity.verifier.is_none() => Secret::Kept,",
        caught_by: journey(&["a_hash_that_cannot_be_read_leaves_the_stored_one"]),
    },
    Sabotage {
        name: "tries as many readings of a password as an agency has rules",
        items: &[62],
        file: "crates/legacy/src/reading.rs",
        find: "found.len() < MOST &&",
        replace: "found.len() < 100 * MOST &&",
        caught_by: row(&["readings_are_few_and_none_comes_twice"]),
    },
    Sabotage {
        name: "closes any number of clients whom a cut file misses",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "gone > rules.max_gone",
        replace: "gone > rules.max_gone + 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes a file that has nobody in common with the agency",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "overlap < rules.min_overlap",
        replace: "overlap < rules.min_overlap - 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes a file most of whose rows are bad",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "bad > rules.max_bad {",
        replace: "bad > rules.max_bad + 1.0 {",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes a file whose hashes cannot be read",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "unreadable > rules.max_bad",
        replace: "unreadable > rules.max_bad + 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes the other identifiers of a file that a spreadsheet spoilt",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "spoilt > SPOILT",
        replace: "spoilt > SPOILT + 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes identifiers that have lost their zeros",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "report.lost_zeros() > SPOILT",
        replace: "report.lost_zeros() > SPOILT + 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes the rows of another agency",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "&& *share >= LIKE",
        replace: "&& *share >= LIKE + 1.0",
        caught_by: guard(),
    },
    Sabotage {
        name: "takes a few rows of another agency",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "report.other_agency_rows >= HANDFUL",
        replace: "report.other_agency_rows >= 20 * HANDFUL",
        caught_by: guard(),
    },
    Sabotage {
        name: "closes most clients of a small agency",
        items: &[88],
        file: "crates/accounts/src/delivery/guards.rs",
        find: "report.gone > FEW_GONE",
        replace: "report.gone > 20 * FEW_GONE",
        caught_by: guard(),
    },
    Sabotage {
        name: "looks for another agency's rows by the rules of one agency alone",
        items: &[88],
        file: "crates/accounts/src/act/deliver/plan.rs",
        find: "if !self.directories.iter().any(|known| known.has_rules_of(&agency.directory)) {",
        replace: "if self.directories.is_empty() {",
        caught_by: journey(&["rows_of_an_agency_with_other_rules_of_identifiers_are_known"]),
    },
    Sabotage {
        name: "applies a plan whose guards do not hold",
        items: &[88],
        file: "crates/accounts/src/act/deliver/apply.rs",
        find: "if !force && !broken.is_empty() {",
        replace: "if false && !force && !broken.is_empty() {",
        caught_by: journey(&["the_file_of_another_agency_is_refused_by_its_guards"]),
    },
    Sabotage {
        name: "applies a plan to another file",
        items: &[88],
        file: "crates/accounts/src/act/deliver/apply.rs",
        find: "if delivery.sha256 != source.sha256 {",
        replace: "if delivery.sha256.is_empty() && !source.sha256.is_empty() {",
        caught_by: journey(&["a_plan_holds_for_its_file_and_for_the_identities_that_it_saw"]),
    },
    Sabotage {
        name: "tries one reading of a password for nobody, and all for a person",
        items: &[60],
        file: "crates/accounts/src/verifier.rs",
        find: "for (at, reading) in readings.iter().enumerate() {",
        replace: "let tried = if read()?.recipe().is_some() { readings.len() } else { 1 };\n    for (at, reading) in readings.iter().enumerate().take(tried) {",
        caught_by: journey(&["readings_cost_the_same_for_a_known_identifier_and_an_unknown_one"]),
    },
    Sabotage {
        name: "looks at the older form of a password for a person alone",
        items: &[60],
        file: "crates/accounts/src/guard.rs",
        find: "if let Some(before) = &before",
        replace: "if let Some(before) = before.as_ref().filter(|_| hash.is_some())",
        caught_by: journey(&["a_new_password_and_an_address_are_one_whatever_keyboard_wrote_them"]),
    },
];
