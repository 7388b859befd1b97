//! The text of every page and mail, line by line, so that review sees each change of words or of order.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p pages --test render snapshots`, and read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{LazyLock, Mutex};

use pages::gallery::{self, PageVisitor, every_page};
use pages::{Error, Locale, MailBody, MailFrame, Page, Pages};
use scraper::{ElementRef, Node};

use crate::dom::Document;
use crate::shown::{frame, render};

/// The accessible outline of a part of a document, one line for each thing that a screen reader would stop at.
fn outline(document: &Document, selector: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for root in document.all(selector) {
        walk(document, root, &mut lines);
    }
    lines
}

fn words(element: ElementRef<'_>) -> String {
    let mut out = String::new();
    spell(element, &mut out);
    out.split([' ', '\n', '\t']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The words of an element without what is hidden, with its links in brackets and a slash where a line breaks.
fn spell(element: ElementRef<'_>, out: &mut String) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => out.push_str(text),
            Node::Element(_) => {
                let Some(child) = ElementRef::wrap(child) else { continue };
                match child.value().name() {
                    _ if hidden(child) => {}
                    "br" => out.push_str(" / "),
                    "a" => {
                        let _ =
                            write!(out, " [{}]({})", words(child), child.attr("href").unwrap_or_default());
                    }
                    "strong" | "code" => spell(child, out),
                    _ => {
                        out.push(' ');
                        spell(child, out);
                    }
                }
            }
            _ => {}
        }
    }
}

fn hidden(element: ElementRef<'_>) -> bool {
    element.attr("aria-hidden") == Some("true") || element.attr("type") == Some("hidden")
}

fn walk(document: &Document, element: ElementRef<'_>, lines: &mut Vec<String>) {
    if hidden(element) {
        return;
    }
    let name = element.value().name();
    let line = match name {
        "h1" | "h2" | "h3" => Some(format!("{name} {}", words(element))),
        "p" | "li" | "dt" | "dd" | "summary" | "legend" if leaf(element) => Some(match name {
            "p" => words(element),
            "dt" => format!("· {}:", words(element)),
            "dd" => format!("  {}", words(element)),
            "li" => format!("- {}", words(element)),
            _ => format!("{name}: {}", words(element)),
        }),
        "a" => Some(format!("[{}]({})", words(element), element.attr("href").unwrap_or_default())),
        "button" => Some(format!("<{}>", button(element))),
        "input" => Some(field(document, element)),
        "label" => None,
        // The terms are not our words; their page has tests of its own.
        "article" => Some(format!("article of {} headings", element.select(&selector("h2")).count())),
        "form" => {
            lines.push(format!("form → {}", element.attr("action").unwrap_or_default()));
            inside(document, element, lines);
            return;
        }
        _ => {
            if let Some(role) = element.attr("role").filter(|role| *role != "presentation") {
                lines.push(format!("{role}:"));
            }
            inside(document, element, lines);
            return;
        }
    };
    // Elements that a script fills are empty.
    lines.extend(line.filter(|line| !line.trim().is_empty()));
}

fn inside(document: &Document, element: ElementRef<'_>, lines: &mut Vec<String>) {
    for child in element.children().filter_map(ElementRef::wrap) {
        walk(document, child, lines);
    }
}

/// Returns true if the element holds text and no element with a line of its own.
fn leaf(element: ElementRef<'_>) -> bool {
    let own = ["p", "ul", "ol", "h2", "h3", "button", "input", "form", "div"];
    !element.descendants().skip(1).filter_map(ElementRef::wrap).any(|e| own.contains(&e.value().name()))
        && element.select(&selector("a.button, a.tile, a.way")).next().is_none()
}

fn selector(text: &str) -> scraper::Selector {
    scraper::Selector::parse(text).unwrap()
}

fn button(element: ElementRef<'_>) -> String {
    let shown = words(element);
    if shown.is_empty() { element.attr("data-show").unwrap_or_default().to_owned() } else { shown }
}

