//! The copy of the tree in which guards are removed, so that a developer's tree is never touched.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::Sabotage;
use crate::shell;

/// A copy of the files that git knows, committed or not, and the target folder beside it.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    pub(super) target: PathBuf,
    /// The lock that keeps other runs from changing the same copy.
    _alone: File,
}

impl Tree {
    /// Updates the copy. Only files that differ are written, so that the other builds stay fresh.
    pub(super) fn copy(from: &Path, folder: &Path) -> Result<Self> {
        let (root, target) = (folder.join("tree"), folder.join("build"));
        fs::create_dir_all(&root)?;
        fs::create_dir_all(&target)?;
        let alone = File::create(folder.join("lock"))?;
        alone.try_lock().with_context(|| format!("another run works in {}", folder.display()))?;
        let tree = Self { root, target, _alone: alone };
        let wanted: BTreeSet<PathBuf> =
            listed(from)?.into_iter().filter(|path| from.join(path).is_file()).collect();
        for path in &wanted {
            let (source, copy) = (from.join(path), tree.root.join(path));
            let content = fs::read(&source).with_context(|| format!("cannot read {}", source.display()))?;
            if fs::read(&copy).ok().as_deref() == Some(&content) {
                continue;
            }
            fs::create_dir_all(copy.parent().context("a file without a folder")?)?;
            fs::write(&copy, &content)?;
            fs::set_permissions(&copy, fs::metadata(&source)?.permissions())?;
        }
        remove_others(&tree.root, &tree.root, &wanted)?;
        Ok(tree)
    }

    /// Runs `what` without the guard, then restores it in any case.
    pub(super) fn with<T>(&self, entry: &Sabotage, what: impl FnOnce() -> Result<T>) -> Result<T> {
        let file = self.root.join(entry.file);
        let whole = fs::read(&file)?;
        fs::write(&file, broken(entry, &self.root)?)?;
        let done = what();
        fs::write(&file, whole)?;
        done
    }
}

/// Returns the content of the file without its guard.
///
/// # Errors
/// If the text is missing or occurs twice: the code has changed, and the entry must follow it.
pub(super) fn broken(entry: &Sabotage, root: &Path) -> Result<String> {
    let text =
        fs::read_to_string(root.join(entry.file)).with_context(|| format!("cannot read {}", entry.file))?;
    let times = text.matches(entry.find).count();
    ensure!(
        times == 1,
        "“{}”: its text is {times} times in {} and must be there once:\n{}",
        entry.name,
        entry.file,
        entry.find
    );
    Ok(text.replacen(entry.find, entry.replace, 1))
}

fn listed(root: &Path) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let told = shell::capture(&mut git)?;
    ensure!(told.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&told.stderr));
    let names = String::from_utf8(told.stdout).context("a file's name is not UTF-8")?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect())
}

/// Removes files that an earlier copy had and this tree has not: a deleted test file would still be compiled.
fn remove_others(folder: &Path, root: &Path, wanted: &BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, root, wanted)?;
        } else if path.strip_prefix(root).is_ok_and(|name| !wanted.contains(name)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
