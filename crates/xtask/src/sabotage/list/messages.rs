//! Messages that leave, wait, end and come back: crates/kernel, crates/accounts, crates/moncompte.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn rule(names: &'static [&'static str]) -> Tests {
    beside("moncompte", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "ends a message because the operator's password is refused",
        items: &[97],
        file: "crates/moncompte/src/smtp.rs",
        find: "Step::SignIn => Blame::Server { max_pause: MAX_SIGN_IN_PAUSE },",
        replace: "Step::SignIn => Blame::Address,",
        caught_by: rule(&["a_refusal_before_the_address_was_named_is_of_all_messages"]),
    },
    Sabotage {
        name: "takes every refusal of a recipient for a verdict on the address",
        items: &[97],
        file: "crates/moncompte/src/smtp.rs",
        find: "Step::Rcpt if code.is_some_and(|code| is_verdict(code, said)) => Blame::Address,",
        replace: "Step::Rcpt if code.is_some_and(|code| code >= 500) => Blame::Address,",
        caught_by: rule(&["only_a_verdict_on_the_address_ends_a_message"]),
    },
    Sabotage {
        name: "takes every refusal of a message for a verdict on the address",
        items: &[97],
        file: "crates/moncompte/src/smtp.rs",
        find: "Step::Message if code.is_some_and(|code| code >= 500) && enhanced(said) == Some(true) => {",
        replace: "Step::Message if code.is_some_and(|code| code >= 500) => {",
        caught_by: rule(&["an_answer_to_the_message_is_about_the_address_where_it_says_so"]),
    },
    Sabotage {
        name: "gives a message up after a day",
        items: &[97],
        file: "crates/kernel/src/db/outbox/mod.rs",
        find: "pub const GIVE_UP_AFTER: i64 = 5 * 86_400;",
        replace: "pub const GIVE_UP_AFTER: i64 = 86_400;",
        caught_by: it(
            "accounts",
            &["a_message_that_waits_ends_after_five_days_and_an_operator_begins_it_anew"],
        ),
    },
    Sabotage {
        name: "lets every message ask a server that refuses",
        items: &[97],
        file: "crates/kernel/src/db/outbox/pause.rs",
        find: ".filter(meta::Column::Value.eq(seen.text()?))",
        replace: ".filter(meta::Column::Key.eq(KEY))",
        caught_by: it("accounts", &["one_message_asks_whether_the_server_still_refuses"]),
    },
    Sabotage {
        name: "tells nobody that an address was refused",
        items: &[97],
        file: "crates/accounts/src/store/enrolments.rs",
        find: ".col_expr(Column::RefusedAt, Expr::value(now))",
        replace: ".col_expr(Column::RefusedAt, Expr::value(NEVER))",
        caught_by: it("accounts", &["a_refused_address_is_remembered_until_another_takes_its_place"]),
    },
    Sabotage {
        name: "believes a notice of a bounce that anybody could write",
        items: &[97],
        file: "crates/moncompte/src/return_path.rs",
        find: "(known && rest.starts_with(&after)).then_some(message)",
        replace: "((known || !rest.is_empty()) && rest.starts_with(&after)).then_some(message)",
        caught_by: rule(&["only_an_address_of_our_own_names_a_message"]),
    },
    Sabotage {
        name: "calls a portal that hangs with every place there is",
        items: &[97],
        file: "crates/moncompte/src/hosts.rs",
        find: "const CALLS_PER_HOST: usize = 2;",
        replace: "const CALLS_PER_HOST: usize = 200;",
        caught_by: rule(&["a_host_has_so_many_calls_at_a_time_and_the_others_have_their_own"]),
    },
    Sabotage {
        name: "sends mails and logout calls from one queue",
        items: &[97],
        file: "crates/moncompte/src/delivery.rs",
        find: r#"Lane { name: "mail", kinds: &[MAIL], places: 8 },"#,
        replace: r#"Lane { name: "mail", kinds: &[], places: 8 },"#,
        caught_by: it("moncompte", &["a_portal_that_hangs_delays_neither_mails_nor_other_portals"]),
    },
];
