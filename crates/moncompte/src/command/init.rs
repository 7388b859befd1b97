use std::{
    fs,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use kernel::{SealKey, SystemRng, Token};
use rust_embed::Embed;

use crate::print::out;

#[derive(Args)]
pub(crate) struct Init {
    /// The folder to make. Nothing in it is overwritten.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The provider's address, as portals and people will know it for ever.
    #[arg(long, value_name = "URL")]
    issuer: String,
}

/// The samples, embedded in the program.
#[derive(Embed)]
#[folder = "../../config"]
#[include = "moncompte.toml"]
#[include = "*.schema.json"]
#[include = "schema.json"]
#[include = "agencies/*"]
#[include = "terms/*"]
struct Samples;

/// The issuer of the sample.
const ISSUER: &str = "issuer = \"https://compte.exemple.fr\"";
/// The secrets of the sample, but for the mail server's password, which only its operator knows.
const SECRETS: [&str; 2] = ["secrets/exemple.client", "secrets/exemple.ticket"];

impl Init {
    /// Writes a folder that is right as it is, but for the password of the mail server.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let folder = &self.folder;
        if self.issuer.contains(['"', '\\']) || self.issuer.chars().any(char::is_control) {
            bail!("--issuer must be an address such as https://compte.exemple.fr");
        }
        fs::create_dir_all(folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let is_empty = fs::read_dir(folder)?.next().is_none();
        if !is_empty {
            bail!("{} is not empty: name a folder that is new, for nothing is overwritten", folder.display());
        }
        for path in Samples::iter() {
            let sample = Samples::get(&path).context("a sample is missing")?;
            let mut bytes = sample.data.into_owned();
            if path == "moncompte.toml" {
                let issuer = format!("issuer = \"{}\"", self.issuer);
                bytes = String::from_utf8(bytes)?.replacen(ISSUER, &issuer, 1).into_bytes();
            }
            write(folder, &path, &bytes, 0o640)?;
        }
        let rng = SystemRng::new();
        write(folder, "secrets/seal.key", SealKey::generate(&rng).text().as_bytes(), 0o600)?;
        for path in SECRETS {
            write(folder, path, Token::generate(&rng).text().as_bytes(), 0o600)?;
        }
        let dir = folder.display();
        out!("{dir} is ready but for the password of the mail server. Next:");
        out!(
            "  1. put your mail server into {dir}/moncompte.toml, and its password into {dir}/secrets/smtp (chmod 600)"
        );
        out!("  2. write your agency over agencies/exemple.toml, and your terms of use over terms/");
        out!("  3. moncompte check --config {dir}");
        out!("  4. moncompte serve --config {dir}");
        out!("Keep a copy of {dir}/secrets/seal.key apart from the backups of the database.");
        Ok(ExitCode::SUCCESS)
    }
}

/// Writes a new file, and the folders above it.
fn write(folder: &Path, path: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let file = folder.join(path);
    if let Some(parent) = file.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
    }
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&file);
    let mut opened = opened.with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(opened.write_all(bytes)?)
}
