//! Limits on the number of connections, in total and per network. At the total limit the connection that has been idle longest is closed, so that a
//! thousand silent connections keep nobody out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use idp::Proxies;
use tokio::{net::TcpStream, time::Instant};

use super::connection_timeout::{ConnectionTimeout, Timeouts};

/// The minimum time between two log events about refused connections.
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The limits and the open connections.
pub(super) struct ConnectionLimiter {
    max: usize,
    max_per_network: usize,
    trusted: Proxies,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    next: u64,
    connections: HashMap<u64, Arc<ConnectionTimeout>>,
    networks: HashMap<IpAddr, usize>,
    logged_at: Option<Instant>,
}

/// The reason why a connection is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refused {
    /// Its network is at its limit.
    Network,
    /// The total limit is reached, and every connection is being answered.
    Total,
}

/// The permit of an open connection, until dropped.
pub(super) struct Permit {
    limiter: Arc<ConnectionLimiter>,
    id: u64,
    network: Option<IpAddr>,
    pub(super) timeout: Arc<ConnectionTimeout>,
}

impl ConnectionLimiter {
    pub(super) fn new(max: usize, max_per_network: usize, trusted: Proxies) -> Self {
        Self { max, max_per_network, trusted, open: Mutex::default() }
    }

    /// Takes a permit for a connection from `peer`.
    ///
    /// # Errors
    /// [`Refused`] at a limit.
    pub(super) fn acquire(limiter: &Arc<Self>, peer: IpAddr, timeouts: Timeouts) -> Result<Permit, Refused> {
        let network = idp::network(peer);
        // A proxy carries everybody's requests and counts its clients itself.
        let network = (!limiter.trusted.trusts(peer)).then_some(network);
        let mut open = limiter.open();
        if network
            .is_some_and(|n| open.networks.get(&n).is_some_and(|count| *count >= limiter.max_per_network))
        {
            open.log("one network has all the connections that one may have; is it a proxy that trusted_proxies does not name?");
            return Err(Refused::Network);
        }
        if open.connections.len() >= limiter.max && !open.evict_idle() {
            open.log("every permit is taken, and everybody is being answered");
            return Err(Refused::Total);
        }
        if let Some(network) = network {
            *open.networks.entry(network).or_default() += 1;
        }
        let (id, timeout) = (open.next, Arc::new(ConnectionTimeout::new(timeouts)));
        open.next += 1;
        open.connections.insert(id, timeout.clone());
        metrics::gauge!("moncompte_connections").increment(1);
        Ok(Permit { limiter: limiter.clone(), id, network, timeout })
    }

    /// Closes the longest idle connection because the system has no resources for another.
    pub(super) fn evict_idle(&self) {
        self.open().evict_idle();
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        // The closure cannot leave the state half written, so a poisoned lock is safe to use.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// Closes the connection that has been idle longest; returns false if every connection is being answered.
    fn evict_idle(&mut self) -> bool {
        let idle = self.connections.iter().filter_map(|(id, timeout)| Some((timeout.idle_since()?, *id)));
        let Some((_, id)) = idle.min() else { return false };
        if let Some(timeout) = self.connections.remove(&id) {
            timeout.evict();
        }
        true
    }

    fn log(&mut self, what: &'static str) {
        let now = Instant::now();
        if self.logged_at.is_none_or(|last| now - last > LOG_INTERVAL) {
            self.logged_at = Some(now);
            tracing::warn!(target: "security", "{what}");
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        metrics::gauge!("moncompte_connections").decrement(1);
        let mut open = self.limiter.open();
        open.connections.remove(&self.id);
        if let Some(network) = self.network
            && let Some(count) = open.networks.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                open.networks.remove(&network);
            }
        }
    }
}

/// Answers 503 at once, if the system takes it without waiting, and closes the connection.
pub(super) fn refuse(stream: TcpStream, refused: Refused) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let why = match refused {
        Refused::Network => "network",
        Refused::Total => "all",
    };
    metrics::counter!("moncompte_connections_refused_total", "full" => why).increment(1);
    // Best effort: the client may not read it.
    let _ = stream.try_write(BUSY);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Timeouts = Timeouts { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    fn limiter(max: usize) -> Arc<ConnectionLimiter> {
        let proxy = vec!["10.0.0.1/32".parse().unwrap()];
        Arc::new(ConnectionLimiter::new(max, 2, Proxies::new(proxy, idp::ForwardedHeader::default())))
    }

    fn acquire(limiter: &Arc<ConnectionLimiter>, peer: &str) -> Result<Permit, Refused> {
        ConnectionLimiter::acquire(limiter, peer.parse().unwrap(), TIMES)
    }

    #[test]
    fn a_network_has_so_many_places_and_a_proxy_all() {
        let limiter = limiter(100);
        let first = acquire(&limiter, "2001:db8::1").ok().unwrap();
        let _second = acquire(&limiter, "2001:db8::2").ok().unwrap();
        assert_eq!(acquire(&limiter, "2001:db8::3").err(), Some(Refused::Network), "one /64 is one network");
        let _neighbour = acquire(&limiter, "2001:db8:0:1::1").ok().unwrap();
        drop(first);
        let _third = acquire(&limiter, "2001:db8::3").ok().unwrap();
        let all: Vec<_> = (0..50).map(|_| acquire(&limiter, "10.0.0.1").ok().unwrap()).collect();
        let mapped = acquire(&limiter, "::ffff:10.0.0.1");
        assert!(mapped.is_ok() && all.len() == 50);
        drop((all, mapped));
        let open = limiter.open();
        assert_eq!((open.connections.len(), open.networks.len()), (3, 2));
    }

    #[tokio::test]
    async fn who_is_quiet_for_longest_gives_way_and_nobody_who_is_being_answered() {
        let limiter = limiter(3);
        let mut connections = Vec::new();
        for n in 1..=3 {
            connections.push(acquire(&limiter, &format!("192.0.2.{n}")).ok().unwrap());
        }
        let busy = connections[0].timeout.exchange();
        let fourth = acquire(&limiter, "192.0.2.4").ok().unwrap();
        tokio::time::timeout(Duration::from_secs(1), connections[1].timeout.evicted()).await.unwrap();
        let answered: Vec<_> = [&connections[2], &fourth].map(|permit| permit.timeout.exchange()).into();
        assert_eq!(acquire(&limiter, "192.0.2.5").err(), Some(Refused::Total));
        drop((busy, answered, connections));
        assert_eq!(limiter.open().connections.len(), 1);
    }
}
