//! Deliveries of an agency whose clients move: identifiers, references and password hashes of its old system.
//!
//! [`Detector`] finds the encoding of a file, [`row`] reads a delivery, [`hash`] the password hashes in it; [`Duplicates`] finds identifiers that come more than once, [`CostlyRecipes`] makes checks
//! of different hashes take the same time, and [`ImportReport`] collects what the reading met. Nothing here knows a database, a runtime, the network,
//! files or a clock: the crate is given readers and bytes, so every rule is tested with plain values in milliseconds.
//!
//! ```
//! use legacy::{
//!     Duplicates, ImportReport,
//!     row::{Format, Rows},
//! };
//! use std::io::Cursor;
//!
//! let file = "identifier;password_hash;birthdate\n\
//!     00042;{SHA}L1jpEFk/wnmeGThO65PJW2JWilI=;31/12/1950\n\
//!     00043;;\n\
//!     00042;;\n";
//! let mut rows = Rows::open(Cursor::new(file), Format::Csv)?;
//! let canonical = |identifier: &str| Some(identifier.to_lowercase());
//! let duplicates = Duplicates::find(&mut rows, canonical, Cursor::new(Vec::new()))?;
//! rows.rewind()?;
//! let mut lines = Vec::new();
//! duplicates.each(&mut rows, canonical, |_, row| lines.push(row.line));
//! assert_eq!(lines, [2, 4]);
//! rows.rewind()?;
//!
//! let mut report = ImportReport::default();
//! let mut right = 0;
//! for row in rows {
//!     let row = row?;
//!     report.add_warnings(row.line, row.warnings);
//!     right += row.verifier.map_or(0, |hash| u32::from(hash.verify(b"Tilleul-42")));
//! }
//! assert_eq!(right, 1);
//! assert_eq!(report.warnings[0].column, "birthdate");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod charset;
mod costly;
mod duplicates;
pub mod hash;
mod nothing;
mod reading;
mod report;
pub mod row;

pub use address::MailAddress;
pub use charset::{Charset, Decoded, Detector, Found};
pub use costly::CostlyRecipes;
pub use duplicates::{Duplicates, Repeated, Repeats};
pub use nothing::stands_for_no_password;
pub use reading::{PasswordRule, Reading, readings};
pub use report::{ImportReport, Warned};
