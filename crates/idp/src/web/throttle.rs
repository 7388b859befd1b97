//! Limits of attempts and arrivals from one network.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

use accounts::AccountId;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};

/// The limits of a network: of attempts, before anything is hashed (PEOPLE U-56), and of arrivals, before a row is written (SECURITY #49). A network is an
/// IPv4 address or an IPv6 /64. Staff search only so often, whatever their network.
pub struct Throttle {
    attempts: Limit<IpAddr>,
    arrivals: Limit<IpAddr>,
    searches: Limit<AccountId>,
}

/// Searches at the desk of one member of staff in a minute, on one node.
const SEARCHES: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// Arrivals allowed for each attempt: a person looks at several pages before they type anything.
const ARRIVALS: NonZeroU32 = NonZeroU32::new(5).expect("not zero");

impl Throttle {
    /// Allows `per_minute` attempts and five times as many arrivals, all of which may come at once.
    pub fn new(per_minute: NonZeroU32) -> Self {
        Self {
            attempts: Limit::new(per_minute),
            arrivals: Limit::new(per_minute.saturating_mul(ARRIVALS)),
            searches: Limit::new(SEARCHES),
        }
    }

    /// Takes an attempt.
    ///
    /// # Errors
    /// Seconds until the next one.
    pub(crate) fn take(&self, ip: Option<IpAddr>) -> Result<(), u32> {
        ip.map_or(Ok(()), |ip| self.attempts.take(network(ip)))
    }

    /// Takes an arrival.
    ///
    /// # Errors
    /// Seconds until the next one.
    pub(crate) fn arrive(&self, ip: Option<IpAddr>) -> Result<(), u32> {
        ip.map_or(Ok(()), |ip| self.arrivals.take(network(ip)))
    }

    /// Takes a search at the desk.
    ///
    /// # Errors
    /// Seconds until the next one.
    pub(crate) fn search(&self, staff: AccountId) -> Result<(), u32> {
        self.searches.take(staff)
    }

    /// Removes networks that have been quiet: the worker calls it, so that memory stays flat.
    pub fn tidy(&self) {
        self.attempts.limiter.retain_recent();
        self.arrivals.limiter.retain_recent();
        self.searches.limiter.retain_recent();
    }
}

/// A limit of tries in a minute from one source: a network, or a member of staff.
struct Limit<K: Hash + Eq + Copy> {
    limiter: RateLimiter<K, Sources<K>, DefaultClock>,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Copy> Limit<K> {
    fn new(per_minute: NonZeroU32) -> Self {
        let clock = DefaultClock::default();
        let sources = Sources::new(60_000_000_000 / u64::from(per_minute.get()));
        Self { limiter: RateLimiter::new(Quota::per_minute(per_minute), sources, clock.clone()), clock }
    }

    fn take(&self, source: K) -> Result<(), u32> {
        self.limiter.check_key(&source).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now()).as_secs() + 1;
            u32::try_from(wait).unwrap_or(u32::MAX)
        })
    }
}

/// The maximum number of sources that are counted at a time: some megabytes.
const MOST: usize = 50_000;
/// Nanoseconds between two searches for quiet networks while all places are taken.
const PAUSE: u64 = 1_000_000_000;

/// The time at which each network has all its tries again. If all places are taken and no network is quiet, one more is not counted: sources in great
/// number are the proxy's to slow, and what they try is counted by account and by client all the same.
struct Sources<K> {
    /// The time for which one try counts, in nanoseconds.
    interval: u64,
    counted: Mutex<Counted<K>>,
}

struct Counted<K> {
    until: HashMap<K, Nanos>,
    swept: u64,
}

impl<K: Hash + Eq + Copy> Sources<K> {
    fn new(interval: u64) -> Self {
        Self { interval, counted: Mutex::new(Counted { until: HashMap::new(), swept: 0 }) }
    }

    fn counted(&self) -> MutexGuard<'_, Counted<K>> {
        // A panic in another thread leaves the map whole.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Counted<K> {
    /// Removes quiet sources if all places are taken; returns true if there is room.
    fn has_room(&mut self, now: u64) -> bool {
        if self.until.len() >= MOST && now >= self.swept.saturating_add(PAUSE) {
            self.swept = now;
            self.until.retain(|_, until| until.as_u64() > now);
        }
        self.until.len() < MOST
    }
}

