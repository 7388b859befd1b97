//! What the protocol remembers and what a sign-in or sign-out does to it: crates/idp.

use crate::sabotage::{Sabotage, Tests, it};

const fn journey(names: &'static [&'static str]) -> Tests {
    it("idp", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "takes the browser that an interaction belongs to from anybody",
        items: &[12, 13],
        file: "crates/idp/src/grant/authorize.rs",
        find: r#"            .filter(interaction::Column::BrowserHash.eq(browser.digest().as_str()))
"#,
        replace: r#"            .filter(interaction::Column::BrowserHash.ne(browser.text()))
"#,
        caught_by: journey(&["an_interaction_belongs_to_one_browser_and_ends_once"]),
    },
    Sabotage {
        name: "ends an interaction again and again",
        items: &[12],
        file: "crates/idp/src/grant/authorize.rs",
        find: "Ok(ended.rows_affected == 1)",
        replace: "Ok(ended.rows_affected <= 1)",
        caught_by: journey(&["an_interaction_belongs_to_one_browser_and_ends_once"]),
    },
    Sabotage {
        name: "gives a code in a session that has ended",
        items: &[46],
        file: "crates/idp/src/grant/authorize.rs",
        find: "if !self.accounts.hold_session(&tx, session.id).await? {",
        replace: "if !self.accounts.hold_session(&tx, session.id).await? && session.persistent {",
        caught_by: journey(&["no_code_is_given_in_a_session_that_has_ended"]),
    },
    Sabotage {
        name: "sends a code to an address that has left the client's file",
        items: &[1, 30],
        file: "crates/idp/src/grant/authorize.rs",
        find: "if !client.redirects_to(request.path.redirect_uri()) {",
        replace: "if request.path.redirect_uri().is_empty() {",
        caught_by: journey(&["what_left_the_file_meanwhile_gets_no_code"]),
    },
    Sabotage {
        name: "takes a hint that was issued to another client",
        items: &[14, 35],
        file: "crates/idp/src/grant/authorize.rs",
        find: "if !jwt::audience(&claims).is_ok_and(|aud| aud.contains(&client.client_id.as_str())) {",
        replace: "if !jwt::audience(&claims).is_ok_and(|aud| !aud.is_empty() && !client.client_id.is_empty()) {",
        caught_by: journey(&["a_hint_names_a_person_only_if_it_is_ours"]),
    },
    Sabotage {
        name: "gives tokens to each of those who redeem a code at once",
        items: &[17, 18],
        file: "crates/idp/src/grant/exchange.rs",
        find: "if redeemed.rows_affected != 1 {",
        replace: "if redeemed.rows_affected > 1 {",
        caught_by: journey(&["of_32_redemptions_at_once_one_wins"]),
    },
    Sabotage {
        name: "leaves what a code gave when it comes again",
        items: &[17],
        file: "crates/idp/src/grant/exchange.rs",
        find: r#"        self.reused(grant, "code_reuse").await?;
"#,
        replace: r#"        let _ = grant;
"#,
        caught_by: journey(&["a_second_redemption_is_refused_and_ends_what_the_first_gave"]),
    },
    Sabotage {
        name: "ends what a code gave without a word in the evidence",
        items: &[17],
        file: "crates/idp/src/grant/mod.rs",
        find: "if revoked.rows_affected == 1 {",
        replace: "if revoked.rows_affected > 1 {",
        caught_by: journey(&["a_second_redemption_is_refused_and_ends_what_the_first_gave"]),
    },
    Sabotage {
        name: "rotates a refresh token for each of those who use it at once",
        items: &[20, 21],
        file: "crates/idp/src/grant/together.rs",
        find: r#"        .filter(refresh_token::Column::UsedAt.is_null())
"#,
        replace: "",
        caught_by: journey(&["of_32_rotations_at_once_at_most_one_has_a_child"]),
    },
    Sabotage {
        name: "leaves the family of a refresh token that comes again",
        items: &[20],
        file: "crates/idp/src/grant/refresh.rs",
        find: r#"        self.reused(grant, "refresh_reuse").await?;
"#,
        replace: r#"        let _ = grant;
"#,
        caught_by: journey(&["a_rotated_token_that_comes_back_ends_the_family"]),
    },
    Sabotage {
        name: "begins the life of a family anew at every refresh",
        items: &[24],
        file: "crates/idp/src/grant/refresh.rs",
        find: r#"family_ends_at: row.family_ends_at,
            used_at: None,"#,
        replace: r#"family_ends_at: now + self.settings.refresh_most,
            used_at: None,"#,
        caught_by: journey(&["a_family_ends_idle_or_old"]),
    },
    Sabotage {
        name: "gives tokens for an account that has changed since",
        items: &[30, 76],
        file: "crates/idp/src/grant/issue.rs",
        find: "found.filter(|(account, _)| account.auth_epoch == grant.auth_epoch)",
        replace: "found.filter(|(account, _)| account.auth_epoch >= grant.auth_epoch)",
        caught_by: journey(&["a_token_is_worth_nothing_to_others_or_after_its_person_or_client_is_gone"]),
    },
    Sabotage {
        name: "takes an access token of a grant that was revoked",
        items: &[17, 20],
        file: "crates/idp/src/grant/userinfo.rs",
        find: "let Some(grant) = grant.filter(|g| g.revoked_at.is_none()) else { return Ok(None) };",
        replace: "let Some(grant) = grant else { return Ok(None) };",
        caught_by: journey(&["a_second_redemption_is_refused_and_ends_what_the_first_gave"]),
    },
    Sabotage {
        name: "opens userinfo with a token for somebody else's resource",
        items: &[35],
        file: "crates/idp/src/grant/userinfo.rs",
        find: "self.bearer(token, Some(&self.settings.issuer)).await?",
        replace: "self.bearer(token, None).await?",
        caught_by: journey(&["a_token_for_a_resource_opens_that_resource_only"]),
    },
    Sabotage {
        name: "takes a client assertion that was used",
        items: &[27],
        file: "crates/idp/src/grant/caller.rs",
        find: "Err(error) if is_unique_violation(&error) => return Ok(Err(failed())),",
        replace: "Err(error) if is_unique_violation(&error) => Default::default(),",
        caught_by: journey(&["an_assertion_by_a_shared_secret_is_good_once_over_all_nodes"]),
    },
    Sabotage {
        name: "looks at a thousand wrong secrets",
        items: &[26],
        file: "crates/idp/src/grant/caller.rs",
        find: "if self.guesses.refuses(call.source, &name, now) {",
        replace: "if self.guesses.refuses(call.source, &name, now) && name.is_empty() {",
        caught_by: journey(&["who_guesses_secrets_waits_and_the_client_does_not"]),
    },
    Sabotage {
        name: "signs with a key before anybody can have fetched it",
        items: &[36],
        file: "crates/idp/src/grant/keys.rs",
        find: "self.make(alg, key.generation + 1, now + self.settings.key_overlap).await,",
        replace: "self.make(alg, key.generation + 1, now).await,",
        caught_by: journey(&["a_rotation_goes_through_next_current_and_retired"]),
    },
    Sabotage {
        name: "withdraws a key while what it signed still lives",
        items: &[36],
        file: "crates/idp/src/grant/keys.rs",
        find: "Some(at) if now < at + linger => KeyState::Retired,",
        replace: "Some(at) if now < at => KeyState::Retired,",
        caught_by: journey(&["a_rotation_goes_through_next_current_and_retired"]),
    },
    Sabotage {
        name: "publishes a key for ever",
        items: &[36],
        file: "crates/idp/src/grant/keys.rs",
        find: "Some(_) => KeyState::Gone,",
        replace: "Some(_) => KeyState::Retired,",
        caught_by: journey(&["a_rotation_goes_through_next_current_and_retired"]),
    },
    Sabotage {
        name: "starts with another secret than the database knows",
        items: &[37],
        file: "crates/kernel/src/ground.rs",
        find: "if ours == theirs {",
        replace: "if !theirs.is_empty() {",
        caught_by: journey(&["a_node_with_another_secret_does_not_start"]),
    },
    Sabotage {
        name: "tells a client the time of its request for that of the sign-in",
        items: &[39],
        file: "crates/idp/src/grant/authorize.rs",
        find: r#"            auth_time: session.auth_time,
            auth_epoch"#,
        replace: r#"            auth_time: now,
            auth_epoch"#,
        caught_by: journey(&["an_id_token_says_what_happened"]),
    },
    Sabotage {
        name: "calls every session by one name",
        items: &[39, 47],
        file: "crates/idp/src/grant/authorize.rs",
        find: "sid: self.ground.token().text(),",
        replace: "sid: client.client_id.clone(),",
        caught_by: journey(&["an_id_token_says_what_happened"]),
    },
    Sabotage {
        name: "leaves another person's portals signed in behind a new session",
        items: &[47],
        file: "crates/idp/src/grant/logout.rs",
        find: r#"        if old.account != new.account {
            self.sign_out(old.id).await?;
            return Ok(());
        }
"#,
        replace: "",
        caught_by: journey(&["a_session_of_somebody_else_signs_the_first_out_of_their_portals"]),
    },
    Sabotage {
        name: "leaves another person's portals signed in behind a reset",
        items: &[47],
        file: "crates/accounts/src/recovery.rs",
        find: "[id].into_iter().chain(other).collect()",
        replace: "[id].into_iter().chain(other.filter(|_| false)).collect()",
        caught_by: journey(&["a_reset_in_anothers_browser_signs_the_other_out_of_their_portals"]),
    },
    Sabotage {
        name: "leaves the portals of the other sessions after a reset",
        items: &[76],
        file: "crates/accounts/src/recovery.rs",
        find: "kernel::outbox::enqueue(&tx, &self.ground, SESSIONS_ENDED, &ended, None).await?;",
        replace: "let _ = ended;",
        caught_by: journey(&[
            "a_forgotten_password_is_replaced_by_the_newest_link_once",
            "what_a_reset_ended_is_told_to_the_portals_whoever_dies_after_it",
        ]),
    },
];
