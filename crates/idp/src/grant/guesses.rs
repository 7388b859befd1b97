//! Limits on wrong client secrets (SECURITY #26). Secrets are long and random, so the limits are against load more than against luck: each node
//! keeps its own in memory.
//!
//! Failures are counted by client and source: on a host that several portals share, one portal's wrong secrets do not lock another out (SECURITY D2, for
//! clients). All unknown client ids share one count, since there is nothing to guess. From a network where a client has authenticated, its secret is always
//! checked: strangers there cannot lock it out. The counts are bounded in number and time (SECURITY D14).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kernel::Unix;

/// The window in seconds in which failures are counted, and after which counts are deleted.
const WINDOW: i64 = 60;
/// The factor by which all sources together may fail more often at a client than one source.
const EVERYBODY: u32 = 10;
/// The greatest number of counts by source: some megabytes. Beyond it, another source has no count of its own; each client's total still counts.
const MOST: usize = 50_000;
/// The greatest number of known networks of one client; the one with the oldest proof is replaced.
const HOMES: usize = 64;
/// The number of seconds after which a network without a new proof is unknown again.
const HOME: i64 = 30 * 86_400;
/// The number of failures of unknown client ids that are logged each minute.
const TOLD: u32 = 60;

/// The client whose secret was wrong; `None` for an unknown client id.
type Whose = Option<String>;

/// The start of a window, and the number of failures in it.
#[derive(Clone, Copy)]
struct Count {
    began: Unix,
    failures: u32,
}

#[derive(Default)]
struct State {
    /// Counts by source and client.
    sources: HashMap<(IpAddr, Whose), Count>,
    /// Counts by client, over all sources.
    clients: HashMap<String, Count>,
    /// The networks from which each client proved itself, with the time of the last proof.
    homes: HashMap<String, HashMap<Option<IpAddr>, Unix>>,
    /// The log lines about unknown client ids.
    told: Option<Count>,
    swept: Unix,
}

/// The counts of this node. A source is a network: an IPv4 address or an IPv6 /64. A client is named only if it is configured and has something to prove.
pub(super) struct Guesses {
    most: u32,
    state: Mutex<State>,
}

impl Count {
    fn lives(&self, now: Unix) -> bool {
        now < self.began + WINDOW
    }

    /// Counts a failure, or the first of a new window.
    fn raised(before: Option<Self>, now: Unix) -> Self {
        match before.filter(|count| count.lives(now)) {
            Some(Self { began, failures }) => Self { began, failures: failures.saturating_add(1) },
            None => Self { began: now, failures: 1 },
        }
    }

    fn reaches(count: Option<&Self>, most: u32, now: Unix) -> bool {
        count.is_some_and(|count| count.lives(now) && count.failures >= most)
    }
}

impl Guesses {
    /// Allows `most` failures a minute of one client from one source.
    pub(super) fn new(most: u32) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in another thread leaves the counts whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if too many secrets were wrong lately for another one to be checked.
    pub(super) fn refuses(&self, source: Option<IpAddr>, client: Option<&str>, now: Unix) -> bool {
        let state = self.state();
        let here = source.and_then(|source| state.sources.get(&(source, client.map(str::to_owned))));
        let everywhere = client.and_then(|client| state.clients.get(client));
        Count::reaches(here, self.most, now)
            || Count::reaches(everywhere, self.most.saturating_mul(EVERYBODY), now)
    }

    /// Returns true if this client authenticated from that network before: failures of others there do not lock it out.
    pub(super) fn is_home(&self, source: Option<IpAddr>, client: Option<&str>, now: Unix) -> bool {
        let state = self.state();
        let home = client.and_then(|client| state.homes.get(client)?.get(&source));
        home.is_some_and(|at| now < at + HOME)
    }

    /// Counts a wrong secret; returns true if it is to be logged.
    pub(super) fn failed(&self, source: Option<IpAddr>, client: Option<&str>, now: Unix) -> bool {
        let mut state = self.state();
        if let Some(source) = source {
            let counted = (source, client.map(str::to_owned));
            if state.sources.contains_key(&counted) || state.has_room(now) {
                let count = Count::raised(state.sources.get(&counted).copied(), now);
                state.sources.insert(counted, count);
            }
        }
        if let Some(client) = client {
            let count = Count::raised(state.clients.get(client).copied(), now);
            state.clients.insert(client.to_owned(), count);
            return true;
        }
        let told = Count::raised(state.told, now);
        state.told = Some(told);
        told.failures <= TOLD
    }

