//! Pages for printing: the terms, the receipt of their acceptance, and the sheet of how to sign in (SPEC J2.6, "prints them cleanly").

use anyhow::{Result, ensure};
use pages::Locale;
use serde_json::json;

use super::show::Show;
use crate::browser::{Browser, GALLERY};

/// The pages with a button to print, by the first letters of their names.
const PRINTED: [&str; 3] = ["terms-", "account-receipt-", "account-memo-"];

/// The width of A4 without the print style's margins, in CSS pixels.
const PAPER: u32 = 657;

/// Finds elements that belong on a screen only, and elements too wide for the paper.
const FAULTS: &str = r##"
const faults = [];
for (const one of document.querySelectorAll('button, input, form, footer, nav, .skip, [role=alert], a[href^="/"], a[href^="#"]'))
    if (one.getClientRects().length) faults.push('on paper: ' + one.outerHTML.slice(0, 120));
for (const one of document.querySelectorAll('body, main, section')) {
    const style = getComputedStyle(one);
    if (!['rgba(0, 0, 0, 0)', 'rgb(255, 255, 255)'].includes(style.backgroundColor)) faults.push(one.tagName + ' is ' + style.backgroundColor);
}
const ink = getComputedStyle(document.querySelector('h1')).color;
if (ink !== 'rgb(0, 0, 0)' && ink !== 'rgb(27, 34, 48)') faults.push('the ink is ' + ink);
for (const one of document.querySelectorAll('main *'))
    if (one.getBoundingClientRect().right > innerWidth + 1) faults.push('runs off the paper: ' + one.outerHTML.slice(0, 120));
if (document.querySelector('main').innerText.length < 200) faults.push('nothing is left');
return faults.join('\n');
"##;

pub(super) fn is_printed(leaf: &str) -> bool {
    PRINTED
        .iter()
        .any(|start| leaf.get(3..).is_some_and(|name| name.starts_with(start) && !name.contains("refused")))
}

/// Emulates print media in the light colour scheme.
pub(super) async fn on_paper(browser: &Browser) -> Result<()> {
    browser.emulate(PAPER, "dark").await?;
    let wished =
        json!({ "media": "print", "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.driver()?.cdp().send_raw("Emulation.setEmulatedMedia", wished).await?;
    Ok(())
}

#[tokio::test]
async fn what_people_print_is_clean() -> Result<()> {
    let Some(browser) = Browser::open(GALLERY).await? else { return Ok(()) };
    for locale in Locale::ALL {
        let show = Show::of(locale).await?;
        let printed: Vec<&str> = show.names().filter(|name| is_printed(name)).collect();
        ensure!(printed.len() > 8, "{printed:?}");
        for name in printed {
            on_paper(&browser).await?;
            browser.go(&show.at(name)).await?;
            let faults: String = browser.driver()?.execute(FAULTS, Vec::new()).await?.convert()?;
            ensure!(faults.is_empty(), "{name}: {faults}");
        }
    }
    browser.close().await
}
