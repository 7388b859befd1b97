use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    columns::{self, COLUMNS, Fields, IDENTIFIER},
    layout::{ColumnNames, Place},
    lenient::Oddity,
};

/// Reads one object. Its errors are all worded here or by the JSON grammar: serde's own would quote the value.
pub(super) fn fields(line: &str, names: &ColumnNames) -> Result<Fields, String> {
    if !line.trim_start().starts_with('{') {
        return Err("not a JSON object".into());
    }
    let line = escaped(line);
    let mut json = serde_json::Deserializer::from_str(&line);
    let read = json.deserialize_map(Object(names)).and_then(|fields| json.end().map(|()| fields));
    read.map_err(|error| error.to_string().replace(" at line 1 column ", ", at column "))
}

/// The line with control characters within texts written as JSON demands (RFC 8259 §7): tools that put lines together by hand forget it for a tab.
fn escaped(line: &str) -> Line<'_> {
    let is_bare = |c: char| c.is_ascii_control() && c != '\u{7f}';
    if !line.contains(is_bare) {
        return Line(Cow::Borrowed(line));
    }
    // Six characters for one, so that it never grows and leaves a copy of a secret.
    let mut out = String::with_capacity(6 * line.len());
    let (mut within, mut escape) = (false, false);
    for c in line.chars() {
        match c {
            c if within && is_bare(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
        within ^= c == '"' && !escape;
        escape = within && c == '\\' && !escape;
    }
    Line(Cow::Owned(out))
}

/// A line that is wiped, where it is a copy.
struct Line<'a>(Cow<'a, str>);

impl std::ops::Deref for Line<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(text) = &mut self.0 {
            drop(Zeroizing::new(std::mem::take(text)));
        }
    }
}

struct Object<'a>(&'a ColumnNames);

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        let mut seen = [false; COLUMNS.len()];
        let mut unknown = None;
        while let Some(key) = map.next_key::<String>()? {
            let place = match self.0.place(&key) {
                Some((Place::Column(place), _)) => Some(place),
                Some((Place::Ignored, _)) => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Some((Place::Nameless, _)) | None => None,
            };
            let Some(place) = place else {
                let said = A::Error::custom(columns::unknown("key", &key));
                if columns::may_be_proof(&key) {
                    return Err(said);
                }
                unknown = unknown.or(Some(said));
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut seen[place], true) {
                if place == IDENTIFIER {
                    return Err(A::Error::custom(format_args!("`{}` comes twice", COLUMNS[place].0)));
                }
                if columns::is_proof(place) {
                    fields.lose_hash(place, Oddity::NoHash("comes twice"));
                } else {
                    fields.warn(place, Oddity::Twice);
                }
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(Text { fields: &mut fields, place })?;
        }
        match unknown {
            // It may be the hash, under a name that we do not know.
            Some(said) if !fields.has_proof() => return Err(said),
            Some(_) => fields.warn_of_unknown_key(),
            None => {}
        }
        Ok(fields)
    }
}

/// A value: text, a whole number, or null.
struct Text<'a> {
    fields: &'a mut Fields,
    place: usize,
}

impl Text<'_> {
    fn not_text<E: Error>(self) -> Result<(), E> {
        if self.place == IDENTIFIER {
            return Err(E::custom(format_args!("`{}` must be text", COLUMNS[self.place].0)));
        }
        if columns::is_proof(self.place) {
            self.fields.lose_hash(self.place, Oddity::NoHash("is no text"));
        } else {
            self.fields.warn(self.place, Oddity::NotText);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.fields.put(self.place, text).map_err(E::custom)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.not_text()
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    /// A table that had empty cells makes `56000.0` of a postal code.
    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        let whole = number.fract() == 0.0 && number.abs() < 1e15;
        if whole && !columns::is_proof(self.place) {
            return self.visit_str(&format!("{number:.0}"));
        }
        self.not_text()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        if columns::is_proof(self.place) {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            return self.not_text();
        }
        let mut texts = Vec::new();
        while let Some(one) = seq.next_element::<Value>()? {
            texts.extend(one.as_str().map(str::to_owned));
        }
        if texts.is_empty() {
            return self.not_text();
        }
        if texts.len() > 1 {
            self.fields.warn(self.place, Oddity::List);
        }
        self.visit_str(&texts.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.not_text()
    }
}
