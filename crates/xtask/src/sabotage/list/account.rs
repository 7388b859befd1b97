//! Changes of an account by its owner, and refusals to a thief: crates/accounts, with tests over HTTP in crates/idp.

use crate::sabotage::{Sabotage, Tests, it};

const fn journey(names: &'static [&'static str]) -> Tests {
    it("idp", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "ends somebody else's session",
        items: &[47],
        file: "crates/accounts/src/store/sessions.rs",
        find: r#"        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(owner))"#,
        replace: r#"        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.is_not_null())"#,
        caught_by: journey(&["all_other_sessions_end_and_nobody_elses_does"]),
    },
    Sabotage {
        name: "changes a password without the current one",
        items: &[53, 65],
        file: "crates/accounts/src/act/change_password.rs",
        find: "Reauthentication::Refused(refused) => return Ok(PasswordChange::Refused(refused)),",
        replace: "Reauthentication::Refused(_) => crate::lockout::Counter::of_email(&self.context, &row.email_canonical, None),",
        caught_by: journey(&["guesses_at_the_current_password_count_and_lock_and_change_nothing"]),
    },
    Sabotage {
        name: "leaves the other sessions after a change of the password",
        items: &[46, 65],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"        sessions::end_all(tx, id, now).await?;
"#,
        replace: r#"        let _ = sessions::end_all;
"#,
        caught_by: journey(&["a_password_is_changed_by_the_current_one_and_everything_older_ends"]),
    },
    Sabotage {
        name: "leaves what an account gave before a change of the password",
        items: &[46, 65],
        file: "crates/accounts/src/store/accounts.rs",
        find: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))",
        replace: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(0))",
        caught_by: journey(&["a_password_is_changed_by_the_current_one_and_everything_older_ends"]),
    },
    Sabotage {
        name: "asks for another address without the password",
        items: &[53, 65, 75],
        file: "crates/accounts/src/act/change_address.rs",
        find: "Reauthentication::Refused(refused) => return Ok(AddressWish::Refused(refused)),",
        replace: "Reauthentication::Refused(_) => crate::lockout::Counter::of_email(&self.context, &row.email_canonical, None),",
        caught_by: journey(&["a_session_alone_does_not_ask_for_another_address"]),
    },
    Sabotage {
        name: "leaves the other sessions after a change of the address",
        items: &[46, 65, 75],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"        sessions::end_all(tx, id, now).await?;
"#,
        replace: r#"        let _ = sessions::end_all;
"#,
        caught_by: journey(&["an_address_changes_when_the_new_one_is_confirmed_and_everything_older_ends"]),
    },
    Sabotage {
        name: "leaves what an account gave before a change of the address",
        items: &[46, 65, 75],
        file: "crates/accounts/src/store/accounts.rs",
        find: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))",
        replace: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(0))",
        caught_by: journey(&["an_address_changes_when_the_new_one_is_confirmed_and_everything_older_ends"]),
    },
    Sabotage {
        name: "confirms an address for whoever is signed in",
        items: &[75],
        file: "crates/accounts/src/act/change_address.rs",
        find: "let own = session.filter(|s| s.account == owner);",
        replace: "let own = session;",
        caught_by: journey(&["a_link_is_for_the_account_that_asked_whoever_is_signed_in"]),
    },
    Sabotage {
        name: "leaves the wish for another address that its owner cancelled",
        items: &[69, 75],
        file: "crates/accounts/src/act/change_address.rs",
        find: "email_changes::end_pending(tx, owner, self.context.now()).await?;",
        replace: "let _ = (tx, owner);",
        caught_by: journey(&["an_older_wish_is_dead_and_so_is_one_that_was_cancelled"]),
    },
    Sabotage {
        name: "leaves the wish for another address after a reset",
        items: &[69, 76],
        file: "crates/accounts/src/act/renew.rs",
        find: "email_changes::end_pending(tx, owner, now).await?;",
        replace: "let _ = (owner, email_changes::end_pending);",
        caught_by: journey(&["a_change_gives_no_new_guesses_and_a_new_password_ends_a_wish"]),
    },
    Sabotage {
        name: "leaves a reset link alive after a change of the address",
        items: &[69],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"        reset_links::supersede(tx, id, now).await?;
"#,
        replace: r#"        let _ = reset_links::supersede;
"#,
        caught_by: journey(&["a_change_gives_no_new_guesses_and_a_new_password_ends_a_wish"]),
    },
    Sabotage {
        name: "gives five new guesses with a new address",
        items: &[58],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"Counter::hand_over(tx, &self.context, &wish.from_canonical, &wish.to_canonical).await"#,
        replace: r#"Ok(drop(Counter::hand_over(tx, &self.context, &wish.from_canonical, &wish.to_canonical)))"#,
        caught_by: journey(&["a_change_gives_no_new_guesses_and_a_new_password_ends_a_wish"]),
    },
    Sabotage {
        name: "writes to as many addresses as somebody types",
        items: &[73],
        file: "crates/accounts/src/act/change_address.rs",
        find: "today >= self.rules.email_changes_per_day",
        replace: "today >= 1000 * self.rules.email_changes_per_day",
        caught_by: journey(&["five_wishes_a_day_and_no_more"]),
    },
    Sabotage {
        name: "leaves a thief the way back after an older address had the last word",
        items: &[75],
        file: "crates/accounts/src/store/email_changes.rs",
        find: ".filter(Column::Id.gt(wish.id))",
        replace: ".filter(Column::Id.eq(wish.id))",
        caught_by: journey(&["the_oldest_address_has_the_last_word"]),
    },
    Sabotage {
        name: "leaves a thief the password when an address is taken back",
        items: &[75],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"Self::TakeBack { wish, hash } => Credentials {
                password: Some(hash),"#,
        replace: "Self::TakeBack { wish, .. } => Credentials {",
        caught_by: journey(&["the_older_address_stops_the_change_or_takes_it_back"]),
    },
    Sabotage {
        name: "leaves a thief's browser known after a new password",
        items: &[54, 76],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"        devices::forget_others(tx, id, &signed_in.device.digest()).await?;
"#,
        replace: r#"        let _ = devices::forget_others;
"#,
        caught_by: journey(&["a_browser_of_a_thief_is_forgotten_with_what_was_counted_in_it"]),
    },
    Sabotage {
        name: "leaves a thief's browser known when all others are signed out",
        items: &[54, 76],
        file: "crates/idp/src/grant/logout.rs",
        find: r#"        self.accounts.forget_other_devices(account, visitor).await?;
"#,
        replace: r#"        let _ = visitor;
"#,
        caught_by: journey(&["a_browser_of_a_thief_is_forgotten_with_what_was_counted_in_it"]),
    },
    Sabotage {
        name: "begins a page of its own for each time that a mailed link's form comes",
        items: &[85],
        file: "crates/idp/src/web/screen/confirm.rs",
        find: "let known = [found.origin.as_deref(), found.proved_in()];",
        replace: "let known = [found.origin.as_deref(), None];",
        caught_by: journey(&["an_address_confirmed_again_leaves_the_first_page_as_it_was"]),
    },
    Sabotage {
        name: "writes twice for another address that was asked for twice",
        items: &[73],
        file: "crates/accounts/src/act/change_address.rs",
        find: "same && wish.created_at + mailing::SPACE > self.context.now()",
        replace: "same && wish.created_at > self.context.now()",
        caught_by: journey(&["another_address_asked_for_again_sends_no_second_mail"]),
    },
];
