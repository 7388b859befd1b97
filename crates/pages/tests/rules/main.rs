//! Rules that hold for every page in every state and both languages, read through a browser's parser.

#![allow(clippy::unwrap_used, reason = "a check that cannot go on should stop")]

mod samples;

use std::collections::{BTreeMap, BTreeSet};

use pages::Locale;
use samples::{Sample, page, pages};
use scraper::{ElementRef, Html, Selector};

fn all<'a>(document: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    document.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs a check over every page; says which pages fail, not only the first.
fn every(check: impl Fn(&Sample, &Html) -> Result<(), String>) {
    let failures: Vec<_> = pages()
        .iter()
        .filter_map(|sample| {
            let document = Html::parse_document(&sample.html);
            check(sample, &document).err().map(|why| format!("{}: {why}", sample.name))
        })
        .collect();
    let shown: Vec<_> = failures.iter().take(8).cloned().collect();
    assert!(failures.is_empty(), "{} pages:\n{}", failures.len(), shown.join("\n"));
}

fn ensure(good: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(why()) }
}

#[test]
fn a_browser_finds_nothing_to_mend() {
    every(|_, document| ensure(document.errors.is_empty(), || format!("{:?}", document.errors)));
}

#[test]
fn a_page_has_landmarks_a_way_past_them_and_headings_in_order() {
    every(|_, document| {
        for (selector, count) in [("h1", 1), ("main", 1), ("header", 1), ("body > footer", 1)] {
            let found = all(document, selector).len();
            ensure(found == count, || format!("{found} × {selector}"))?;
        }
        ensure(all(document, "a.skip[href='#main']").len() == 1, || "no skip link".into())?;
        let levels: Vec<u8> = all(document, "h1, h2, h3, h4")
            .iter()
            .map(|heading| heading.value().name().as_bytes()[1] - b'0')
            .collect();
        let jumps = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
        ensure(!jumps, || format!("headings jump: {levels:?}"))
    });
}

#[test]
fn a_title_is_plain_text_and_says_an_error() {
    every(|sample, document| {
        let title = text(all(document, "title")[0]);
        ensure(title == sample.title, || format!("{title:?} is not {:?}", sample.title))?;
        let error = if sample.locale == Locale::Fr { "Erreur – " } else { "Error – " };
        ensure(title.starts_with(error) == sample.failed, || title.clone())?;
        ensure(!sample.with_look || title.contains("Agence des Tilleuls & Cie"), || title.clone())
    });
}

