//! Browsers: forms, cookies, headers, addresses: crates/idp.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn rule(names: &'static [&'static str]) -> Tests {
    beside("idp", names)
}

const fn journey(names: &'static [&'static str]) -> Tests {
    it("idp", names)
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "takes a form without asking whose token it holds",
        items: &[42, 43],
        file: "crates/idp/src/web/form.rs",
        find: "if !csrf.is_some_and(|token| browser.owns(token)) {",
        replace: "if csrf.is_none_or(str::is_empty) && !browser.path.is_empty() {",
        caught_by: journey(&["a_form_that_is_not_this_browsers_changes_nothing"]),
    },
    Sabotage {
        name: "takes a form from another site",
        items: &[42],
        file: "crates/idp/src/web/form.rs",
        find: r#"if is_elsewhere(&parts.headers, &idp.issuer) {"#,
        replace: r#"if is_elsewhere(&parts.headers, &idp.issuer) && browser.fresh {"#,
        caught_by: journey(&["a_form_that_is_not_this_browsers_changes_nothing"]),
    },
    Sabotage {
        name: "takes a portal's form for the person's yes to signing out",
        items: &[44],
        file: "crates/idp/src/web/endpoint/end_session.rs",
        find: "if csrf.as_ref().is_some_and(|token| !browser.owns(token)) {",
        replace: "if csrf.as_ref().is_some_and(|token| token.is_empty() && !browser.owns(token)) {",
        caught_by: journey(&["without_a_hint_the_person_is_asked_and_their_yes_is_theirs"]),
    },
    Sabotage {
        name: "names cookies as any sibling host may",
        items: &[41],
        file: "crates/idp/src/web/cookie.rs",
        find: r#"(true, _) => "__Host-","#,
        replace: r#"(true, _) => "","#,
        caught_by: rule(&["over_https_they_are_bound_to_the_host"]),
    },
    Sabotage {
        name: "lets scripts read the cookies",
        items: &[41],
        file: "crates/idp/src/web/cookie.rs",
        find: ".http_only(true)",
        replace: ".http_only(self == Self::Flash)",
        caught_by: rule(&["over_https_they_are_bound_to_the_host"]),
    },
    Sabotage {
        name: "sends the cookies along with another site's requests",
        items: &[41, 42],
        file: "crates/idp/src/web/cookie.rs",
        find: ".same_site(SameSite::Lax);",
        replace: ".same_site(SameSite::None);",
        caught_by: rule(&["over_https_they_are_bound_to_the_host"]),
    },
    Sabotage {
        name: "chooses among two cookies of one name",
        items: &[41],
        file: "crates/idp/src/web/cookie.rs",
        find: "match <[String; 1]>::try_from(self.all(headers, secure)) {",
        replace: "match self.all(headers, secure).into_iter().next().map(|value| [value]).ok_or(()) {",
        caught_by: rule(&["two_cookies_of_one_name_are_none"]),
    },
    Sabotage {
        name: "believes anybody's X-Forwarded-For",
        items: &[55],
        file: "crates/idp/src/web/address.rs",
        find: r#"        if !self.trusts(peer) {
            return Some(peer.to_canonical());
        }
