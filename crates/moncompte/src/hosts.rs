//! The hosts of portals that are called: a limit of concurrent calls and a circuit breaker for each, so that one that hangs does not delay the calls of others
//! (FINDING S19). The hosts come from agencies' files, so their number is bounded; their state is local to this node.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use kernel::Unix;

/// The maximum number of concurrent calls to one host.
const CALLS_PER_HOST: usize = 2;
/// The number of unanswered calls in a row that open the circuit breaker.
const FAILURES_TO_OPEN: u32 = 3;
/// The maximum time for which a circuit breaker stays open, in seconds.
const MAX_PAUSE: i64 = 300;

/// The state of each host.
#[derive(Default)]
pub(crate) struct Hosts(Mutex<HashMap<String, Host>>);

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
struct Host {
    under_way: usize,
    silent: u32,
    until: Unix,
}

impl Host {
    /// Returns true if the host may be called now; a host that did not answer gets one call at a time.
    fn admits(&self, now: Unix) -> bool {
        let most = if self.silent < FAILURES_TO_OPEN { CALLS_PER_HOST } else { 1 };
        self.under_way < most && now >= self.until
    }

    /// Records the end of a call.
    fn ended(&mut self, answered: bool, now: Unix) {
        self.silent = if answered { 0 } else { self.silent.saturating_add(1) };
        self.until = match self.silent.checked_sub(FAILURES_TO_OPEN) {
            Some(more) => now + (5_i64 << more.min(8)).min(MAX_PAUSE),
            None => 0,
        };
    }
}

/// A call under way. Dropped without [`Call::ended`], it does not count.
pub(crate) struct Call {
    hosts: Arc<Hosts>,
    host: String,
}

impl Hosts {
    /// Returns true if a host may not be called now.
    pub(crate) fn is_closed(&self, host: &str, now: Unix) -> bool {
        self.0.lock().is_ok_and(|hosts| hosts.get(host).is_some_and(|known| !known.admits(now)))
    }

    /// Starts a call, if the host may be called now.
    pub(crate) fn call(self: &Arc<Self>, host: &str, now: Unix) -> Option<Call> {
        let mut hosts = self.0.lock().ok()?;
        let known = hosts.entry(host.to_owned()).or_default();
        known.admits(now).then(|| {
            known.under_way += 1;
            Call { hosts: self.clone(), host: host.to_owned() }
        })
    }

    /// Returns the number of hosts whose circuit breaker is open.
    pub(crate) fn silent(&self, now: Unix) -> usize {
        self.0.lock().map_or(0, |hosts| hosts.values().filter(|host| host.until > now).count())
    }
}

impl Call {
    /// Records the end of the call; returns true if the circuit breaker opened.
    pub(crate) fn ended(self, answered: bool, now: Unix) -> bool {
        let Ok(mut hosts) = self.hosts.0.lock() else { return false };
        let Some(known) = hosts.get_mut(&self.host) else { return false };
        known.ended(answered, now);
        known.silent == FAILURES_TO_OPEN
    }
}

impl Drop for Call {
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
        let first = hosts.call("slow.test", 0).unwrap();
        let second = hosts.call("slow.test", 0).unwrap();
        assert!(hosts.call("slow.test", 0).is_none() && hosts.is_closed("slow.test", 0));
        assert!(hosts.call("other.test", 0).is_some());
        first.ended(true, 0);
        assert!(!hosts.is_closed("slow.test", 0));
        drop(second);
        assert!(hosts.0.lock().unwrap().is_empty(), "nothing is kept of a host that answers");
    }

    #[test]
    fn a_host_that_is_silent_is_left_alone_and_asked_by_one_call() {
        let hosts = Arc::new(Hosts::default());
        let silent = |now| hosts.call("slow.test", now).unwrap().ended(false, now);
        assert_eq!([silent(0), silent(0), silent(0)], [false, false, true]);
        assert!(hosts.is_closed("slow.test", 4));
        assert_eq!((hosts.silent(4), hosts.silent(5)), (1, 0));
        let probe = hosts.call("slow.test", 5).unwrap();
        assert!(hosts.call("slow.test", 5).is_none(), "one asks");
        assert!(!probe.ended(false, 5), "that it is left alone was told");
        assert!(hosts.is_closed("slow.test", 14) && !hosts.is_closed("slow.test", 15));
        for _ in 0..20 {
            let now = hosts.0.lock().unwrap()["slow.test"].until;
            silent(now);
            assert!(hosts.0.lock().unwrap()["slow.test"].until <= now + MAX_PAUSE);
        }
        let now = hosts.0.lock().unwrap()["slow.test"].until;
        hosts.call("slow.test", now).unwrap().ended(true, now);
        let both = [hosts.call("slow.test", now), hosts.call("slow.test", now)];
        assert!(both.iter().all(Option::is_some), "it answers again");
    }
}