    /// Records that a client authenticated.
    pub(super) fn proved(&self, source: Option<IpAddr>, client: &str, now: Unix) {
        let mut state = self.state();
        let homes = state.homes.entry(client.to_owned()).or_default();
        if homes.len() >= HOMES && !homes.contains_key(&source) {
            let oldest = homes.iter().min_by_key(|(_, at)| **at).map(|(home, _)| *home);
            oldest.map(|home| homes.remove(&home));
        }
        homes.insert(source, now);
    }

    /// Deletes expired entries; the worker calls it.
    pub(super) fn tidy(&self, now: Unix) {
        let mut state = self.state();
        state.sources.retain(|_, count| count.lives(now));
        state.sources.shrink_to_fit();
        state.clients.retain(|_, count| count.lives(now));
        for homes in state.homes.values_mut() {
            homes.retain(|_, at| now < *at + HOME);
        }
        state.homes.retain(|_, homes| !homes.is_empty());
    }
}

impl State {
    /// Deletes expired counts if there are as many as allowed, at most once a second; returns true if there is room.
    fn has_room(&mut self, now: Unix) -> bool {
        if self.sources.len() >= MOST && now > self.swept {
            self.swept = now;
            self.sources.retain(|_, count| count.lives(now));
        }
        self.sources.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RP: Option<&str> = Some("rp");

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_source_that_keeps_failing_waits_for_a_minute() {
        let guesses = Guesses::new(3);
        for n in 0..3 {
            assert!(!guesses.refuses(ip("203.0.113.1"), RP, n));
            guesses.failed(ip("203.0.113.1"), RP, n);
        }
        assert!(guesses.refuses(ip("203.0.113.1"), RP, 59));
        assert!(!guesses.refuses(ip("203.0.113.1"), RP, 60));
        assert!(!guesses.refuses(ip("203.0.113.2"), RP, 3));
    }

    /// FINDING R9: portals often share a host.
    #[test]
    fn neighbours_at_one_address_are_counted_apart() {
        let guesses = Guesses::new(3);
        for _ in 0..9 {
            guesses.failed(ip("203.0.113.1"), RP, 0);
            guesses.failed(ip("203.0.113.1"), None, 0);
        }
        assert!(guesses.refuses(ip("203.0.113.1"), RP, 1));
        assert!(guesses.refuses(ip("203.0.113.1"), None, 1));
        assert!(!guesses.refuses(ip("203.0.113.1"), Some("other"), 1));
    }

    /// SECURITY D2, for clients: a lock must not be a weapon.
    #[test]
    fn strangers_who_guess_do_not_shut_a_client_out_at_home() {
        let guesses = Guesses::new(3);
        guesses.proved(ip("198.51.100.1"), "rp", 0);
        for n in 0..30 {
            guesses.failed(ip(&format!("203.0.113.{n}")), RP, 0);
        }
        assert!(guesses.refuses(ip("203.0.113.99"), RP, 1) && !guesses.is_home(ip("203.0.113.99"), RP, 1));
        assert!(!guesses.refuses(ip("203.0.113.99"), Some("other"), 1));
        assert!(guesses.is_home(ip("198.51.100.1"), RP, 1));
        assert!(!guesses.is_home(ip("198.51.100.1"), RP, HOME));
    }

    /// SECURITY D14
    #[test]
    fn what_is_kept_is_bounded_and_forgotten() {
        let guesses = Guesses::new(3);
        let source = |n: u32| Some(IpAddr::from(std::net::Ipv4Addr::from(n)));
        let told = (0..60_000).filter(|n| guesses.failed(source(*n), None, 0)).count();
        assert_eq!(told, TOLD as usize, "of nobody's names the log tells some");
        assert_eq!(guesses.state().sources.len(), MOST);
        guesses.failed(source(70_000), RP, 61);
        assert_eq!(guesses.state().sources.len(), 1, "their window is over");
        for n in 0..1000 {
            guesses.proved(source(n), "rp", i64::from(n));
        }
        assert_eq!(guesses.state().homes["rp"].len(), HOMES);
        assert!(guesses.is_home(source(999), RP, 1000) && !guesses.is_home(source(0), RP, 1000));
        guesses.tidy(2 * HOME);
        let state = guesses.state();
        assert!(state.sources.is_empty() && state.clients.is_empty() && state.homes.is_empty());
    }
}
