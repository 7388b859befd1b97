/// Something in an agency's file that cannot stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where, from 1.
    pub line: Option<usize>,
    /// The key, e.g. `portal.redirect_uris`.
    pub key: String,
    /// What to do.
    pub mend: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}: {}", self.key, self.mend),
            None => write!(f, "{}: {}", self.key, self.mend),
        }
    }
}

/// The line of `key` (dotted) in a TOML text; of its table where the key itself is missing. `nth` counts the tables of an array.
/// A table that is written in one line has that line.
pub(crate) fn line_of(text: &str, key: &str, nth: usize) -> Option<usize> {
    let (table, last) = key.rsplit_once('.').unwrap_or(("", key));
    let (mut inside, mut seen, mut of_table) = (table.is_empty(), 0, None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
            inside = name == table && {
                seen += 1;
                seen == nth + 1 || !header.starts_with('[')
            };
            if inside {
                of_table = Some(index + 1);
            }
        } else if inside && line.split_once('=').is_some_and(|(k, _)| k.trim() == last) {
            return Some(index + 1);
        }
    }
    of_table.or_else(|| table.contains('.').then(|| line_of(text, table, nth))?)
}

/// The line of a byte offset, from 1.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_in_its_table() {
        let text = "name = \"x\"\n[look]\naccent = \"#fff\"\n[[portal]]\nclient_id = \"a\"\n[[portal]]\nclient_id = \"b\"\n";
        assert_eq!(line_of(text, "name", 0), Some(1));
        assert_eq!(line_of(text, "look.accent", 0), Some(3));
        assert_eq!(line_of(text, "look.logo", 0), Some(2));
        assert_eq!(line_of(text, "portal.client_id", 1), Some(7));
        assert_eq!(line_of(text, "contact.phone", 0), None);
        let inline = "[words]\nmail = { fr = \"a\", en = \"b\" }\n";
        assert_eq!(line_of(inline, "words.mail.fr", 0), Some(2));
        assert_eq!(line_of(inline, "words.help.fr", 0), Some(1));
    }
}
