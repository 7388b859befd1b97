//! A disk that can be full, and at whose every operation the program can die. `LD_PRELOAD` puts it under the program, so the program under test is the one
//! that is delivered.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// The faults of a disk, for programs that start with its environment variables.
pub struct Disk {
    folder: TempDir,
    under: String,
}

/// The disk's behaviour, as `disk.c` numbers it.
enum What {
    Nothing = 0,
    Die = 1,
    NoRoom = 2,
}

impl Disk {
    /// Returns a disk that affects the files whose path contains `path`.
    pub fn under(path: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self { folder, under: path.to_owned() };
        fs::write(disk.control(), [0; 24]).unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/disk/disk.c");
        // The compiler that links every program of this workspace.
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&disk.library(), &source])
            .args(["-ldl"])
            .output()
            .expect("the C compiler");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        disk
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("control")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("disk.so")
    }

    /// Sets the environment of a program that shall run on this disk.
    pub fn lay(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library());
        command.env("DISK_CONTROL", self.control()).env("DISK_UNDER", &self.under);
    }

    fn set(&self, what: What, at: i64) {
        let bytes: Vec<u8> = [what as i64, at, 0].into_iter().flat_map(i64::to_ne_bytes).collect();
        // In place: running programs have the file mapped.
        let mut file = fs::OpenOptions::new().write(true).open(self.control()).unwrap();
        file.write_all(&bytes).unwrap();
    }

    /// Makes the program die before its `nth` operation from now, counted from 1.
    pub fn die_at(&self, nth: usize) {
        self.set(What::Die, i64::try_from(nth).unwrap_or(i64::MAX));
    }

    /// Makes every write fail for want of room (`ENOSPC`) from now on.
    pub fn fill(&self) {
        self.set(What::NoRoom, 0);
    }

    /// Ends all faults.
    pub fn mend(&self) {
        self.set(What::Nothing, 0);
    }

    /// The number of operations since the last call of `die_at`, `fill` or `mend`.
    pub fn operations(&self) -> usize {
        let mut file = fs::File::open(self.control()).unwrap();
        file.seek(SeekFrom::Start(16)).unwrap();
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).unwrap();
        usize::try_from(i64::from_ne_bytes(bytes)).unwrap()
    }
}