impl<K: Hash + Eq + Copy> StateStore for Sources<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut counted = self.counted();
        let known = counted.until.get(key).copied();
        let (outcome, until) = measure(known)?;
        // A first try is paid for two intervals from now at the latest.
        let now = until.as_u64().saturating_sub(2 * self.interval);
        if known.is_some() || counted.has_room(now) {
            counted.until.insert(*key, until);
        }
        Ok(outcome)
    }
}

impl<K: Hash + Eq + Copy> ShrinkableKeyedStateStore<K> for Sources<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        let mut counted = self.counted();
        counted.until.retain(|_, until| *until > drop_below);
        counted.until.shrink_to_fit();
    }

    fn shrink_to_fit(&self) {
        self.counted().until.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.counted().until.len()
    }

    fn is_empty(&self) -> bool {
        self.counted().until.is_empty()
    }
}

/// Returns the network as which an address is counted.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => std::net::Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
        },
        v4 => v4,
    }
}

/// The pages at which a network may have to wait, as the metric names them.
const PAGES: &[&str] = &[
    "account/email",
    "account/password",
    "attach",
    "authorize",
    "code",
    "confirm",
    "desk",
    "email",
    "forgot",
    "home",
    "invitation",
    "legacy",
    "link",
    "new-address",
    "password",
    "reset",
    "sign-in",
    "take-back",
    "terms",
];

/// Returns the name of the page at `path` for the metric.
pub(crate) fn page_label(path: &str) -> &'static str {
    let path = path.trim_matches('/');
    let name = match path.strip_prefix("authorize/") {
        Some(inside) => inside.split_once('/').map_or("authorize", |(_, page)| page),
        None if path.is_empty() => "home",
        None if path.starts_with("desk/") => "desk",
        None => path,
    };
    PAGES.iter().find(|page| **page == name).copied().unwrap_or("other")
}

/// Counts a network that has to wait at a page: where everybody comes from one address, an operator sees it here.
pub(crate) fn count(page: &'static str) {
    metrics::counter!("moncompte_throttled_total", "door" => page).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_attempts_and_a_neighbour_has_its_own() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap());
        let ip = |s: &str| Some(s.parse().unwrap());
        assert!(throttle.take(ip("2001:db8::1")).is_ok());
        assert!(throttle.take(ip("2001:db8::2")).is_ok());
        assert!(
            throttle.take(ip("2001:db8::3")).is_err_and(|s| (1..=60).contains(&s)),
            "one /64 is one network"
        );
        assert!(throttle.take(ip("2001:db8:0:1::1")).is_ok());
        assert!(throttle.take(ip("203.0.113.1")).is_ok());
    }

    #[test]
    fn arrivals_are_counted_apart_and_more_generously() {
        let throttle = Throttle::new(NonZeroU32::new(2).unwrap());
        let ip = Some("203.0.113.1".parse().unwrap());
        assert!((0..10).all(|_| throttle.arrive(ip).is_ok()));
        assert!(throttle.arrive(ip).is_err_and(|s| (1..=60).contains(&s)));
        assert!(throttle.take(ip).is_ok());
    }

    /// SECURITY D14
    #[test]
    fn networks_in_great_number_are_not_all_remembered() {
        let limit = Limit::new(NonZeroU32::new(1).unwrap());
        let take = |n: u32| limit.take(IpAddr::from(std::net::Ipv4Addr::from(n)));
        assert!((0..60_000).all(|n| take(n).is_ok()));
        assert_eq!(limit.limiter.len(), MOST);
        assert!(take(0).is_err(), "whoever has a place keeps their count");
        assert!(take(59_999).is_ok());
    }

    #[test]
    fn a_page_has_one_of_a_few_names() {
        for (path, name) in [
            ("/", "home"),
            ("/authorize", "authorize"),
            ("/authorize/0190", "authorize"),
            ("/authorize/0190/sign-in", "sign-in"),
            ("/account/email", "account/email"),
            ("/confirm", "confirm"),
            ("/whatever", "other"),
        ] {
            assert_eq!(page_label(path), name);
        }
    }
}
