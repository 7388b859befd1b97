//! Text in pages and mails, an agency's face, and the sending of mails: crates/pages, crates/agencies, crates/moncompte.

use crate::sabotage::{Sabotage, Tests, beside, it};

const fn post(names: &'static [&'static str]) -> Tests {
    it("moncompte", names)
}

const fn shown(names: &'static [&'static str]) -> Tests {
    Tests { package: "pages", binary: Some("render"), names }
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "writes what somebody typed into a page as markup",
        items: &[10],
        file: "crates/pages/src/render.rs",
        find: "AutoEscape::Html if !value.is_safe() => escape(&text),",
        replace: "AutoEscape::Html if text.is_empty() => escape(&text),",
        caught_by: shown(&["nothing_that_is_written_into_a_page_is_more_than_text"]),
    },
    Sabotage {
        name: "writes a name into a mail as markup",
        items: &[96],
        file: "crates/pages/src/render.rs",
        find: r#"'<' => out.push_str("&lt;"),"#,
        replace: "'<' => out.push('<'),",
        caught_by: shown(&["nothing_that_is_written_into_a_mail_is_more_than_text"]),
    },
    Sabotage {
        name: "lets a name begin another line of a mail's header",
        items: &[95],
        file: "crates/pages/src/render.rs",
        find: r#"text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')"#,
        replace: r#"text.split(|c: char| c == '\u{2028}' || c == '\u{2029}')"#,
        caught_by: shown(&[
            "nothing_that_is_written_into_a_mail_is_more_than_text",
            "a_subject_is_one_line_names_the_sender_and_holds_no_secret",
        ]),
    },
    Sabotage {
        name: "lets an agency's words turn the direction of what follows",
        items: &[96],
        file: "crates/agencies/src/look.rs",
        find: r"c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns(c)",
        replace: r"c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')",
        caught_by: beside("agencies", &["words_are_one_line_of_plain_text_without_addresses"]),
    },
    Sabotage {
        name: "takes a logo that holds a script",
        items: &[10],
        file: "crates/agencies/src/logo.rs",
        find: "match ACTS.iter().find(|sign| text.contains(**sign)) {",
        replace: "match ACTS.iter().find(|sign| text.starts_with(**sign)) {",
        caught_by: beside("agencies", &["a_picture_is_known_by_its_first_bytes"]),
    },
    Sabotage {
        name: "serves a logo that may run scripts when it is opened by itself",
        items: &[105],
        file: "crates/idp/src/web/file.rs",
        find: "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        replace: "default-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        caught_by: it("idp", &["a_logo_is_served_as_a_picture_and_nothing_more"]),
    },
    Sabotage {
        name: "sends mail in clear where the server offers no TLS",
        items: &[97],
        file: "crates/moncompte/src/smtp.rs",
        find: "if let Some(tls) = upgraded {",
        replace: "if let Some(tls) = upgraded.filter(|_| line.can_starttls()) {",
        caught_by: post(&["a_server_without_starttls_never_sees_a_mail_or_a_password"]),
    },
    Sabotage {
        name: "sends mail to a server with any certificate",
        items: &[97],
        file: "crates/moncompte/src/post.rs",
        find: "let tls = tls.build()?;",
        replace: "let tls = tls.dangerous_accept_invalid_certs(true).dangerous_accept_invalid_hostnames(true).build()?;",
        caught_by: post(&["a_server_with_the_wrong_certificate_gets_nothing_and_the_person_notices_nothing"]),
    },
];
