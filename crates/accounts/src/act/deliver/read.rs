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

use super::{
    group::{Fate, Group, Member, Parts},
    leave::Seen,
};
use crate::{account, store::identities::Imported, verifier};

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
    /// References beside that one, of further rows of the same identifier and hash.
    pub(super) further_refs: Vec<String>,
    pub(super) email: Option<String>,
    pub(super) name: Option<String>,
    /// A JSON object.
    pub(super) profile: String,
    pub(super) verifier: Option<Verifier>,
    /// The row has a hash that cannot be read: one that is stored stays.
    pub(super) unreadable: bool,
    /// A keyed hash of all of it.
    pub(super) fingerprint: String,
    /// A keyed hash of the old password's hash at this identifier.
    pub(super) secret_fingerprint: String,
    /// The old password's hash is salted: at the same identifier it is the same person's.
    pub(super) salted: bool,
    /// A number by which the row may be in the sample that is looked for at other agencies; `None` if it says too little of a person.
    pub(super) likeness: Option<u64>,
    pub(super) warnings: Vec<Warning>,
}

/// The verdict on a row.
pub(super) enum Judged {
    Taken(Box<Candidate>),
    Bad(BadRow, BadKind),
    /// The same as the row of its identifier that is taken, to the letter; its line.
    Double(u64),
    /// A further row of an identity: nothing of it is lost but what the row that is taken says otherwise.
    Household(Household),
}

/// A further row of an identity.
pub(super) struct Household {
    pub(super) line: u64,
    pub(super) identifier: String,
    pub(super) reason: String,
    pub(super) differences: Vec<&'static str>,
}

/// The kind of a bad row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BadKind {
    /// Another row has its identifier, and another hash with it.
    Contradictory,
    Other,
}

pub(super) struct Reading<'a, R, F> {
    pub(super) agency: &'a Agency,
    rows: Rows<R>,
    /// For the numbers of identifiers, in the first pass.
    scratch: Option<F>,
    /// The references, from the first pass on: they use the same file.
    pub(super) references: Option<Repeats<F>>,
    /// The first pass is done.
    looked: bool,
    /// The rows of each identifier that comes more than once.
    groups: HashMap<String, Group>,
    reader: Reader,
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
            looked: false,
            groups: HashMap::new(),
            reader: Reader {
                numbers: RandomState::new(),
                fingerprints: context.keys.mac_key("import row"),
                secrets: context.keys.mac_key("import secret"),
            },
            seen: complete.then(Seen::default),
        }
    }

    /// Returns the next row, judged; `None` at the end.
    ///
    /// # Errors
    /// [`Fault`] of the file or the scratch file.
    pub(super) fn next(&mut self) -> Result<Option<Judged>, Fault> {
        self.look_through()?;
        let judged = self.rows.next().map(|next| match next {
            Ok(row) => self.admit(row),
            Err(bad) => Ok(Judged::Bad(bad, BadKind::Other)),
        });
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

    /// Finds the identifiers that come more than once, and what becomes of their rows: one pass through the file, and another where there are any.
    fn look_through(&mut self) -> Result<(), Fault> {
        let Some(mut scratch) = self.scratch.take() else {
            return if self.looked { Ok(()) } else { Err(looked(io::ErrorKind::UnexpectedEof.into())) };
        };
        let seen = RefCell::new(self.seen.take());
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
        if !duplicates.is_empty() {
            self.group(&duplicates);
            self.rewind()?;
        }
        self.looked = true;
        Ok(())
    }

    /// Remembers the rows of identifiers that come more than once.
    fn group(&mut self, duplicates: &Duplicates) {
        let mut groups: HashMap<String, Group> = HashMap::new();
        let (agency, reader) = (self.agency, &self.reader);
        let canonical = |identifier: &str| agency.directory.canonical(identifier);
        duplicates.each(&mut self.rows, canonical, |canonical, row| {
            let candidate = reader.candidate(canonical.clone(), row);
            let own = candidate.client_ref != candidate.identifier;
            groups.entry(canonical).or_default().add(Member {
                line: candidate.line,
                parts: reader.parts(&candidate),
                has_hash: candidate.verifier.is_some(),
                reference: own.then_some(candidate.client_ref),
            });
        });
        groups.values_mut().for_each(Group::settle);
        self.groups = groups;
    }

    fn admit(&mut self, row: Row) -> Result<Judged, Fault> {
        let line = row.line;
        let Some(canonical) = self.agency.directory.canonical(&row.identifier) else {
            let reason = "`identifier` is empty by the rules of this agency's directory".into();
            return Ok(Judged::Bad(BadRow { line, reason }, BadKind::Other));
        };
        let fate = self.groups.get(&canonical).and_then(|group| group.fate(line));
        let further_refs = match fate {
            None => Vec::new(),
            Some(Fate::Taken(further)) => further,
            Some(Fate::Double) => return Ok(Judged::Double(line)),
            Some(Fate::Household(reason, differences)) => {
                let identifier = row.identifier;
                return Ok(Judged::Household(Household { line, identifier, reason, differences }));
            }
            Some(Fate::Contradictory(bad)) => return Ok(Judged::Bad(bad, BadKind::Contradictory)),
        };
        let mut candidate = self.reader.candidate(canonical, row);
        candidate.add_references(further_refs, &self.reader);
        if let Some(references) = &mut self.references {
            let own = Some(&candidate.client_ref).filter(|reference| **reference != candidate.identifier);
            for reference in own.into_iter().chain(&candidate.further_refs) {
                references.add(reference).map_err(looked)?;
            }
        }
        Ok(Judged::Taken(Box::new(candidate)))
    }
}

/// The keys of the fingerprints of rows.
struct Reader {
    numbers: RandomState,
    fingerprints: MacKey,
    secrets: MacKey,
}

impl Reader {
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

    fn candidate(&self, canonical: String, mut row: Row) -> Candidate {
        drop_hash_of_nothing(&mut row);
        let unreadable = row.warnings.iter().any(|warning| warning.what.is_unreadable_hash());
        let profile = serde_json::Value::Object(row.profile).to_string();
        let secret = row.verifier.as_ref().map(Verifier::to_text);
        let secret = secret.as_deref().map_or("", String::as_str);
        let email = row.email.as_ref().map_or("", MailAddress::shown);
        let name = row.name.as_deref().unwrap_or_default();
        // A hash that cannot be read is another thing than none: it takes nothing away.
        let told = if unreadable { "unreadable" } else { secret };
        // Keyed, so that it tells nothing of the hash that it covers.
        let parts = [row.identifier.as_str(), &row.client_ref, email, name, &profile, told];
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
            salted: row.verifier.as_ref().is_some_and(|hash| hash.recipe().is_salted()),
            email: row.email.map(|email| email.shown().to_owned()),
            canonical,
            identifier: row.identifier,
            client_ref: row.client_ref,
            further_refs: Vec::new(),
            name: row.name,
            profile,
            verifier: row.verifier,
            unreadable,
            warnings: row.warnings,
        }
    }
}

impl Candidate {
    /// Adds references of further rows, which change the fingerprint of the whole.
    fn add_references(&mut self, references: Vec<String>, reader: &Reader) {
        if references.is_empty() {
            return;
        }
        let parts = [self.fingerprint.as_str()].into_iter().chain(references.iter().map(String::as_str));
        let text = parts.collect::<Vec<_>>().join("\u{1f}");
        self.fingerprint = Digest::of_mac(reader.fingerprints.mac(text.as_bytes())).into_string();
        self.further_refs = references;
    }

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
            further_refs: account::further_text(&self.further_refs)?,
            unreadable: self.unreadable,
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
