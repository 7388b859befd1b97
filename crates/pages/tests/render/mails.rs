//! Rules for every mail.

use pages::{Locale, Mail, MailBody, MailFrame, Pages, gallery::look};

use crate::dom::Document;

fn every(mut check: impl FnMut(&str, &MailBody, &Mail, &Document)) {
    let pages = Pages::new().unwrap();
    for locale in Locale::ALL {
        for look in [Some(look()), None] {
            let frame = MailFrame { locale, look, issuer: "https://compte.example.fr".into() };
            for body in MailBody::samples() {
                let name = format!("{} ({})", body.name(), locale.tag());
                let mail =
                    pages.render_mail(&frame, &body).unwrap_or_else(|error| panic!("{name}: {error:#?}"));
                let document = Document::new(name.clone(), mail.html.clone());
                check(&name, &body, &mail, &document);
            }
        }
    }
}

/// The absolute link that a mail's button leads to, if it has one.
fn link(body: &MailBody) -> Option<&str> {
    match body {
        MailBody::Confirm(mail) => Some(&mail.link),
        MailBody::AccountLocked(mail) => Some(&mail.link),
        MailBody::ResetPassword(mail) => Some(&mail.link),
        MailBody::FinishEnrolment(mail) => Some(&mail.link),
        MailBody::ConfirmAddress(mail) => Some(&mail.link),
        MailBody::AddressAsked(mail) => Some(&mail.link),
        MailBody::AddressReplaced(mail) => Some(&mail.link),
        MailBody::NewDevice(mail) => Some(&mail.link),
        MailBody::StaffInvited(mail) => Some(&mail.link),
        MailBody::LinkAdded(mail) => mail.portal_url.as_deref(),
        _ => None,
    }
}

#[test]
fn every_mail_has_a_text_and_a_sound_document() {
    every(|name, _, mail, document| {
        document.check_well_formed();
        assert_eq!(document.all("h1").len(), 1, "{name}");
        let lang = document.attribute("html", "lang");
        assert!(name.ends_with(&format!("({lang})")), "{name}");
        assert!(mail.text.len() > 200, "{name}: {}", mail.text);
        assert!(
            !mail.text.contains('<') && !mail.text.contains("&amp;"),
            "{name}: markup in the text part: {}",
            mail.text
        );
        assert!(!mail.text.contains("\n\n\n\n"), "{name}: holes: {:?}", mail.text);
        assert!(mail.text.contains(&document.text("h1")), "{name}: both parts say the same");
    });
}

#[test]
fn nothing_is_loaded_and_nothing_is_followed() {
    every(|name, body, _, document| {
        for selector in ["img", "script", "link", "iframe", "form", "[background]", "object", "svg"] {
            assert!(document.all(selector).is_empty(), "{name}: {selector}");
        }
        for word in ["url(", "@import", "src=", "srcset", "http-equiv"] {
            assert!(!document.source.contains(word), "{name}: {word}");
        }
        for anchor in document.all("a") {
            assert_eq!(anchor.attr("href"), link(body), "{name}: a link of its own, unchanged");
        }
    });
}

/// PEOPLE F-43: mails are readable in dark mode. Each element with a colour of its own has a second one for dark mode, and the mail declares both schemes, so
/// that no program inverts the colours by itself.
#[test]
fn every_mail_can_be_read_in_the_dark() {
    every(|name, _, _, document| {
        for declared in ["color-scheme", "supported-color-schemes"] {
            assert_eq!(
                document.attribute(&format!("meta[name='{declared}']"), "content"),
                "light dark",
                "{name}"
            );
        }
        let sheet = document.text("style");
        assert_eq!(document.all("style").len(), 1, "{name}");
        let night = sheet.split_once("@media (prefers-color-scheme: dark)").expect("a dark half").1;
        let coloured = document.all("[style*='color:'], [style*='background:'], [style*='border']");
        assert!(coloured.len() > 5, "{name}");
        for element in coloured {
            let class =
                element.attr("class").unwrap_or_else(|| panic!("{name}: by day only: {}", element.html()));
            assert!(night.contains(&format!(".{class} {{")), "{name}: {class}");
        }
    });
}

/// The code can be read aloud and typed: in two groups, on a line of its own, after the button; and not in the preview, which a locked telephone shows.
#[test]
fn a_code_stands_apart_in_both_parts_and_in_no_preview() {
    every(|name, body, mail, document| {
        let MailBody::Confirm(confirm) = body else { return };
        let Some(code) = &confirm.code else {
            assert!(!mail.text.contains("code") && !mail.html.contains("code"), "{name}");
            return;
        };
        assert!(mail.text.lines().any(|line| line.trim() == code), "{name}: {}", mail.text);
        let groups: Vec<String> = document.all("p.m-facts span").iter().map(|s| s.text().collect()).collect();
        assert_eq!(groups, code.split(' ').collect::<Vec<_>>(), "{name}");
        let before = mail.text.split(code).next().unwrap();
        assert!(before.contains(&confirm.link) && before.chars().count() > 300, "{name}: too early");
        assert!(!mail.subject.contains(&code[..4]), "{name}");
    });
}

#[test]
fn one_button_and_its_address_in_plain_sight() {
    every(|name, body, mail, document| match link(body) {
        Some(link) => {
            let shown: Vec<String> = document.all("a").iter().map(|a| a.text().collect()).collect();
            assert_eq!(shown.len(), 2, "{name}: the button, and its address");
            assert_eq!(shown[1], link, "{name}");
            assert!(
                mail.text.lines().any(|line| line == link),
                "{name}: on a line of its own: {}",
                mail.text
            );
        }
        None => assert!(document.all("a").is_empty(), "{name}"),
    });
}

#[test]
fn a_subject_is_one_line_names_the_sender_and_holds_no_secret() {
    every(|name, body, mail, _| {
        assert!(!mail.subject.is_empty() && mail.subject.chars().count() <= 78, "{name}: {}", mail.subject);
        let named = ["Agence des Tilleuls", "Mon compte immobilier", "My property account"];
        assert!(named.iter().any(|who| mail.subject.contains(who)), "{name}: {}", mail.subject);
        assert!(!mail.subject.contains("http") && !mail.subject.contains('@'), "{name}: {}", mail.subject);
        if let Some(token) = link(body).and_then(|link| link.split_once("token=")).map(|(_, token)| token) {
            assert!(!mail.subject.contains(token), "{name}");
            let preview: String = mail.text.chars().take(140).collect();
            assert!(!preview.contains(token), "{name}: the preview shows the secret: {preview}");
        }
    });
}

#[test]
fn a_stored_mail_is_the_mail_that_is_sent() {
    for body in MailBody::samples() {
        let stored = serde_json::to_string(&body).unwrap();
        let back: MailBody = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), stored);
        assert!(stored.contains(&format!("\"mail\":\"{}\"", body.name())), "{stored}");
    }
}
