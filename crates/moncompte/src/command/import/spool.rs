//! The file of a delivery, copied to a nameless temporary file while its SHA-256 is taken: what is planned and applied is what was hashed, even if somebody
//! writes to the file meanwhile, and a pipe can be read twice.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use accounts::{
    Source,
    legacy::{
        Charset, Detector, Found,
        row::{Format, Layout, Rows},
    },
};
use anyhow::{Context as _, bail};
use aws_lc_rs::digest;
use clap::ValueEnum;
use indicatif::ProgressBar;

use super::operator;

/// The format of a file, where its name does not tell it.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    Csv,
    Jsonl,
}

/// A file that nobody else can change.
pub(super) struct Spool {
    copy: Arc<File>,
    /// The name of the file, as in messages.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) format: Format,
    sha256: String,
    detector: Detector,
}

/// A place in a spool: several of them read it at a time.
pub(super) struct Reader {
    file: Arc<File>,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl Spool {
    /// Reads a file to its end; `-` is standard input.
    pub(super) fn read(path: &Path, format: Option<FormatName>) -> anyhow::Result<Self> {
        let shown = path.display();
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        let format = match (format, end.as_deref()) {
            (Some(FormatName::Csv), _) | (None, Some("csv" | "tsv" | "txt")) => Format::Csv,
            (Some(FormatName::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => Format::Jsonl,
            (None, _) => {
                bail!(
                    "{shown}: name the file .csv or .jsonl (.tsv and .txt are read as .csv), or give --format, so that it can be told how to read it"
                )
            }
        };
        let input: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).with_context(|| format!("{shown} cannot be read"))?)
        };
        let mut detector = Detector::default();
        let (copy, sha256, bytes) =
            copied(input, |bytes| detector.see(bytes)).with_context(|| format!("{shown} cannot be read"))?;
        Ok(Self { copy: Arc::new(copy), name: shown.to_string(), bytes, format, sha256, detector })
    }

    pub(super) fn reader(&self) -> Reader {
        Reader { file: self.copy.clone(), at: 0 }
    }

    /// Returns the encoding of all its bytes. `asked`: the one that it is said to have.
    pub(super) fn found(&self, asked: Option<Charset>) -> Found {
        self.detector.clone().found(asked)
    }

    /// Opens its rows. The bar shows how far they are read.
    pub(super) fn rows(&self, bar: &ProgressBar, layout: Layout) -> anyhow::Result<Rows<OneWay>> {
        let read = OneWay { inner: BufReader::new(self.reader()), bar: bar.clone() };
        Rows::open(read, layout).with_context(|| format!("{} cannot be imported", self.name))
    }

    /// Returns what the delivery tells of the file.
    pub(super) fn source(&self, by: Option<String>, found: &Found) -> Source {
        let file = Path::new(&self.name).file_name().map(|name| name.to_string_lossy().into_owned());
        Source {
            file: file.unwrap_or_default(),
            sha256: self.sha256.clone(),
            by: operator(by),
            charset: found.charset.name().to_owned(),
            notes: found.said.iter().cloned().collect(),
        }
    }
}

/// A reader whose bar goes on when it begins again, as it does with each pass.
pub(super) struct OneWay {
    inner: BufReader<Reader>,
    bar: ProgressBar,
}

impl Read for OneWay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}

impl Seek for OneWay {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Copies a file to one without a name, and shows its bytes on the way; returns its SHA-256 in hex and its length.
fn copied(mut from: impl Read, mut see: impl FnMut(&[u8])) -> io::Result<(File, String, u64)> {
    let mut copy = tempfile::tempfile()?;
    let mut hash = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0;
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..read]);
        see(&buffer[..read]);
        copy.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
    let sha256 = hash.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((copy, sha256, bytes))
}

/// Returns an empty temporary file for numbers of rows.
pub(super) fn scratch() -> anyhow::Result<File> {
    tempfile::tempfile().context("no temporary file can be made")
}

/// Opens a file for writing that its owner alone may read.
pub(super) fn create_private(path: &Path) -> anyhow::Result<File> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let file = open.with_context(|| format!("{} cannot be written", path.display()))?;
    // One that was there before keeps its mode otherwise.
    rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
        .with_context(|| format!("{} cannot be made private", path.display()))?;
    Ok(file)
}

/// Writes a file that its owner alone may read.
pub(super) fn private_file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    create_private(path)?.write_all(bytes).with_context(|| format!("{} cannot be written", path.display()))
}
