use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{
    ColumnNames, Given, Row, Verifier,
    date::{self, Habit},
    layout::plain,
    lenient::{self, Oddity, Warning},
    lines::stray,
    spoilt,
};
use crate::{MailAddress, hash::Unreadable, nothing};

/// The columns of a file, and the characters that a value may have.
pub const COLUMNS: &[(&str, usize)] = &[
    ("identifier", 128),
    ("client_ref", 256),
    ("password_hash", 512),
    ("hash_format", 256),
    ("salt", 256),
    ("hash_user", 128),
    ("hash_key", 256),
    ("password", 1024),
    ("email", 254),
    ("name", 200),
    ("given_name", 200),
    ("family_name", 200),
    ("middle_name", 200),
    ("nickname", 200),
    ("preferred_username", 200),
    ("profile", 300),
    ("picture", 300),
    ("website", 300),
    ("gender", 50),
    ("birthdate", 10),
    ("phone_number", 40),
    ("locale", 35),
    ("zoneinfo", 64),
    ("street_address", 300),
    ("postal_code", 20),
    ("locality", 200),
    ("region", 200),
    ("country", 200),
    ("address_line_1", 38),
    ("address_line_2", 38),
    ("address_line_3", 38),
    ("address_line_4", 38),
];

/// The place of the one that every row has.
pub(super) const IDENTIFIER: usize = 0;

/// The place from which on no column proves the person, or tells the portal which client it is.
const EMAIL: usize = 8;

/// The first ten have a place of their own; the rest is the profile.
const PROFILE: usize = 10;

/// The place of the one that is written in many ways.
pub(super) const BIRTHDATE: usize = 19;

/// The message for bytes that are not UTF-8.
pub(super) const NOT_UTF8: &str =
    "is not UTF-8: if the file comes from Excel or an old database, say which encoding it has";

/// The parts of OpenID Connect's `address` (Core §5.1.1).
const ADDRESS: &[&str] = &["street_address", "postal_code", "locality", "region", "country"];

/// The lines between recipient and town (NF Z10-011): complement, building, number and street, which may be `street_address`, and place.
const LINES: [&str; 4] = ["address_line_1", "address_line_2", "address_line_3", "address_line_4"];

/// The columns that prove the person. Only these can make a row bad: whoever is left out for a telephone is told that their identifier is wrong.
pub(super) const PROOF: &[&str] =
    &["identifier", "password_hash", "hash_format", "salt", "hash_user", "hash_key", "password"];

/// Names that people write where these columns are meant, as [`plain`] gives them.
const ALIASES: &[(&str, &str)] = &[
    ("id", "identifier"),
    ("login", "identifier"),
    ("user", "identifier"),
    ("username", "identifier"),
    ("identifiant", "identifier"),
    ("client", "client_ref"),
    ("reference", "client_ref"),
    ("ref", "client_ref"),
    ("hash", "password_hash"),
    ("format", "hash_format"),
    ("algorithm", "hash_format"),
    ("sel", "salt"),
    ("pass", "password"),
    ("mot de passe", "password"),
    ("mail", "email"),
    ("e mail", "email"),
    ("courriel", "email"),
    ("first name", "given_name"),
    ("firstname", "given_name"),
    ("prenom", "given_name"),
    ("last name", "family_name"),
    ("lastname", "family_name"),
    ("surname", "family_name"),
    ("nom", "family_name"),
    ("birthday", "birthdate"),
    ("phone", "phone_number"),
    ("telephone", "phone_number"),
    ("language", "locale"),
    ("langue", "locale"),
    ("timezone", "zoneinfo"),
    ("address", "street_address"),
    ("adresse", "street_address"),
    ("zip", "postal_code"),
    ("code postal", "postal_code"),
    ("city", "locality"),
    ("ville", "locality"),
    ("pays", "country"),
    ("adresse email", "email"),
    ("adresse mail", "email"),
    ("adresse e mail", "email"),
    ("adresse electronique", "email"),
    ("mel", "email"),
    ("nom de famille", "family_name"),
    ("nom complet", "name"),
    ("date de naissance", "birthdate"),
    ("date naissance", "birthdate"),
    ("ne e le", "birthdate"),
    ("tel", "phone_number"),
    ("telephone portable", "phone_number"),
    ("portable", "phone_number"),
    ("mobile", "phone_number"),
    ("cp", "postal_code"),
    ("commune", "locality"),
    ("rue", "street_address"),
    ("adresse 1", "address_line_1"),
    ("adresse 2", "address_line_2"),
    ("adresse 3", "address_line_3"),
    ("adresse 4", "address_line_4"),
    ("complement d adresse", "address_line_1"),
    ("batiment", "address_line_2"),
    ("lieu dit", "address_line_4"),
    ("civilite", "gender"),
    ("numero client", "identifier"),
    ("n client", "identifier"),
    ("code client", "identifier"),
];