#[test]
fn pages_of_different_kinds_have_different_titles() {
    let mut kinds: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let pages = pages();
    for sample in pages.iter().filter(|sample| sample.page != "problem") {
        kinds.entry(sample.title.clone()).or_default().insert(sample.page);
    }
    let shared: Vec<_> = kinds.iter().filter(|(_, pages)| pages.len() > 1).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

#[test]
fn ids_are_unique_and_what_refers_to_them_finds_them() {
    every(|_, document| {
        let ids: Vec<_> = all(document, "[id]").iter().filter_map(|e| e.attr("id")).collect();
        let unique: BTreeSet<_> = ids.iter().copied().collect();
        ensure(ids.len() == unique.len(), || format!("repeated: {ids:?}"))?;
        for attribute in ["aria-describedby", "aria-labelledby", "aria-controls"] {
            for element in all(document, &format!("[{attribute}]")) {
                let wanted = element.attr(attribute).unwrap_or_default();
                let missing = wanted.split(' ').find(|id| !unique.contains(id));
                ensure(missing.is_none() && !wanted.is_empty(), || format!("{attribute} {wanted:?}"))?;
            }
        }
        for link in all(document, "a[href^='#']") {
            let target = link.attr("href").unwrap_or_default().trim_start_matches('#');
            ensure(unique.contains(target), || format!("link to #{target}"))?;
        }
        Ok(())
    });
}

#[test]
fn only_an_error_is_announced_as_one() {
    every(|sample, document| {
        let alerts = all(document, "[role=alert]").len();
        ensure((alerts == 1) == sample.failed, || format!("{alerts} alerts"))?;
        let invalid = all(document, "[aria-invalid]");
        ensure(invalid.is_empty() || sample.failed, || "aria-invalid without an error".into())?;
        ensure(invalid.iter().all(|e| e.attr("aria-describedby").is_some()), || {
            "a wrong field without its reason".into()
        })
    });
}

#[test]
fn password_managers_and_small_keyboards_are_helped() {
    every(|sample, document| {
        for input in all(document, "input[type=password]") {
            let chosen =
                matches!(sample.page, "password" | "reset" | "account-password" | "take-back" | "invitation");
            let new = chosen && input.attr("name") == Some("password");
            let wanted = if new { "new-password" } else { "current-password" };
            ensure(input.attr("autocomplete") == Some(wanted), || "autocomplete".into())?;
            ensure(input.attr("value").is_none(), || "a password in the page".into())?;
            let named = !all(document, "input[autocomplete=username]").is_empty();
            ensure(named, || "a password without a user name".into())?;
        }
        for input in all(document, "input[type=email]") {
            let typed = ["inputmode", "autocapitalize", "spellcheck"].map(|name| input.attr(name));
            ensure(typed == [Some("email"), Some("none"), Some("false")], || format!("{typed:?}"))?;
        }
        Ok(())
    });
}

#[test]
fn french_signs_stay_with_their_word_on_the_page() {
    let known = ["Mot de passe oublié ?", "Besoin d'aide pour se connecter ?"];
    every(|sample, document| {
        if sample.locale != Locale::Fr {
            return Ok(());
        }
        for word in all(document, "body")[0].text() {
            let bad = [" ?", " !", " ;", " :", "« ", " »"].iter().any(|mark| word.contains(mark));
            ensure(!bad || known.contains(&word.trim()), || format!("{word:?}"))?;
        }
        Ok(())
    });
}

#[test]
fn wrong_old_identifiers_get_one_answer_with_the_way_for_those_who_moved() {
    let sample = page("legacy", 1);
    let document = Html::parse_document(&sample.html);
    let alert = all(&document, "[role=alert]")[0];
    let said = text(alert).replace('\u{a0}', " ");
    let end = "Si vous avez déjà créé votre compte, cet identifiant ne peut plus être utilisé : connectez-vous avec votre adresse email.";
    assert!(said.ends_with(end), "{said}");
    assert_eq!(all(&document, "[role=alert] a[href='/authorize/0192']").len(), 1);
}

#[test]
fn the_moved_message_has_an_icon_and_the_hint_only_if_given() {
    let (without, with) = (page("legacy", 5), page("legacy", 6));
    for sample in [&without, &with] {
        let document = Html::parse_document(&sample.html);
        assert_eq!(all(&document, ".alert > svg.icon").len(), 1);
        assert_eq!(all(&document, "[role=alert] a[href='/authorize/0192']").len(), 1);
    }
    assert!(!without.html.contains('•') && with.html.contains("m•••••@g•••.com"));
}

#[test]
fn a_doubted_address_may_be_insisted_on() {
    let sample = page("email", 4);
    let document = Html::parse_document(&sample.html);
    let insisting = all(&document, "form:has(label[for=email]) input[name=sure][value=on]");
    assert_eq!(insisting.len(), 1);
    let offered = all(&document, "form input[type=hidden][name=email][value='marie@gmail.com']");
    assert_eq!(offered.len(), 1);
    assert!(!page("email", 0).html.contains("name=\"sure\""));
}

/// The texts that the demo and a fresh installation show.
#[test]
fn the_terms_that_come_with_the_service_fit_their_page() {
    for language in ["fr", "en"] {
        let file = format!("{}/../../config/terms/2026-11/{language}.md", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(file).unwrap();
        let mut parts = source.splitn(3, "+++\n");
        let (before, front, body) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(before, Some(""), "{language}");
        for key in ["title = \"", "effective = \"2026-11-01\"", "consent = true"] {
            assert!(front.contains(key), "{language}: {key}");
        }
        let sample = samples::terms(body);
        assert!(sample.html.len() < 30_000, "{language}: {} bytes", sample.html.len());
        let document = Html::parse_document(&sample.html);
        assert_eq!(all(&document, "article.terms h2").len(), 9, "{language}");
        let words = text(all(&document, "article.terms")[0]).split(' ').count();
        assert!(words > 1_200, "{language}: reaching the end means nothing after {words} words");
    }
}
