//! Bounces (RFC 3464): delivery status notifications that report a permanent failure, sent to the return path of one message.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

use mail_parser::{MessageParser, MimeHeaders, PartType};
use uuid::Uuid;

use crate::{return_path::ReturnPath, smtp::status};

/// The number of bytes of a message that are read: the notification precedes the returned message.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;
/// The number of messages that are read from the folder in one round.
const MAX_MESSAGES: usize = 50;

/// A message that could not be delivered.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Bounce {
    /// The id of the message.
    pub(crate) message: Uuid,
    /// The status, e.g. `5.1.1`; never the server's own text, which may hold the address.
    pub(crate) status: String,
}

/// Parses a bounce; `None` if the mail does not report a permanent failure of a message of this service.
pub(crate) fn read(message: &[u8], path: &ReturnPath) -> Option<Bounce> {
    let parsed = MessageParser::default().parse(message)?;
    let notices = parsed.parts.iter().filter(|part| {
        part.is_content_type("message", "delivery-status")
            || part.is_content_type("message", "global-delivery-status")
    });
    let status = notices.into_iter().find_map(|part| match &part.body {
        PartType::Text(text) => failed(text),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => failed(&String::from_utf8_lossy(bytes)),
        _ => None,
    })?;
    Some(Bounce { message: path.message_in(&String::from_utf8_lossy(message))?, status })
}

/// Returns the status of the first recipient whose delivery failed permanently (RFC 3464 §2.3): each has a group of fields, after an empty line.
fn failed(notice: &str) -> Option<String> {
    let lines: Vec<&str> = notice.lines().map(str::trim_end).collect();
    lines.split(|line| line.is_empty()).find_map(|group| {
        let field = |name: &str| {
            group.iter().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        if !field("Action")?.eq_ignore_ascii_case("failed") {
            return None;
        }
        let (subject, detail) = status(field("Status")?.split([' ', '(']).next()?)?;
        Some(format!("5.{subject}.{detail}"))
    })
}

/// Reads the messages of a Maildir, up to the maximum size of each. The mailbox serves bounces only, so what has been read is deleted.
pub(crate) fn messages_in(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    for part in ["new", "cur"] {
        let entries = match fs::read_dir(folder.join(part)) {
            Ok(entries) => entries,
            // The mail server makes it with the first message.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries.take(MAX_MESSAGES - found.len()) {
            let path = entry?.path();
            if path.is_file() {
                let mut message = Vec::new();
                fs::File::open(&path)?.take(MAX_BYTES).read_to_end(&mut message)?;
                found.push((path, message));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{SealKey, SealKeys};

    use super::*;

    fn path() -> ReturnPath {
        let keys = Arc::new(SealKeys::new(SealKey::new([7; 32]), vec![]));
        ReturnPath::new("bounce@retour.exemple.test", None, keys).unwrap()
    }

    fn notice(to: &str, action: &str, status: &str) -> String {
        format!(
            "From: MAILER-DAEMON@mx.exemple.test\r\nTo: <{to}>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nAction: failed\r\nStatus: 5.9.9\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.exemple.test\r\n\r\n\
             Final-Recipient: rfc822; marie@exemple.test\r\nAction: {action}\r\nStatus: {status}\r\n\
             Diagnostic-Code: smtp; 550 5.1.1 <marie@exemple.test> unknown\r\n\r\n\
             --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello\r\n--b--\r\n"
        )
    }

    /// Many mail servers make a Maildir with its first message.
    #[test]
    fn a_maildir_that_is_not_there_yet_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(messages_in(&folder.path().join("none")).unwrap().is_empty());
        fs::create_dir_all(folder.path().join("new")).unwrap();
        fs::write(folder.path().join("new/1"), "x").unwrap();
        assert_eq!(messages_in(folder.path()).unwrap().len(), 1);
        // A file in its place is a mistake.
        assert!(messages_in(&folder.path().join("new/1")).is_err());
    }

    #[test]
    fn only_a_failure_for_good_of_a_message_of_ours_counts() {
        let (path, message) = (path(), Uuid::from_u128(42));
        let to = path.of(message).unwrap().to_string();
        for (action, status, known) in [
            ("failed", "5.1.1", Some("5.1.1")),
            ("Failed", "5.0.0 (permanent failure)", Some("5.0.0")),
            ("failed", "5.7.1", Some("5.7.1")),
            ("failed", "4.4.7", None),
            ("delayed", "5.1.1", None),
            ("delayed", "4.2.0", None),
            ("delivered", "2.0.0", None),
            ("relayed", "2.0.0", None),
            ("failed", "", None),
            ("failed", "5.1", None),
        ] {
            let read = read(notice(&to, action, status).as_bytes(), &path);
            let expected = known.map(|status| Bounce { message, status: status.into() });
            assert_eq!(read, expected, "{action} {status}");
        }
        assert_eq!(read(notice("bounce@retour.exemple.test", "failed", "5.1.1").as_bytes(), &path), None);
        let spam = format!("To: {to}\r\nSubject: buy\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n");
        assert_eq!(read(spam.as_bytes(), &path), None);
        // Cut anywhere, it is read without a panic.
        let whole = notice(&to, "failed", "5.1.1");
        for end in 0..whole.len() {
            let _ = read(&whole.as_bytes()[..end], &path);
        }
    }
}
