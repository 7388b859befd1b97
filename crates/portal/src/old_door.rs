//! The portal's own old sign-in: identifiers that the agency gave out itself.

use crate::random;
use crate::records::{LegacyLogin, LegacyLogins};
use crate::shelf::Shelf;

/// Failures of one identifier within the window before it has to wait.
const FAILURES: u32 = 10;
/// The window, seconds.
const WINDOW: i64 = 15 * 60;

/// The old logins and the brake on guessing them.
pub(crate) struct OldDoor {
    logins: LegacyLogins,
    failures: Shelf<u32>,
    nobody: LegacyLogin,
}

/// What became of an attempt.
pub(crate) enum Attempt<'a> {
    Right(&'a LegacyLogin),
    Wrong,
    /// Too many failures; says nothing about the password.
    Wait,
}

impl OldDoor {
    pub fn new(logins: LegacyLogins) -> Self {
        Self { logins, failures: Shelf::new(WINDOW, 50_000), nobody: LegacyLogin::default() }
    }

    /// Checks an identifier and its password. An unknown identifier costs and counts the same as a wrong password.
    pub fn check(&self, identifier: &str, password: &str, now: i64) -> Attempt<'_> {
        let key = random::fingerprint(identifier);
        // Reserved before the check and given back on success: parallel attempts count too.
        let tries = self.failures.change(
            key,
            now,
            || 0,
            |tries| {
                *tries = tries.saturating_add(1);
                *tries
            },
        );
        if tries > FAILURES {
            return Attempt::Wait;
        }
        let login = self.logins.get(identifier).unwrap_or(&self.nobody);
        if login.fits(password) {
            self.failures.take(&key, now);
            Attempt::Right(login)
        } else {
            Attempt::Wrong
        }
    }
}
