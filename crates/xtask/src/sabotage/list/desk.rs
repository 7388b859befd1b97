//! The desk: crates/desk, the looks of accounts, and the pages of staff in crates/idp.

use crate::sabotage::{Sabotage, Tests, it};

const fn desk(names: &'static [&'static str]) -> Tests {
    it("desk", names)
}

const fn idp(names: &'static [&'static str]) -> Tests {
    it("idp", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "opens the desk with a password of any age",
        items: &[65],
        file: "crates/idp/src/web/screen/desk/mod.rs",
        find: "if terms_due || !is_recent(&session, idp.context.now()) {",
        replace: "if terms_due || !is_recent(&session, 0) {",
        caught_by: idp(&["the_password_is_typed_again_after_an_hour_and_leads_back"]),
    },
    Sabotage {
        name: "opens the desk before the terms are accepted",
        items: &[90],
        file: "crates/idp/src/web/screen/desk/mod.rs",
        find: "if terms_due || !is_recent(&session, idp.context.now()) {",
        replace: "if !is_recent(&session, idp.context.now()) {",
        caught_by: idp(&["whom_a_file_names_gets_an_account_and_is_at_the_desk"]),
    },
    Sabotage {
        name: "lets whom the file no longer names be invited",
        items: &[67],
        file: "crates/idp/src/web/screen/invitation.rs",
        find: "Ok(name.map(|name| (found, name)))",
        replace: "Ok(Some((found, name.unwrap_or_default())))",
        caught_by: idp(&["an_invitation_dies_with_the_entry_in_the_file"]),
    },
    Sabotage {
        name: "takes an invitation that is too old",
        items: &[67],
        file: "crates/accounts/src/act/invite_staff.rs",
        find: "now + i64::from(INVITATION_DAYS) * 86_400)",
        replace: "now + i64::from(INVITATION_DAYS) * 864_000)",
        caught_by: it("accounts", &["an_invitation_ends_after_seven_days_and_with_a_move_to_its_address"]),
    },
    Sabotage {
        name: "ends a link of another agency",
        items: &[59],
        file: "crates/desk/src/lib.rs",
        find: "let seen = actor.sees(whole);\n        let mut links",
        replace: "let seen = whole;\n        let mut links",
        caught_by: desk(&["staff_end_a_link_of_their_own_agency_and_no_other"]),
    },
    Sabotage {
        name: "knows the old password of a link that was given to somebody else",
        items: &[83],
        file: "crates/accounts/src/act/take_link.rs",
        find: "                identities::forget_recogniser(tx, row.legacy_identity_id).await?;\n",
        replace: "                let _ = identities::forget_recogniser;\n",
        caught_by: it(
            "accounts",
            &["a_link_that_is_given_opens_the_other_account_alone_and_both_hear_of_it"],
        ),
    },
    Sabotage {
        name: "gives the old password back by an undo after a link ended",
        items: &[83],
        file: "crates/accounts/src/act/take_link.rs",
        find: "            deliveries::forget_everywhere(tx, row.legacy_identity_id).await?;\n",
        replace: "            let _ = deliveries::forget_everywhere;\n",
        caught_by: it(
            "accounts",
            &["a_link_that_ends_frees_its_identity_for_a_code_and_not_for_the_old_password"],
        ),
    },
    Sabotage {
        name: "leaves a portal what it was told of a link that staff took away",
        items: &[47],
        file: "crates/idp/src/grant/link_ended.rs",
        find: "if !taken && !self",
        replace: "let _ = taken;\n        if !self",
        caught_by: idp(&["a_link_that_ended_is_told_to_the_portals_of_its_agency"]),
    },
    Sabotage {
        name: "shows an agency a person by the identity of another agency",
        items: &[59],
        file: "crates/desk/src/lib.rs",
        find: "found.filter(|(_, agency)| own(agency))",
        replace: "found.filter(|(_, agency)| own(agency) || !agency.is_empty())",
        caught_by: idp(&["a_person_whom_two_agencies_know_is_to_each_as_if_there_were_no_other"]),
    },
    Sabotage {
        name: "tells by the token of a form that there is a desk",
        items: &[59],
        file: "crates/idp/src/web/screen/desk/mod.rs",
        find: "if seats.is_empty() {\n            return Err(not_found(&browser).into());",
        replace: "if seats.is_empty() {\n            return Err(Failure::new(ProblemKind::Forbidden, \"no seat\").into());",
        caught_by: idp(&[
            "every_route_answers_those_who_may_not_as_the_table_says",
            "the_desk_opens_to_its_staff_alone_and_closes_with_the_file",
        ]),
    },
    Sabotage {
        name: "does twice what a form of the desk asks for",
        items: &[12],
        file: "crates/idp/src/web/screen/desk/act.rs",
        find: "if !at.idp().accounts.use_form(form).await? {",
        replace: "if !at.idp().accounts.use_form(form).await? && form.is_nil() {",
        caught_by: idp(&["a_form_is_done_once"]),
    },
    Sabotage {
        name: "lets staff look at all clients one after the other",
        items: &[56],
        file: "crates/desk/src/lib.rs",
        find: "const MOST_LOOKS: u64 = 60;",
        replace: "const MOST_LOOKS: u64 = 6_000;",
        caught_by: desk(&["who_may_not_look_leaves_no_row_and_who_looks_at_everybody_is_stopped"]),
    },
    Sabotage {
        name: "hides a look before the move from its person",
        items: &[59],
        file: "crates/accounts/src/act/look_at.rs",
        find: "[owner.0].into_iter().chain(identities).collect()",
        replace: "[owner.0].into_iter().chain(identities.take(0)).collect()",
        caught_by: desk(&["a_look_is_one_row_an_hour_and_says_what_was_done"]),
    },
];