"#,
        replace: "",
        caught_by: rule(&["forwarded_addresses_count_only_from_trusted_proxies_and_from_the_right"]),
    },
    Sabotage {
        name: "believes the left end of X-Forwarded-For",
        items: &[55],
        file: "crates/idp/src/web/address.rs",
        find: "line.rsplit(',').map(str::trim)",
        replace: "line.split(',').map(str::trim)",
        caught_by: rule(&["forwarded_addresses_count_only_from_trusted_proxies_and_from_the_right"]),
    },
    Sabotage {
        name: "lets a stranger's open quotes swallow what a proxy wrote in Forwarded",
        items: &[55],
        file: "crates/idp/src/web/address.rs",
        find: "} else if c == separator && !quoted {",
        replace: "} else if c == separator && !quoted && list[..at].matches('\"').count() % 2 == 0 {",
        caught_by: rule(&["the_standard_header_is_read_whole"]),
    },
    Sabotage {
        name: "counts everybody as the proxy that writes a port behind their address",
        items: &[55],
        file: "crates/idp/src/web/address.rs",
        find: "host.parse().ok().filter(|_| is_port(port))",
        replace: "host.parse().ok().filter(|_| port.is_empty())",
        caught_by: rule(&["every_form_of_an_address_is_read"]),
    },
    Sabotage {
        name: "counts whom a proxy does not name as the proxy",
        items: &[55],
        file: "crates/idp/src/web/address.rs",
        find: "let Hop::At(ip) = hop else { return None };",
        replace: "let Hop::At(ip) = hop else { return Some(peer) };",
        caught_by: rule(&["what_cannot_be_read_is_nobody_and_not_the_proxy"]),
    },
    Sabotage {
        name: "remembers every network that ever came",
        items: &[113],
        file: "crates/idp/src/web/throttle.rs",
        find: "if known.is_some() || counted.has_room(now) {",
        replace: "if known.is_some() || counted.has_room(now) || now > 0 {",
        caught_by: rule(&["networks_in_great_number_are_not_all_remembered"]),
    },
    Sabotage {
        name: "lets one network arrive as often as it likes",
        items: &[49],
        file: "crates/idp/src/web/arrivals.rs",
        find: "idp.throttle.arrive(browser.visitor.ip)",
        replace: "idp.throttle.arrive(None)",
        caught_by: journey(&["a_network_arrives_only_so_often_in_a_minute"]),
    },
    Sabotage {
        name: "keeps for two days what nobody went on with",
        items: &[49, 113],
        file: "crates/idp/src/grant/mod.rs",
        find: "        delete_in_batches::<interaction::Entity>(db, left).await?;\n",
        replace: "        let _ = left;\n",
        caught_by: journey(&["an_interaction_that_nobody_went_on_with_goes_after_an_hour"]),
    },
    Sabotage {
        name: "forgets an interaction in which somebody typed a wrong password",
        items: &[49],
        file: "crates/idp/src/web/form.rs",
        find: "idp.grants.went_on(interaction);",
        replace: "let _ = interaction;",
        caught_by: journey(&["an_interaction_that_nobody_went_on_with_goes_after_an_hour"]),
    },
    Sabotage {
        name: "writes a stranger's whole text into the log",
        items: &[123],
        file: "crates/kernel/src/untrusted.rs",
        find: "const SHOWN: usize = 100;",
        replace: "const SHOWN: usize = 100_000_000;",
        caught_by: beside("kernel", &["a_strangers_text_is_cut_and_stays_on_its_line"]),
    },
    Sabotage {
        name: "counts every address of a network by itself",
        items: &[55],
        file: "crates/idp/src/web/throttle.rs",
        find: "None => std::net::Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),",
        replace: "None => v6.into(),",
        caught_by: rule(&["a_network_has_so_many_attempts_and_a_neighbour_has_its_own"]),
    },
    Sabotage {
        name: "lets one network try as often as it likes",
        items: &[56],
        file: "crates/idp/src/web/screen/sign_in.rs",
        find: "if let Err(seconds) = idp.throttle.take(browser.visitor.ip) {",
        replace: "if let Err(seconds) = idp.throttle.take(None) {",
        caught_by: journey(&["one_network_tries_only_so_often_whatever_the_account"]),
    },
    Sabotage {
        name: "opens a sealed message at any address",
        items: &[42],
        file: "crates/idp/src/web/browser.rs",
        find: r#"format!("flash {path}")"#,
        replace: r#"format!("flash {}", path.is_empty())"#,
        caught_by: journey(&["a_flash_opens_at_its_own_address_only"]),
    },
    Sabotage {
        name: "sends a silent request to a page",
        items: &[14],
        file: "crates/idp/src/web/screen/arrive.rs",
        find: "if let Some(response) = answer(idp, browser, &asking).await? {",
        replace: "if let Some(response) = answer(idp, browser, &asking).await?.filter(|_| false) {",
        caught_by: journey(&["silence_is_answered_at_the_client_at_once_and_nothing_is_stored"]),
    },
    Sabotage {
        name: "ends a form on another host by redirects",
        items: &[105],
        file: "crates/idp/src/web/answer.rs",
        find: "respond::Response::Redirect(to) => self.on_to(setting, &to),",
        replace: "respond::Response::Redirect(to) => Ok(self.see_other(&to)),",
        caught_by: journey(&["after_a_form_a_page_of_ours_goes_on"]),
    },
    Sabotage {
        name: "holds what a portal's callback leads to against our form-action",
        items: &[105],
        file: "crates/idp/src/web/security.rs",
        find: "if self.posts_away { POLICY.replace(FORMS, \"\") }",
        replace: "if self.posts_away && self.frames.len() > 9 { POLICY.replace(FORMS, \"\") }",
        caught_by: journey(&["after_a_form_a_page_of_ours_goes_on"]),
    },
    Sabotage {
        name: "reads a backslash as no slash",
        items: &[3],
        file: "crates/idp/src/web/path.rs",
        find: r"!address[1..].starts_with(['/', '\\'])",
        replace: "!address[1..].starts_with('/')",
        caught_by: rule(&["what_browsers_read_as_another_host_is_no_address_of_ours"]),
    },
    Sabotage {
        name: "begins anew again and again at a portal that leads back",
        items: &[12],
        file: "crates/idp/src/web/screen/turn.rs",
        find: "Some(to) if flash.said != Some(Said::SentAnew) => {",
        replace: "Some(to) if flash.typed.is_empty() => {",
        caught_by: journey(&["what_a_portal_was_handed_is_never_handed_to_it_again"]),
    },
    Sabotage {
        name: "signs in by the last step of a move, sent again much later",
        items: &[46],
        file: "crates/accounts/src/finish.rs",
        find: r#"        if !ended.ended_since(self.context.now() - AGAIN) {
            return Ok(None);
        }