/// The place of a column in [`COLUMNS`].
pub(super) fn place(name: &str) -> Option<usize> {
    let name = name.trim();
    COLUMNS.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// The message for a name that is no column. It is repeated only where it looks like a name: in a file that is laid out otherwise it may be a secret.
pub(super) fn unknown(what: &str, name: &str) -> String {
    let name = name.trim();
    let looks = name.len() <= 40 && name.chars().all(|c| c.is_alphabetic() || matches!(c, '_' | '-' | ' '));
    let shown = if looks { format!("unknown {what} `{name}`") } else { format!("unknown {what}") };
    match meant(name) {
        Some(meant) => format!("{shown}: is `{meant}` meant?{}", in_settings(what, meant, name, looks)),
        None => {
            let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
            let ignored = in_settings(what, ColumnNames::IGNORED, name, looks);
            format!("{shown}; known are {}{ignored}", known.join(", "))
        }
    }
}

/// Returns the place of a column that a common name means, if it is sure enough to be read by it. It is not where a mistake would sign somebody in as
/// another, or show them another's flat.
pub(super) fn common(plain: &str) -> Option<usize> {
    let (_, meant) = ALIASES.iter().find(|(alias, _)| *alias == plain)?;
    place(meant).filter(|at| *at >= EMAIL)
}

/// Says how the agency's file names a column.
fn in_settings(what: &str, column: &str, name: &str, looks: bool) -> String {
    match (what, looks) {
        ("column", true) => {
            format!(" In the agency's file, `[import.columns] {column} = \"{name}\"` names it")
        }
        _ => String::new(),
    }
}

pub(super) fn meant(name: &str) -> Option<&'static str> {
    let plain: String = plain(name).chars().take(40).collect();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == plain).map(|(_, meant)| *meant);
    let plain = plain.replace(' ', "_");
    let near = || {
        let far = |known: &str| strsim::damerau_levenshtein(&plain, known);
        COLUMNS.iter().map(|(known, _)| *known).min_by_key(|known| far(known)).filter(|known| far(known) <= 2)
    };
    alias.or_else(near)
}

/// Returns true for the place of a column that proves the person.
pub(super) fn is_proof(place: usize) -> bool {
    PROOF.contains(&COLUMNS[place].0)
}

/// Returns true for an unknown name that may be meant for a column that proves the person.
pub(super) fn may_be_proof(name: &str) -> bool {
    meant(name).is_some_and(|meant| PROOF.contains(&meant))
}

/// The values of a row, at their places in [`COLUMNS`], and what was odd about them. Wiped when dropped.
pub(super) struct Fields {
    values: Vec<Option<Zeroizing<String>>>,
    warnings: Vec<Warning>,
    /// The reason why the hash cannot be read, seen before the row is whole.
    no_hash: Option<Warning>,
}

impl Fields {
    pub(super) fn new() -> Self {
        Self { values: vec![None; COLUMNS.len()], warnings: Vec::new(), no_hash: None }
    }

    /// Empty values are none.
    pub(super) fn put(&mut self, place: usize, value: &str) -> Result<(), String> {
        let (name, longest) = COLUMNS[place];
        if !is_proof(place) {
            let warnings = &mut self.warnings;
            let text =
                lenient::text(name, longest, value, |what| warnings.push(Warning { column: name, what }));
            self.values[place] = text.map(Zeroizing::new);
            return Ok(());
        }
        // A password is what it is, blanks included; so are a salt and a key.
        let value = if matches!(name, "password" | "salt" | "hash_key") { value } else { value.trim() };
        let wrong = if !value.is_ascii() && value.chars().any(|c| stray(c).is_some()) {
            Some(NOT_UTF8)
        } else if value.contains('\u{fffd}') {
            Some("holds the mark of a character that was lost")
        } else if value.chars().any(char::is_control) {
            Some("contains a control character")
        } else if value.chars().count() > longest {
            Some("is longer than it may be")
        } else {
            None
        };
        if place == IDENTIFIER {
            if let Some(wrong) = wrong {
                return Err(format!("`{name}` {wrong}"));
            }
            let (text, of_spreadsheet) = spoilt::unwrapped(value);
            if of_spreadsheet {
                self.warn(place, Oddity::OfSpreadsheet);
            }
            if let Some(spoilt) = spoilt::spoilt(text) {
                return Err(spoilt);
            }
            self.values[place] = (!text.is_empty()).then(|| Zeroizing::new(text.to_owned()));
        } else if let Some(wrong) = wrong {
            self.lose_hash(place, Oddity::NoHash(wrong));
        } else {
            self.values[place] = (!value.is_empty()).then(|| Zeroizing::new(value.to_owned()));
        }
        Ok(())
    }

    /// Notes that the hash of the row cannot be read: its person is kept without one.
    pub(super) fn lose_hash(&mut self, place: usize, what: Oddity) {
        self.no_hash.get_or_insert(Warning { column: COLUMNS[place].0, what });
    }

    /// Tells of a value that was not read as it stands.
    pub(super) fn warn(&mut self, place: usize, what: Oddity) {
        self.warnings.push(Warning { column: COLUMNS[place].0, what });
    }

    /// Tells of a key that is no column.
    pub(super) fn warn_of_unknown_key(&mut self) {
        self.warnings.push(Warning { column: "(another key)", what: Oddity::UnknownKey });
    }

