//! axe-core finds no fault on any page or mail: all its rules in French, in light mode with text twice as large, those about colours and sizes in dark mode on the
//! narrowest phone too. Colours and sizes do not depend on the language, so English is judged without them. Layout is measured everywhere. A judge's run takes
//! most of the time, and none finds what another one has (SPEC "Journeys"; PEOPLE F-30 to F-38; WCAG 1.4.3, 1.4.4, 1.4.10).

use std::{fmt::Write as _, fs};

use anyhow::{Context, Result, ensure};
use pages::Locale;
use serde::Deserialize;
use serde_json::json;

use super::show::Show;
use crate::{
    browser::{Browser, DESK, LARGE_TEXT},
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

#[derive(Deserialize)]
struct Fault {
    id: String,
    help: String,
    #[serde(rename = "where")]
    places: Vec<String>,
}

#[tokio::test]
async fn a_judge_of_accessibility_finds_nothing_in_french() -> Result<()> {
    judged(Locale::Fr).await
}

#[tokio::test]
async fn a_judge_of_accessibility_finds_nothing_in_english() -> Result<()> {
    judged(Locale::En).await
}

async fn judged(locale: Locale) -> Result<()> {
    let Some(judge) = parts::axe()? else { return Ok(()) };
    let (judge, show) = (fs::read_to_string(judge)?, Show::of(locale).await?);
    let mut told = String::new();
    let Some(browser) = Browser::open(DESK).await? else { return Ok(()) };
    browser.on_each_page(&judge).await?;
    browser.emulate(320, "dark").await?;
    let part = if locale == Locale::Fr { "looks" } else { "words" };
    for name in show.names() {
        browser.go(&show.at(name)).await?;
        told += &faults(&browser, part, &format!("{name}, narrow and dark")).await?;
    }
    browser.close().await?;

    let Some(browser) = Browser::open(LARGE_TEXT).await? else { return Ok(()) };
    browser.on_each_page(&judge).await?;
    for name in show.names() {
        browser.emulate(1280, "light").await?;
        browser.go(&show.at(name)).await?;
        told += &match locale {
            Locale::Fr => faults(&browser, "all", &format!("{name}, with large text")).await?,
            Locale::En => layout(&browser, &format!("{name}, with large text")).await?,
        };
        // FINDING W4: axe-core does not measure, and a narrow phone with large text is where pages grow too wide.
        browser.emulate(360, "light").await?;
        told += &layout(&browser, &format!("{name}, with large text at 360")).await?;
    }
    browser.close().await?;
    ensure!(told.is_empty(), "{told}");
    Ok(())
}

/// A line for each fault on the screen, by this part of the judge's rules.
async fn faults(browser: &Browser, part: &str, what: &str) -> Result<String> {
    let arguments = vec![json!(what.contains("-mail-")), json!(part)];
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
    if what.contains("-mail-") {
        return Ok(String::new());
    }
    let checked = look::everybody_can_use(browser.driver()?).await;
    Ok(checked.err().map(|cause| format!("{what}: {cause}\n")).unwrap_or_default())
}
