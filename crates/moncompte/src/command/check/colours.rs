//! `check --fix-colours`: writes the nearest readable colour into the agencies' files, in place of one that is too faint (PEOPLE F-35).

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use pages::{ColourError, colour_errors};
use serde_json::json;
use toml_edit::{DocumentMut, Item};

/// A colour that was replaced. It prints as one sentence without a full stop.
pub(super) struct Fixed {
    file: String,
    key: &'static str,
    was: String,
    is: String,
}

impl Fixed {
    pub(super) fn to_json(&self) -> serde_json::Value {
        json!({ "file": self.file, "key": format!("look.{}", self.key), "was": self.was, "is": self.is })
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: look.{} was {} and is {} now", self.file, self.key, self.was, self.is)
    }
}

/// Replaces the colours that are too faint, in all agencies' files or in the one of `agency`. A file that is no TOML is left for `check` to tell.
///
/// # Errors
/// A file that cannot be read or written.
pub(super) fn fix(folder: &Path, agency: Option<&str>) -> io::Result<Vec<Fixed>> {
    let mut fixed = Vec::new();
    for path in files(&folder.join("agencies"), agency)? {
        let name = format!("agencies/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if let Some((text, changes)) = fixed_text(&name, &text) {
            replace(&path, &text)?;
            fixed.extend(changes);
        }
    }
    Ok(fixed)
}

fn files(folder: &Path, agency: Option<&str>) -> io::Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    let wished = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ending == "toml")
            && agency.is_none_or(|agency| path.file_stem().is_some_and(|stem| stem == agency))
    };
    files.retain(wished);
    files.sort();
    Ok(files)
}

/// The file with readable colours, and the changes; `None` if nothing changes. Comments and order stay as they are.
fn fixed_text(file: &str, text: &str) -> Option<(String, Vec<Fixed>)> {
    let mut document: DocumentMut = text.parse().ok()?;
    let look = document.get_mut("look")?;
    let colour = |key| look.get(key).and_then(Item::as_str).map(str::to_owned);
    let (accent, second) = (colour("accent")?, colour("second"));
    let mut changes: Vec<Fixed> = Vec::new();
    for (key, error) in colour_errors(&accent, second.as_deref()) {
        let ColourError::TooFaint { suggestion, .. } = error else { continue };
        if changes.iter().any(|change| change.key == key) {
            continue;
        }
        let value = look.get_mut(key)?.as_value_mut()?;
        let (was, decor) = (value.as_str()?.to_owned(), value.decor().clone());
        *value = suggestion.as_str().into();
        *value.decor_mut() = decor;
        changes.push(Fixed { file: file.to_owned(), key, was, is: suggestion });
    }
    (!changes.is_empty()).then(|| (document.to_string(), changes))
}

/// Writes a file beside the old one and puts it in its place, with the same permissions.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("toml.part");
    fs::write(&part, text)?;
    fs::set_permissions(&part, fs::metadata(path)?.permissions())?;
    fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faint_colour_is_replaced_and_all_else_stays() {
        let file = "# Nos couleurs\nname = \"X\"\n\n[look] # vues par tous\naccent = \"#ffcc00\" # jaune\nsecond = \"#1f6f54\"\nlogo = \"x.svg\"\n";
        let (text, changes) = fixed_text("agencies/x.toml", file).expect("yellow is too faint");
        let [change] = changes.as_slice() else { panic!("{}", changes.len()) };
        assert_eq!((change.key, &*change.was), ("accent", "#ffcc00"));
        assert_eq!(text, file.replace("#ffcc00", &change.is));
        assert!(colour_errors(&change.is, Some("#1f6f54")).is_empty());
        for well in [&*text, "[look]\naccent = \"red\"\n", "[look]\n", "no toml ="] {
            assert!(fixed_text("agencies/x.toml", well).is_none(), "{well}");
        }
    }
}
