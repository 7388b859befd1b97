//! axe-core finds no fault on any page or mail, and nothing grows too wide. In French all its rules are asked on the narrowest phone in dark mode, and those about
//! colours and sizes on a desk in light mode too; they are strictest with text of normal size. Colours and sizes do not depend on the language, so English is
//! judged without them. Layout is measured in both languages with text twice as large. Loading a page takes most of the time, so each is loaded once and then
//! resized. An ordinary run judges the first state of each page and every mail, for the others are of the same template, and measures the layout of all in French; a deep
//! run judges all (SPEC "Journeys"; PEOPLE F-30 to F-38; WCAG 1.4.3, 1.4.4, 1.4.10).

use std::{fmt::Write as _, fs};

use anyhow::{Context, Result, ensure};
use pages::Locale;
use serde::Deserialize;
use serde_json::json;

use super::show::Show;
use crate::{
    browser::{Browser, GALLERY, LARGE_TEXT},
    look, parts,
};

/// The script of axe-core's run: its rules for a page; for a mail, which is shown inside another page, the rules of WCAG without best practices. The second
/// argument chooses `all`, those about `looks`, or those about `words`, which are all others.
const JUDGE: &str = r#"
const [isMail, part, done] = arguments;
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'].concat(isMail ? [] : ['best-practice']);
const looks = ['color-contrast', 'target-size'];
const runOnly = part === 'looks' ? { type: 'rule', values: looks } : { type: 'tag', values: tags };
const rules = part === 'words' ? Object.fromEntries(looks.map(id => [id, { enabled: false }])) : {};
axe.run(document, { runOnly, rules, resultTypes: ['violations'] }).then(
    found => done(JSON.stringify(found.violations.map(one => ({ id: one.id, help: one.help, where: one.nodes.map(node => node.html.slice(0, 200)) })))),
    cause => done(JSON.stringify([{ id: 'axe', help: String(cause), where: [] }])));
"#;

/// Names the words of headings that are broken over two lines: those that fit on one have to stay whole, a word wider than the page may break.
const BROKEN_WORDS: &str = r#"
const broken = [];
const pen = document.createElement('canvas').getContext('2d');
for (const heading of document.querySelectorAll('h1, h2, h3, .brand-name')) {
    const style = getComputedStyle(heading);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const texts = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        for (const word of texts.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, word.index);
            range.setEnd(texts.currentNode, word.index + word[0].length);
            const lines = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
            if (lines.size > 1 && pen.measureText(word[0]).width <= heading.clientWidth) broken.push(word[0]);
        }
    }
}
return broken.join(', ');
"#;

#[derive(Deserialize)]
struct Fault {
    id: String,
    help: String,
    #[serde(rename = "where")]
    places: Vec<String>,
}

#[tokio::test]
async fn a_judge_of_accessibility_finds_nothing_in_french() -> Result<()> {
    let Some(judge) = judge()? else { return Ok(()) };
    let Some(browser) = Browser::open(GALLERY).await? else { return Ok(()) };
    browser.on_each_page(&judge).await?;
    let (show, mut told) = (Show::of(Locale::Fr).await?, String::new());
    for name in show.names().filter(|name| parts::is_deep() || is_first_state(name)) {
        browser.emulate(320, "dark").await?;
        browser.go(&show.at(name)).await?;
        told += &faults(&browser, "all", &format!("{name}, narrow and dark")).await?;
        browser.emulate(1280, "light").await?;
        told += &faults(&browser, "looks", &format!("{name}, on a desk")).await?;
    }
    browser.close().await?;
    ensure!(told.is_empty(), "{told}");
    Ok(())
}

#[tokio::test]
async fn large_text_fits_every_page_in_french() -> Result<()> {
    let Some(browser) = Browser::open(LARGE_TEXT).await? else { return Ok(()) };
    let (show, mut told) = (Show::of(Locale::Fr).await?, String::new());
    for name in show.names().filter(|name| !is_mail(name)) {
        browser.emulate(1280, "light").await?;
        browser.go(&show.at(name)).await?;
        told += &layout(&browser, &format!("{name}, with large text")).await?;
        told += &narrowed(&browser, name).await?;
    }
    browser.close().await?;
    ensure!(told.is_empty(), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_judge_of_accessibility_finds_nothing_in_english() -> Result<()> {
    let Some(judge) = judge()? else { return Ok(()) };
    let Some(browser) = Browser::open(LARGE_TEXT).await? else { return Ok(()) };
    browser.on_each_page(&judge).await?;
    let (show, mut told) = (Show::of(Locale::En).await?, String::new());
    for name in show.names().filter(|name| parts::is_deep() || is_first_state(name)) {
        browser.emulate(1280, "light").await?;
        browser.go(&show.at(name)).await?;
        told += &match is_first_state(name) {
            true => faults(&browser, "words", &format!("{name}, with large text")).await?,
            false => layout(&browser, &format!("{name}, with large text")).await?,
        };
        told += &narrowed(&browser, name).await?;
    }
    browser.close().await?;
    ensure!(told.is_empty(), "{told}");
    Ok(())
}

/// The source of axe-core, or `None` where there is none and none is demanded.
fn judge() -> Result<Option<String>> {
    Ok(parts::axe()?.map(fs::read_to_string).transpose()?)
}

/// The faults of a loaded page with large text that becomes as narrow as a phone: axe-core does not measure (FINDING W4).
async fn narrowed(browser: &Browser, name: &str) -> Result<String> {
    browser.emulate(360, "light").await?;
    let what = format!("{name}, with large text at 360");
    let mut told = layout(browser, &what).await?;
    if !is_mail(name) {
        let broken: String = browser.driver()?.execute(BROKEN_WORDS, Vec::new()).await?.convert()?;
        if !broken.is_empty() {
            writeln!(told, "{what}: words are broken: {broken}")?;
        }
    }
    Ok(told)
}

/// True for the first state of a page or mail. Its other states are of the same template.
fn is_first_state(name: &str) -> bool {
    name.ends_with("-0") || name.ends_with("-0-bare") || is_mail(name)
}

fn is_mail(name: &str) -> bool {
    name.contains("-mail-")
}

/// A line for each fault on the screen, by this part of the judge's rules.
async fn faults(browser: &Browser, part: &str, what: &str) -> Result<String> {
    let arguments = vec![json!(is_mail(what)), json!(part)];
    let found: String = browser.driver()?.execute_async(JUDGE, arguments).await?.convert()?;
    let found: Vec<Fault> = serde_json::from_str(&found).with_context(|| found.clone())?;
    let mut told = String::new();
    for Fault { id, help, places } in found {
        writeln!(told, "{what}: {id}: {help}: {}", places.join(" | "))?;
    }
    told += &layout(browser, what).await?;
    Ok(told)
}

/// The faults by the journeys' own checks, for pages only: a mail has no landmarks and no form.
async fn layout(browser: &Browser, what: &str) -> Result<String> {
    if is_mail(what) {
        return Ok(String::new());
    }
    let checked = look::everybody_can_use(browser.driver()?).await;
    Ok(checked.err().map(|cause| format!("{what}: {cause}\n")).unwrap_or_default())
}