"#,
        replace: "",
        caught_by: it("idp", &["the_last_step_sent_much_later_asks_for_the_password"]),
    },
    Sabotage {
        name: "lets pages be framed",
        items: &[93, 105, 106],
        file: "crates/idp/src/web/security.rs",
        find: "frame-ancestors 'none'; ",
        replace: "",
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "lets pages be framed by old browsers",
        items: &[105, 106],
        file: "crates/idp/src/web/security.rs",
        find: r#"    put(header::X_FRAME_OPTIONS, text("DENY"));
"#,
        replace: "",
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "lets a page load from anywhere",
        items: &[105],
        file: "crates/idp/src/web/security.rs",
        find: "default-src 'self'; ",
        replace: "default-src *; ",
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "tells other sites the address of a page",
        items: &[71, 105],
        file: "crates/idp/src/web/security.rs",
        find: r#"    put(header::REFERRER_POLICY, text("no-referrer"));
"#,
        replace: "",
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "lets browsers keep pages",
        items: &[46, 105],
        file: "crates/idp/src/web/security.rs",
        find: r#"put(header::CACHE_CONTROL, text("no-store"));"#,
        replace: r#"put(header::CACHE_CONTROL, text("private"));"#,
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "lets browsers guess what an answer is",
        items: &[105],
        file: "crates/idp/src/web/security.rs",
        find: r#"    put(header::X_CONTENT_TYPE_OPTIONS, text("nosniff"));
"#,
        replace: "",
        caught_by: journey(&["every_answer_is_guarded_by_its_headers"]),
    },
    Sabotage {
        name: "lets browsers come back without TLS",
        items: &[105],
        file: "crates/idp/src/web/security.rs",
        find: "if secure {",
        replace: "if secure && POLICY.is_empty() {",
        caught_by: journey(&["whoever_came_over_https_comes_back_over_https"]),
    },
    Sabotage {
        name: "lets what is said of tokens be kept",
        items: &[29],
        file: "crates/idp/src/web/endpoint/mod.rs",
        find: r#"[(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")]"#,
        replace: r#"[(header::CACHE_CONTROL, "private"), (header::PRAGMA, "no-cache")]"#,
        caught_by: journey(&["nothing_that_is_said_of_tokens_is_kept"]),
    },
    Sabotage {
        name: "reads an address of any length",
        items: &[109],
        file: "crates/idp/src/web/router.rs",
        find: "written(request.uri()) > LONGEST_URI",
        replace: "written(request.uri()) > 1000 * LONGEST_URI",
        caught_by: journey(&["long_and_odd_addresses_get_a_page"]),
    },
    Sabotage {
        name: "moves a person of the agency that a form names",
        items: &[81],
        file: "crates/idp/src/web/screen/legacy.rs",
        find: r#"    if turn.portal.is_some() {
        return turn.agency.clone();
    }
