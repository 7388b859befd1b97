//! Sessions in this process's memory, found by a cookie of which only a fingerprint is stored.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use openidconnect::{AccessToken, RefreshToken};

use crate::provider::IdToken;
use crate::random::{self, Fingerprint};

/// A session ends after this time without use.
const IDLE_SECONDS: i64 = 2 * 3_600;
/// A session ends after this time, used or not.
const MAX_SECONDS: i64 = 12 * 3_600;
/// The maximum number of sessions; beyond it the least recently used ends.
const MAX_SESSIONS: usize = 100_000;

/// The person's claims, as of the provider's last response.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub client_refs: Vec<String>,
    /// The expiry of the access token in Unix seconds.
    pub access_until: i64,
}

/// The tokens of a session. A renewal holds the lock for the whole exchange, since a refresh token is valid once.
pub(crate) struct Tokens {
    pub id_token: IdToken,
    pub access: AccessToken,
    pub refresh: Option<RefreshToken>,
}

/// A notice for the next page, shown once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Refreshed,
    NotRefreshed,
    NoRefreshToken,
}

/// A signed-in browser.
pub(crate) struct Session {
    pub sub: String,
    pub sid: Option<String>,
    began_at: i64,
    seen_at: AtomicI64,
    person: RwLock<Person>,
    pub tokens: Arc<tokio::sync::Mutex<Tokens>>,
    notice: Mutex<Option<Notice>>,
}

impl Session {
    pub fn new(sub: String, sid: Option<String>, person: Person, tokens: Tokens, now: i64) -> Self {
        Self {
            sub,
            sid,
            began_at: now,
            seen_at: AtomicI64::new(now),
            person: RwLock::new(person),
            tokens: Arc::new(tokio::sync::Mutex::new(tokens)),
            notice: Mutex::default(),
        }
    }

    pub fn person(&self) -> Person {
        self.person.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_person(&self, person: Person) {
        *self.person.write().unwrap_or_else(PoisonError::into_inner) = person;
    }

    pub fn say(&self, notice: Notice) {
        *self.notice.lock().unwrap_or_else(PoisonError::into_inner) = Some(notice);
    }

    pub fn said(&self) -> Option<Notice> {
        self.notice.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn alive(&self, now: i64) -> bool {
        now - self.seen_at.load(Ordering::Relaxed) < IDLE_SECONDS && now - self.began_at < MAX_SECONDS
    }
}

/// All sessions.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<Fingerprint, Arc<Session>>>);

impl Sessions {
    /// Opens a session under a new id, which is returned and sent to the browser alone.
    pub fn open(&self, session: Session, now: i64) -> String {
        let id = random::token();
        let mut all = self.lock();
        if all.len() >= MAX_SESSIONS {
            all.retain(|_, session| session.alive(now));
        }
        if all.len() >= MAX_SESSIONS {
            let oldest =
                all.iter().min_by_key(|(_, s)| s.seen_at.load(Ordering::Relaxed)).map(|(key, _)| *key);
            oldest.map(|key| all.remove(&key));
        }
        all.insert(random::fingerprint(&id), Arc::new(session));
        id
    }

    /// Returns the live session of an id and counts the lookup as use.
    pub fn find(&self, id: &str, now: i64) -> Option<Arc<Session>> {
        let key = random::fingerprint(id);
        let mut all = self.lock();
        let session = all.get(&key)?.clone();
        if !session.alive(now) {
            all.remove(&key);
            return None;
        }
        session.seen_at.store(now, Ordering::Relaxed);
        Some(session)
    }

    /// Ends the session of an id.
    pub fn close(&self, id: &str) -> Option<Arc<Session>> {
        self.lock().remove(&random::fingerprint(id))
    }

    /// Ends the sessions that a logout token names (Back-Channel Logout §2.7): those of `sid`, or all of `sub` if no session is named. Returns their
    /// number.
    pub fn close_all(&self, sid: Option<&str>, sub: Option<&str>) -> usize {
        let mut all = self.lock();
        let before = all.len();
        all.retain(|_, session| {
            let sid_fits = sid.is_none_or(|sid| session.sid.as_deref() == Some(sid));
            let sub_fits = sub.is_none_or(|sub| session.sub == sub);
            !(sid_fits && sub_fits)
        });
        before - all.len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
