//! A picture of every page and mail in every state, for people to look at.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::services;
use crate::shell::{self, cargo};
use crate::tools::{Tool, make_ready};

/// What `cargo xtask gallery` can be told.
#[derive(Args)]
pub(crate) struct GalleryArgs {
    /// Where the pictures go, and a sheet of them all
    #[arg(long, value_name = "DIR", default_value = "target/gallery")]
    out: PathBuf,
}

/// `cargo xtask gallery`: on a phone, on a phone in the dark and on a desk, in both languages.
pub(crate) fn command(args: &GalleryArgs) -> Result<()> {
    for (_, cost) in make_ready(&services::BROWSER.into()) {
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
