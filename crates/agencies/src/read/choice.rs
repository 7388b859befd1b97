//! Reads keys of a portal whose values are names from a fixed set.

use super::Reader;

/// Values by their names in a file.
pub(super) type Named<T> = [(&'static str, T)];

/// Pairs values with their names.
pub(super) fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str) -> Vec<(&'static str, T)> {
    all.iter().map(|value| (name(*value), *value)).collect()
}

/// Reads keys with a fixed set of values.
pub(super) struct Chooser<'a, 'b> {
    pub(super) reader: &'a mut Reader<'b>,
    pub(super) nth: usize,
}

impl Chooser<'_, '_> {
    /// Reads a key with one value; `None` if it is absent, or wrong, which the reader reports.
    pub(super) fn one<T: Copy>(&mut self, key: &str, given: Option<String>, of: &Named<T>) -> Option<T> {
        self.many(key, given.map(|name| vec![name]), of)?.pop()
    }

    /// Reads a key with a list of values; `None` as in [`Self::one`].
    pub(super) fn many<T: Copy>(
        &mut self,
        key: &str,
        given: Option<Vec<String>>,
        of: &Named<T>,
    ) -> Option<Vec<T>> {
        let find = |name: &String| of.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let found = given?.iter().map(find).collect::<Option<Vec<T>>>();
        if found.is_none() {
            let names: Vec<_> = of.iter().map(|(name, _)| *name).collect();
            self.reader.wrong(
                &format!("portal.{key}"),
                self.nth,
                format!("must be one of {}", names.join(", ")),
            );
        }
        found
    }
}
