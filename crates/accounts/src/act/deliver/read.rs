//! The rows of a file, judged one after the other: taken, left out with a reason, or the same as an earlier one.

use std::{
    cell::RefCell,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    io::{self, Read, Seek, SeekFrom, Write},
};

use agencies::Agency;
use kernel::{Context, Digest, Fault, MacKey, Password};
use legacy::{
    Duplicates, MailAddress, Repeats,
    hash::Verifier,
    row::{BadRow, Oddity, Row, Rows, Warning},
};
use zeroize::Zeroizing;

use super::leave::Seen;
use crate::{store::identities::Imported, verifier};

/// A row that was left out, and where it lies in the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// Its first physical line, from 1.
    pub line: u64,
    /// The first line of the row after it; `None` at the end of the file.
    pub until: Option<u64>,
    /// Why, without any value of the row.
    pub reason: String,
}

/// A row that can be taken.
pub(super) struct Candidate {
    pub(super) line: u64,
    pub(super) canonical: String,
    pub(super) identifier: String,
    pub(super) client_ref: String,
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    /// A JSON object.
    pub(super) profile: String,
    pub(super) verifier: Option<Verifier>,
    /// A keyed hash of all of it.
    pub(super) fingerprint: String,
    /// A keyed hash of the old password's hash at this identifier.
    pub(super) secret_fingerprint: String,
    /// A number by which the row is known in a file of another agency; `None` if it says too little.
    pub(super) likeness: Option<u64>,
    pub(super) warnings: Vec<Warning>,
}

/// The verdict on a row.
pub(super) enum Judged {
    Taken(Box<Candidate>),
    Bad(BadRow, BadKind),
    /// The same as an earlier row, to the letter; its line.
    Double(u64),
}

/// The kind of a bad row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BadKind {
    /// An earlier row has its identifier, and something else with it.
    Contradictory,
    Other,
}

/// The identifiers that come twice: known after the first pass through the file.
enum Lookup {
    Unknown,
    Known(Duplicates),
    /// The first pass failed.
    Lost,
}

/// The values of an identifier's first row, as fingerprints, which its later rows are compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Parts([u64; 5]);

/// The names of [`Parts`].
const PARTS: [&str; 5] = ["reference", "address", "name", "profile", "hash"];

pub(super) struct Reading<'a, R, F> {
    pub(super) agency: &'a Agency,
    rows: Rows<R>,
    /// For the numbers of identifiers, in the first pass.
    scratch: Option<F>,
    /// The references, from the first pass on: they use the same file.
    pub(super) references: Option<Repeats<F>>,
    duplicates: Lookup,
    /// Of identifiers that come again.
    firsts: HashMap<String, Parts>,
    numbers: RandomState,
    fingerprints: MacKey,
    secrets: MacKey,
    /// All identifiers of a complete file, those of bad rows too.
    pub(super) seen: Option<Seen>,
}

impl<'a, R: Read + Seek, F: Read + Write + Seek> Reading<'a, R, F> {
    /// `complete`: remembers which identifiers the file has.
    pub(super) fn new(
        context: &Context,
        agency: &'a Agency,
        rows: Rows<R>,
        scratch: F,
        complete: bool,
    ) -> Self {
        Self {
            agency,
            rows,
            scratch: Some(scratch),
            references: None,
            duplicates: Lookup::Unknown,
            firsts: HashMap::new(),
            numbers: RandomState::new(),
            fingerprints: context.keys.mac_key("import row"),
            secrets: context.keys.mac_key("import secret"),
            seen: complete.then(Seen::default),
        }
    }

    /// Returns the next row, judged; `None` at the end.
    ///
    /// # Errors
    /// [`Fault`] of the file or the scratch file.
    pub(super) fn next(&mut self) -> Result<Option<Judged>, Fault> {
        let mut duplicates = self.look_through()?;
        let judged = self.rows.next().map(|next| match next {
            Ok(row) => self.admit(&mut duplicates, row),
            Err(bad) => Ok(Judged::Bad(bad, BadKind::Other)),
        });
        self.duplicates = Lookup::Known(duplicates);
        judged.transpose()
    }

    /// Shows rows that can be read once more, from the first one on, until `look` has seen enough.
    ///
    /// # Errors
    /// [`Fault`] of the file.
    pub(super) fn look_again(&mut self, mut look: impl FnMut(&Row) -> bool) -> Result<(), Fault> {
        self.rewind()?;
        for row in self.rows.by_ref().flatten() {
            if !look(&row) {
                break;
            }
        }
        Ok(())
    }

