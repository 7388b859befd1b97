//! SPEC J1, J5: sign in.

use serde::Serialize;

use super::Page;

/// `POST {base}/sign-in` with `email`, `password`, `keep=on`. Links to `{base}/forgot`, `{base}/legacy`, `{base}/help`.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// Fills the field in: what was typed, or the portal's `login_hint`; may be empty.
    pub email: String,
    /// How long "Garder ma session active" lasts at most, in days.
    pub keep_days: u16,
    /// Whether the box is ticked (only because the person ticked it before a failed attempt).
    pub keep: bool,
    /// Something to say first that is no error.
    pub notice: Option<SignInNotice>,
    /// What was wrong with the last attempt.
    pub error: Option<SignInError>,
    /// Whether the way in with the agency's old identifiers is shown.
    pub legacy_door: bool,
}

/// Why the person sees the sign-in page, when it is not obvious.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInNotice {
    /// They signed out just now.
    SignedOut,
    /// Their account exists now.
    AccountReady,
    /// The new password is in place.
    PasswordChanged,
    /// The portal's migration ticket was refused or had been used: sign in, or use the old identifiers.
    TicketInvalid,
    /// The page had been open too long; it was started again, nothing is lost.
    StartedAgain,
    /// The browser no longer has the cookies with which the page began; it was started again.
    CookiesGone,
    /// They are signed in, but the portal asks for the password again (`prompt=login`, `max_age`).
    ConfirmAgain,
}

/// Why signing in did not work. Shown in the same way whether or not the account exists.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignInError {
    /// Email or password wrong.
    Wrong {
        /// Attempts left before the account locks: 4 after the first failure, 1 after the fourth.
        remaining: u8,
    },
    /// The account is locked; a new password unlocks it.
    Locked,
    /// Too many attempts from this network.
    Throttled {
        /// Until the next attempt.
        seconds: u32,
    },
    /// The service is very busy; nothing was checked, nothing was counted.
    Busy,
    /// A field is empty, or holds no address; nothing was checked, nothing was counted.
    Missing {
        /// What is wrong with the address.
        email: Option<MissingEmail>,
        /// The password is empty.
        password: bool,
    },
    /// The password is too long, or has a control character; nothing was checked, nothing was counted.
    Unusable,
}

/// Why what stands in the field is no address. It depends on that text alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingEmail {
    /// The field is empty.
    Empty,
    /// It looks like an old identifier, which another door takes: `POST {base}/legacy` with `carry` and `identifier`.
    Identifier,
    /// Something else.
    Other,
}

impl MissingEmail {
    pub(super) const ALL: [MissingEmail; 3] =
        [MissingEmail::Empty, MissingEmail::Identifier, MissingEmail::Other];
}

impl SignInError {
    /// Where there is an address, and where there is none to type.
    pub(super) fn samples() -> Vec<SignInError> {
        use SignInError::{Busy, Locked, Missing, Throttled, Unusable, Wrong};
        let mut all: Vec<_> = [4, 3, 2, 1].map(|remaining| Wrong { remaining }).into();
        all.extend([Locked, Throttled { seconds: 1 }, Throttled { seconds: 90 }, Busy, Unusable]);
        all.push(Missing { email: None, password: true });
        all
    }
}

impl Page for SignIn {
    const NAME: &'static str = "sign-in";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Vec<SignIn> {
        use SignInNotice::{
            AccountReady, ConfirmAgain, CookiesGone, PasswordChanged, SignedOut, StartedAgain, TicketInvalid,
        };
        let first = SignIn {
            email: String::new(),
            keep_days: 90,
            keep: false,
            notice: None,
            error: None,
            legacy_door: true,
        };
        let typed = SignIn { email: "marie.durand@example.fr".into(), keep: true, ..first.clone() };
        let mut all = vec![first.clone(), SignIn { legacy_door: false, keep_days: 1, ..first.clone() }];
        all.extend(
            SignInError::samples().into_iter().map(|error| SignIn { error: Some(error), ..typed.clone() }),
        );
        let missing = |email: &str, missing, password| SignIn {
            email: email.into(),
            error: Some(SignInError::Missing { email: Some(missing), password }),
            ..first.clone()
        };
        all.push(missing("", MissingEmail::Empty, true));
        all.push(missing("00012345", MissingEmail::Identifier, false));
        all.push(missing("00012345", MissingEmail::Identifier, true));
        all.push(missing("marie.durand", MissingEmail::Other, false));
        let notices = [
            SignedOut,
            AccountReady,
            PasswordChanged,
            TicketInvalid,
            StartedAgain,
            ConfirmAgain,
            CookiesGone,
        ];
        all.extend(notices.map(|notice| SignIn { notice: Some(notice), ..first.clone() }));
        all
    }
}
