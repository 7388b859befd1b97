//! The limits of wrong client secrets (SECURITY #26). Secrets are long and random, so this is against load more than
//! against luck: it lives in the memory of each node.
//!
//! Failures are counted by client and source: on a host that several portals share, one portal's wrong secrets shut out no other (SECURITY D2, for clients). Names
//! that no client has are one, for there is nothing to guess. Where a client has proved itself, its secret is looked at whatever was counted there:
//! strangers at the same address only wait. What is kept is bounded in number, and forgotten in time (SECURITY D14).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kernel::Unix;

/// The seconds over which failures are counted; they are forgotten with them.
const WINDOW: i64 = 60;
/// The factor by which all sources together may fail more often at a client than one source.
const EVERYBODY: u32 = 10;
/// Counts of sources at a time: some megabytes. Where all places are taken a source more is not counted by itself; each client's sum goes on.
const MOST: usize = 50_000;
/// Addresses at which one client is known; the one at which it proved itself longest ago makes room.
const HOMES: usize = 64;
/// The seconds after which a client that has not proved itself is a stranger again.
const HOME: i64 = 30 * 86_400;
/// Failures under names that no client has, of which the log tells each minute.
const TOLD: u32 = 60;

/// Whose secret was wrong: a configured client's, or nobody's.
type Whose = Option<String>;

/// Since when, and how many.
#[derive(Clone, Copy)]
struct Count {
    began: Unix,
    failures: u32,
}

#[derive(Default)]
struct State {
    /// By source and client.
    sources: HashMap<(IpAddr, Whose), Count>,
    /// By client, from wherever they came.
    clients: HashMap<String, Count>,
    /// The networks from which each client proved itself, with the time of the last proof.
    homes: HashMap<String, HashMap<Option<IpAddr>, Unix>>,
    /// Lines of the log about nobody's names.
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
    /// `most` failures a minute of one client from one source.
    pub(super) fn new(most: u32) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counts are whole whatever happened to the thread that held them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether too many were wrong lately for another secret to be looked at.
    pub(super) fn refuses(&self, source: Option<IpAddr>, client: Option<&str>, now: Unix) -> bool {
        let state = self.state();
        let here = source.and_then(|source| state.sources.get(&(source, client.map(str::to_owned))));
        let everywhere = client.and_then(|client| state.clients.get(client));
        Count::reaches(here, self.most, now)
            || Count::reaches(everywhere, self.most.saturating_mul(EVERYBODY), now)
    }

    /// Returns whether this client proved itself from there: others who are wrong do not shut it out.
    pub(super) fn is_home(&self, source: Option<IpAddr>, client: Option<&str>, now: Unix) -> bool {
        let state = self.state();
        let home = client.and_then(|client| state.homes.get(client)?.get(&source));
        home.is_some_and(|at| now < at + HOME)
    }

    /// Counts a secret that was wrong. Returns whether the log is to tell of it.
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

    /// Remembers that a client proved itself.
    pub(super) fn proved(&self, source: Option<IpAddr>, client: &str, now: Unix) {
        let mut state = self.state();
        let homes = state.homes.entry(client.to_owned()).or_default();
        if homes.len() >= HOMES && !homes.contains_key(&source) {
            let oldest = homes.iter().min_by_key(|(_, at)| **at).map(|(home, _)| *home);
            oldest.map(|home| homes.remove(&home));
        }
        homes.insert(source, now);
    }

    /// Forgets what is over; run now and then.
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
    /// Forgets counts whose window is over, at most once a second, where all places are taken.
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

    /// FINDING R9: shared hosting is the rule.
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
