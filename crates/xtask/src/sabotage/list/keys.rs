//! Keys that are replaced or revoked, and databases that are restored: crates/kernel/src/seal.rs, crates/idp/src/grant/keys.rs, crates/moncompte/src/backup.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn program(names: &'static [&'static str]) -> Tests {
    it("moncompte", names)
}

const RESTORE: Tests = program(&["a_restore_to_yesterday_ends_what_was_given_and_keeps_every_sub"]);
const REVOKED: Tests = it("idp", &["a_revoked_key_verifies_nothing_and_another_signs_at_once"]);
const FAULTS: Tests = program(&["what_is_wrong_with_a_backup_is_told_in_a_sentence"]);

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "makes the keyed hashes anew when the sealing key is replaced",
        items: &[37],
        file: "crates/kernel/src/seal.rs",
        find: "self.ring().root.subkey(purpose)",
        replace: "self.ring().sealing().key.subkey(purpose)",
        caught_by: beside("kernel", &["the_database_names_the_key_that_seals_and_the_root_outlives_it"]),
    },
    Sabotage {
        name: "verifies what a revoked key signed",
        items: &[36],
        file: "crates/idp/src/grant/keys.rs",
        find: "state.is_published() || (ever && state == KeyState::Gone)",
        replace: "state.is_published() || ever || state == KeyState::Revoked",
        caught_by: REVOKED,
    },
    Sabotage {
        name: "publishes a revoked key",
        items: &[36],
        file: "crates/idp/src/grant/keys.rs",
        find: "matches!(self, Self::Next | Self::Current | Self::Retired)",
        replace: "!matches!(self, Self::Gone)",
        caught_by: REVOKED,
    },
    Sabotage {
        name: "leaves password hashes open in a copy of the database",
        items: &[124],
        file: "crates/accounts/src/pepper.rs",
        find: "if !context.keys.seals_hashes() {",
        replace: "if !phc.is_empty() {",
        caught_by: beside(
            "accounts",
            &["a_hash_is_sealed_once_everybody_opens_it_and_again_under_a_new_key"],
        ),
    },
    Sabotage {
        name: "seals with a key that a node does not have",
        items: &[37],
        file: "crates/moncompte/src/command/keys/reseal.rs",
        find: "if let [node, ..] = lacking.as_slice() {",
        replace: "if let [node, _, ..] = lacking.as_slice() {",
        caught_by: program(&["the_key_is_replaced_while_two_nodes_run"]),
    },
    Sabotage {
        name: "keeps sessions alive over a restore",
        items: &[124],
        file: "crates/accounts/src/store/restore.rs",
        find: ".filter(session::Column::EndedAt.is_null())",
        replace: ".filter(session::Column::EndedAt.is_not_null())",
        caught_by: RESTORE,
    },
    Sabotage {
        name: "keeps tokens alive over a restore",
        items: &[124],
        file: "crates/idp/src/grant/restore.rs",
        find: ".filter(token_grant::Column::RevokedAt.is_null())",
        replace: ".filter(token_grant::Column::RevokedAt.is_not_null())",
        caught_by: RESTORE,
    },
    Sabotage {
        name: "gives whoever moves again after a restore another `sub`",
        items: &[86],
        file: "crates/accounts/src/act/finish.rs",
        find: "is_some() { self.context.id() } else { id })",
        replace: "is_some() { id } else { self.context.id() })",
        caught_by: RESTORE,
    },
    Sabotage {
        name: "takes a backup that was changed",
        items: &[124],
        file: "crates/moncompte/src/backup/manifest.rs",
        find: "if Entry::of(&path).ok().as_ref() != Some(entry) {",
        replace: "if Entry::of(&path).is_err() {",
        caught_by: FAULTS,
    },
    Sabotage {
        name: "restores a backup that somebody without the key made",
        items: &[124],
        file: "crates/moncompte/src/backup/manifest.rs",
        find: "if verify_slices_are_equal(hex(&own).as_bytes(), mac.as_bytes()).is_err() {",
        replace: "if hex(&own).len() != mac.len() {",
        caught_by: program(&["a_backup_that_somebody_else_made_is_refused"]),
    },
    Sabotage {
        name: "serves a database whose restore was cut short",
        items: &[124],
        file: "crates/moncompte/src/backup/restore.rs",
        find: "if context.db.stored(RESTORING).await?.is_some() {",
        replace: "if context.db.stored(RESTORING).await?.is_some_and(|mark| !mark.is_empty()) {",
        caught_by: FAULTS,
    },
];
