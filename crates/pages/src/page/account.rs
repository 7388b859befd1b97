//! J11: the pages of a person's own account, each about one thing.

use serde::Serialize;

use super::Page;

/// Where the account is open. `POST /account/sessions/end` with `session`; `POST /account/sessions/end-others`.
#[derive(Clone, Debug, Serialize)]
pub struct AccountSessions {
    /// This browser.
    pub here: SessionRow,
    /// All others, the one that was used last first.
    pub others: Vec<SessionRow>,
    /// What was done just now.
    pub notice: Option<SessionsNotice>,
}

/// One browser in which the account is open.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// Names it in the form; opens nothing.
    pub id: String,
    /// `Firefox`; `None` for one that is not known.
    pub browser: Option<String>,
    /// `Windows`.
    pub system: Option<String>,
    /// Unix seconds.
    pub since: i64,
    /// Seconds since it was last used.
    pub unused: i64,
    /// Whether it outlives the browser.
    pub kept: bool,
}

/// What was done on the page of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionsNotice {
    /// One session has ended.
    Ended,
    /// All others have.
    EndedAll,
}

impl Page for AccountSessions {
    const NAME: &'static str = "account-sessions";

    fn samples() -> Vec<AccountSessions> {
        let row = |n: u8, browser: Option<&str>, system: Option<&str>, unused: i64, kept: bool| SessionRow {
            id: format!("0192-{n}"),
            browser: browser.map(Into::into),
            system: system.map(Into::into),
            since: 1_793_527_440,
            unused,
            kept,
        };
        let here = row(0, Some("Firefox"), Some("Windows"), 12, false);
        let others = vec![
            row(1, Some("Safari"), Some("iPhone"), 25 * 60, true),
            row(2, Some("Chrome"), None, 5 * 3600, false),
            row(3, None, Some("Android"), 86_400, true),
            row(4, None, None, 21 * 86_400, true),
        ];
        let first = AccountSessions { here, others, notice: None };
        vec![
            first.clone(),
            AccountSessions { notice: Some(SessionsNotice::Ended), ..first.clone() },
            AccountSessions { others: vec![], notice: Some(SessionsNotice::EndedAll), ..first },
        ]
    }
}
