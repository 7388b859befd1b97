//! What is written into pages and mails, and how mails leave: crates/pages, crates/moncompte.

use crate::sabotage::{Sabotage, Tests, it};

const fn post(names: &'static [&'static str]) -> Tests {
    it("moncompte", names)
}

const fn page(names: &'static [&'static str]) -> Tests {
    Tests { package: "pages", binary: Some("rules"), names }
}

const fn mail(names: &'static [&'static str]) -> Tests {
    Tests { package: "pages", binary: Some("render"), names }
}

pub(super) const GUARDS: &[Sabotage] = &[
    Sabotage {
        name: "writes what somebody typed into a page as markup",
        items: &[10],
        file: "crates/pages/src/render.rs",
        find: "AutoEscape::Html if !value.is_safe() => escape(&text),",
        replace: "AutoEscape::Html if text.is_empty() => escape(&text),",
        caught_by: page(&["what_people_agencies_and_portals_write_stays_text"]),
    },
    Sabotage {
        name: "writes a name into a mail as markup",
        items: &[96],
        file: "crates/pages/src/render.rs",
        find: r#"'<' => out.push_str("&lt;"),"#,
        replace: "'<' => out.push('<'),",
        caught_by: mail(&["a_name_cannot_break_out_of_its_line"]),
    },
    Sabotage {
        name: "lets a name begin another line of a mail's header",
        items: &[95],
        file: "crates/pages/src/render.rs",
        find: r#"text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')"#,
        replace: r#"text.split(|c: char| c == '\u{2028}' || c == '\u{2029}')"#,
        caught_by: mail(&[
            "a_name_cannot_break_out_of_its_line",
            "a_subject_is_one_line_names_the_sender_and_holds_no_secret",
        ]),
    },
    Sabotage {
        name: "sends mail in clear where the server offers no TLS",
        items: &[97],
        file: "crates/moncompte/src/post.rs",
        find: "SmtpSecurity::Starttls => (587, Tls::Required(tls)),",
        replace: "SmtpSecurity::Starttls => (587, Tls::Opportunistic(tls)),",
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
