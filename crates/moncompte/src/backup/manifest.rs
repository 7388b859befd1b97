//! The list of what a backup holds, and the check of it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use accounts::Totals;
use aws_lc_rs::digest;
use kernel::{SealKeys, Unix};
use serde::{Deserialize, Serialize};

use super::Refused;

/// The format that this version writes and reads.
pub(super) const FORMAT: u32 = 1;
pub(super) const NAME: &str = "manifest.json";
/// The end of the name of a backup that is being written.
pub(super) const PART: &str = "part";

/// What a backup is of, and its files.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(super) format: u32,
    /// When it was made, in Unix seconds.
    pub(crate) made_at: Unix,
    /// The version of the program that made it.
    pub(crate) version: String,
    /// `sqlite` or `postgres`.
    pub(crate) database: String,
    /// The migrations of the database, in order.
    pub(crate) schema: Vec<String>,
    /// The name of the key that seals what is in the database.
    pub(crate) key: String,
    pub(crate) counts: Totals,
    /// By path within the backup.
    pub(super) files: BTreeMap<String, Entry>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Entry {
    /// Reads a file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let (mut file, mut hash, mut bytes) = (File::open(path)?, digest::Context::new(&digest::SHA256), 0);
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                let sha256 = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                return Ok(Self { bytes, sha256 });
            }
            hash.update(&buffer[..read]);
            bytes += read as u64;
        }
    }
}

/// A backup that is whole and can be restored here.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) manifest: Manifest,
    /// The number of its files.
    pub(crate) files: usize,
    pub(crate) bytes: u64,
}

impl Manifest {
    /// Reads a backup and checks every file of it, the key, the version and the schema.
    ///
    /// # Errors
    /// [`Refused`]: the first fault.
    pub(crate) fn check(backup: &Path, keys: &SealKeys) -> Result<Checked, Refused> {
        let manifest = Self::read(backup)?;
        if manifest.format != FORMAT {
            return Err(Refused::Format(manifest.format));
        }
        let known = |migration: &&String| !migrations::WORDS.iter().any(|(name, _)| name == *migration);
        if let Some(migration) = manifest.schema.iter().rev().find(known)
            // The versions before the baseline have other names.
            && manifest.schema.iter().any(|name| name == migrations::WORDS[0].0)
        {
            let (version, migration) = (manifest.version.clone(), migration.clone());
            return Err(Refused::NewerSchema { version, migration });
        }
        let mut bytes = 0;
        for (file, entry) in &manifest.files {
            let path = backup.join(file);
            let found = fs::metadata(&path).map_err(|_| Refused::Missing { file: file.clone() })?.len();
            if found < entry.bytes {
                return Err(Refused::CutShort { file: file.clone(), bytes: entry.bytes, found });
            }
            if Entry::of(&path).ok().as_ref() != Some(entry) {
                return Err(Refused::Changed { file: file.clone() });
            }
            bytes += found;
        }
        if !keys.holds(&manifest.key) {
            return Err(Refused::WrongKey(manifest.key));
        }
        let files = manifest.files.len();
        Ok(Checked { manifest, files, bytes })
    }

    fn read(backup: &Path) -> Result<Self, Refused> {
        if backup.extension().is_some_and(|end| end == PART) {
            return Err(Refused::Unfinished(backup.to_owned()));
        }
        let text = fs::read(backup.join(NAME)).map_err(|_| Refused::NoBackup(backup.to_owned()))?;
        serde_json::from_slice(&text).map_err(|error| Refused::Manifest(backup.to_owned(), error.to_string()))
    }
}
