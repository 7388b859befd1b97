//! Use by keyboard alone: Tab and Shift+Tab lead to every element, Enter and the space bar press it, and the focus is visible at each stop
//! (WCAG 2.1.1, 2.4.7; RGAA 10.7, 12.8, 12.9).

use anyhow::{Context, Result, bail, ensure};
use thirtyfour::prelude::*;

/// The greatest number of stops, above any page's.
const STOPS: usize = 120;

/// The script that compares the focus with an element: on it, before it, or past it; and says if the focus is visible.
const STANDING: &str = r#"
const [how, what] = arguments;
const trim = text => text.replace(/\s+/g, ' ').trim();
const shown = one => one.getClientRects().length > 0 && getComputedStyle(one).visibility !== 'hidden';
const meant = [...document.querySelectorAll('a[href], button, summary, input, select, textarea')].filter(one =>
    shown(one) && (how === 'id' ? one.id === what : /^(A|BUTTON|SUMMARY)$/.test(one.tagName) && trim(one.innerText) === what));
if (!meant.length) return 'absent';
const here = document.activeElement;
if (here && here !== document.body) {
    const box = here.getBoundingClientRect(), style = getComputedStyle(here);
    const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none';
    const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const stop = here.tabIndex >= 0;
    if (stop && !(ring && inside)) return 'unseen: ' + here.outerHTML.slice(0, 200);
    if (meant.includes(here)) return 'here';
    if (meant.every(one => here.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING)) return 'past';
}
return 'before';
"#;

/// The script that describes the focus on a new page.
const LANDED: &str = r#"
const problem = document.getElementById('problem');
const here = document.activeElement;
if (problem) return here === problem ? 'at the problem' : 'not at the problem, but at ' + (here ? here.outerHTML.slice(0, 100) : 'nothing');
return !here || here === document.body ? 'at the top' : 'at ' + here.outerHTML.slice(0, 100);
"#;

pub(crate) async fn press(driver: &WebDriver, key: Key) -> Result<()> {
    Ok(driver.action_chain().send_keys(key + "").perform().await?)
}

async fn back(driver: &WebDriver) -> Result<()> {
    Ok(driver
        .action_chain()
        .key_down(Key::Shift)
        .send_keys(Key::Tab + "")
        .key_up(Key::Shift)
        .perform()
        .await?)
}

/// Moves the focus to the element with this id (`how` is `id`) or exactly these words (`words`).
pub(crate) async fn reach(driver: &WebDriver, how: &str, what: &str) -> Result<()> {
    for _ in 0..STOPS {
        let answer = driver.execute(STANDING, vec![how.into(), what.into()]).await?;
        match answer.convert::<String>()?.as_str() {
            "here" => return Ok(()),
            "past" => back(driver).await?,
            "before" => press(driver, Key::Tab).await?,
            other => bail!("{what:?}: {other}"),
        }
    }
    bail!("{what:?} is never reached")
}

/// Types into the focused field, in place of its content.
pub(crate) async fn fill(driver: &WebDriver, id: &str, text: &str) -> Result<()> {
    reach(driver, "id", id).await?;
    driver
        .action_chain()
        .key_down(Key::Control)
        .send_keys("a")
        .key_up(Key::Control)
        .send_keys(text)
        .perform()
        .await?;
    Ok(())
}

/// Checks the focus of a new page: after an error on its message; else at the top, where the first stop is the link past the header.
pub(crate) async fn landed(driver: &WebDriver, ours: bool) -> Result<()> {
    let at: String = driver.execute(LANDED, Vec::new()).await?.convert()?;
    if at == "at the problem" || !ours {
        return Ok(());
    }
    ensure!(at == "at the top", "the keyboard begins {at}");
    press(driver, Key::Tab).await?;
    let first = driver.active_element().await.context("Tab leads somewhere")?;
    ensure!(
        first.class_name().await?.as_deref() == Some("skip"),
        "the first stop is {}",
        first.outer_html().await?
    );
    ensure!(first.rect().await?.y >= 0.0, "the first stop is not on the screen");
    Ok(())
}
