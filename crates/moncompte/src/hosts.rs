//! Portals' hosts that are called: a bound on the calls to each at a time, and a circuit breaker for each, so that one that hangs delays nobody else's
//! calls (FINDING S19). The hosts come from agencies' files, so their number is bounded; what is known of them is this node's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use kernel::Unix;

/// Calls to one host at a time.
const AT_ONCE: usize = 2;
/// Calls in a row without an answer after which the host is left alone for a while.
const OPENS_AFTER: u32 = 3;
/// The longest such while, in seconds.
const LONGEST: i64 = 300;

/// What is known of each host.
#[derive(Default)]
pub(crate) struct Hosts(Mutex<HashMap<String, Host>>);

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Host {
    under_way: usize,
    silent: u32,
    until: Unix,
}

impl Host {
    /// Whether it may be called now; one that was silent is asked by one call at a time.
    fn admits(&self, now: Unix) -> bool {
        let most = if self.silent < OPENS_AFTER { AT_ONCE } else { 1 };
        self.under_way < most && now >= self.until
    }

    /// A call has ended.
    fn ended(&mut self, answered: bool, now: Unix) {
        self.silent = if answered { 0 } else { self.silent.saturating_add(1) };
        self.until = match self.silent.checked_sub(OPENS_AFTER) {
            Some(more) => now + (5_i64 << more.min(8)).min(LONGEST),
            None => 0,
        };
    }
}

/// A call under way. Dropped without [`Visit::ended`], it counts as no call.
pub(crate) struct Visit {
    hosts: Arc<Hosts>,
    host: String,
}

impl Hosts {
    /// Whether a host may not be called now.
    pub(crate) fn is_closed(&self, host: &str, now: Unix) -> bool {
        self.0.lock().is_ok_and(|hosts| hosts.get(host).is_some_and(|known| !known.admits(now)))
    }

    /// Begins a call, if the host may be called now.
    pub(crate) fn visit(self: &Arc<Self>, host: &str, now: Unix) -> Option<Visit> {
        let mut hosts = self.0.lock().ok()?;
        let known = hosts.entry(host.to_owned()).or_default();
        known.admits(now).then(|| {
            known.under_way += 1;
            Visit { hosts: self.clone(), host: host.to_owned() }
        })
    }

    /// Hosts that are left alone at the moment.
    pub(crate) fn silent(&self, now: Unix) -> usize {
        self.0.lock().map_or(0, |hosts| hosts.values().filter(|host| host.until > now).count())
    }
}

impl Visit {
    /// The call has ended; answers whether the host is left alone from now on.
    pub(crate) fn ended(self, answered: bool, now: Unix) -> bool {
        let Ok(mut hosts) = self.hosts.0.lock() else { return false };
        let Some(known) = hosts.get_mut(&self.host) else { return false };
        known.ended(answered, now);
        known.silent == OPENS_AFTER
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Ok(mut hosts) = self.hosts.0.lock()
            && let Some(known) = hosts.get_mut(&self.host)
        {
            known.under_way = known.under_way.saturating_sub(1);
            if *known == Host::default() {
                hosts.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_so_many_calls_at_a_time_and_the_others_have_their_own() {
        let hosts = Arc::new(Hosts::default());
        let first = hosts.visit("slow.test", 0).unwrap();
        let second = hosts.visit("slow.test", 0).unwrap();
        assert!(hosts.visit("slow.test", 0).is_none() && hosts.is_closed("slow.test", 0));
        assert!(hosts.visit("other.test", 0).is_some());
        first.ended(true, 0);
        assert!(!hosts.is_closed("slow.test", 0));
        drop(second);
        assert!(hosts.0.lock().unwrap().is_empty(), "nothing is kept of a host that answers");
    }

    #[test]
    fn a_host_that_is_silent_is_left_alone_and_asked_by_one_call() {
        let hosts = Arc::new(Hosts::default());
        let silent = |now| hosts.visit("slow.test", now).unwrap().ended(false, now);
        assert_eq!([silent(0), silent(0), silent(0)], [false, false, true]);
        assert!(hosts.is_closed("slow.test", 4));
        assert_eq!((hosts.silent(4), hosts.silent(5)), (1, 0));
        let probe = hosts.visit("slow.test", 5).unwrap();
        assert!(hosts.visit("slow.test", 5).is_none(), "one asks");
        assert!(!probe.ended(false, 5), "that it is left alone was told");
        assert!(hosts.is_closed("slow.test", 14) && !hosts.is_closed("slow.test", 15));
        for _ in 0..20 {
            let now = hosts.0.lock().unwrap()["slow.test"].until;
            silent(now);
            assert!(hosts.0.lock().unwrap()["slow.test"].until <= now + LONGEST);
        }
        let now = hosts.0.lock().unwrap()["slow.test"].until;
        hosts.visit("slow.test", now).unwrap().ended(true, now);
        let both = [hosts.visit("slow.test", now), hosts.visit("slow.test", now)];
        assert!(both.iter().all(Option::is_some), "it answers again");
    }
}
