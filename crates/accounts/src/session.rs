//! Sessions: their lifetimes, and the reading of those that live.

use kernel::{Fault, Token, Unix};

use crate::{
    AccountId, Accounts, Device, SessionId,
    store::{SessionRow, sessions},
};

/// The lifetimes of sessions, in seconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionPolicy {
    /// The idle time of a session that is not kept.
    pub idle: i64,
    /// The idle time of a kept session.
    pub kept_idle: i64,
    /// The maximum lifetime of a kept session.
    pub kept_most: i64,
    /// The maximum lifetime of a session that is not kept, for browsers that are never closed.
    pub most: i64,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle: 8 * 3600, kept_idle: 30 * 86400, kept_most: 90 * 86400, most: 7 * 86400 }
    }
}

impl SessionPolicy {
    /// Returns the days after the last visit for which a kept session lives at most.
    pub fn kept_days(&self) -> u16 {
        u16::try_from(self.kept_idle.min(self.kept_most) / 86400).unwrap_or(u16::MAX)
    }
}

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id; not the token that opens it.
    pub id: SessionId,
    /// The owner, for life (SECURITY I17).
    pub account: AccountId,
    /// The time at which the password was last given in it.
    pub auth_time: Unix,
    /// True if it outlives the browser.
    pub persistent: bool,
    /// The time at which it ends at the latest.
    pub ends_at: Unix,
    /// The account's epoch at the sign-in, compared at every use of the session's tokens.
    pub auth_epoch: i32,
    /// The language that its owner chose; `None` for a session that was made just now.
    pub locale: Option<String>,
}

/// A living session as shown to its owner: the browser, and never the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// The id.
    pub id: SessionId,
    /// The browser.
    pub device: Device,
    /// The time of the sign-in.
    pub since: Unix,
    /// The time of its last use, to within five minutes.
    pub last_seen: Unix,
    /// True if it outlives the browser.
    pub kept: bool,
}

/// The session of a browser that is signed in, and its cookies.
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The value of the session cookie.
    pub token: Token,
    /// The value of the device cookie.
    pub device: Token,
    /// False if the account is known to have far fewer sessions than it may have.
    pub may_be_one_too_many: bool,
}

/// The number of seconds after which a use updates `last_seen_at`, so that not every request writes.
const SEEN_GRAIN: i64 = 300;

impl SessionPolicy {
    /// Returns true while a session lives.
    pub fn lives(&self, persistent: bool, last_seen: Unix, ends_at: Unix, now: Unix) -> bool {
        let idle = if persistent { self.kept_idle } else { self.idle };
        now < ends_at && now - last_seen < idle
    }
}

impl Accounts {
    /// Returns the living session that this cookie opens.
    ///
    /// # Errors
    /// [`Fault`] of the database: then nobody is signed in.
    pub async fn session(&self, token: &Token) -> Result<Option<Session>, Fault> {
        let db = &self.context.db;
        let Some((row, owner)) = sessions::by_token(db, &token.digest()).await? else { return Ok(None) };
        let now = self.context.now();
        if !self.rules.sessions.lives(row.persistent, row.last_seen_at, row.ends_at, now) {
            return Ok(None);
        }
        if owner.auth_epoch != row.auth_epoch || owner.disabled_at.is_some() {
            return Ok(None);
        }
        if now - row.last_seen_at > SEEN_GRAIN {
            sessions::seen(db, row.id, now).await?;
        }
        Ok(Some(Session { locale: Some(owner.locale), ..row.into() }))
    }

    /// Returns the living sessions of an account, the one that was used last first.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn open_sessions(&self, owner: AccountId) -> Result<Vec<OpenSession>, Fault> {
        let now = self.context.now();
        let lives =
            |row: &SessionRow| self.rules.sessions.lives(row.persistent, row.last_seen_at, row.ends_at, now);
        let open = |row: SessionRow| OpenSession {
            id: row.id,
            device: Device::of(&row.user_agent),
            since: row.created_at,
            last_seen: row.last_seen_at,
            kept: row.persistent,
        };
        Ok(sessions::open(&self.context.db, owner).await?.into_iter().filter(lives).map(open).collect())
    }

    /// Returns those of these sessions that ended or expired before this moment, or are unknown.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn sessions_over(&self, sessions: &[SessionId], before: Unix) -> Result<Vec<SessionId>, Fault> {
        let going_on = sessions::going_on(&self.context.db, sessions, before).await?;
        Ok(sessions.iter().copied().filter(|id| !going_on.contains(id)).collect())
    }

    /// Returns true if a session has neither ended nor expired.
    ///
    /// # Errors
    /// [`Fault`] of the database.
    pub async fn session_lives(&self, id: SessionId) -> Result<bool, Fault> {
        let row = sessions::by_id(&self.context.db, id).await?;
        let (policy, now) = (self.rules.sessions, self.context.now());
        Ok(row.is_some_and(|row| policy.lives(row.persistent, row.last_seen_at, row.ends_at, now)))
    }
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            account: row.account_id,
            auth_time: row.auth_time,
            persistent: row.persistent,
            ends_at: row.ends_at,
            auth_epoch: row.auth_epoch,
            locale: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_session_is_promised_for_no_longer_than_both_of_its_ends() {
        let days = |idle: i64, most: i64| {
            SessionPolicy { kept_idle: idle * 86400, kept_most: most * 86400, ..SessionPolicy::default() }
                .kept_days()
        };
        assert_eq!([days(30, 90), days(30, 5), days(1, 1)], [30, 5, 1]);
    }

    #[test]
    fn a_session_ends_idle_or_old() {
        let policy = SessionPolicy::default();
        let hour = 3600;
        let day = 24 * hour;
        assert!(policy.lives(false, 0, 7 * day, 8 * hour - 1));
        assert!(!policy.lives(false, 0, 7 * day, 8 * hour));
        assert!(policy.lives(true, 0, 90 * day, 30 * day - 1));
        assert!(!policy.lives(true, 0, 90 * day, 30 * day));
        assert!(policy.lives(true, 89 * day, 90 * day, 90 * day - 1));
        assert!(!policy.lives(true, 89 * day, 90 * day, 90 * day));
    }
}
