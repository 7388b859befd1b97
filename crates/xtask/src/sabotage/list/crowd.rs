//! Connections, and the size and shape of what comes through them: crates/moncompte/src/serving, crates/idp/src/web.

use crate::sabotage::{Sabotage, Tests, it};

const fn crowd(names: &'static [&'static str]) -> Tests {
    it("moncompte", names)
}

const SHAPES: Tests = crowd(&["what_has_no_size_or_shape_is_refused_at_once_and_leaves_nothing"]);

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "takes headers of any length",
        items: &[109],
        file: "crates/idp/src/web/router.rs",
        find: "length(request.headers()) > LONGEST_HEADERS",
        replace: "length(request.headers()) > 1000 * LONGEST_HEADERS",
        caught_by: SHAPES,
    },
    Sabotage {
        name: "waits for a body whose length says that it is too long",
        items: &[109],
        file: "crates/idp/src/web/body.rs",
        find: "body.size_hint().lower() > LONGEST as u64",
        replace: "body.size_hint().lower() == u64::MAX",
        caught_by: SHAPES,
    },
    Sabotage {
        name: "reads a form of ten thousand fields",
        items: &[109],
        file: "crates/idp/src/web/form.rs",
        find: "const MOST_FIELDS: usize = 100;",
        replace: "const MOST_FIELDS: usize = 100_000;",
        caught_by: SHAPES,
    },
    Sabotage {
        name: "takes what is no text for text",
        items: &[109],
        file: "crates/idp/src/web/form.rs",
        find: "n.contains(char::REPLACEMENT_CHARACTER) || v.contains(char::REPLACEMENT_CHARACTER)",
        replace: "n.contains(char::REPLACEMENT_CHARACTER) && v.contains(char::REPLACEMENT_CHARACTER)",
        caught_by: SHAPES,
    },
    Sabotage {
        name: "waits for a head for ever",
        items: &[110],
        file: "crates/moncompte/src/serving/connection_timeout.rs",
        find: "Self::Head => timeouts.head,",
        replace: "Self::Head => 1000 * timeouts.head,",
        caught_by: crowd(&["a_head_that_trickles_is_not_waited_for"]),
    },
    Sabotage {
        name: "begins the time of a head anew with every byte",
        items: &[110],
        file: "crates/moncompte/src/serving/connection_timeout.rs",
        find: "if phase != state.phase {",
        replace: "if phase == Phase::Head || phase != state.phase {",
        caught_by: crowd(&["a_head_that_trickles_is_not_waited_for"]),
    },
    Sabotage {
        name: "waits for a body for ever",
        items: &[110],
        file: "crates/idp/src/web/body.rs",
        find: "tokio::time::timeout(idp.body_time, ",
        replace: "tokio::time::timeout(1000 * idp.body_time, ",
        caught_by: crowd(&["a_body_that_trickles_is_answered_408"]),
    },
    Sabotage {
        name: "keeps connections on which nothing is asked",
        items: &[110],
        file: "crates/moncompte/src/serving/connection_timeout.rs",
        find: "Self::Idle => timeouts.idle,",
        replace: "Self::Idle => 1000 * timeouts.idle,",
        caught_by: crowd(&["a_connection_on_which_nothing_is_asked_is_closed"]),
    },
    Sabotage {
        name: "lets one network take every place",
        items: &[110],
        file: "crates/moncompte/src/serving/connection_limiter.rs",
        find: "*count >= limiter.max_per_network",
        replace: "*count >= limiter.max",
        caught_by: crowd(&["two_thousand_connections_that_say_nothing_keep_nobody_out"]),
    },
    Sabotage {
        name: "lets the quiet keep others out",
        items: &[110],
        file: "crates/moncompte/src/serving/connection_limiter.rs",
        find: "open.connections.len() >= limiter.max && !open.evict_idle()",
        replace: "open.connections.len() >= limiter.max",
        caught_by: crowd(&["when_all_places_are_taken_the_quiet_give_way"]),
    },
];
