//! The list of what a backup holds, and the check of it. The list has a MAC under the key that seals the database, so that nobody without that key makes a backup
//! that is restored: the statements of one are run.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path},
};

use accounts::Totals;
use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use kernel::{SealKeys, Unix};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Refused;

/// The format that this version writes and reads.
pub(super) const FORMAT: u32 = 1;
pub(super) const NAME: &str = "manifest.json";
/// The field with the MAC of all others, in hexadecimal.
const MAC: &str = "mac";
/// The purpose of the MAC's key.
const PURPOSE: &str = "backup manifest";
/// The end of the name of a backup that is being written.
pub(super) const PART: &str = "part";

/// The manifest of a backup: its database, its keys, its files.
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
    /// The name of the key that sealed when it was made; the MAC is under it.
    pub(crate) key: String,
    /// The names of all keys that the node had, that one first: until a reseal has ended, the database holds boxes of an older one too.
    pub(crate) keys: Vec<String>,
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
                return Ok(Self { bytes, sha256: hex(hash.finish().as_ref()) });
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
    /// Returns the text of the file: JSON, with a MAC over its compact form without the MAC. `None` if its key is not among `keys`.
    pub(super) fn text(&self, keys: &SealKeys) -> serde_json::Result<Option<String>> {
        let mut json = serde_json::to_value(self)?;
        let Some(mac) = keys.file_mac(&self.key, PURPOSE, &serde_json::to_vec(&json)?) else {
            return Ok(None);
        };
        json[MAC] = hex(&mac).into();
        serde_json::to_string_pretty(&json).map(Some)
    }

    /// Reads a backup and checks its keys, its MAC, every file of it, the version and the schema.
    ///
    /// # Errors
    /// [`Refused`]: the first fault.
    pub(crate) fn check(backup: &Path, keys: &SealKeys) -> Result<Checked, Refused> {
        let manifest = Self::read(backup, keys)?;
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
            if !is_plain(file) {
                return Err(Refused::Outside { file: file.clone() });
            }
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
        let files = manifest.files.len();
        Ok(Checked { manifest, files, bytes })
    }

    fn read(backup: &Path, keys: &SealKeys) -> Result<Self, Refused> {
        if backup.extension().is_some_and(|end| end == PART) {
            return Err(Refused::Unfinished(backup.to_owned()));
        }
        let text = fs::read(backup.join(NAME)).map_err(|_| Refused::NoBackup(backup.to_owned()))?;
        let unread = |error: serde_json::Error| Refused::Manifest(backup.to_owned(), error.to_string());
        let mut json: Value = serde_json::from_slice(&text).map_err(unread)?;
        if let Some(format) = json["format"].as_u64().filter(|format| *format != u64::from(FORMAT)) {
            return Err(Refused::Format(format));
        }
        // The order of the other fields stays, which the MAC is over.
        let mac = json.as_object_mut().and_then(|fields| fields.shift_remove(MAC));
        let signed = serde_json::to_vec(&json).map_err(unread)?;
        let manifest: Self = serde_json::from_value(json).map_err(unread)?;
        let Some(own) = keys.file_mac(&manifest.key, PURPOSE, &signed) else {
            return Err(Refused::WrongKey(manifest.key));
        };
        let mac = mac.as_ref().and_then(Value::as_str).unwrap_or_default();
        if verify_slices_are_equal(hex(&own).as_bytes(), mac.as_bytes()).is_err() {
            return Err(Refused::Changed { file: NAME.into() });
        }
        match manifest.keys.iter().find(|key| !keys.holds(key)) {
            Some(lacking) => Err(Refused::LacksKey(lacking.clone())),
            None => Ok(manifest),
        }
    }
}

/// Returns true if a path of the manifest stays within the backup.
fn is_plain(file: &str) -> bool {
    let mut parts = Path::new(file).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_manifest_stays_within_the_backup() {
        let outside = ["", ".", "..", "/etc/passwd", "../database.sql", "config/../../x", "./x"];
        assert_eq!(outside.map(is_plain), [false; 7]);
        assert!(["database.sql", "config/terms/2026-11/fr.md"].map(is_plain) == [true; 2]);
    }
}