"#,
        replace: "",
        caught_by: journey(&["a_form_does_not_choose_the_agency"]),
    },
    Sabotage {
        name: "tells at the door of resets whether there is an account",
        items: &[59, 73],
        file: "crates/idp/src/web/screen/recover.rs",
        find: r#"    idp.accounts.forgot(&fields.email, &turn.visitor()).await?;
    say(Said::Mailed)"#,
        replace: r#"    let known = idp.accounts.owner_of(&fields.email).await?.is_some();
    idp.accounts.forgot(&fields.email, &turn.visitor()).await?;
    say(if known { Said::Mailed } else { Said::Invalid })"#,
        caught_by: journey(&["a_forgotten_password_is_replaced_by_the_newest_link_once"]),
    },
    Sabotage {
        name: "leaves the token of a mailed link in the address",
        items: &[71],
        file: "crates/idp/src/web/link.rs",
        find: ".link(jar, path, &token).see_other(path)",
        replace: r#".link(jar, path, &token).see_other(&format!("{path}?sent={}", token.text()))"#,
        caught_by: journey(&["a_mailed_token_leaves_the_address_at_once"]),
    },
    Sabotage {
        name: "shows whose an identity became to whoever knows its old credentials",
        items: &[78],
        file: "crates/idp/src/web/screen/hub.rs",
        find: ".filter(|e| e.may_end_in(&turn.id().to_string()))",
        replace: "",
        caught_by: journey(&["whoever_comes_too_late_does_not_read_whose_it_became"]),
    },
    Sabotage {
        name: "shows newer terms as if nothing had been refused",
        items: &[90],
        file: "crates/idp/src/web/answer.rs",
        find: "Some(Said::Changed) => *response.status_mut() = StatusCode::CONFLICT,",
        replace: "",
        caught_by: journey(&["a_text_that_changed_while_it_was_read_is_shown_again"]),
    },
    Sabotage {
        name: "resets by any link that lives, whoever holds it",
        items: &[67],
        file: "crates/accounts/src/recovery.rs",
        find: r"TokenHash.eq(token.digest().as_str()))
            .filter(recovery::Column::UsedAt.is_null())",
        replace: r"TokenHash.ne(token.digest().as_str()))
            .filter(recovery::Column::UsedAt.is_null())",
        caught_by: journey(&["no_sequence_of_steps_gets_round_a_proof_on_sqlite"]),
    },
    Sabotage {
        name: "sets cookies in a browser that another site sends",
        items: &[42, 44],
        file: "crates/idp/src/web/router.rs",
        find: r#"        foreign::set_nothing(&mut response);
"#,
        replace: r#"        let _ = foreign::set_nothing;
"#,
        caught_by: journey(&["another_sites_form_ends_nothing_and_sets_nothing"]),
    },
    Sabotage {
        name: "answers another site's form to sign out as if nobody were signed in",
        items: &[44],
        file: "crates/idp/src/web/endpoint/end_session.rs",
        find: r#"foreign.filter(|_| csrf.is_none())"#,
        replace: r#"foreign.filter(|_| csrf.is_none() && body.len() > 60_000)"#,
        caught_by: journey(&["a_portals_form_signs_out_over_an_address_of_ours"]),
    },
];
