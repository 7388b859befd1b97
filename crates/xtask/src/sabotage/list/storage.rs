//! What the database keeps and how, and what becomes of those who ask when it cannot: crates/kernel.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn kernel(names: &'static [&'static str]) -> Tests {
    beside("kernel", names)
}

const DISK: Tests = it("moncompte", &["without_room_for_the_database_nothing_is_half_done_and_it_heals"]);

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "tells that a transaction is on the disk before it is",
        items: &[115],
        file: "crates/kernel/src/group.rs",
        find: "told.await.unwrap_or_else(|_| Err(failed(\"nobody committed the transaction\".into())))",
        replace: "drop(told);\n        Ok(())",
        caught_by: kernel(&["where_the_commit_fails_all_are_told_and_nothing_stays"]),
    },
    Sabotage {
        name: "tells that a statement is on the disk before it is",
        items: &[115],
        file: "crates/kernel/src/writer.rs",
        find: "within(turn.committed()).await?;",
        replace: "tokio::spawn(turn.committed());",
        caught_by: kernel(&["a_single_statement_in_a_group_that_fails_is_not_acknowledged"]),
    },
    Sabotage {
        name: "answers by what readers do not see yet",
        items: &[115],
        file: "crates/kernel/src/db.rs",
        find: "turn.over().await;",
        replace: "drop(turn);",
        caught_by: kernel(&["who_gives_up_has_seen_nothing_that_others_do_not_see_then"]),
    },
    Sabotage {
        name: "lets SQLite lose its last commits with the power",
        items: &[115],
        file: "crates/kernel/src/db.rs",
        find: "synchronous(SqliteSynchronous::Full)",
        replace: "synchronous(SqliteSynchronous::Normal)",
        caught_by: kernel(&["each_connection_to_sqlite_waits_for_the_disk_and_for_others"]),
    },
    Sabotage {
        name: "meets another writer and gives up at once",
        items: &[116],
        file: "crates/kernel/src/db.rs",
        find: ".busy_timeout(PATIENCE)",
        replace: ".busy_timeout(Duration::ZERO)",
        caught_by: kernel(&["each_connection_to_sqlite_waits_for_the_disk_and_for_others"]),
    },
    Sabotage {
        name: "begins a transaction that asks for the pen in its middle",
        items: &[116],
        file: "crates/kernel/src/group.rs",
        find: "Some(SqliteTransactionMode::Immediate)",
        replace: "Some(SqliteTransactionMode::Deferred)",
        caught_by: kernel(&["a_connection_whose_count_of_transactions_errs_is_not_used_again"]),
    },
    Sabotage {
        name: "waits for a silent database for ever",
        items: &[117],
        file: "crates/kernel/src/patient.rs",
        find: "tokio::time::timeout(most, work)",
        replace: "tokio::time::timeout(100_000 * most, work)",
        caught_by: kernel(&["a_database_that_says_nothing_is_given_up"]),
    },
    Sabotage {
        name: "takes a connection that broke for an error of its own",
        items: &[118],
        file: "crates/kernel/src/fault.rs",
        find: "Error::Io(_)\n        | Error::Tls(_)",
        replace: "Error::Tls(_)",
        caught_by: kernel(&["what_passes_is_told_from_what_is_broken"]),
    },
    Sabotage {
        name: "goes on in a transaction that the database has taken back",
        items: &[119],
        file: "crates/kernel/src/group.rs",
        find: "runtime.spawn(async move { finish(&mut held).await });",
        replace: "drop(runtime);\n            held.iter_mut().for_each(|_| ());",
        caught_by: kernel(&[
            "where_the_database_takes_the_transaction_back_nobody_hears_that_it_is_there",
            "who_does_not_commit_takes_back_their_own_only",
        ]),
    },
    Sabotage {
        name: "writes among others as if it were alone",
        items: &[119],
        file: "crates/kernel/src/group.rs",
        find: "self.held().done.is_empty()",
        replace: "self.held().done.len() < 1000",
        caught_by: kernel(&["who_does_not_commit_takes_back_their_own_only"]),
    },
    Sabotage {
        name: "uses a connection whose count of transactions errs",
        items: &[119],
        file: "crates/kernel/src/db.rs",
        find: "!connection.is_in_transaction()",
        replace: "{\n        let _ = connection;\n        true\n    }",
        caught_by: kernel(&["a_connection_whose_count_of_transactions_errs_is_not_used_again"]),
    },
    Sabotage {
        name: "says that it is ready though nothing can be stored",
        items: &[119],
        file: "crates/kernel/src/db.rs",
        find: "self.full.store(seen.is_err(), Ordering::Relaxed);",
        replace: "self.full.store(false, Ordering::Relaxed);",
        caught_by: DISK,
    },
    Sabotage {
        name: "believes a clock that steps back",
        items: &[121],
        file: "crates/kernel/src/clock.rs",
        find: "machine.max(seen.saturating_add(ago / 2))",
        replace: "machine.max(seen.min(ago / 2))",
        caught_by: kernel(&["time_follows_the_machine_and_waits_for_one_that_stepped_back"]),
    },
    Sabotage {
        name: "forgets the later time of another node",
        items: &[121],
        file: "crates/kernel/src/clock.rs",
        find: "now.max(elsewhere)",
        replace: "now.max(elsewhere.min(now))",
        caught_by: kernel(&["a_clock_that_was_told_of_a_later_time_never_goes_back"]),
    },
];
