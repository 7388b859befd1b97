//! The token of a mailed link, whatever a mail program made of its end: characters that no token has are not read as part of it.

use kernel::Token;

/// The length of a token in characters: 256 bits in base64url (RFC 4648 §5).
const LENGTH: usize = 43;
/// The maximum number of characters of a query that are read.
const LONGEST: usize = 4096;

/// The token in the address of a mailed link's page.
pub(crate) enum Link {
    /// A token.
    Token(Token),
    /// Text that is no token.
    Broken,
    /// No token: the page itself.
    Bare,
}

impl Link {
    /// Reads a query. The name may have been written `amp;token` by a program that shows HTML as text; a full stop, a bracket or a blank may follow the token; a
    /// line may have been broken within it, softly (RFC 2045 §6.7) or by a reader's own margin.
    pub(crate) fn read(query: Option<&str>) -> Self {
        let query: String = query.unwrap_or_default().chars().take(LONGEST).collect();
        let text = decoded(&query);
        let mut link = Self::Bare;
        for (at, name) in text.match_indices("token") {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
                continue;
            }
            let rest = text[at + name.len()..].trim_start_matches(is_blank);
            let Some(value) = rest.strip_prefix('=') else { continue };
            // "=" is "=3D" in a mail whose transfer encoding nobody undid.
            if let Some(token) = value.strip_prefix("3D").and_then(token).or_else(|| token(value)) {
                return Self::Token(token);
            }
            link = Self::Broken;
        }
        link
    }
}

/// Decodes percent signs; bytes that are no text are no part of a token.
fn decoded(query: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(query.len()), query.as_bytes());
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match digits.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads a token at the beginning of a text, over blanks and soft ends of lines.
fn token(text: &str) -> Option<Token> {
    let mut found = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') => found.push(c),
            // The end of a line that goes on below.
            '=' if rest.peek().is_some_and(|next| matches!(next, '\r' | '\n')) => {}
            '"' | '\'' | '<' | '(' | '[' | '«' | '“' | '‘' if found.is_empty() => {}
            c if is_blank(c) => {}
            _ => break,
        }
        if found.len() == LENGTH {
            return Token::parse(&found);
        }
    }
    None
}

/// Returns true for characters that are not seen: blanks, and those that format text.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '+' | '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn read(query: &str) -> Option<String> {
        match Link::read(Some(query)) {
            Link::Token(token) => Some(token.text()),
            Link::Broken | Link::Bare => None,
        }
    }

    #[test]
    fn what_cannot_be_part_of_a_token_is_cut_off() {
        for behind in [
            "",
            ".",
            ",",
            ";",
            ":",
            "!",
            "?",
            ">",
            "%3E",
            ")",
            "]",
            "}",
            "%22",
            "'",
            "%20",
            "+",
            "%C2%A0",
            "%E2%80%8B",
            "%EF%BB%BF",
            "=",
            "=%0A",
            "%3D%0D%0A",
            "&utm_source=x",
            "&amp;utm_source=x",
            "#",
            "%E2%80%A6",
            "%C2%BB",
            "%E2%80%9D.",
            "*",
            "/",
            "%5C",
            "%00",
            "%FF",
            "_",
            "-",
            "Bonjour",
            "%",
            "&token=another",
            "%0D%0Aautre",
        ] {
            assert_eq!(read(&format!("token={TOKEN}{behind}")).as_deref(), Some(TOKEN), "{behind}");
        }
        for before in [
            "amp;token=",
            "utm=1&token=",
            "&amp;token=",
            "utm=1&amp;token=",
            "token=3D",
            "token%3D",
            "token=%20",
            "token=%22",
            "token=%3C",
            "token%20=",
        ] {
            assert_eq!(read(&format!("{before}{TOKEN}")).as_deref(), Some(TOKEN), "{before}");
        }
    }

    #[test]
    fn a_line_that_was_broken_within_it_is_mended() {
        let (a, b) = TOKEN.split_at(20);
        for between in ["=%0A", "=%0D%0A", "%3D%0D%0A", "%0A", "%20", "%0D%0A%20", "%E2%80%8B", "%C2%AD", "+"]
        {
            assert_eq!(read(&format!("token={a}{between}{b}")).as_deref(), Some(TOKEN), "{between}");
        }
    }

    #[test]
    fn nothing_else_becomes_a_token() {
        let (a, b) = TOKEN.split_at(20);
        let short = &TOKEN[..42];
        for none in [
            format!("token={a}.{b}"),
            format!("token={a}&{b}"),
            format!("token={short}"),
            format!("token={short}."),
            "token=".into(),
            format!("tokens={TOKEN}"),
            format!("my_token={TOKEN}"),
            TOKEN.into(),
        ] {
            assert_eq!(read(&none), None, "{none}");
        }
        assert!(matches!(Link::read(None), Link::Bare) && matches!(Link::read(Some("hl=en")), Link::Bare));
        assert!(matches!(Link::read(Some("token=x")), Link::Broken));
    }
}
