//! The programs that the journeys need: the browser, its driver and the built program.

use std::{env, path::PathBuf};

use anyhow::{Context, Result, bail};

/// The paths of the browser and its driver.
pub(crate) struct Parts {
    /// The whole browser, with a profile on disk.
    pub(crate) chromium: PathBuf,
    /// The same engine without a screen and a profile, which asks for less; the whole browser where it is missing.
    pub(crate) shell: PathBuf,
    pub(crate) chromedriver: PathBuf,
}

/// Finds the browser; `None`, after a line that says why, if there is none and none is demanded.
#[allow(clippy::print_stdout, reason = "whoever runs the tests is told why one did nothing")]
pub(crate) fn find() -> Result<Option<Parts>> {
    let found =
        (named("TEST_CHROMIUM", "/usr/bin/chromium"), named("TEST_CHROMEDRIVER", "/usr/bin/chromedriver"));
    if let (Some(chromium), Some(chromedriver)) = found {
        let shell = named("TEST_CHROMIUM_SHELL", "/usr/lib/chromium/chromium-headless-shell")
            .unwrap_or_else(|| chromium.clone());
        return Ok(Some(Parts { chromium, shell, chromedriver }));
    }
    if demanded() {
        bail!(
            "no Chromium here: install chromium and chromium-driver, or set TEST_CHROMIUM and TEST_CHROMEDRIVER"
        );
    }
    println!(
        "skipped: no Chromium here (TEST_CHROMIUM, TEST_CHROMEDRIVER, or Debian's chromium and chromium-driver)"
    );
    Ok(None)
}

/// True in a run of `cargo xtask test --deep`.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads the variables that `cargo xtask test` sets for it"
)]
pub(crate) fn is_deep() -> bool {
    env::var("MONCOMPTE_DEEP").is_ok_and(|value| value == "1")
}

/// The program that `cargo build` made, in the folder above this test's.
pub(crate) fn program() -> Result<PathBuf> {
    let test = env::current_exe()?;
    let folder =
        test.parent().and_then(|deps| deps.parent()).context("a test executable lives in target/…/deps")?;
    let program = folder.join("moncompte");
    anyhow::ensure!(program.exists(), "{} is missing: cargo build first", program.display());
    Ok(program)
}

#[allow(
    clippy::disallowed_methods,
    reason = "a test reads the variables that `cargo xtask test` sets for it"
)]
fn named(variable: &str, usual: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from);
    path.exists().then_some(path)
}

/// Returns true if a variable is set, and not to a word that means no; `cargo xtask test` reads it the same way.
#[allow(
    clippy::disallowed_methods,
    reason = "a test reads the variables that `cargo xtask test` sets for it"
)]
fn demanded() -> bool {
    env::var("MONCOMPTE_CI")
        .is_ok_and(|word| !["", "0", "n", "no", "f", "false", "off"].contains(&word.to_lowercase().as_str()))
}

/// The path of axe-core, beside the tests' own Node; `None`, after a line that says why, if there is none and none is demanded.
#[allow(clippy::print_stdout, reason = "whoever runs the tests is told why one did nothing")]
pub(crate) fn axe() -> Result<Option<PathBuf>> {
    let judge = named("TEST_NODE", "/nowhere").and_then(|node| {
        let folder = node.parent()?.parent()?.join("node_modules/axe-core/axe.min.js");
        folder.exists().then_some(folder)
    });
    if judge.is_none() {
        anyhow::ensure!(
            !demanded(),
            "no axe-core here: `cargo xtask services` makes it and names it by TEST_NODE"
        );
        println!("skipped: no axe-core here (TEST_NODE, as `cargo xtask services` prints it)");
    }
    Ok(judge)
}

/// The folder for the gallery's pictures, if the environment names one.
#[allow(clippy::disallowed_methods, reason = "a test reads the variables that `cargo xtask gallery` sets")]
pub(crate) fn gallery() -> Option<PathBuf> {
    env::var_os("MONCOMPTE_GALLERY").map(PathBuf::from)
}

/// The folder for pictures of the journeys' pages, if the environment names one.
#[allow(clippy::disallowed_methods, reason = "a test reads the variables that its developer sets")]
pub(crate) fn shots() -> Option<PathBuf> {
    env::var_os("MONCOMPTE_SHOTS").map(PathBuf::from)
}
