//! Untrusted text in logs: short, on one line, and bounded in number (SECURITY D14, #123).

use std::{
    fmt::{self, Write},
    sync::atomic::{AtomicI64, Ordering},
};

use crate::Unix;

/// The number of characters that a log line shows.
const MAX_SHOWN: usize = 100;

/// Untrusted text as a log line shows it: cut, and without characters that would end the line, close a quote or control a terminal.
#[derive(Clone, Copy)]
pub struct Untrusted<'a> {
    text: &'a str,
    max: usize,
}

/// Wraps `text` for a log line that shows its first hundred characters.
pub fn untrusted(text: &str) -> Untrusted<'_> {
    Untrusted { text, max: MAX_SHOWN }
}

impl Untrusted<'_> {
    /// Shows `max` characters instead: for our own sentences that quote a few untrusted words.
    #[must_use]
    pub fn up_to(self, max: usize) -> Self {
        Self { max, ..self }
    }
}

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.text.chars();
        for c in rest.by_ref().take(self.max) {
            match c {
                '\'' => f.write_char(c)?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        if rest.as_str().is_empty() { Ok(()) } else { write!(f, "… ({} bytes)", self.text.len()) }
    }
}

/// A limit of one log line a minute.
pub struct OncePerMinute(AtomicI64);

impl OncePerMinute {
    const INTERVAL: i64 = 60;

    /// Returns true if a minute has passed since it last returned true.
    pub fn is_due(&self, now: Unix) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        now >= last.saturating_add(Self::INTERVAL)
            && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Default for OncePerMinute {
    fn default() -> Self {
        Self(AtomicI64::new(i64::MIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_text_is_cut_and_stays_on_its_line() {
        assert_eq!(untrusted("espace-client").to_string(), "espace-client");
        assert_eq!(untrusted("l'été").to_string(), "l'été");
        assert_eq!(
            untrusted("a\r\nb\"\\ \u{1b}[31m\u{202e}\0").to_string(),
            "a\\r\\nb\\\"\\\\ \\u{1b}[31m\\u{202e}\\0"
        );
        let long = "é".repeat(60_000);
        let shown = untrusted(&long).to_string();
        assert_eq!(shown, format!("{}… (120000 bytes)", "é".repeat(100)));
        assert!(untrusted(&"\u{202e}".repeat(1000)).to_string().len() < 1024);
        assert_eq!(untrusted(&long).up_to(3).to_string(), "ééé… (120000 bytes)");
    }

    #[test]
    fn it_is_said_once_a_minute() {
        let limit = OncePerMinute::default();
        assert_eq!(
            [0, 1, 59, 60, 61, 120].map(|now| limit.is_due(now)),
            [true, false, false, true, false, true]
        );
    }
}
