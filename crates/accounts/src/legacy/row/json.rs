use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::columns::{self, COLUMNS, Fields};

/// Reads one object. Its errors are all worded here or by the JSON grammar: serde's own would quote the value.
pub(super) fn fields(line: &str) -> Result<Fields, String> {
    if !line.trim_start().starts_with('{') {
        return Err("not a JSON object".into());
    }
    let mut json = serde_json::Deserializer::from_str(line);
    let read = json.deserialize_map(Object).and_then(|fields| json.end().map(|()| fields));
    read.map_err(|error| error.to_string().replace(" at line 1 column ", ", at column "))
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::new();
        let mut seen = [false; COLUMNS.len()];
        while let Some(key) = map.next_key::<String>()? {
            let place =
                columns::place(&key).ok_or_else(|| A::Error::custom(columns::unknown("key", &key)))?;
            if std::mem::replace(&mut seen[place], true) {
                return Err(A::Error::custom(format_args!("`{}` comes twice", COLUMNS[place].0)));
            }
            map.next_value_seed(Text { fields: &mut fields, place })?;
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
    fn not_text<E: Error>(&self) -> E {
        let name = COLUMNS[self.place].0;
        E::custom(format_args!("`{name}` must be text"))
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
        Err(self.not_text())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Err(self.not_text())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Err(self.not_text())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(self.not_text())
    }
}
