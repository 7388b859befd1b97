//! The portal's own old sign-in, with identifiers that the agency issued itself.

use crate::expiring_cache::ExpiringCache;
use crate::random;
use crate::records::{LegacyLogin, LegacyLogins};

/// The number of failures of one identifier within the window before it has to wait.
const FAILURES: u32 = 10;
/// The window in seconds.
const WINDOW: i64 = 15 * 60;

/// The old logins, with a limit on guesses.
pub(crate) struct OldSignIn {
    logins: LegacyLogins,
    failures: ExpiringCache<u32>,
    nobody: LegacyLogin,
}

/// The result of an attempt.
pub(crate) enum Attempt<'a> {
    Right(&'a LegacyLogin),
    Wrong,
    /// Too many failures; says nothing about the password.
    Wait,
}

impl OldSignIn {
    pub fn new(logins: LegacyLogins) -> Self {
        Self { logins, failures: ExpiringCache::new(WINDOW, 50_000), nobody: LegacyLogin::default() }
    }

    /// Checks an identifier and its password. An unknown identifier costs and counts the same as a wrong password.
    pub fn check(&self, identifier: &str, password: &str, now: i64) -> Attempt<'_> {
        let key = random::fingerprint(identifier);
        // Reserved before the check and given back on success, so that parallel attempts count too.
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
