//! The storage, the answers while it is away, and the health of a node: migrations, crates/kernel,
//! crates/moncompte/src.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn kernel(names: &'static [&'static str]) -> Tests {
    beside("kernel", names)
}

/// Tests of the schema on both databases.
const fn upgrade(names: &'static [&'static str]) -> Tests {
    Tests { package: "testbed", binary: Some("upgrade"), names }
}

const SCHEMA: Tests = upgrade(&["the_database_itself_refuses_what_breaks_an_invariant"]);

const DISK: Tests = it("moncompte", &["without_room_for_the_database_nothing_is_half_done_and_it_heals"]);

const SERVERS: Tests = it("moncompte", &["a_node_turns_to_a_standby_only_once_it_is_promoted"]);

const CROWD: Tests = it("accounts", &["hundreds_who_finish_at_once_all_finish_and_keep_nobody_from_reading"]);

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "tells that a transaction is on the disk before it is",
        items: &[115],
        file: "crates/kernel/src/db/write_queue.rs",
        find: "receiver.await.unwrap_or_else(|_| Err(failed(\"nobody committed the transaction\".into())))",
        replace: "drop(receiver);\n        Ok(())",
        caught_by: kernel(&["where_the_commit_fails_all_are_told_and_nothing_stays"]),
    },
    Sabotage {
        name: "tells that a statement is on the disk before it is",
        items: &[115],
        file: "crates/kernel/src/db/writer.rs",
        find: "timed(Work::Commit, within(slot.committed())).await?;",
        replace: "tokio::spawn(slot.committed());",
        caught_by: kernel(&["a_single_statement_in_a_group_that_fails_is_not_acknowledged"]),
    },
    Sabotage {
        name: "answers by what readers do not see yet",
        items: &[115],
        file: "crates/kernel/src/db/tx.rs",
        find: "slot.end_batch().await;",
        replace: "drop(slot);",
        caught_by: kernel(&["who_gives_up_has_seen_nothing_that_others_do_not_see_then"]),
    },
    Sabotage {
        name: "lets SQLite lose its last commits with the power",
        items: &[115],
        file: "crates/kernel/src/db/connect.rs",
        find: "synchronous(SqliteSynchronous::Full)",
        replace: "synchronous(SqliteSynchronous::Normal)",
        caught_by: kernel(&["each_connection_to_sqlite_waits_for_the_disk_and_for_others"]),
    },
    Sabotage {
        name: "meets another writer and gives up at once",
        items: &[116],
        file: "crates/kernel/src/db/connect.rs",
        find: ".busy_timeout(ACQUIRE_TIMEOUT)",
        replace: ".busy_timeout(Duration::ZERO)",
        caught_by: kernel(&["each_connection_to_sqlite_waits_for_the_disk_and_for_others"]),
    },
    Sabotage {
        name: "begins a transaction that asks for the pen in its middle",
        items: &[116],
        file: "crates/kernel/src/db/write_queue.rs",
        find: "Some(SqliteTransactionMode::Immediate)",
        replace: "Some(SqliteTransactionMode::Deferred)",
        caught_by: kernel(&["a_connection_whose_count_of_transactions_errs_is_not_used_again"]),
    },
    Sabotage {
        name: "waits for a silent database for ever",
        items: &[117],
        file: "crates/kernel/src/db/timeout.rs",
        find: "tokio::time::timeout(limit, work)",
        replace: "tokio::time::timeout(100_000 * limit, work)",
        caught_by: kernel(&["a_database_that_says_nothing_is_given_up"]),
    },
    Sabotage {
        name: "turns to a server that is a standby",
        items: &[117],
        file: "crates/kernel/src/db/servers.rs",
        find: "(0)? == \"off\"",
        replace: "(0)? != \"\"",
        caught_by: SERVERS,
    },
    Sabotage {
        name: "reads from a standby while no server takes writes",
        items: &[117],
        file: "crates/kernel/src/db/connect.rs",
        find: "!many || takes_writes(connection).await?",
        replace: "!many || takes_writes(connection).await.is_ok()",
        caught_by: SERVERS,
    },
    Sabotage {
        name: "keeps a connection that has become read-only",
        items: &[117],
        file: "crates/kernel/src/db/timeout.rs",
        find: "answer.as_ref().is_err_and(is_read_only)",
        replace: "answer.as_ref().is_err_and(|error| is_read_only(error) && false)",
        caught_by: it("moncompte", &["a_connection_that_takes_reads_alone_is_not_kept"]),
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
        file: "crates/kernel/src/db/write_queue.rs",
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
        file: "crates/kernel/src/db/write_queue.rs",
        find: "self.held().waiters.is_empty()",
        replace: "self.held().waiters.len() < 1000",
        caught_by: kernel(&["who_does_not_commit_takes_back_their_own_only"]),
    },
    Sabotage {
        name: "uses a connection whose count of transactions errs",
        items: &[119],
        file: "crates/kernel/src/db/connect.rs",
        find: "!connection.is_in_transaction()",
        replace: "{\n        let _ = connection;\n        true\n    }",
        caught_by: kernel(&["a_connection_whose_count_of_transactions_errs_is_not_used_again"]),
    },
    Sabotage {
        name: "says that it is ready though nothing can be stored",
        items: &[119],
        file: "crates/kernel/src/db/shared_time.rs",
        find: "self.counter.write_probed(seen.is_ok());",
        replace: "self.counter.write_probed(true);",
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
    Sabotage {
        name: "does not tell of a write that was refused until the next look",
        items: &[119],
        file: "crates/kernel/src/db/timeout.rs",
        find: "answer.as_ref().is_err_and(is_out_of_space)",
        replace: "answer.as_ref().is_err_and(|error| is_out_of_space(error) && false)",
        caught_by: DISK,
    },
    Sabotage {
        name: "lets a task that holds a transaction ask for another connection",
        items: &[117],
        file: "crates/kernel/src/db/open_transactions.rs",
        find: "all.contains(&mark)",
        replace: "all.contains(&mark) && mark.1 == 0",
        caught_by: kernel(&["who_holds_a_transaction_asks_for_no_second_connection"]),
    },
    Sabotage {
        name: "asks for a second connection in the middle of a move's last transaction",
        items: &[117],
        file: "crates/accounts/src/act/finish.rs",
        find: "Counter::of_email(&self.context, &owner.email_canonical, None).clear_all(tx).await?;",
        replace: r#"self.account_counter(&owner, visitor).await?.clear_all(tx).await?;
                let _ = Counter::knows_device;"#,
        caught_by: CROWD,
    },
    Sabotage {
        name: "appends evidence without a place in the queue of those who do",
        items: &[117],
        file: "crates/accounts/src/act/forgot.rs",
        find: ".write_recorded(",
        replace: ".write(",
        caught_by: it("accounts", &["a_reset_ends_everything_older_and_signs_this_browser_in"]),
    },
    Sabotage {
        name: "believes a machine whose clock is far from what was agreed",
        items: &[121],
        file: "crates/kernel/src/clock.rs",
        find: "machine.saturating_sub(*at).saturating_abs() > MAX_DATABASE_OFFSET",
        replace: "machine.saturating_sub(*at).saturating_abs() == i64::MAX",
        caught_by: kernel(&["whichever_clock_jumps_what_both_said_before_goes_on"]),
    },
    Sabotage {
        name: "goes by a wrong clock from its start",
        items: &[121],
        file: "crates/kernel/src/clock.rs",
        find: "if far || !fit {",
        replace: "if far {",
        caught_by: kernel(&["a_machine_whose_clock_is_wrong_at_its_start_goes_by_the_databases"]),
    },
    Sabotage {
        name: "goes on from a time that no right clock has shown",
        items: &[121],
        file: "crates/kernel/src/db/shared_time.rs",
        find: ".or(stored().gt(format!(\"{limit:020}\")))",
        replace: ".or(stored().gt(format!(\"{:020}\", i64::MAX - limit % 2)))",
        caught_by: it("moncompte", &["a_time_that_is_far_ahead_of_the_databases_is_not_believed"]),
    },
    Sabotage {
        name: "keeps every line of a log that nobody takes",
        items: &[109],
        file: "crates/moncompte/src/telemetry.rs",
        find: "queue.bytes + line.len() > MAX_BYTES",
        replace: "queue.bytes + line.len() > MAX_BYTES * 1000",
        caught_by: beside("moncompte", &["a_log_that_nobody_takes_stops_nobody_and_what_is_lost_is_counted"]),
    },
    Sabotage {
        name: "leaves a part of the worker down",
        items: &[98],
        file: "crates/moncompte/src/supervisor.rs",
        find: "self.names().insert(name);",
        replace: "if !name.is_empty() {\n                return;\n            }",
        caught_by: beside("moncompte", &["a_task_that_ends_or_panics_begins_again_and_is_told_of_meanwhile"]),
    },
    Sabotage {
        name: "lets the database count any number of wrong passwords",
        items: &[51],
        file: "migrations/src/m0017_baseline/accounts.rs",
        find: "\"failures BETWEEN 0 AND 10 OR",
        replace: "\"failures >= 0 OR",
        caught_by: SCHEMA,
    },
    Sabotage {
        name: "lets a link name an identity that is not there",
        items: &[79],
        file: "migrations/src/m0017_baseline/moves.rs",
        find: "        reference(\"legacy_identity_id\", \"legacy_identity\", Restrict),\n    ],\n    indexes: &[\n        unique(\"uq_link",
        replace: "    ],\n    indexes: &[\n        unique(\"uq_link",
        caught_by: SCHEMA,
    },
    Sabotage {
        name: "deletes an acceptance with its account",
        items: &[91],
        file: "migrations/src/m0017_baseline/accounts.rs",
        find: "Restrict)],\n    indexes: &[unique(\"uq_acceptance",
        replace: "crate::schema::OnDelete::Cascade)],\n    indexes: &[unique(\"uq_acceptance",
        caught_by: SCHEMA,
    },
    Sabotage {
        name: "carries rows into the new schema without looking at them",
        items: &[122],
        file: "migrations/src/upgrade.rs",
        find: "if !violations.is_empty() {",
        replace: "if violations.is_empty() && false {",
        caught_by: upgrade(&["rows_that_break_a_rule_are_named_and_nothing_changes"]),
    },
];
