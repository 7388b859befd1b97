//! Files of operators and agencies, and their reading: crates/legacy/src/row, crates/moncompte/src/config.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn row(names: &'static [&'static str]) -> Tests {
    beside("legacy", names)
}

const fn config(names: &'static [&'static str]) -> Tests {
    beside("moncompte", names)
}

const fn program(names: &'static [&'static str]) -> Tests {
    it("moncompte", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "shuts a person out for a value that proves nothing",
        items: &[88],
        file: "crates/legacy/src/row/columns.rs",
        find: "if !is_proof(place) {",
        replace: "if !is_proof(place) && !value.contains(char::is_control) {",
        caught_by: row(&["only_what_proves_the_person_makes_a_row_bad"]),
    },
    Sabotage {
        name: "takes an address that may be a stranger's out of a longer text",
        items: &[88],
        file: "crates/legacy/src/row/lenient.rs",
        find: "if std::mem::replace(&mut begins, true) {",
        replace: "if std::mem::replace(&mut begins, true) || word.len() > 1 {",
        caught_by: row(&["of_what_stands_in_email_an_address_is_taken_only_where_it_is_one"]),
    },
    Sabotage {
        name: "takes a password whose characters are in doubt",
        items: &[88],
        file: "crates/legacy/src/row/columns.rs",
        find: "let wrong = if !value.is_ascii() && value.chars().any(|c| stray(c).is_some()) {",
        replace: "let wrong = if false {",
        caught_by: row(&["an_endless_line_or_wrong_bytes_cost_one_row"]),
    },
    Sabotage {
        name: "starts with nobody where one agency has a mistake",
        items: &[100, 101],
        file: "crates/moncompte/src/config/agencies.rs",
        find: "let mistakes = self.mistakes.split_off(before);",
        replace: "let mistakes = self.mistakes.split_off(before);\n            self.mistakes.extend(mistakes.iter().cloned());",
        caught_by: program(&["the_mistake_of_an_agency_stops_nobody_else"]),
    },
    Sabotage {
        name: "gives a client that two agencies name to one of them",
        items: &[100],
        file: "crates/agencies/src/lib.rs",
        find: "out.withheld.insert(client_id.clone());",
        replace: "",
        caught_by: beside("agencies", &["a_client_of_several_agencies_is_nobodys_and_all_else_is_served"]),
    },
    Sabotage {
        name: "speaks to a database elsewhere without TLS",
        items: &[100],
        file: "crates/moncompte/src/config/network.rs",
        find: "if here || encrypted || without_tls {",
        replace: "if here || encrypted || !without_tls {",
        caught_by: config(&["a_database_elsewhere_is_spoken_to_under_tls"]),
    },
    Sabotage {
        name: "believes half the internet who it says it is",
        items: &[100],
        file: "crates/moncompte/src/config/network.rs",
        find: "{ return net.prefix_len() < 8 };",
        replace: "{ return net.prefix_len() < 1 };",
        caught_by: config(&["nobody_believes_strangers"]),
    },
    Sabotage {
        name: "ends where somebody asks it to reload",
        items: &[101],
        file: "crates/moncompte/src/serving/signals.rs",
        find: "_ = self.hang_up.recv() => (self.hung_up)(),",
        replace: "_ = self.hang_up.recv() => return Farewell::Interrupt,",
        caught_by: program(&["a_signal_that_is_no_farewell_ends_no_node"]),
    },
    Sabotage {
        name: "lets others on the machine read what it makes",
        items: &[104, 124],
        file: "crates/moncompte/src/main.rs",
        find: "rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);",
        replace: "rustix::process::umask(rustix::fs::Mode::WGRP | rustix::fs::Mode::WOTH);",
        caught_by: program(&["what_the_program_makes_is_read_by_its_user_alone"]),
    },
    Sabotage {
        name: "calls a machine beside this one by an address of another form",
        items: &[48],
        file: "crates/moncompte/src/outbound.rs",
        find: "Some(v4) => is_public(v4.into()),",
        replace: "Some(_) => true,",
        caught_by: config(&["an_address_that_leads_inside_is_known_however_it_is_written"]),
    },
    Sabotage {
        name: "takes the people of a file that is torn for strangers",
        items: &[100, 101],
        file: "crates/moncompte/src/config/agencies.rs",
        find: "agencies.withhold(torn);",
        replace: "drop(torn);",
        caught_by: program(&["the_mistake_of_an_agency_stops_nobody_else"]),
    },
    Sabotage {
        name: "lets a file that is torn take another agency's client away",
        items: &[100],
        file: "crates/agencies/src/lib.rs",
        find: ".filter(|client| !self.owners.contains_key(client))",
        replace: ".filter(|client| !client.is_empty())",
        caught_by: beside("agencies", &["a_client_of_several_agencies_is_nobodys_and_all_else_is_served"]),
    },
];
