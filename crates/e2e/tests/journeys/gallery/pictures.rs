//! A picture of each page and mail, on a phone and on a desk, in both languages, and a sheet of them all.

use std::{fmt::Write as _, fs};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use pages::Locale;
use serde_json::json;

use super::{paper, show::Show};
use crate::{
    browser::{Browser, GALLERY},
    parts,
};

/// The frames: name, width in CSS pixels, colour scheme.
const FRAMES: [(&str, u32, &str); 3] =
    [("phone", 390, "light"), ("dark", 390, "dark"), ("desk", 1280, "light")];

/// The frame of pages with a button to print, as printed.
const PAPER: (&str, u32, &str) = ("paper", 657, "light");

/// Runs for `cargo xtask gallery` only.
#[tokio::test]
async fn a_picture_of_each() -> Result<()> {
    let Some(folder) = parts::gallery() else { return Ok(()) };
    fs::create_dir_all(&folder)?;
    let browser = Browser::open(GALLERY).await?.context("pictures need a browser")?;
    let mut sheet = String::from(
        "<!doctype html><meta charset=utf-8><title>moncompte</title><style>figure{display:inline-block;vertical-align:top;margin:8px}\
         img{border:1px solid #888;display:block;width:240px}.desk img{width:480px}</style>\n",
    );
    for locale in Locale::ALL {
        let show = Show::of(locale).await?;
        for name in show.names() {
            for (frame, width, scheme) in FRAMES.into_iter().chain(paper::is_printed(name).then_some(PAPER)) {
                browser.emulate(width, scheme).await?;
                if frame == "paper" {
                    paper::on_paper(&browser).await?;
                }
                browser.go(&show.at(name)).await?;
                let file = format!("{name}-{frame}.png");
                let wanted = json!({ "format": "png", "captureBeyondViewport": true });
                let taken = browser.driver()?.cdp().send_raw("Page.captureScreenshot", wanted).await?;
                let data = taken["data"].as_str().context("a picture")?;
                fs::write(folder.join(&file), STANDARD.decode(data)?)?;
                writeln!(
                    sheet,
                    "<figure class={frame}><a href={file}><img loading=lazy src={file}></a>{name} {frame}</figure>"
                )?;
            }
        }
    }
    fs::write(folder.join("index.html"), sheet)?;
    browser.close().await
}