    /// Returns what is to know of the dates of the file, after the first pass.
    pub(super) fn date_note(&self) -> Option<&'static str> {
        self.rows.date_note()
    }

    /// Goes back to the first row.
    ///
    /// # Errors
    /// [`Fault`] of the file.
    pub(super) fn rewind(&mut self) -> Result<(), Fault> {
        self.rows.rewind().map_err(looked)
    }

    /// Returns the identifiers that come twice; the first time after a pass through the file.
    fn look_through(&mut self) -> Result<Duplicates, Fault> {
        match std::mem::replace(&mut self.duplicates, Lookup::Lost) {
            Lookup::Known(duplicates) => Ok(duplicates),
            Lookup::Unknown => {
                let seen = RefCell::new(self.seen.take());
                let mut scratch =
                    self.scratch.take().ok_or_else(|| looked(io::ErrorKind::UnexpectedEof.into()))?;
                let duplicates = {
                    let canonical = |identifier: &str| {
                        let canonical = self.agency.directory.canonical(identifier);
                        if let (Some(seen), Some(canonical)) = (&mut *seen.borrow_mut(), &canonical) {
                            seen.add(canonical);
                        }
                        canonical
                    };
                    Duplicates::find(&mut self.rows, canonical, &mut scratch).map_err(looked)?
                };
                self.seen = seen.into_inner().map(Seen::sorted);
                scratch.seek(SeekFrom::Start(0)).map_err(looked)?;
                self.references = Some(Repeats::new(scratch));
                self.rewind()?;
                Ok(duplicates)
            }
            Lookup::Lost => Err(looked(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn admit(&mut self, duplicates: &mut Duplicates, mut row: Row) -> Result<Judged, Fault> {
        let line = row.line;
        let bad = |reason: String, kind| Ok(Judged::Bad(BadRow { line, reason }, kind));
        let Some(canonical) = self.agency.directory.canonical(&row.identifier) else {
            return bad(
                "`identifier` is empty by the rules of this agency's directory".into(),
                BadKind::Other,
            );
        };
        drop_hash_of_nothing(&mut row);
        let first = duplicates.first_line(&canonical, line);
        let candidate = self.candidate(canonical, row);
        if let Some(references) = &mut self.references
            && candidate.client_ref != candidate.identifier
            && let Err(error) = references.add(&candidate.client_ref)
        {
            return Err(looked(error));
        }
        if !duplicates.is_repeated(&candidate.canonical) {
            return Ok(Judged::Taken(Box::new(candidate)));
        }
        let parts = self.parts(&candidate);
        match first {
            // In the second pass every first row knows itself.
            Some(first) if first != line => {
                let known = self.firsts.get(&candidate.canonical);
                let differ: Vec<&str> = known.map_or_else(Vec::new, |known| {
                    let pairs = known.0.iter().zip(parts.0).zip(PARTS);
                    pairs.filter(|((before, now), _)| *before != now).map(|(_, name)| name).collect()
                });
                if differ.is_empty() {
                    return Ok(Judged::Double(line));
                }
                bad(
                    format!("the same identifier as on line {first}, with another {}", differ.join(", ")),
                    BadKind::Contradictory,
                )
            }
            _ => {
                self.firsts.insert(candidate.canonical.clone(), parts);
                Ok(Judged::Taken(Box::new(candidate)))
            }
        }
    }

    fn parts(&self, candidate: &Candidate) -> Parts {
        let number = |text: &str| self.numbers.hash_one(text);
        Parts([
            number(&candidate.client_ref),
            number(candidate.email.as_deref().unwrap_or_default()),
            number(candidate.name.as_deref().unwrap_or_default()),
            number(&candidate.profile),
            number(&candidate.secret_fingerprint),
        ])
    }

    fn candidate(&self, canonical: String, row: Row) -> Candidate {
        let profile = serde_json::Value::Object(row.profile).to_string();
        let secret = row.verifier.as_ref().map(Verifier::to_text);
        let secret = secret.as_deref().map_or("", String::as_str);
        let email = row.email.as_ref().map_or("", MailAddress::shown);
        let name = row.name.as_deref().unwrap_or_default();
        // Keyed, so that it tells nothing of the hash that it covers.
        let parts = [row.identifier.as_str(), &row.client_ref, email, name, &profile, secret];
        let mac = self.fingerprints.mac(Zeroizing::new(parts.join("\u{1f}")).as_bytes());
        // With the identifier, so that two people with one password do not show it.
        let of_secret = Zeroizing::new([canonical.as_str(), secret].join("\u{1f}"));
        let says_who = !(secret.is_empty() && email.is_empty() && name.is_empty());
        let [a, b, c, d, e, f, g, h, ..] = mac;
        Candidate {
            line: row.line,
            fingerprint: Digest::of_mac(mac).into_string(),
            secret_fingerprint: Digest::of_mac(self.secrets.mac(of_secret.as_bytes())).into_string(),
            likeness: says_who.then(|| u64::from_be_bytes([a, b, c, d, e, f, g, h])),
            email: row.email.map(|email| email.shown().to_owned()),
            canonical,
            identifier: row.identifier,
            client_ref: row.client_ref,
            name: row.name,
            profile,
            verifier: row.verifier,
            warnings: row.warnings,
        }
    }
}

impl Candidate {
    /// Returns the row as it is stored.
    pub(super) fn into_imported(self, context: &Context) -> Result<Imported, Fault> {
        let (kind, verifier) = verifier::rest(context, self.verifier.as_ref())?;
        Ok(Imported {
            id: context.id(),
            canonical: self.canonical,
            fingerprint: self.fingerprint,
            secret_fingerprint: self.secret_fingerprint,
            kind,
            verifier,
            identifier: self.identifier,
            client_ref: self.client_ref,
            email: self.email,
            name: self.name,
            profile: self.profile,
        })
    }
}

/// Drops the hash of nothing, or of a word for nothing, so that it opens nothing, whatever reads it later: an account that was never opened in the old system (SECURITY D12).
fn drop_hash_of_nothing(row: &mut Row) {
    let is_nothing = |text: &str| Password::is_blank(text) || legacy::stands_for_no_password(text);
    if row.verifier.as_ref().is_some_and(|hash| hash.is_of_nothing(is_nothing)) {
        row.verifier = None;
        row.warnings.push(Warning { column: "password_hash", what: Oddity::EmptyPassword });
    }
}

/// Returns the error of a file that cannot be read again.
pub(super) fn looked(error: io::Error) -> Fault {
    Fault::Broken(format!("to tell identifiers that come twice, the file is read twice: {error}"))
}