fn field(document: &Document, element: ElementRef<'_>) -> String {
    let attribute = |name| element.attr(name).unwrap_or_default();
    let label = document.all(&format!("label[for='{}']", attribute("id")));
    let label = label.first().map(|label| words(*label)).unwrap_or_default();
    let mut out = format!("{} {}: \"{label}\"", attribute("type"), attribute("name"));
    if !attribute("value").is_empty() && attribute("type") != "checkbox" {
        let _ = write!(out, " = {}", attribute("value"));
    }
    for (name, said) in [("checked", "ticked"), ("aria-invalid", "wrong")] {
        if element.attr(name).is_some() {
            let _ = write!(out, " ({said})");
        }
    }
    out
}

/// Returns the lines that another state removes and adds, without those that both have.
fn difference(from: &[String], to: &[String]) -> Vec<String> {
    // The longest common rows from each place on.
    let mut common = vec![vec![0_usize; to.len() + 1]; from.len() + 1];
    for i in (0..from.len()).rev() {
        for j in (0..to.len()).rev() {
            common[i][j] = if from[i] == to[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == to.len() || (i < from.len() && common[i + 1][j] >= common[i][j + 1]) {
            out.push(format!("− {}", from[i]));
            i += 1;
        } else {
            out.push(format!("+ {}", to[j]));
            j += 1;
        }
    }
    out
}

static SEEN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

fn compare(name: &str, text: &str) {
    SEEN.lock().unwrap().insert(format!("{name}.snap"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_page_and_mail_says_what_it_said() {
    struct Round(Pages);
    impl PageVisitor for Round {
        fn page<P: Page>(&mut self) -> Result<(), Error> {
            for locale in Locale::ALL {
                let frame = frame(locale, Some(gallery::look()), "/authorize/1");
                let mut text = String::new();
                let mut first: Option<Vec<String>> = None;
                for (n, page) in P::samples().iter().enumerate() {
                    let document = render(&self.0, &frame, page);
                    let mut lines = vec![format!("title {}", document.text("title"))];
                    lines.extend(outline(&document, "main"));
                    let _ = writeln!(text, "{}=== {n}", if n == 0 { "" } else { "\n" });
                    let told =
                        first.as_ref().map_or_else(|| lines.clone(), |first| difference(first, &lines));
                    text.push_str(&told.join("\n"));
                    first.get_or_insert(lines);
                }
                compare(&format!("{}.{}", P::NAME, locale.tag()), &text);
            }
            Ok(())
        }
    }
    let pages = Pages::new().unwrap();
    for locale in Locale::ALL {
        let mail =
            MailFrame { locale, look: Some(gallery::look()), issuer: "https://compte.example.fr".into() };
        let mut names = BTreeSet::new();
        for body in MailBody::samples() {
            let again = (2..9).map(|n| format!("{}-{n}", body.name()));
            let name =
                [body.name().to_owned()].into_iter().chain(again).find(|name| names.insert(name.clone()));
            let sent = pages.render_mail(&mail, &body).unwrap();
            let name = format!("mail-{}.{}", name.unwrap(), locale.tag());
            compare(&name, &format!("{}\n\n{}", sent.subject, sent.text));
        }
        // The frame of all pages appears once.
        let page = pages::page::Forgot::samples().remove(0);
        let document = render(&pages, &frame(locale, Some(gallery::look()), "/authorize/1"), &page);
        let around =
            [outline(&document, "body > a"), outline(&document, "header"), outline(&document, "footer")];
        compare(&format!("around.{}", locale.tag()), &around.concat().join("\n"));
    }
    every_page(&mut Round(pages)).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/render/snapshots");
    let kept =
        std::fs::read_dir(folder).unwrap().flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    let kept: BTreeSet<String> = kept.filter(|name| name.ends_with(".snap")).collect();
    let gone: Vec<_> = kept.difference(&SEEN.lock().unwrap()).cloned().collect();
    assert!(gone.is_empty(), "of pages that are no more: {gone:?}");
}
