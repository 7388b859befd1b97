//! The pictures of the help page are the pages themselves (SPEC J9).

use pages::page::{Confirm, Email, Legacy, LookAtYourMail, Page, Password, Terms};
use pages::{Contact, Frame, Locale, Pages, Theme, gallery};

fn look() -> Theme {
    Theme {
        agency_id: "tilleuls".into(),
        agency_name: "Agence <des> Tilleuls & Cie".into(),
        accent: "#1f6f54".into(),
        logo_url: Some("/look/tilleuls.svg".into()),
        contact: Contact::default(),
        ..gallery::look()
    }
}

/// Checks that a document is well-formed XML: each element is closed, each attribute has a quoted value, and no `&` stands alone.
fn check_xml(name: &str, document: &str) {
    let mut open: Vec<&str> = Vec::new();
    let (before, rest) = document.split_once("<![CDATA[").expect("the style sheet");
    let (sheet, after) = rest.split_once("]]>").expect("its end");
    assert!(!sheet.contains("]]>"), "{name}");
    for text in [before, after] {
        for (at, part) in text.split('<').enumerate() {
            if at == 0 {
                continue;
            }
            let (tag, words) = part.split_once('>').unwrap_or_else(|| panic!("{name}: <{part}"));
            for entity in words.split('&').skip(1).chain(tag.split('&').skip(1)) {
                let known = ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|e| entity.starts_with(e));
                assert!(known, "{name}: &{entity}");
            }
            if let Some(closes) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closes), "{name}: </{closes}>");
                continue;
            }
            assert_eq!(tag.matches('=').count().min(1), usize::from(tag.contains('"')), "{name}: <{tag}>");
            assert_eq!(tag.matches('"').count() % 2, 0, "{name}: <{tag}>");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
    }
    assert!(open.is_empty(), "{name}: {open:?}");
}

fn heading<P: Page>(pages: &Pages, locale: Locale, page: P) -> String {
    let frame = Frame {
        locale,
        look: Some(look()),
        csrf: String::new(),
        base: String::new(),
        issuer_host: String::new(),
    };
    let html = pages.render(&frame, &page).unwrap().html;
    let heading = html.split_once("<h1").unwrap().1.split_once("</h1>").unwrap().0;
    heading.split_once('>').unwrap().1.to_owned()
}

#[test]
fn each_picture_is_the_page_of_its_step_and_a_document_of_its_own() {
    let pages = Pages::new().unwrap();
    for locale in Locale::ALL {
        let headings = [
            heading(&pages, locale, Legacy::samples().remove(0)),
            heading(&pages, locale, Email::samples().remove(0)),
            heading(&pages, locale, Password::samples().remove(0)),
            heading(&pages, locale, LookAtYourMail::samples().remove(0)),
            heading(&pages, locale, Confirm::samples().remove(0)),
            heading(
                &pages,
                locale,
                Terms::samples().into_iter().find(|t| t.language == locale.tag()).unwrap(),
            ),
        ];
        for look in [Some(look()), None] {
            for (step, heading) in (1..).zip(&headings) {
                let name = format!("{step} ({}, {})", locale.tag(), look.is_some());
                let svg = pages.picture(locale, look.as_ref(), step).unwrap().unwrap();
                check_xml(&name, &svg);
                assert!(svg.contains(&format!(">{heading}</h1>")), "{name}: no {heading}");
                assert_eq!(svg.contains("Agence &lt;des&gt; Tilleuls &amp; Cie"), look.is_some(), "{name}");
                for word in ["<script", "<img", "url(", "@import", "xlink", "c5rf"] {
                    assert!(!svg.contains(word), "{name}: {word}");
                }
                let packed = pages::precompressed(svg.as_bytes()).unwrap().len();
                assert!(packed < 9_000, "{name}: {packed} bytes on the wire");
            }
        }
    }
    for step in [0, 7, 255] {
        assert!(pages.picture(Locale::Fr, None, step).unwrap().is_none(), "{step}");
    }
}
