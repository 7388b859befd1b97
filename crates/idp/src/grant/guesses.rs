//! How often somebody may be wrong about a client's secret (SECURITY #26). Secrets are long and random, so this is against load more than
//! against luck: it lives in the memory of each node.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kernel::Unix;

/// Failures are counted over so many seconds.
const WINDOW: i64 = 60;
/// All sources together may fail so many times more often at one client than one source may anywhere.
const EVERYBODY: u32 = 10;
/// More counts than this are not kept: then they begin anew.
const MOST: usize = 100_000;

#[derive(PartialEq, Eq, Hash)]
enum Counted {
    Source(IpAddr),
    Client(String),
}

#[derive(Default)]
struct State {
    /// When a window began, and the failures in it.
    failures: HashMap<Counted, (Unix, u32)>,
    /// From where a client has proved itself: strangers who guess cannot shut it out there.
    at_home: HashSet<(String, IpAddr)>,
}

/// The counts of this node. `source` is a network: an IPv4 address or an IPv6 /64.
pub(super) struct Guesses {
    most: u32,
    state: Mutex<State>,
}

impl Guesses {
    /// `most` failures a minute from one source.
    pub(super) fn new(most: u32) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counts are whole whatever happened to the thread that held them.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no secret is looked at now.
    pub(super) fn refuses(&self, source: Option<IpAddr>, client: &str, now: Unix) -> bool {
        let Some(source) = source else { return false };
        let state = self.state();
        let failures = |counted| match state.failures.get(&counted) {
            Some((began, count)) if now < began + WINDOW => *count,
            _ => 0,
        };
        if failures(Counted::Source(source)) >= self.most {
            return true;
        }
        !state.at_home.contains(&(client.to_owned(), source))
            && failures(Counted::Client(client.to_owned())) >= self.most.saturating_mul(EVERYBODY)
    }

    /// A client was not who it said it was.
    pub(super) fn failed(&self, source: Option<IpAddr>, client: &str, now: Unix) {
        let Some(source) = source else { return };
        let mut state = self.state();
        if state.failures.len() > MOST {
            state.failures.clear();
        }
        for counted in [Counted::Source(source), Counted::Client(client.to_owned())] {
            let (began, count) = state.failures.entry(counted).or_insert((now, 0));
            if now >= *began + WINDOW {
                (*began, *count) = (now, 0);
            }
            *count = count.saturating_add(1);
        }
    }

    /// A client was who it said it was.
    pub(super) fn proved(&self, source: Option<IpAddr>, client: &str) {
        let Some(source) = source else { return };
        let mut state = self.state();
        if state.at_home.len() > MOST {
            state.at_home.clear();
        }
        state.at_home.insert((client.to_owned(), source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_source_that_keeps_failing_waits_for_a_minute() {
        let guesses = Guesses::new(3);
        for n in 0..3 {
            assert!(!guesses.refuses(ip("203.0.113.1"), "rp", n));
            guesses.failed(ip("203.0.113.1"), "rp", n);
        }
        assert!(guesses.refuses(ip("203.0.113.1"), "rp", 3));
        assert!(guesses.refuses(ip("203.0.113.1"), "other", 59));
        assert!(!guesses.refuses(ip("203.0.113.2"), "rp", 3));
        assert!(!guesses.refuses(ip("203.0.113.1"), "rp", 60));
    }

    /// SECURITY D2, for clients: a lock must not be a weapon.
    #[test]
    fn strangers_who_guess_do_not_shut_a_client_out_at_home() {
        let guesses = Guesses::new(3);
        guesses.proved(ip("198.51.100.1"), "rp");
        for n in 0..30 {
            guesses.failed(ip(&format!("203.0.113.{n}")), "rp", 0);
        }
        assert!(guesses.refuses(ip("203.0.113.99"), "rp", 1));
        assert!(!guesses.refuses(ip("203.0.113.99"), "other", 1));
        assert!(!guesses.refuses(ip("198.51.100.1"), "rp", 1));
    }
}
