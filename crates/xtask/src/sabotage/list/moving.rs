//! The move from the old credentials, the terms, and letters: crates/accounts, crates/kernel.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn rule(names: &'static [&'static str]) -> Tests {
    beside("accounts", names)
}

const fn journey(names: &'static [&'static str]) -> Tests {
    it("accounts", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "writes to an address in letters that only look like another's",
        items: &[74],
        file: "crates/accounts/src/email.rs",
        find: "&& local.bytes().all(|b| b.is_ascii_alphanumeric() ||",
        replace: "&& local.bytes().all(|b| b.is_ascii_alphanumeric() || !b.is_ascii() ||",
        caught_by: rule(&["what_could_break_a_header_or_name_a_twin_is_no_address"]),
    },
    Sabotage {
        name: "writes whatever was typed after the @ into a mail's header",
        items: &[95],
        file: "crates/accounts/src/email.rs",
        find: "&& label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')",
        replace: "&& label.bytes().all(|b| b != 0)",
        caught_by: rule(&["what_could_break_a_header_or_name_a_twin_is_no_address"]),
    },
    Sabotage {
        name: "lets a browser that only gave the old credentials end the move",
        items: &[80, 12],
        file: "crates/accounts/src/finish.rs",
        find: "if row.chosen_in != *here && row.confirmed_in != *here {",
        replace: "if row.chosen_in != *here && row.confirmed_in.is_none() {",
        caught_by: journey(&["a_browser_that_only_gave_the_old_credentials_ends_nobodys_move"]),
    },
    Sabotage {
        name: "lets who proved an older password end the move",
        items: &[80],
        file: "crates/accounts/src/enrolment.rs",
        find: ".col_expr(enrolment::Column::ConfirmedIn, Expr::value(Option::<String>::None));",
        replace: ".col_expr(enrolment::Column::ConfirmedIn, Expr::col(enrolment::Column::ConfirmedIn));",
        caught_by: journey(&["who_proved_an_older_password_does_not_end_the_move"]),
    },
    Sabotage {
        name: "lets another browser change a move at its last step",
        items: &[80, 12],
        file: "crates/accounts/src/enrolment.rs",
        find: "if row.confirmed_at.is_some() && row.chosen_in != *here && row.confirmed_in != *here {",
        replace: "if row.finished_at.is_some() && row.chosen_in != *here && row.confirmed_in != *here {",
        caught_by: journey(&["a_move_at_its_last_step_is_left_to_who_brought_it_there"]),
    },
    Sabotage {
        name: "shows the last step to a browser that only gave the old credentials",
        items: &[80],
        file: "crates/accounts/src/enrolment.rs",
        find: ".any(|known| known.as_deref() == Some(interaction))",
        replace: ".any(|known| known.is_some() && !interaction.is_empty())",
        caught_by: journey(&["a_browser_that_only_gave_the_old_credentials_ends_nobodys_move"]),
    },
    Sabotage {
        name: "takes a mailed code in a browser that only gave the old credentials",
        items: &[80, 12],
        file: "crates/accounts/src/code.rs",
        find: "self.enrolment(id).await?.filter(|e| e.chosen_in(interaction)) else {",
        replace: "self.enrolment(id).await?.filter(|e| e.stage == Stage::Mail) else {",
        caught_by: journey(&["the_code_is_nothing_in_another_browser"]),
    },
    Sabotage {
        name: "counts no attempt at a mailed code",
        items: &[51],
        file: "crates/accounts/src/code.rs",
        find: "Expr::col(Column::CodeTries).add(1)",
        replace: "Expr::col(Column::CodeTries).add(0)",
        caught_by: journey(&["five_wrong_codes_end_it_until_the_next_mail"]),
    },
    Sabotage {
        name: "takes a mailed code after five wrong ones",
        items: &[51, 52],
        file: "crates/accounts/src/code.rs",
        find: ".filter(Column::CodeTries.lt(i32::from(TRIES)))",
        replace: ".filter(Column::CodeTries.lt(i32::MAX))",
        caught_by: journey(&["five_wrong_codes_end_it_until_the_next_mail"]),
    },
    Sabotage {
        name: "takes a mailed code after its day",
        items: &[69],
        file: "crates/accounts/src/code.rs",
        find: ".filter(Column::CodeUntil.gt(now))",
        replace: ".filter(Column::CodeUntil.gt(0))",
        caught_by: journey(&["a_code_works_for_a_day_and_the_link_longer"]),
    },
    Sabotage {
        name: "keeps the code of the first mail when another goes out",
        items: &[69, 75],
        file: "crates/accounts/src/enrolment.rs",
        find: "let code = self.new_code(row);",
        replace: "let code = if row.code_until.is_some() { None } else { self.new_code(row) };",
        caught_by: journey(&["five_wrong_codes_end_it_until_the_next_mail"]),
    },
    Sabotage {
        name: "keeps mailed codes in a way that is guessed in a second",
        items: &[72, 124],
        file: "crates/accounts/src/code.rs",
        find: r#"Digest::of_mac(self.context.keys.mac("confirm code", bound.as_bytes()))"#,
        replace: "Digest::of_mac(kernel::sha256(bound.as_bytes()))",
        caught_by: journey(&["a_copy_of_the_database_does_not_tell_the_code"]),
    },
    Sabotage {
        name: "leaves the code when the link confirmed the address",
        items: &[69],
        file: "crates/accounts/src/enrolment.rs",
        find: r"            .col_expr(enrolment::Column::CodeHash, Expr::value(Option::<String>::None))
            .col_expr(enrolment::Column::Stage",
        replace: "            .col_expr(enrolment::Column::Stage",
        caught_by: journey(&["a_code_works_for_a_day_and_the_link_longer"]),
    },
    Sabotage {
        name: "confirms any address by a link that was mailed to one",
        items: &[75, 80],
        file: "crates/accounts/src/enrolment.rs",
        find: r#"format!("{id}\n{canonical}").as_bytes()"#,
        replace: r#"format!("{id}\n{}", canonical.is_empty()).as_bytes()"#,
        caught_by: journey(&["a_corrected_address_needs_its_own_confirmation"]),
    },
    Sabotage {
        name: "confirms an address that was not typed",
        items: &[75, 80],
        file: "crates/accounts/src/enrolment.rs",
        find: "let stored = row.password_hash.as_deref().filter(|_| same);",
        replace: "let stored = row.password_hash.as_deref().filter(|_| same || !typed_email.is_empty());",
        caught_by: journey(&["a_first_move_makes_everything_true_at_once"]),
    },
    Sabotage {
        name: "skips the notice",
        items: &[12],
        file: "crates/accounts/src/enrolment.rs",
        find: ".filter(|r| r.stage != Stage::Notice.as_str()) else {",
        replace: ".filter(|r| !r.stage.is_empty()) else {",
        caught_by: journey(&["the_notice_is_not_skipped"]),
    },
    Sabotage {
        name: "begins a move by a ticket that was used",
        items: &[79],
        file: "crates/accounts/src/legacy/prove.rs",
        find: "if fresh == 0 {",
        replace: "if fresh > 1 {",
        caught_by: journey(&["a_ticket_begins_a_move_once_even_for_an_identity_that_no_file_brought"]),
    },
    Sabotage {
        name: "moves an identity that has moved",
        items: &[78, 83],
        file: "crates/accounts/src/finish.rs",
        find: "Ok((moved.rows_affected == 1).then_some((row, before)))",
        replace: "Ok((moved.rows_affected <= 1).then_some((row, before)))",
        caught_by: journey(&["two_moves_of_one_identity_make_one_link"]),
    },
    Sabotage {
        name: "leaves the old password where it was after the move",
        items: &[83],
        file: "crates/accounts/src/finish.rs",
        find: r#"            .col_expr(legacy_identity::Column::Verifier, Expr::value(Option::<Vec<u8>>::None))
"#,
        replace: "",
        caught_by: journey(&["a_first_move_makes_everything_true_at_once"]),
    },
    Sabotage {
        name: "begins a move of an identity that has moved",
        items: &[83],
        file: "crates/accounts/src/legacy/prove.rs",
        find: "if identity.moved_at.is_none() {",
        replace: "if identity.moved_at.is_none() || origin.is_none() {",
        caught_by: journey(&["a_moved_identifier_is_refused_with_a_hint_only_for_its_password"]),
    },
    Sabotage {
        name: "imports over an identity that has moved",
        items: &[83],
        file: "crates/accounts/src/legacy/import.rs",
        find: "moved: moved_at.is_some()",
        replace: "moved: moved_at.is_some() && false",
        caught_by: journey(&[
            "a_moved_identifier_is_refused_with_a_hint_only_for_its_password",
            "a_longer_file_adds_what_is_new_and_knows_the_rest",
        ]),
    },
    Sabotage {
        name: "knows an identifier of one agency at another",
        items: &[81],
        file: "crates/accounts/src/legacy/prove.rs",
        find: r#"            .filter(legacy_identity::Column::AgencyId.eq(agency))
"#,
        replace: r#"            .filter(legacy_identity::Column::AgencyId.ne(format!("not {agency}")))
"#,
        caught_by: journey(&["the_same_number_at_two_agencies_is_two_people"]),
    },
    Sabotage {
        name: "keeps a weak hash as it came",
        items: &[84],
        file: "crates/accounts/src/legacy/stored.rs",
        find: "Strength::Weak => (Kind::Sealed, Some(context.seal(PURPOSE, text.as_bytes()))),",
        replace: "Strength::Weak => (Kind::Bare, Some(text.as_bytes().to_vec())),",
        caught_by: journey(&["weak_hashes_never_rest_bare"]),
    },
    Sabotage {
        name: "attaches an agency without a session and without the password",
        items: &[79],
        file: "crates/accounts/src/finish.rs",
        find: "None if self.may_attach_freely(session, Some(owner)) => None,",
        replace: "None if session.is_none() || self.may_attach_freely(session, Some(owner)) => None,",
        caught_by: journey(&["the_next_agency_is_attached_with_the_accounts_password"]),
    },
    Sabotage {
        name: "attaches an agency from an old session without the password",
        items: &[65, 79],
        file: "crates/accounts/src/finish.rs",
        find: "const FRESH: i64 = 300;",
        replace: "const FRESH: i64 = 300_000;",
        caught_by: journey(&["an_old_session_does_not_attach_by_itself"]),
    },
    Sabotage {
        name: "attaches an agency from somebody else's session",
        items: &[79],
        file: "crates/accounts/src/finish.rs",
        find: "session.is_some_and(|s| Some(s.account) == owner &&",
        replace: "session.is_some_and(|s| owner.is_some() &&",
        caught_by: journey(&["nobody_elses_session_attaches"]),
    },
    Sabotage {
        name: "leaves half a move where the other half failed",
        items: &[85],
        file: "crates/accounts/src/finish.rs",
        find: r#"        let here = &visitor.origin.interaction;
"#,
        replace: r#"        tx.commit().await?;
        let tx = self.context.db.begin().await?;
        let here = &visitor.origin.interaction;
"#,
        caught_by: journey(&["the_first_confirmed_address_wins_and_the_other_attaches"]),
    },
    Sabotage {
        name: "records an acceptance of a text that does not hold",
        items: &[90],
        file: "crates/accounts/src/terms.rs",
        find: "edition.is_some_and(|e| e.sha256 == shown.sha256)",
        replace: "edition.is_some_and(|e| !e.sha256.is_empty())",
        caught_by: journey(&["a_first_move_makes_everything_true_at_once"]),
    },
    Sabotage {
        name: "makes an account without an acceptance",
        items: &[89, 91],
        file: "crates/accounts/src/finish.rs",
        find: r#"        self.record_acceptance(&tx, owner, Some(&identity.agency_id), shown, visitor).await?;
"#,
        replace: "",
        caught_by: journey(&["a_first_move_makes_everything_true_at_once"]),
    },
    Sabotage {
        name: "records an acceptance without its evidence",
        items: &[91],
        file: "crates/accounts/src/terms.rs",
        find: r#"        evidence::append(tx, &self.context, "terms accepted", Some(account), &proof).await?;
"#,
        replace: r#"        let _ = serde_json::to_string(&proof);
"#,
        caught_by: journey(&["a_first_move_makes_everything_true_at_once"]),
    },
    Sabotage {
        name: "does not notice that evidence was changed",
        items: &[91],
        file: "crates/accounts/src/evidence.rs",
        find: "if row.previous != previous || row.hash != hash ||",
        replace: "if row.previous != previous ||",
        caught_by: journey(&["evidence_that_was_touched_is_noticed"]),
    },
    Sabotage {
        name: "gives one letter to two senders",
        items: &[98, 120],
        file: "crates/kernel/src/outbox.rs",
        find: r#"            .filter(outbox::Column::Id.eq(id))
            .filter(free())"#,
        replace: "            .filter(outbox::Column::Id.eq(id))",
        caught_by: journey(&["two_senders_never_hold_one_letter"]),
    },
    Sabotage {
        name: "queues a letter outside the transaction of its cause",
        items: &[98, 114],
        file: "crates/kernel/src/outbox.rs",
        find: "outbox::Entity::insert(row).exec_without_returning(tx.conn()).await?;",
        replace: "outbox::Entity::insert(row).exec_without_returning(context.db.writer()).await?;",
        caught_by: journey(&["a_letter_leaves_with_its_cause_or_not_at_all"]),
    },
];
