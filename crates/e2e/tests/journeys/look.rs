//! Simple checks of every page (SPEC "Journeys": "on a phone, with a keyboard alone and with a screen
//! reader"); `gallery` checks accessibility in full.

use anyhow::{Result, ensure};
use thirtyfour::prelude::*;

const FAULTS: &str = r#"
const faults = [];
const headings = document.querySelectorAll('h1').length;
if (headings !== 1) faults.push(headings + ' h1');
if (!document.documentElement.lang) faults.push('no lang');
if (!document.title.trim()) faults.push('no title');
if (!document.querySelector('main')) faults.push('no main');
for (const field of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (field.getAttribute('aria-hidden') === 'true' || !field.offsetParent) continue;
    const named = [...(field.labels || [])].some(label => label.textContent.trim()) || field.getAttribute('aria-label');
    if (!named) faults.push('no label: ' + field.outerHTML);
}
for (const one of document.querySelectorAll('a[href], button')) {
    if (!one.offsetParent) continue;
    if (!one.textContent.trim() && !one.getAttribute('aria-label')) faults.push('no words: ' + one.outerHTML);
}
if (!document.querySelector('main a[href], main button')) faults.push('no way on');
const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push('id twice: ' + id);
for (const one of document.querySelectorAll('[aria-describedby], [aria-labelledby]')) {
    const names = (one.getAttribute('aria-describedby') || '') + ' ' + (one.getAttribute('aria-labelledby') || '');
    for (const id of names.trim().split(/\s+/)) if (!document.getElementById(id)) faults.push('no such id: ' + id);
}
const page = document.documentElement;
if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.body.querySelectorAll('*')].find(one => one.getBoundingClientRect().right > page.clientWidth + 0.1);
    faults.push('scrolls sideways: ' + page.scrollWidth + ' in ' + page.clientWidth + ' by ' + (wide ? wide.outerHTML.slice(0, 200) : '?'));
}
return faults.join('; ');
"#;

pub(crate) async fn everybody_can_use(driver: &WebDriver) -> Result<()> {
    let faults: String = driver.execute(FAULTS, Vec::new()).await?.convert()?;
    ensure!(faults.is_empty(), "{faults}");
    Ok(())
}
