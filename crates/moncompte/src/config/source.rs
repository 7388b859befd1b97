//! The files of agencies and the terms: of the folder, where each is remembered as it was read, or of a stored generation.

use std::{cell::RefCell, fs, io, path::Path};

use generations::{File, Files};

use super::regular;

/// The owner of the files that all agencies share.
pub(crate) const SHARED: &str = "";

/// The source of files.
pub(super) enum Source<'a> {
    /// The folder of the configuration, and what was read from it.
    Folder(&'a Path, RefCell<Files>),
    /// A stored generation.
    Stored(&'a Files),
}

impl Source<'_> {
    /// Returns the content of a file.
    pub(super) fn bytes(&self, owner: &str, name: &str, secret: bool) -> io::Result<Vec<u8>> {
        let key = (owner.to_owned(), name.to_owned());
        match self {
            Self::Stored(files) => match files.get(&key) {
                Some(file) => Ok(file.content.clone()),
                None => Err(io::Error::new(io::ErrorKind::NotFound, "the generation does not have it")),
            },
            Self::Folder(folder, taken) => {
                let content = regular(&folder.join(name)).and_then(fs::read)?;
                let file = File { content: content.clone(), secret };
                taken.borrow_mut().entry(key).or_insert(file).secret |= secret;
                Ok(content)
            }
        }
    }

    /// Returns the names in a folder, ordered, without hidden ones.
    pub(super) fn names(&self, within: &str) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Stored(files) => {
                let below = files.keys().filter_map(|(_, path)| path.strip_prefix(within)?.strip_prefix('/'));
                below.map(|rest| rest.split('/').next().unwrap_or(rest).to_owned()).collect()
            }
            Self::Folder(folder, _) => {
                let entries = fs::read_dir(folder.join(within))?;
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
            }
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Returns true if everybody on this machine can read a file of the folder.
    fn is_open(&self, name: &str) -> bool {
        use std::os::unix::fs::PermissionsExt;
        let Self::Folder(folder, _) = self else { return false };
        fs::metadata(folder.join(name))
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o007 != 0)
    }

    /// Reads a secret; the error is one sentence.
    pub(super) fn secret(&self, owner: &str, file: &str) -> Result<String, String> {
        let cannot = |error: &dyn std::fmt::Display| format!("{file} cannot be read ({error})");
        // Looked at first: what is refused here is remembered nowhere.
        if self.is_open(file) {
            return Err(format!("{file} can be read by everybody: chmod 600 it"));
        }
        let bytes = self.bytes(owner, file, true).map_err(|error| cannot(&error))?;
        let text = String::from_utf8(bytes).map_err(|_| cannot(&"it is no text in UTF-8"))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
