//! Mailed links, and the ends of sessions: crates/accounts.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn rule(names: &'static [&'static str]) -> Tests {
    beside("accounts", names)
}

const fn journey(names: &'static [&'static str]) -> Tests {
    it("accounts", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "sets a password by a link that somebody else has just used",
        items: &[67, 68],
        file: "crates/accounts/src/store/reset_links.rs",
        find: "Ok(used.rows_affected == 1)",
        replace: "Ok(used.rows_affected <= 1)",
        caught_by: journey(&["sixty_four_resets_at_once_set_one_password"]),
    },
    Sabotage {
        name: "takes a reset link of any age",
        items: &[69],
        file: "crates/accounts/src/store/reset_links.rs",
        find: r#".filter(Column::SupersededAt.is_null())
        .filter(Column::ExpiresAt.gt(now))
}"#,
        replace: r#".filter(Column::SupersededAt.is_null())
        .filter(Column::ExpiresAt.gt(Ord::min(now, 0)))
}"#,
        caught_by: journey(&["a_link_dies_of_age_of_a_sign_in_and_after_three_an_hour_there_is_no_other"]),
    },
    Sabotage {
        name: "leaves a reset link alive after a sign-in",
        items: &[69],
        file: "crates/accounts/src/act/sign_in.rs",
        find: "if standing.has_reset_link {",
        replace: "if standing.has_reset_link && row.auth_epoch > 9 {",
        caught_by: journey(&["a_link_dies_of_age_of_a_sign_in_and_after_three_an_hour_there_is_no_other"]),
    },
    Sabotage {
        name: "mails a reset link as often as anybody asks",
        items: &[73],
        file: "crates/accounts/src/mailing.rs",
        find: "left && now - self.last >= SPACE << doublings",
        replace: "left || now - self.last >= SPACE << doublings",
        caught_by: journey(&["nobody_is_kept_from_a_reset_link_and_nobody_is_flooded_with_them"]),
    },
    Sabotage {
        name: "mails no new reset link where none works",
        items: &[57],
        file: "crates/accounts/src/act/forgot.rs",
        find: "other => self.new_link(tx, owner, other.map(|link| link.id), request).await.map(Some),",
        replace: "_ => Ok(None),",
        caught_by: journey(&["nobody_is_kept_from_a_reset_link_and_nobody_is_flooded_with_them"]),
    },
    Sabotage {
        name: "writes to an unfinished move as often as anybody asks",
        items: &[73],
        file: "crates/accounts/src/store/enrolments.rs",
        find: "Column::FinishMailedAt.lte(now - pause)",
        replace: "Column::FinishMailedAt.lte(now)",
        caught_by: journey(&["a_stranger_uses_up_no_mail_of_a_move"]),
    },
    Sabotage {
        name: "mails a confirmation for every password that is typed",
        items: &[73],
        file: "crates/accounts/src/act/choose_password.rs",
        find: "Due::Wait(_) | Due::Tomorrow => {}",
        replace: "Due::Wait(_) | Due::Tomorrow => self.mail_confirm(tx, &row, 1).await?,",
        caught_by: journey(&[
            "passwords_chosen_again_and_again_send_no_flood_of_mails",
            "a_password_that_is_sent_again_and_again_is_one_mail",
        ]),
    },
    Sabotage {
        name: "leaves what an account gave before a reset",
        items: &[76],
        file: "crates/accounts/src/store/accounts.rs",
        find: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(1))",
        replace: ".col_expr(Column::AuthEpoch, Expr::col(Column::AuthEpoch).add(0))",
        caught_by: journey(&["a_reset_ends_everything_older_and_signs_this_browser_in"]),
    },
    Sabotage {
        name: "leaves the other sessions after a reset",
        items: &[46, 76],
        file: "crates/accounts/src/act/renew.rs",
        find: r#"        sessions::end_all(tx, id, now).await?;
"#,
        replace: r#"        let _ = sessions::end_all;
"#,
        caught_by: journey(&["a_reset_ends_everything_older_and_signs_this_browser_in"]),
    },
    Sabotage {
        name: "opens a session of before a reset",
        items: &[46, 76],
        file: "crates/accounts/src/session.rs",
        find: "if owner.auth_epoch != row.auth_epoch || owner.disabled_at.is_some() {",
        replace: "if owner.disabled_at.is_some() {",
        caught_by: journey(&["a_session_is_worth_what_its_account_is_now"]),
    },
    Sabotage {
        name: "opens the session of a disabled person",
        items: &[30, 46],
        file: "crates/accounts/src/session.rs",
        find: "if owner.auth_epoch != row.auth_epoch || owner.disabled_at.is_some() {",
        replace: "if owner.auth_epoch != row.auth_epoch {",
        caught_by: journey(&["a_session_is_worth_what_its_account_is_now"]),
    },
    Sabotage {
        name: "opens a session that has ended",
        items: &[40, 46],
        file: "crates/accounts/src/store/sessions.rs",
        find: r#"        .filter(Column::EndedAt.is_null())
        .find_also_related(account::Entity)"#,
        replace: "        .find_also_related(account::Entity)",
        caught_by: journey(&["a_session_is_worth_what_its_account_is_now"]),
    },
    Sabotage {
        name: "leaves the session before a sign-in alive",
        items: &[40],
        file: "crates/accounts/src/act/open_session.rs",
        find: "if let Some(old) = replaces {",
        replace: "if let Some(old) = replaces.filter(|_| new.keep) {",
        caught_by: journey(&["a_session_is_worth_what_its_account_is_now"]),
    },
    Sabotage {
        name: "keeps a session without end",
        items: &[46],
        file: "crates/accounts/src/session.rs",
        find: "now < ends_at && now - last_seen < idle",
        replace: "now - last_seen < idle",
        caught_by: rule(&["a_session_ends_idle_or_old"]),
    },
    Sabotage {
        name: "keeps a session that nobody uses",
        items: &[46],
        file: "crates/accounts/src/session.rs",
        find: "now < ends_at && now - last_seen < idle",
        replace: "now < ends_at && last_seen < now + idle",
        caught_by: rule(&["a_session_ends_idle_or_old"]),
    },
    Sabotage {
        name: "overwrites the password that a reset set, by one that was right before",
        items: &[67],
        file: "crates/accounts/src/store/accounts.rs",
        find: ".filter(Column::PasswordHash.eq(was))",
        replace: r#".filter(Column::PasswordHash.ne(""))"#,
        caught_by: rule(&["a_rehash_at_sign_in_leaves_the_password_that_a_reset_set_meanwhile"]),
    },
    Sabotage {
        name: "leaves a reset link alive after the password attached an agency",
        items: &[69],
        file: "crates/accounts/src/act/attach.rs",
        find: r#"                    reset_links::supersede(tx, owner, now).await?;
"#,
        replace: r#"                    let _ = reset_links::supersede;
"#,
        caught_by: journey(&["attaching_by_the_password_ends_older_reset_links"]),
    },
    Sabotage {
        name: "makes a browser known by a password that a reset replaced",
        items: &[76],
        file: "crates/accounts/src/store/devices.rs",
        find: ".and_where(account::Column::AuthEpoch.eq(auth_epoch))",
        replace: ".and_where(account::Column::AuthEpoch.gte(auth_epoch))",
        caught_by: rule(&["a_sign_in_that_a_reset_overtook_makes_no_browser_known"]),
    },
];
