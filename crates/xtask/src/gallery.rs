//! Pictures of every page and mail in every state.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, install_missing};

/// The options of `cargo xtask gallery`.
#[derive(Args)]
pub(crate) struct GalleryArgs {
    /// Folder for the pictures and the sheet of all of them
    #[arg(long, value_name = "DIR", default_value = "target/gallery")]
    out: PathBuf,
}

/// Runs `cargo xtask gallery`: on a phone, on a phone in dark mode and on a desktop, in both languages.
pub(crate) fn command(args: &GalleryArgs) -> Result<()> {
    for (_, cost) in install_missing(&services::BROWSER.into()) {
        eprintln!("{cost}");
    }
    let _ = Tool::Chromium.find().context("pictures need Chromium")?;
    let folder = std::path::absolute(&args.out)?;
    let mut tests = cargo(["test", "--package", "e2e", "--test", "journeys", "gallery::pictures"]);
    tests.envs(services::variables(None, true)).env("MONCOMPTE_GALLERY", &folder);
    shell::run(&mut tests)?;
    println!("{}", folder.join("index.html").display());
    Ok(())
}
