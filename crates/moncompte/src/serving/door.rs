//! Who may come in: so many in all, so many from one network. Where all places are taken, whoever has been quiet for longest gives way: a thousand
//! connections that say nothing keep nobody out.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use idp::Proxies;
use tokio::{net::TcpStream, time::Instant};

use super::pace::{Pace, Times};

/// The log says at most so often that somebody is turned away.
const SILENCE: Duration = Duration::from_secs(60);

/// The places, and who is there.
pub(super) struct Door {
    most: usize,
    most_per_network: usize,
    trusted: Proxies,
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    next: u64,
    places: HashMap<u64, Arc<Pace>>,
    networks: HashMap<IpAddr, usize>,
    told: Option<Instant>,
}

/// Why somebody does not come in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Full {
    /// Their network has all that one may have.
    Network,
    /// Every place is taken, and everybody is being answered.
    House,
}

/// A place, until it is dropped.
pub(super) struct Place {
    door: Arc<Door>,
    id: u64,
    network: Option<IpAddr>,
    pub(super) pace: Arc<Pace>,
}

impl Door {
    pub(super) fn new(most: usize, most_per_network: usize, trusted: Proxies) -> Self {
        Self { most, most_per_network, trusted, inside: Mutex::default() }
    }

    /// Takes a place for somebody from `peer`.
    ///
    /// # Errors
    /// There is none for them.
    pub(super) fn enter(door: &Arc<Self>, peer: IpAddr, times: Times) -> Result<Place, Full> {
        let network = idp::network(peer);
        // A proxy brings everybody, and counts them itself.
        let network = (!door.trusted.trusts(peer)).then_some(network);
        let mut inside = door.inside();
        if network
            .is_some_and(|n| inside.networks.get(&n).is_some_and(|count| *count >= door.most_per_network))
        {
            inside.tell("one network has all the connections that one may have; is it a proxy that trusted_proxies does not name?");
            return Err(Full::Network);
        }
        if inside.places.len() >= door.most && !inside.make_room() {
            inside.tell("every place is taken, and everybody is being answered");
            return Err(Full::House);
        }
        if let Some(network) = network {
            *inside.networks.entry(network).or_default() += 1;
        }
        let (id, pace) = (inside.next, Arc::new(Pace::new(times)));
        inside.next += 1;
        inside.places.insert(id, pace.clone());
        metrics::gauge!("moncompte_connections").increment(1);
        Ok(Place { door: door.clone(), id, network, pace })
    }

    /// The system has no room for another one.
    pub(super) fn make_room(&self) {
        self.inside().make_room();
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing is done under the lock that could stop half-way.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Whether somebody was there who is not being answered.
    fn make_room(&mut self) -> bool {
        let quiet = self.places.iter().filter_map(|(id, pace)| Some((pace.quiet_since()?, *id)));
        let Some((_, id)) = quiet.min() else { return false };
        if let Some(pace) = self.places.remove(&id) {
            pace.give_way();
        }
        true
    }

    fn tell(&mut self, what: &'static str) {
        let now = Instant::now();
        if self.told.is_none_or(|told| now - told > SILENCE) {
            self.told = Some(now);
            tracing::warn!(target: "security", "{what}");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("moncompte_connections").decrement(1);
        let mut inside = self.door.inside();
        inside.places.remove(&self.id);
        if let Some(network) = self.network
            && let Some(count) = inside.networks.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                inside.networks.remove(&network);
            }
        }
    }
}

/// Says so at once, where the system takes it without waiting, and hangs up.
pub(super) fn turn_away(stream: TcpStream, full: Full) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let why = match full {
        Full::Network => "network",
        Full::House => "all",
    };
    metrics::counter!("moncompte_connections_refused_total", "full" => why).increment(1);
    // Whether it arrives is theirs to see.
    let _ = stream.try_write(BUSY);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times { head: Duration::from_secs(10), idle: Duration::from_secs(60) };

    fn door(most: usize) -> Arc<Door> {
        let proxy = vec!["10.0.0.1/32".parse().unwrap()];
        Arc::new(Door::new(most, 2, Proxies::new(proxy, idp::ForwardedHeader::default())))
    }

    fn enter(door: &Arc<Door>, peer: &str) -> Result<Place, Full> {
        Door::enter(door, peer.parse().unwrap(), TIMES)
    }

    #[test]
    fn a_network_has_so_many_places_and_a_proxy_all() {
        let door = door(100);
        let first = enter(&door, "2001:db8::1").ok().unwrap();
        let _second = enter(&door, "2001:db8::2").ok().unwrap();
        assert_eq!(enter(&door, "2001:db8::3").err(), Some(Full::Network), "one /64 is one network");
        let _neighbour = enter(&door, "2001:db8:0:1::1").ok().unwrap();
        drop(first);
        let _third = enter(&door, "2001:db8::3").ok().unwrap();
        let all: Vec<_> = (0..50).map(|_| enter(&door, "10.0.0.1").ok().unwrap()).collect();
        let mapped = enter(&door, "::ffff:10.0.0.1");
        assert!(mapped.is_ok() && all.len() == 50);
        drop((all, mapped));
        let inside = door.inside();
        assert_eq!((inside.places.len(), inside.networks.len()), (3, 2));
    }

    #[tokio::test]
    async fn who_is_quiet_for_longest_gives_way_and_nobody_who_is_being_answered() {
        let door = door(3);
        let mut places = Vec::new();
        for n in 1..=3 {
            places.push(enter(&door, &format!("192.0.2.{n}")).ok().unwrap());
        }
        let busy = places[0].pace.exchange();
        let fourth = enter(&door, "192.0.2.4").ok().unwrap();
        tokio::time::timeout(Duration::from_secs(1), places[1].pace.gives_way()).await.unwrap();
        let answered: Vec<_> = [&places[2], &fourth].map(|place| place.pace.exchange()).into();
        assert_eq!(enter(&door, "192.0.2.5").err(), Some(Full::House));
        drop((busy, answered, places));
        assert_eq!(door.inside().places.len(), 1);
    }
}
