//! Letters on paper that bring an activation code to somebody who has not moved (SPEC J15): from plain values to PDF, a page a letter, for a window envelope.
//!
//! [`Batch`] writes letters to a file as they come and keeps none of them: a batch of any number takes the same memory, but for a few bytes a page. Nothing here knows a database, a
//! clock or a file.
//!
//! ```
//! use letters::{Address, Batch, Day, Face, Language, Letter, Postal};
//!
//! let face = Face { agency: "Agence du Rivage".into(), city: Some("Vannes".into()), accent: [0.0, 0.3, 0.5], ..Face::default() };
//! let address = Address { street: "27 rue Pasteur", postal_code: "56000", locality: "Vannes", country: "France" };
//! let letter = Letter {
//!     language: Language::French,
//!     name: Some("Marie Durand"),
//!     to: Postal::of("Marie Durand", &address),
//!     reference: "CT-004217",
//!     identifier: "000003",
//!     code: "ABCD-EFGH-JKLM",
//!     short_address: "compte.exemple.test/activate?agency=rivage",
//!     link: "https://compte.exemple.test/activate?agency=rivage&identifier=000003&code=ABCD-EFGH-JKLM",
//!     date: Day { year: 2026, month: 11, day: 30 },
//!     until: Day { year: 2027, month: 2, day: 28 },
//! };
//! let mut batch = Batch::new(Vec::new(), face)?;
//! batch.push(&letter)?;
//! assert!(batch.finish()?.starts_with(b"%PDF-1.7"));
//! # Ok::<(), letters::Error>(())
//! ```

mod address;
mod font;
mod paper;
mod pdf;
mod sheet;
mod words;

use std::io::Write;

pub use address::{Address, LONGEST_LINE, Postal};
pub use words::Language;

use pdf::Document;

/// Something that kept a letter from being written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be written.
    #[error("the letters cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A font could not be read or cut down. The fonts are ours: a test reads them.
    #[error("a font of the letters cannot be read")]
    Font,
}

/// The agency as its letters show it.
#[derive(Clone, Default, Debug)]
pub struct Face {
    /// Its name.
    pub agency: String,
    /// The town from which it writes.
    pub city: Option<String>,
    /// Its own postal address, in one line.
    pub address: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// The hours in which the telephone is answered.
    pub hours: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Website.
    pub website: Option<String>,
    /// Colour of the name and of lines: red, green and blue from 0 to 1.
    pub accent: [f32; 3],
}

/// A letter to one person. The code is in clear: whoever holds the letter can move as that client.
pub struct Letter<'a> {
    /// English gets a page in English after the one in French.
    pub language: Language,
    /// The name in the agency's file.
    pub name: Option<&'a str>,
    /// The address in the window; none on a letter that is handed out.
    pub to: Option<Postal>,
    /// The agency's reference.
    pub reference: &'a str,
    /// The identifier that is typed with the code.
    pub identifier: &'a str,
    /// The activation code, grouped.
    pub code: &'a str,
    /// The address to type, without `https://`.
    pub short_address: &'a str,
    /// The address in the QR code, which fills the page in.
    pub link: &'a str,
    /// The day of the letter.
    pub date: Day,
    /// The last day of the code.
    pub until: Day,
}

/// A day of the calendar, as it is on the agency's wall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day {
    /// Year.
    pub year: i32,
    /// Month, from 1.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
}

/// Letters of one agency, written one after the other.
pub struct Batch<W: Write> {
    document: Document<W>,
    face: Face,
}

impl<W: Write> Batch<W> {
    /// Begins a batch.
    ///
    /// # Errors
    /// [`Error`]
    pub fn new(to: W, face: Face) -> Result<Self, Error> {
        Ok(Self { document: Document::new(to)?, face })
    }

    /// Writes a letter.
    ///
    /// # Errors
    /// [`Error`]: the file is of no use then.
    pub fn push(&mut self, letter: &Letter<'_>) -> Result<(), Error> {
        paper::draw(&mut self.document, &self.face, letter, Language::French)?;
        if letter.language == Language::English {
            paper::draw(&mut self.document, &self.face, letter, Language::English)?;
        }
        Ok(())
    }

    /// Ends the file, and returns what it was written to.
    ///
    /// # Errors
    /// [`Error`]: the file is of no use then.
    pub fn finish(self) -> Result<W, Error> {
        self.document.finish(&self.face.agency)
    }
}