    /// Returns true if the row has something that proves the person.
    pub(super) fn has_proof(&self) -> bool {
        self.get("password_hash").or(self.get("password")).is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        place(name).and_then(|at| self.values[at].as_deref()).map(String::as_str)
    }

    pub(super) fn identifier(self) -> Option<Zeroizing<String>> {
        self.values.into_iter().nth(IDENTIFIER).flatten()
    }

    /// Judges the whole. `habit`: how this file writes dates; `hash_format`: what it is where the row has none.
    pub(super) fn row(mut self, line: u64, habit: Habit, hash_format: Option<&str>) -> Result<Row, String> {
        let identifier = self.get("identifier").ok_or("`identifier` is missing")?.to_owned();
        let verifier = self.verifier(hash_format);
        let email = self.email();
        self.read_birthdate(habit);
        Ok(Row {
            line,
            client_ref: self.get("client_ref").unwrap_or(&identifier).to_owned(),
            verifier,
            email,
            name: self.name(),
            profile: self.profile(),
            warnings: self.warnings,
            identifier,
        })
    }

    fn email(&mut self) -> Option<MailAddress> {
        let (email, what) = lenient::email(self.get("email")?);
        self.warnings.extend(what.map(|what| Warning { column: "email", what }));
        email
    }

    fn read_birthdate(&mut self, habit: Habit) {
        let Some(written) = self.get("birthdate") else { return };
        let read = date::read(written, habit);
        let what = match read.as_deref() {
            Some(read) if read == written => None,
            Some(_) => Some(Oddity::DateRead),
            None if written.chars().all(|c| c == '0' || !c.is_alphanumeric()) => Some(Oddity::Placeholder),
            None => Some(Oddity::NoDate),
        };
        self.warnings.extend(what.map(|what| Warning { column: "birthdate", what }));
        self.values[BIRTHDATE] = read.map(Zeroizing::new);
    }

    fn name(&self) -> Option<String> {
        let parts = [self.get("given_name"), self.get("family_name")];
        let composed = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        self.get("name").map(str::to_owned).or((!composed.is_empty()).then_some(composed))
    }

    fn profile(&self) -> Map<String, Value> {
        let (mut profile, mut address) = (Map::new(), Map::new());
        for (at, (name, _)) in COLUMNS.iter().enumerate().skip(PROFILE) {
            if let Some(value) = self.values[at].as_ref().filter(|_| !LINES.contains(name)) {
                let map = if ADDRESS.contains(name) { &mut address } else { &mut profile };
                map.insert((*name).to_owned(), Value::String(value.to_string()));
            }
        }
        if LINES.iter().any(|name| self.get(name).is_some()) {
            address.insert("street_address".into(), Value::String(self.lines().join("\n")));
        }
        if !address.is_empty() {
            profile.insert("address".into(), Value::Object(address));
        }
        profile
    }

    /// Returns the lines of the street (OpenID Connect Core §5.1.1: `street_address` may have several).
    fn lines(&self) -> Vec<&str> {
        let [first, second, third, fourth] = LINES.map(|name| self.get(name));
        [first, second, third.or(self.get("street_address")), fourth].into_iter().flatten().collect()
    }

    /// Reads the hash. One that cannot be read is told, and left out: a person without one is moved by a ticket or by a code, and one who is left out
    /// by nobody.
    fn verifier(&mut self, hash_format: Option<&str>) -> Option<Verifier> {
        let read = match self.no_hash {
            Some(warning) => Err(warning),
            None => self.read_verifier(hash_format),
        };
        read.unwrap_or_else(|warning| {
            self.warnings.push(warning);
            None
        })
    }

    fn read_verifier(&self, hash_format: Option<&str>) -> Result<Option<Verifier>, Warning> {
        let told = |column, what| Warning { column, what };
        let (format, salt) = (self.get("hash_format"), self.get("salt"));
        let read = match (self.get("password_hash"), self.get("password")) {
            (Some(_), Some(_)) => {
                return Err(told("password", Oddity::NoHash("stands beside a `password_hash`")));
            }
            // An export writes a word for what is missing: no hash, and none that cannot be read.
            (Some(hash), None) if nothing::stands_for_no_password(hash) => Err(Unreadable::Empty),
            (Some(hash), None) => {
                let user = self.get("hash_user").or(self.get("identifier"));
                let key = self.get("hash_key");
                Verifier::read(&Given { format: format.or(hash_format), hash, salt, user, key })
            }
            // A file may name the format of all its rows; it then says `plain` here, or nothing.
            (None, Some(password)) => match format {
                Some(format) if !format.eq_ignore_ascii_case("plain") => {
                    return Err(told(
                        "hash_format",
                        Oddity::NoHash("is for `password_hash`, and the row has a clear `password`"),
                    ));
                }
                _ => Verifier::clear(password),
            },
            (None, None) => return Ok(None),
        };
        match read {
            Ok(verifier) => Ok(Some(verifier)),
            // `{noop}` with nothing behind it: an account that was never opened.
            Err(Unreadable::Empty) => Err(told("password_hash", Oddity::EmptyPassword)),
            Err(reason) => Err(told("password_hash", Oddity::Unreadable(reason))),
        }
    }
}
