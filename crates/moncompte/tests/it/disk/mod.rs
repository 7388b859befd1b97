//! A disk that can be full, and at whose every operation the program can die. It is laid under the program from outside, so the program that is
//! tried is the one that is delivered.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Laid under programs that are started with its variables.
pub struct Disk {
    folder: TempDir,
    under: String,
}

/// What the disk does, as `disk.c` numbers it.
enum What {
    Nothing = 0,
    Die = 1,
    NoRoom = 2,
}

impl Disk {
    /// Under the files whose path holds this.
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

    /// What a program needs in its environment.
    pub fn lay(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library());
        command.env("DISK_CONTROL", self.control()).env("DISK_UNDER", &self.under);
    }

    fn set(&self, what: What, at: i64) {
        let bytes: Vec<u8> = [what as i64, at, 0].into_iter().flat_map(i64::to_ne_bytes).collect();
        // In place: whoever runs has it mapped.
        let mut file = fs::OpenOptions::new().write(true).open(self.control()).unwrap();
        file.write_all(&bytes).unwrap();
    }

    /// The program dies before the `nth` operation from now, from 1.
    pub fn die_at(&self, nth: usize) {
        self.set(What::Die, i64::try_from(nth).unwrap_or(i64::MAX));
    }

    /// No room is left from now on.
    pub fn fill(&self) {
        self.set(What::NoRoom, 0);
    }

    /// It is an ordinary disk again.
    pub fn mend(&self) {
        self.set(What::Nothing, 0);
    }

    /// Operations since it was last told something.
    pub fn operations(&self) -> usize {
        let mut file = fs::File::open(self.control()).unwrap();
        file.seek(SeekFrom::Start(16)).unwrap();
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).unwrap();
        usize::try_from(i64::from_ne_bytes(bytes)).unwrap()
    }
}
