//! The files of letters: whole or not at all, and for nobody else's eyes.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use letters::Language;
use tempfile::NamedTempFile;

use super::letter::Written;
use crate::change::plan::day;

/// A file that gets its name when it is whole. Until then it lies beside it, is readable by its owner alone, and goes with the command.
pub(in crate::command) struct Output {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// A sentence, where the file is there or cannot be written.
    pub(in crate::command) fn new(path: &Path) -> anyhow::Result<Self> {
        if path.symlink_metadata().is_ok() {
            bail!("{} exists: letters overwrite nothing", path.display());
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder)
            .with_context(|| format!("no file can be written in {}", folder.display()))?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned() })
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// A sentence: then there is no such file.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        let Self { file, path } = self;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The columns for a printer. Seven lines: six, and a country.
const COLUMNS: [&str; 15] = [
    "reference",
    "name",
    "identifier",
    "code",
    "address",
    "link",
    "until",
    "language",
    "line_1",
    "line_2",
    "line_3",
    "line_4",
    "line_5",
    "line_6",
    "line_7",
];

/// A CSV file for a printer (RFC 4180), in UTF-8, with semicolons, as spreadsheets in France read it.
pub(super) struct Table<W: Write>(W);

impl<W: Write> Table<W> {
    pub(super) fn new(mut to: W) -> anyhow::Result<Self> {
        to.write_all("\u{feff}".as_bytes())?;
        let mut table = Self(to);
        table.row(&COLUMNS)?;
        Ok(table)
    }

    pub(super) fn push(&mut self, written: &Written) -> anyhow::Result<()> {
        let language = match written.language() {
            Language::French => "fr",
            Language::English => "en",
        };
        let until = day(written.until);
        let person = &written.person;
        let mut row = vec![
            person.client_ref.as_str(),
            person.name.as_deref().unwrap_or_default(),
            &person.identifier,
            &written.code,
            &written.short_address,
            &written.link,
            &until,
            language,
        ];
        row.extend(written.to.iter().flat_map(|postal| postal.lines()).map(String::as_str));
        row.resize(COLUMNS.len(), "");
        self.row(&row)
    }

    fn row(&mut self, fields: &[&str]) -> anyhow::Result<()> {
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        write!(self.0, "{}\r\n", fields.join(";"))?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> anyhow::Result<W> {
        self.0.flush()?;
        Ok(self.0)
    }
}

/// Quotes a field. One that a spreadsheet would calculate gets an apostrophe before it, with which it is text.
fn quoted(field: &str) -> String {
    let calculated = field.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let sign = if calculated { "'" } else { "" };
    format!("\"{sign}{}\"", field.replace('"', "\"\"").replace(|c: char| c.is_control(), " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_text_for_every_spreadsheet() {
        for (field, expected) in [
            ("Marie", "\"Marie\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+33", "\"'+33\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\t=1", "\"' =1\""),
            ("a;b\nc", "\"a;b c\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(field), expected, "{field:?}");
        }
    }
}
