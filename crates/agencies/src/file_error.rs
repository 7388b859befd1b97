use toml::de::DeTable;

/// An error in an agency's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileError {
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The key, e.g. `portal.redirect_uris`.
    pub key: String,
    /// The error, and its remedy.
    pub reason: String,
}

impl std::fmt::Display for FileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}: {}", self.key, self.reason),
            None => write!(f, "{}: {}", self.key, self.reason),
        }
    }
}

/// Returns the line of the dotted `key` in a TOML text, or that of the innermost table that exists if the key is missing. `nth` is the index in an array of
/// tables.
pub fn line_of(text: &str, key: &str, nth: usize) -> Option<usize> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut table = root.get_ref();
    let mut found = None;
    for name in key.split('.') {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        found = Some(key.span().start);
        let mut value = value.get_ref();
        if let Some(item) =
            value.as_array().and_then(|items| items.get(nth)).filter(|i| i.get_ref().is_table())
        {
            found = Some(item.span().start);
            value = item.get_ref();
        }
        let Some(inner) = value.as_table() else { break };
        table = inner;
    }
    found.map(|offset| line_at(text, offset))
}

/// Returns the line of a byte offset, counted from 1.
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
        let several = "issuer = \"\"\"\na = 1\n\"\"\"\nports = [\n1, 2]\n[mail]\nfrom = 1\n[mail.smtp]\n# host = 1\nhost = \"h\"\n";
        assert_eq!(line_of(several, "a", 0), None, "a text of several lines holds no keys");
        assert_eq!(line_of(several, "ports", 1), Some(4));
        assert_eq!(line_of(several, "mail.smtp.host", 0), Some(10));
        assert_eq!(line_of(several, "mail.smtp.port", 0), Some(8));
    }
}
