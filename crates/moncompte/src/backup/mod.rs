//! Backups: a folder with the database as it was at one moment, the files of the configuration without secrets, and a list of them with their digests
//! and a MAC (docs/operate/backup.md). The key is in none: a backup names it.

mod manifest;
mod postgres;
mod restore;
mod write;

pub(crate) use manifest::{Checked, Manifest};
pub(crate) use restore::{refuse_half_restored, refuse_unfilled, refuse_unrestored, restore};
pub(crate) use write::write;

use std::path::PathBuf;

/// The reason why a backup cannot be restored, or not be made, in a sentence.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{0} is no backup: it holds no manifest.json")]
    NoBackup(PathBuf),
    #[error("{0} was not finished: the command that wrote it ended before its end; make another")]
    Unfinished(PathBuf),
    #[error("the manifest of {0} cannot be read ({1}): the backup is cut short, or was changed")]
    Manifest(PathBuf, String),
    #[error("the backup is cut short: {file} is missing")]
    Missing { file: String },
    #[error("the backup is cut short: {file} has {found} of {bytes} bytes")]
    CutShort { file: String, bytes: u64, found: u64 },
    #[error("the backup was changed: {file} is not as it was written")]
    Changed { file: String },
    #[error("the backup has the format {0}, which this version does not read: use the version that wrote it")]
    Format(u64),
    #[error(
        "the backup is sealed with the key {0}, which this folder does not have: put its file into older_secret_key_files"
    )]
    WrongKey(String),
    #[error(
        "a part of the backup may be sealed with the key {0}, which this folder does not have: put its file into older_secret_key_files"
    )]
    LacksKey(String),
    #[error(
        "the database is sealed with the key {0}, which this folder does not have: make the backup where that key is"
    )]
    NoKey(String),
    #[error("the manifest lists {file}, which is no path within the backup")]
    Outside { file: String },
    #[error(
        "the backup is of a newer version ({version}): its schema has {migration}, which this version does not know; restore it with that version"
    )]
    NewerSchema { version: String, migration: String },
    #[error("the backup is of {0}, and `database` names another kind of database")]
    OtherDatabase(String),
    #[error(
        "{0} is there already: a backup is never overwritten, and a restore begins with an empty database"
    )]
    NotEmpty(String),
    #[error("another restore writes {0}: wait until it has ended")]
    Busy(PathBuf),
    #[error(
        "a restore into this database was cut short: run `moncompte restore` again, or remove {0} to begin with an empty database"
    )]
    Unrestored(PathBuf),
    #[error(
        "a restore into this database was cut short: run `moncompte restore` again, or drop the table moncompte_restoring to begin with an empty database"
    )]
    Unfilled,
    #[error(
        "{0} cannot be run ({1}): it comes with PostgreSQL's client programs, of the server's version or a later one"
    )]
    NoProgram(&'static str, String),
    #[error("{0} failed: {1}")]
    Failed(&'static str, String),
}
