//! SPEC J1, J5: sign in.

use serde::Serialize;

use super::Page;

/// `POST {base}/sign-in` with `email`, `password`, `keep=on`. Links to `{base}/forgot`, `{base}/legacy`, `{base}/help`.
#[derive(Clone, Debug, Serialize)]
pub struct SignIn {
    /// The value of the field: the typed address, or the portal's `login_hint`; may be empty.
    pub email: String,
    /// The time after the last visit for which "Garder ma session active" holds at most, in days.
    pub keep_days: u16,
    /// True if the box is ticked, which happens only because the person ticked it before a failed attempt.
    pub keep: bool,
    /// A notice that is no error.
    pub notice: Option<SignInNotice>,
    /// The error of the last attempt.
    pub error: Option<SignInError>,
}

/// The reason why the person sees the sign-in page, if it is not obvious.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInNotice {
    /// The person has just signed out.
    SignedOut,
    /// The account was created.
    AccountReady,
    /// The portal's migration ticket was refused or had been used: sign in, or use the old identifiers.
    TicketInvalid,
    /// The page had been open too long and was restarted; nothing is lost.
    StartedAgain,
    /// The browser no longer has the page's cookies; it was restarted.
    CookiesGone,
    /// The person is signed in, but the portal requires the password again (`prompt=login`, `max_age`).
    ConfirmAgain,
}

/// The reason why a sign-in failed. Shown in the same way whether or not the account exists.
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
        /// Seconds until the next attempt.
        seconds: u32,
    },
    /// The service is very busy; nothing was checked, nothing was counted.
    Busy,
    /// A field is empty, or the address is invalid; nothing was checked, nothing was counted.
    Missing {
        /// The error of the address.
        email: Option<MissingEmail>,
        /// True if the password is empty.
        password: bool,
    },
    /// The password is too long, or has a control character; nothing was checked, nothing was counted.
    Unusable,
}

/// The reason why the typed text is no address. It depends on that text alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingEmail {
    /// The field is empty.
    Empty,
    /// It looks like an old identifier, which has its own form: `POST {base}/legacy` with `carry` and `identifier`.
    Identifier,
    /// Something else.
    Other,
}

impl MissingEmail {
    pub(super) const ALL: [MissingEmail; 3] =
        [MissingEmail::Empty, MissingEmail::Identifier, MissingEmail::Other];
}

impl SignInError {
    /// Returns samples for pages with and without a field for the address.
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
        use SignInNotice::{AccountReady, ConfirmAgain, CookiesGone, SignedOut, StartedAgain, TicketInvalid};
        let first = SignIn { email: String::new(), keep_days: 90, keep: false, notice: None, error: None };
        let typed = SignIn { email: "marie.durand@example.fr".into(), keep: true, ..first.clone() };
        let mut all = vec![first.clone(), SignIn { keep_days: 1, ..first.clone() }];
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
        let notices = [SignedOut, AccountReady, TicketInvalid, StartedAgain, ConfirmAgain, CookiesGone];
        all.extend(notices.map(|notice| SignIn { notice: Some(notice), ..first.clone() }));
        all
    }
}
