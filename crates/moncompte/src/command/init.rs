use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Args;
use kernel::{SealKey, SystemRng, Token};
use rust_embed::Embed;

use crate::{
    config::{ISSUER_FORM, check_database, is_issuer},
    print::out,
};

#[derive(Args)]
pub(crate) struct Init {
    /// The folder to make. Nothing in it is overwritten.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The provider's address, as portals and people will know it for ever.
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// The database's address: sqlite:///PATH or postgres://…; `-` reads it from standard input, for it may hold a password. Unless given, a SQLite file in DIR;
    /// where DIR is below /etc, which a service may not write, in /var/lib/moncompte.
    #[arg(long, value_name = "ADDRESS")]
    database: Option<String>,
    /// Speak to PostgreSQL on another machine without TLS: only on a network that is nobody else's.
    #[arg(long)]
    database_without_tls: bool,
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

/// The database of the sample, beside its file.
const SQLITE: &str = "sqlite://moncompte.db";
/// The database of a service, in the one folder that its unit may write.
const OF_SERVICE: &str = "sqlite:///var/lib/moncompte/moncompte.db";
/// The file with the address of a database that asks for a password.
const DATABASE: &str = "secrets/database";
/// The line of the sample that says whether a server may be spoken to without TLS.
const WITHOUT_TLS: &str = "# database_without_tls = false";
/// The advice of a check of a folder, and that of this command in its place.
const SETTING: &str = "set database_without_tls = true";
const FLAG: &str = "give --database-without-tls";
/// The issuer of the sample.
const ISSUER: &str = "issuer = \"https://compte.exemple.fr\"";
/// The secrets of the sample, but for the mail server's password, which only its operator knows.
const SECRETS: [&str; 2] = ["secrets/exemple.client", "secrets/exemple.ticket"];

impl Init {
    /// Writes a folder that is right as it is, but for the password of the mail server.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let folder = &self.folder;
        if !is_plain(&self.issuer) || !is_issuer(&self.issuer) {
            bail!("--issuer {ISSUER_FORM}");
        }
        let database = self.database()?;
        // The address of a server is a secret of its own.
        let (setting, secret) = match database.starts_with("sqlite:") {
            true => (format!("database = \"{database}\""), None),
            false => (format!("database_file = \"{DATABASE}\""), Some(database)),
        };
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
                let sample = String::from_utf8(bytes)?.replacen(ISSUER, &issuer, 1);
                let mut settings = sample.replacen(&format!("database = \"{SQLITE}\""), &setting, 1);
                if self.database_without_tls {
                    settings = settings.replacen(WITHOUT_TLS, "database_without_tls = true", 1);
                }
                bytes = settings.into_bytes();
            }
            write(folder, &path, &bytes, 0o640)?;
        }
        let rng = SystemRng::new();
        write(folder, "secrets/seal.key", SealKey::generate(&rng).text().as_bytes(), 0o600)?;
        for path in SECRETS {
            write(folder, path, Token::generate(&rng).text().as_bytes(), 0o600)?;
        }
        if let Some(database) = secret {
            write(folder, DATABASE, database.as_bytes(), 0o600)?;
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

    /// Returns the address of the database.
    fn database(&self) -> anyhow::Result<String> {
        let unless_given = unless_given(&std::path::absolute(&self.folder)?);
        let mut address = self.database.clone().unwrap_or_else(|| unless_given.to_owned());
        if address == "-" {
            address.clear();
            std::io::stdin()
                .read_to_string(&mut address)
                .context("the address of the database cannot be read")?;
        }
        let address = address.trim();
        if !is_plain(address) {
            bail!("--database must be an address without quotes and backslashes");
        }
        check_database(address, self.database_without_tls)
            .map_err(|reason| anyhow::anyhow!("--database {}", reason.replace(SETTING, FLAG)))?;
        Ok(address.to_owned())
    }
}

/// Returns the address of the database of a new folder, whose path is absolute.
fn unless_given(folder: &Path) -> &'static str {
    if folder.starts_with("/etc") { OF_SERVICE } else { SQLITE }
}

/// Returns true for what can stand in a string of TOML as it is.
fn is_plain(text: &str) -> bool {
    !text.contains(['"', '\\']) && !text.chars().any(char::is_control)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_where_it_can_be_written() {
        let of = |folder: &str| unless_given(Path::new(folder));
        assert_eq!([of("/etc/moncompte"), of("/etc/other/moncompte")], [OF_SERVICE; 2]);
        assert_eq!([of("/home/marie/moncompte"), of("/etcetera")], [SQLITE; 2]);
    }
}
