//! Text from a person, an agency, a portal or a link stays text: every string of every page and mail in every state gets markup
//! added, and the document keeps its shape (SECURITY #10, #96). New fields are covered without being named here.

use std::marker::PhantomData;

use pages::gallery::{self, PageVisitor, every_page};
use pages::{Error, Frame, Locale, MailBody, MailFrame, Page, Pages, Theme};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::dom::Document;

/// Markup that closes an attribute, a tag, a title and a script, opens others, and holds template syntax, an entity and a line break.
const EVIL: &str = "\"'>--></title></script></textarea><b id=x onclick=y>&lt;{{ 7919*7907 }}{% raw %}\r\n\u{2028}Bcc: z@evil.example";

/// Adds it to every string except our own constants: names of states, ids and languages are in lower-case letters only.
fn poisoned(value: Value) -> Value {
    match value {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_lowercase() || b"_-".contains(&b)) => {
            // An empty string is a field that nobody has filled yet.
            if text.is_empty() { EVIL.into() } else { text.into() }
        }
        Value::String(text) => (text + EVIL).into(),
        Value::Array(all) => all.into_iter().map(poisoned).collect(),
        Value::Object(all) => {
            // The text of the terms is markup, made by `markdown`: see `terms_are_no_markup_of_their_writer`.
            let each = |(key, value)| if key == "body_html" { (key, value) } else { (key, poisoned(value)) };
            all.into_iter().map(each).collect()
        }
        other => other,
    }
}

fn poison<T: Serialize + DeserializeOwned>(clean: &T) -> T {
    serde_json::from_value(poisoned(serde_json::to_value(clean).unwrap())).unwrap()
}

/// A page with other values in its fields.
struct Poisoned<P>(Value, bool, PhantomData<P>);

impl<P> Serialize for Poisoned<P> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<P: Page> Page for Poisoned<P> {
    const NAME: &'static str = P::NAME;

    fn has_error(&self) -> bool {
        self.1
    }

    fn samples() -> Vec<Self> {
        Vec::new()
    }
}

/// Every element with the names of its attributes, in order, which markup in a field would change.
fn shape(document: &Document) -> Vec<String> {
    let shape = |element: scraper::ElementRef<'_>| {
        let mut names: Vec<_> = element.value().attrs().map(|(name, _)| name).collect();
        names.sort_unstable();
        format!("{} {names:?}", element.value().name())
    };
    document.all("*").into_iter().map(shape).collect()
}

#[test]
fn nothing_that_is_written_into_a_page_is_more_than_text() {
    struct Round {
        pages: Pages,
        looked_at: usize,
    }
    impl PageVisitor for Round {
        fn page<P: Page>(&mut self) -> Result<(), Error> {
            for locale in Locale::ALL {
                // The same agency with markup in every field, and without, also in the address of its logo.
                let look = Theme { logo_url: Some("/look/Tilleuls.svg".into()), ..gallery::look() };
                let clean = Frame {
                    locale,
                    look: Some(look.clone()),
                    csrf: "C".into(),
                    base: "/authorize/1".into(),
                    issuer_host: "Host".into(),
                };
                let evil = Frame {
                    look: Some(poison(&look)),
                    csrf: EVIL.into(),
                    base: format!("/authorize/1{EVIL}"),
                    issuer_host: EVIL.into(),
                    ..clean.clone()
                };
                for (n, page) in P::samples().iter().enumerate() {
                    let name = format!("{} {n} ({})", P::NAME, locale.tag());
                    // Both have the empty fields filled.
                    let filled = fill(serde_json::to_value(page).unwrap());
                    let filled = Poisoned::<P>(filled, page.has_error(), PhantomData);
                    let bad = Poisoned::<P>(
                        poisoned(serde_json::to_value(page).unwrap()),
                        page.has_error(),
                        PhantomData,
                    );
                    let clean = self.pages.render(&clean, &filled)?;
                    let rendered = self.pages.render(&evil, &bad)?;
                    assert!(!rendered.title.contains(['\r', '\n']), "{name}: a title is one line");
                    let bad = Document::new(name.clone(), rendered.html);
                    bad.check_well_formed();
                    assert_eq!(shape(&Document::new(name.clone(), clean.html)), shape(&bad), "{name}");
                    assert!(!bad.source.contains("62615533"), "{name}: a template in a name was filled in");
                    self.looked_at += bad.source.matches("evil.example").count();
                }
            }
            Ok(())
        }
    }
    let mut round = Round { pages: Pages::new().unwrap(), looked_at: 0 };
    every_page(&mut round).unwrap();
    assert!(round.looked_at > 3000, "{} places", round.looked_at);
}

fn fill(value: Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => "X".into(),
        Value::Array(all) => all.into_iter().map(fill).collect(),
        Value::Object(all) => all.into_iter().map(|(key, value)| (key, fill(value))).collect(),
        other => other,
    }
}

#[test]
fn nothing_that_is_written_into_a_mail_is_more_than_text() {
    let pages = Pages::new().unwrap();
    for locale in Locale::ALL {
        let clean =
            MailFrame { locale, look: Some(gallery::look()), issuer: "https://compte.example".into() };
        let evil = MailFrame { look: Some(poison(&gallery::look())), ..clean.clone() };
        for body in MailBody::samples() {
            let name = format!("{} ({})", body.name(), locale.tag());
            let good = Document::new(name.clone(), pages.render_mail(&clean, &body).unwrap().html);
            let mail = pages.render_mail(&evil, &poison(&body)).unwrap();
            assert!(!mail.subject.contains(['\r', '\n', '\u{2028}']), "{name}: {}", mail.subject);
            let bad = Document::new(name.clone(), mail.html);
            bad.check_well_formed();
            // The number of the code's groups, each a bare `span`, depends on its length.
            let without_length = |document: &Document| {
                let mut shape = shape(document);
                shape.dedup_by(|one, before| one == before && one == "span []");
                shape
            };
            assert_eq!(without_length(&good), without_length(&bad), "{name}");
            assert!(bad.source.contains("evil.example"), "{name}");
        }
    }
}

/// SECURITY #96: markup in terms stays text, although operators write them.
#[test]
fn terms_are_no_markup_of_their_writer() {
    let html =
        serde_json::to_string(&pages::markdown(&format!("## {EVIL}\n\n{EVIL}\n\n[x](javascript:alert)")))
            .unwrap();
    let document = Document::new("terms".into(), serde_json::from_str(&html).unwrap());
    assert!(document.all("b, script, title[id], [onclick]").is_empty(), "{html}");
    for link in document.all("a") {
        assert!(!link.attr("href").unwrap_or_default().starts_with("javascript:"), "{html}");
    }
}
