//! The messages of a PostgreSQL client, as far as the proxy reads them (PostgreSQL documentation, "Message Formats").

use std::collections::HashMap;

/// The code of SSLRequest, which stands in place of a protocol version.
const SSL_REQUEST: u32 = 80_877_103;

/// The client's side of one connection, from its first byte.
#[derive(Default)]
pub struct Speech {
    heard: Vec<u8>,
    begun: bool,
    /// Prepared statements by name: their text is sent once, their name often.
    prepared: HashMap<String, String>,
    /// The text of the current transaction's statements.
    transaction: String,
}

impl Speech {
    /// Reads more bytes; returns the statements of the transaction if they hold its COMMIT.
    pub fn commits(&mut self, bytes: &[u8]) -> Option<String> {
        self.heard.extend_from_slice(bytes);
        let mut ended = None;
        while let Some((tag, body)) = self.message() {
            let text = match tag {
                b'Q' => strings(&body).next(),
                b'P' => {
                    let mut parts = strings(&body);
                    let (name, text) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                    self.prepared.insert(name, text);
                    None
                }
                b'B' => strings(&body).nth(1).and_then(|name| self.prepared.get(&name).cloned()),
                _ => None,
            };
            let Some(text) = text else { continue };
            match text.trim().trim_end_matches(';').to_ascii_uppercase().as_str() {
                "COMMIT" => ended = Some(std::mem::take(&mut self.transaction)),
                begin if begin.starts_with("BEGIN") => self.transaction.clear(),
                _ => self.transaction = format!("{}\n{text}", self.transaction),
            }
        }
        ended
    }

    /// Returns the next whole message: its type (`None` for the first ones of a connection) and its content.
    fn message(&mut self) -> Option<(u8, Vec<u8>)> {
        let head = usize::from(self.begun);
        let length = self.heard.get(head..head + 4)?;
        let end = head + usize::try_from(u32::from_be_bytes(length.try_into().unwrap())).unwrap();
        if self.heard.len() < end {
            return None;
        }
        let message: Vec<u8> = self.heard.drain(..end).collect();
        if self.begun {
            return Some((message[0], message[5..].to_vec()));
        }
        self.begun = message[4..8] != SSL_REQUEST.to_be_bytes();
        Some((0, Vec::new()))
    }
}

fn strings(body: &[u8]) -> impl Iterator<Item = String> {
    body.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned())
}

#[test]
fn a_commit_is_heard_simple_and_extended_and_in_pieces() {
    let message = |tag: &[u8], body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [tag, &length, body].concat()
    };
    let start = message(b"", &[&SSL_REQUEST.to_be_bytes()[..], b""].concat());
    let start = [start, message(b"", b"\0\x03\0\0user\0me\0\0")].concat();
    let said = [
        message(b"Q", b"BEGIN\0"),
        message(b"P", b"s1\0UPDATE code\0\0\0"),
        message(b"B", b"\0s1\0\0\0"),
        message(b"S", b""),
    ];
    let ends = [
        message(b"Q", b"COMMIT\0"),
        [message(b"P", b"s2\0COMMIT\0\0\0"), message(b"B", b"\0s2\0\0\0")].concat(),
    ];
    for end in ends {
        let all = [&start[..], &said.concat(), &end].concat();
        let mut speech = Speech::default();
        let heard: Vec<_> = all.chunks(3).filter_map(|bytes| speech.commits(bytes)).collect();
        assert_eq!(heard, ["\nUPDATE code"]);
        // A statement that was prepared before is known by its name.
        let again = [message(b"Q", b"BEGIN\0"), message(b"B", b"\0s1\0"), message(b"Q", b"COMMIT\0")];
        assert_eq!(speech.commits(&again.concat()).as_deref(), Some("\nUPDATE code"));
    }
}
